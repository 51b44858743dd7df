//! A syntax tree as one flat table, and the only code that talks to tree-sitter.
//!
//! tree-sitter's tree is walked once with a cursor and dropped; a node of ours is sixteen bytes, its first child is the
//! next row, its next sibling the row where its subtree ends. Comments and punctuation nobody asks for are left out on
//! the way.

use std::{cell::RefCell, ops::Range};

use tree_sitter::{Parser, TreeCursor};

use super::{Directive, kind::Kind, recover};
use crate::base::Span;

/// A row of a [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NodeId(u32);

#[derive(Clone, Copy)]
struct Row {
    span: Span,
    /// The first row after the subtree.
    after: u32,
    kind: Kind,
}

/// The nodes of one file in source order, parents before children.
#[derive(Default)]
pub(super) struct Tree {
    rows: Vec<Row>,
    /// Number of rows under the roots; what follows stands in `receivers`.
    rooted: u32,
    /// What the grammar could not read, or missed.
    pub(super) errors: Vec<Span>,
    /// Errors of the first reading, before anything was read again.
    pub(super) first_errors: u32,
    /// Parameter lists that are receivers of methods the grammar cannot read, by the start of the method and in that
    /// order.
    receivers: Vec<(u32, NodeId)>,
    /// Comments that are instructions.
    pub(super) directives: Vec<(Span, bool)>,
    /// Whether a `Code generated` comment was met, and where.
    pub(super) generated: Option<u32>,
}

/// The children of a node, from first to last.
#[derive(Clone)]
pub(super) struct Children<'t> {
    rows: &'t [Row],
    next: u32,
    after: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.after {
            return None;
        }
        let node = NodeId(self.next);
        self.next = self.rows[self.next as usize].after;
        Some(node)
    }
}

impl Tree {
    pub(super) fn kind(&self, node: NodeId) -> Kind {
        self.rows[node.0 as usize].kind
    }

    pub(super) fn span(&self, node: NodeId) -> Span {
        self.rows[node.0 as usize].span
    }

    /// Children, those in [`Kind::Error`] nodes' places included.
    pub(super) fn children(&self, node: NodeId) -> Children<'_> {
        Children { rows: &self.rows, next: node.0 + 1, after: self.rows[node.0 as usize].after }
    }

    /// The first child of a kind.
    pub(super) fn child(&self, node: NodeId, kind: Kind) -> Option<NodeId> {
        self.children(node).find(|&child| self.kind(child) == kind)
    }

    /// The first child whose kind passes.
    pub(super) fn child_where(&self, node: NodeId, passes: impl Fn(Kind) -> bool) -> Option<NodeId> {
        self.children(node).find(|&child| passes(self.kind(child)))
    }

    /// The roots: one, or several when the file had to be read in pieces.
    pub(super) fn roots(&self) -> Children<'_> {
        Children { rows: &self.rows, next: 0, after: self.rooted }
    }

    /// The receiver of a method that was read as a function because it has type parameters.
    pub(super) fn separate_receiver(&self, declaration: NodeId) -> Option<NodeId> {
        let start = self.span(declaration).start;
        let row = self.receivers.binary_search_by_key(&start, |&(method, _)| method).ok()?;
        Some(self.receivers[row].1)
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.rooted = 0;
        self.errors.clear();
        self.first_errors = 0;
        self.receivers.clear();
        self.directives.clear();
        self.generated = None;
    }

    /// Copies the tree under `cursor`, whose text begins at byte `base` of the file.
    fn append(&mut self, cursor: &mut TreeCursor<'_>, kinds: &[Kind], text: &[u8], base: usize) {
        let has_error = cursor.node().has_error();
        let mut open: Vec<usize> = Vec::with_capacity(64);
        loop {
            let node = cursor.node();
            let id = node.kind_id();
            let kind = kinds.get(id as usize).copied().unwrap_or(Kind::Error);
            if kind != Kind::Other {
                let span = Span::new(base + node.start_byte(), base + node.end_byte());
                if kind == Kind::Comment {
                    self.comment(text, span);
                } else {
                    if has_error && (kind == Kind::Error || node.is_missing()) {
                        self.errors.push(span);
                    }
                    let row = self.rows.len();
                    self.rows.push(Row { span, after: row_number(row + 1), kind });
                    if !kind.is_leaf() && cursor.goto_first_child() {
                        open.push(row);
                        continue;
                    }
                }
            }
            while !cursor.goto_next_sibling() {
                let Some(row) = open.pop() else { return };
                self.rows[row].after = row_number(self.rows.len());
                cursor.goto_parent();
            }
        }
    }

    fn comment(&mut self, text: &[u8], span: Span) {
        let (start, end) = (span.start as usize, span.end as usize);
        let Some(body) = text.get(start..end).and_then(|comment| comment.strip_prefix(b"//")) else { return };
        let said = body.trim_ascii();
        if [b"outlive:".as_slice(), b"nolint", b"want "].iter().any(|prefix| said.starts_with(prefix)) {
            let line_start = text[..start].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
            let alone = text[line_start..start].iter().all(u8::is_ascii_whitespace);
            self.directives.push((span, alone));
        } else if self.generated.is_none()
            && body.starts_with(b" Code generated ")
            && body.trim_ascii_end().ends_with(b" DO NOT EDIT.")
        {
            self.generated = Some(span.start);
        }
    }

    /// The comments that are instructions, as facts.
    pub(super) fn directive_rows(&self, text: &[u8], line: impl Fn(u32) -> u32) -> Vec<Directive> {
        let said = |span: Span| String::from_utf8_lossy(text[span.start as usize + 2..span.end as usize].trim_ascii());
        self.directives
            .iter()
            .map(|&(span, alone)| Directive { line: line(span.start), text: said(span).into(), alone })
            .collect()
    }
}

