//! Where the statements of a file stand, for who wants to put another one in front of or behind them.
//!
//! Only statements of a statement list have a place before and after them: those of a block or of a clause. The
//! statement in the header of an `if`, and the one behind a label, have not; they are part of the statement around.

use super::{
    kind::Kind,
    tree::{NodeId, Reader, Tree, with_tree},
};
use crate::base::Span;

/// What a statement allows behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// What it does is done when the statement behind it runs.
    Simple,
    /// The function is left: `return`, `panic(…)`. What is deferred right before it runs next.
    Returns,
    /// Control goes elsewhere: `goto`, `break`, `continue`, `fallthrough`.
    Jumps,
    /// `defer`: what it does is done when the function is left.
    Deferred,
    /// It holds statements of its own. Control may get behind it late or never, and the compiler may count on the latter.
    Compound,
}

/// A statement of a statement list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement without a `;`.
    pub span: Span,
    /// The declaration or literal it stands in, the innermost one.
    pub function: Span,
    /// What may be behind it.
    pub kind: StatementKind,
}

/// The statements of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// Where the package clause ends; `None` without one.
    pub package_end: Option<u32>,
    /// In source order, a statement before those it holds.
    pub rows: Vec<Statement>,
}

/// Reads the statements of a file. A function of its bytes, as lowering is.
pub fn statements(text: &[u8]) -> Statements {
    with_tree(text, Reader::Grammar, |tree| {
        let mut out = Statements::default();
        for root in tree.roots() {
            collect(tree, text, root, None, &mut out);
        }
        out
    })
    .unwrap_or_default()
}

fn collect(tree: &Tree, text: &[u8], node: NodeId, function: Option<Span>, out: &mut Statements) {
    let kind = tree.kind(node);
    let span = tree.span(node);
    let function = match kind {
        Kind::FuncLiteral | Kind::FunctionDeclaration | Kind::MethodDeclaration => Some(span),
        _ => function,
    };
    if kind == Kind::PackageClause {
        out.package_end.get_or_insert(span.end);
    }
    for child in tree.children(node) {
        if let (Kind::StatementList, Some(function)) = (kind, function)
            && let Some(kind) = statement_kind(tree, text, child)
        {
            out.rows.push(Statement { span: tree.span(child), function, kind });
        }
        collect(tree, text, child, function, out);
    }
}

fn statement_kind(tree: &Tree, text: &[u8], node: NodeId) -> Option<StatementKind> {
    let span = tree.span(node);
    let words = text.get(span.start as usize..span.end as usize).unwrap_or_default();
    Some(match tree.kind(node) {
        Kind::ExpressionStatement if words.starts_with(b"panic(") => StatementKind::Returns,
        Kind::ReturnStatement => StatementKind::Returns,
        Kind::GotoStatement | Kind::BreakStatement | Kind::ContinueStatement | Kind::FallthroughStatement => {
            StatementKind::Jumps
        }
        Kind::DeferStatement => StatementKind::Deferred,
        Kind::IfStatement
        | Kind::ForStatement
        | Kind::ExpressionSwitchStatement
        | Kind::TypeSwitchStatement
        | Kind::SelectStatement
        | Kind::LabeledStatement
        | Kind::Block => StatementKind::Compound,
        // Nothing happens there.
        Kind::EmptyStatement | Kind::ConstDeclaration | Kind::TypeDeclaration => return None,
        kind if kind.is_statement() => StatementKind::Simple,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_lists_have_places() {
        let text = "package p // here\n\nfunc f(c chan int) int {\n\tif x := g(); x > 0 {\n\t\tpanic(x)\n\t}\n\tdefer func() { y++ }()\nagain:\n\tfor range c {\n\t\tcontinue again\n\t}\n\tselect {\n\tcase v := <-c:\n\t\tx.y = v\n\t}\n\treturn 1\n}\n";
        let found = statements(text.as_bytes());
        assert_eq!(found.package_end, Some(9));
        let rows: Vec<(&str, StatementKind)> =
            found.rows.iter().map(|row| (row.span.of(text).lines().next().unwrap_or(""), row.kind)).collect();
        let wanted = [
            ("if x := g(); x > 0 {", StatementKind::Compound),
            ("panic(x)", StatementKind::Returns),
            ("defer func() { y++ }()", StatementKind::Deferred),
            ("y++", StatementKind::Simple),
            ("again:", StatementKind::Compound),
            ("continue again", StatementKind::Jumps),
            ("select {", StatementKind::Compound),
            ("x.y = v", StatementKind::Simple),
            ("return 1", StatementKind::Returns),
        ];
        assert_eq!(rows, wanted);
        let inner = found.rows.iter().find(|row| row.span.of(text) == "y++").expect("the literal's statement");
        assert_eq!(inner.function.of(text), "func() { y++ }");
    }
}
