//! A syntax tree as one flat table, and the only code that talks to tree-sitter.
//!
//! [`parse`](super::parse) writes the rows itself. What it refuses is read by tree-sitter, whose tree is walked once with a
//! cursor and dropped. A row is twenty bytes; it knows its first child and its next sibling, so a parent may be added
//! after its children. Comments and punctuation nobody asks for are left out on the way.

use std::{cell::RefCell, ops::Range};

use tree_sitter::{Parser, TreeCursor};

use super::{Directive, kind::Kind, parse::parse, recover};
use crate::base::Span;

/// A row of a [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NodeId(u32);

/// No row.
const NONE: NodeId = NodeId(u32::MAX);

#[derive(Clone, Copy)]
struct Row {
    span: Span,
    first: NodeId,
    next: NodeId,
    kind: Kind,
}

/// Children of a node that is yet to be added.
#[derive(Clone, Copy)]
pub(super) struct List {
    first: NodeId,
    last: NodeId,
}

impl Default for List {
    fn default() -> Self {
        Self { first: NONE, last: NONE }
    }
}

impl List {
    pub(super) fn is_empty(self) -> bool {
        self.first == NONE
    }
}

/// The nodes of one file.
pub(super) struct Tree {
    rows: Vec<Row>,
    roots: List,
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
    next: NodeId,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let node = self.next;
        self.next = self.rows.get(node.0 as usize)?.next;
        Some(node)
    }
}

impl Tree {
    fn new() -> Self {
        Self {
            rows: Vec::new(),
            roots: List::default(),
            errors: Vec::new(),
            first_errors: 0,
            receivers: Vec::new(),
            directives: Vec::new(),
            generated: None,
        }
    }

    pub(super) fn kind(&self, node: NodeId) -> Kind {
        self.rows[node.0 as usize].kind
    }

    pub(super) fn span(&self, node: NodeId) -> Span {
        self.rows[node.0 as usize].span
    }

    /// Children, those in [`Kind::Error`] nodes' places included.
    pub(super) fn children(&self, node: NodeId) -> Children<'_> {
        Children { rows: &self.rows, next: self.rows[node.0 as usize].first }
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
        Children { rows: &self.rows, next: self.roots.first }
    }

    // ---- writing ----

    /// A new node, no child of any other yet.
    pub(super) fn add(&mut self, kind: Kind, span: Span, children: List) -> NodeId {
        let node = NodeId(row_number(self.rows.len()));
        self.rows.push(Row { span, first: children.first, next: NONE, kind });
        node
    }

    /// Appends a node to a list. It is taken out of a list it stood in before only if that list is not used any more.
    pub(super) fn push(&mut self, list: &mut List, node: NodeId) {
        self.rows[node.0 as usize].next = NONE;
        match self.rows.get_mut(list.last.0 as usize) {
            Some(last) => last.next = node,
            None => list.first = node,
        }
        list.last = node;
    }

    pub(super) fn set_kind(&mut self, node: NodeId, kind: Kind) {
        self.rows[node.0 as usize].kind = kind;
    }

    pub(super) fn set_children(&mut self, node: NodeId, children: List) {
        self.rows[node.0 as usize].first = children.first;
    }

    pub(super) fn set_root(&mut self, root: NodeId) {
        self.roots = List { first: root, last: root };
    }

    /// The receiver of a method that was read as a function because it has type parameters.
    pub(super) fn separate_receiver(&self, declaration: NodeId) -> Option<NodeId> {
        let start = self.span(declaration).start;
        let row = self.receivers.binary_search_by_key(&start, |&(method, _)| method).ok()?;
        Some(self.receivers[row].1)
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.roots = List::default();
        self.errors.clear();
        self.first_errors = 0;
        self.receivers.clear();
        self.directives.clear();
        self.generated = None;
    }

    /// Copies the tree under `cursor`, whose text begins at byte `base` of the file. Returns its root.
    fn append(&mut self, cursor: &mut TreeCursor<'_>, kinds: &[Kind], text: &[u8], base: usize) -> List {
        let has_error = cursor.node().has_error();
        let mut siblings = List::default();
        let mut open: Vec<(NodeId, List)> = Vec::with_capacity(64);
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
                    let row = self.add(kind, span, List::default());
                    self.push(&mut siblings, row);
                    if !kind.is_leaf() && cursor.goto_first_child() {
                        open.push((row, std::mem::take(&mut siblings)));
                        continue;
                    }
                }
            }
            while !cursor.goto_next_sibling() {
                let Some((parent, around)) = open.pop() else { return siblings };
                self.set_children(parent, siblings);
                siblings = around;
                cursor.goto_parent();
            }
        }
    }

    pub(super) fn comment(&mut self, text: &[u8], span: Span) {
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

/// Who reads a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// The parser of this crate; tree-sitter what it refuses.
    Both,
    /// The parser of this crate only.
    Parser,
    /// tree-sitter only.
    Grammar,
}

thread_local! {
    static WORKSPACE: RefCell<Option<Workspace>> = const { RefCell::new(None) };
}

/// Drops the parser and the tables of this thread.
pub(super) fn forget_tables() {
    WORKSPACE.take();
}

/// Parses `text` and hands the tree to `read`; `None` if the reader refuses the text, which only [`Reader::Parser`] does.
/// Parser and tables of a thread are used again.
///
/// `read` must not parse.
pub(super) fn with_tree<R>(text: &[u8], reader: Reader, read: impl FnOnce(&Tree) -> R) -> Option<R> {
    WORKSPACE.with_borrow_mut(|workspace| {
        let workspace = workspace.get_or_insert_with(|| {
            let language = tree_sitter_go::LANGUAGE.into();
            let mut parser = Parser::new();
            // A grammar of another ABI is a mistake of the build; every file would then read as empty, which the tests
            // notice at once.
            let _ = parser.set_language(&language);
            Workspace { parser, kinds: Kind::table(&language), tree: Tree::new() }
        });
        workspace.read(text, reader).then(|| read(&workspace.tree))
    })
}

impl Workspace {
    fn read(&mut self, text: &[u8], reader: Reader) -> bool {
        self.tree.clear();
        if reader != Reader::Grammar {
            let accepted = parse(text, &mut self.tree).is_some();
            if accepted || reader == Reader::Parser {
                return accepted;
            }
            self.tree.clear();
        }
        let Some(parsed) = self.parser.parse(text, None) else { return true };
        if parsed.root_node().has_error() {
            self.read_with_errors(text, parsed);
        } else {
            self.append_root(&parsed, text, 0);
        }
        true
    }

    /// Adds a tree of the grammar after what was read before.
    fn append_root(&mut self, parsed: &tree_sitter::Tree, text: &[u8], base: usize) {
        let root = self.tree.append(&mut parsed.walk(), self.kinds, text, base);
        let mut roots = self.tree.roots;
        self.tree.push(&mut roots, root.first);
        self.tree.roots = roots;
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
                    self.append_root(&piece, text, start);
                }
            }
        } else {
            self.append_root(&parsed, text, 0);
        }
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
        self.tree.append(&mut parsed.walk(), self.kinds, text, base);
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