struct Workspace {
    parser: Parser,
    kinds: &'static [Kind],
    tree: Tree,
}

/// Parses `text` and hands the tree to `read`. Parser and tables of a thread are used again.
///
/// `read` must not parse.
pub(super) fn with_tree<R>(text: &[u8], read: impl FnOnce(&Tree) -> R) -> R {
    thread_local! {
        static WORKSPACE: RefCell<Option<Workspace>> = const { RefCell::new(None) };
    }
    WORKSPACE.with_borrow_mut(|workspace| {
        let workspace = workspace.get_or_insert_with(|| {
            let language = tree_sitter_go::LANGUAGE.into();
            let mut parser = Parser::new();
            // A grammar of another ABI is a mistake of the build; every file would then read as empty, which the tests
            // notice at once.
            let _ = parser.set_language(&language);
            Workspace { parser, kinds: Kind::table(&language), tree: Tree::default() }
        });
        workspace.read(text);
        read(&workspace.tree)
    })
}

impl Workspace {
    fn read(&mut self, text: &[u8]) {
        self.tree.clear();
        let Some(parsed) = self.parser.parse(text, None) else { return };
        if parsed.root_node().has_error() {
            self.read_with_errors(text, parsed);
        } else {
            self.append(&parsed, text, 0);
            self.tree.rooted = row_number(self.tree.rows.len());
        }
    }

    fn append(&mut self, parsed: &tree_sitter::Tree, text: &[u8], base: usize) {
        self.tree.append(&mut parsed.walk(), self.kinds, text, base);
    }

    fn read_with_errors(&mut self, text: &[u8], parsed: tree_sitter::Tree) {
        self.tree.first_errors = error_nodes(&parsed);
        let repair = recover::repair(text);
        let (copy, receivers) = match &repair {
            Some(repair) => (repair.text.as_slice(), repair.receivers.as_slice()),
            None => (text, [].as_slice()),
        };
        let reparsed = repair.as_ref().and_then(|repair| self.parser.parse(&repair.text, None));
        let parsed = reparsed.unwrap_or(parsed);
        let starts = recover::declaration_starts(copy);
        if swallows_declarations(&parsed, &starts) {
            let ends = starts.iter().copied().chain([copy.len()]);
            for (start, end) in [0].into_iter().chain(starts.iter().copied()).zip(ends) {
                if let Some(piece) = self.parser.parse(&copy[start..end], None) {
                    self.append(&piece, text, start);
                }
            }
        } else {
            self.append(&parsed, text, 0);
        }
        self.tree.rooted = row_number(self.tree.rows.len());
        for (method, receiver) in receivers {
            self.read_receiver(text, *method, receiver.clone());
        }
    }

    /// Reads a receiver on its own, in a method made for it.
    fn read_receiver(&mut self, text: &[u8], method: usize, receiver: Range<usize>) {
        const BEFORE: &[u8] = b"func ";
        let Some(base) = receiver.start.checked_sub(BEFORE.len()) else { return };
        let made = [BEFORE, &text[receiver], b" _()"].concat();
        let Some(parsed) = self.parser.parse(&made, None) else { return };
        let first = self.tree.rows.len();
        self.append(&parsed, text, base);
        let found = self.tree.rows[first..].iter().position(|row| row.kind == Kind::ParameterList);
        if let Some(found) = found {
            self.tree.receivers.push((row_number(method), NodeId(row_number(first + found))));
        }
    }
}

fn row_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Nodes that hold what the grammar could not read, and those it made up for something missing.
fn error_nodes(parsed: &tree_sitter::Tree) -> u32 {
    let mut cursor = parsed.walk();
    let mut found = 0;
    loop {
        let node = cursor.node();
        found += u32::from(node.is_error() || node.is_missing());
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// Whether something the grammar failed at has the beginning of another declaration inside.
fn swallows_declarations(parsed: &tree_sitter::Tree, starts: &[usize]) -> bool {
    let root = parsed.root_node();
    let mut cursor = parsed.walk();
    root.is_error()
        || root.children(&mut cursor).filter(|child| child.has_error()).any(|child| {
            let next = starts.partition_point(|&start| start <= child.start_byte());
            starts.get(next).is_some_and(|&start| start < child.end_byte())
        })
}
