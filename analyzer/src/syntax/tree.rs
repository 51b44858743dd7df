//! A syntax tree as one flat table, and the only code that talks to tree-sitter.
//!
//! tree-sitter's tree is walked once with a cursor and dropped; a node of ours is sixteen bytes, its first child is the
//! next row, its next sibling the row where its subtree ends. Comments and punctuation nobody asks for are left out on
//! the way.

use std::cell::RefCell;

use tree_sitter::{Parser, TreeCursor};

use super::{Directive, kind::Kind};
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
    /// Whether a declaration or statement below some node could not be read in full.
    pub(super) errors: Vec<Span>,
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
        Children { rows: &self.rows, next: 0, after: u32::try_from(self.rows.len()).unwrap_or(u32::MAX) }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.errors.clear();
        self.directives.clear();
        self.generated = None;
    }

    /// Copies the tree under `cursor`.
    fn append(&mut self, cursor: &mut TreeCursor<'_>, kinds: &[Kind], text: &[u8], has_error: bool) {
        let mut open: Vec<usize> = Vec::with_capacity(64);
        loop {
            let node = cursor.node();
            let id = node.kind_id();
            let kind = kinds.get(id as usize).copied().unwrap_or(Kind::Error);
            if kind != Kind::Other {
                let span = Span::new(node.start_byte(), node.end_byte());
                if kind == Kind::Comment {
                    self.comment(text, span);
                } else {
                    if has_error && (kind == Kind::Error || node.is_missing()) {
                        self.errors.push(span);
                    }
                    let row = self.rows.len();
                    self.rows.push(Row { span, after: row as u32 + 1, kind });
                    if !kind.is_leaf() && cursor.goto_first_child() {
                        open.push(row);
                        continue;
                    }
                }
            }
            while !cursor.goto_next_sibling() {
                let Some(row) = open.pop() else { return };
                self.rows[row].after = self.rows.len() as u32;
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
        workspace.tree.clear();
        if let Some(parsed) = workspace.parser.parse(text, None) {
            let has_error = parsed.root_node().has_error();
            workspace.tree.append(&mut parsed.walk(), workspace.kinds, text, has_error);
        }
        read(&workspace.tree)
    })
}
