//! Depth and length that no hand-written file reaches, and generated ones rarely.

use super::in_function;
use crate::{
    base::ProblemKind,
    syntax::{Expr, FuncKind, lower},
};

fn kinds(text: &str) -> Vec<ProblemKind> {
    lower(text.as_bytes()).problems.into_iter().map(|problem| problem.kind).collect()
}

/// `before open… inner close…` in a function.
fn nested(before: &str, open: &str, inner: &str, close: &str, times: usize) -> String {
    in_function(&format!("{before}{}{inner}{}", open.repeat(times), close.repeat(times)))
}

#[test]
fn chains_are_read_whole_however_long() {
    let sum = format!("x = {}1", "a + ".repeat(50_000));
    let facts = lower(in_function(&sum).as_bytes());
    assert_eq!(facts.problems, []);
    assert_eq!(facts.exprs.iter().filter(|expr| matches!(expr, Expr::Binary { .. })).count(), 50_000);

    let calls = format!("x{}", ".f()".repeat(20_000));
    let facts = lower(in_function(&calls).as_bytes());
    assert_eq!(facts.problems, []);
    assert_eq!(facts.exprs.iter().filter(|expr| matches!(expr, Expr::Call { .. })).count(), 20_000);
}

#[test]
fn parentheses_and_else_if_do_not_nest() {
    assert_eq!(kinds(&nested("", "(", "x", ")", 10_000)), []);
    let chain = "if x == 1 { g() } else ".repeat(10_000) + "{ h() }";
    let facts = lower(in_function(&chain).as_bytes());
    assert_eq!(facts.problems, []);
    assert_eq!(facts.exprs.iter().filter(|expr| matches!(expr, Expr::Call { .. })).count(), 10_001);
}

#[test]
fn deep_nesting_costs_what_is_inside_and_nothing_else() {
    let texts = [
        nested("", "{", "g()", "}", 10_000),
        nested("", "g(", "1", ")", 10_000),
        nested("x = ", "- ", "1", "", 10_000),
        nested("x = ", "1 + (", "1", ")", 10_000),
        nested("", "func() {", "g()", "}()", 2_000),
        nested("", "for {", "g()", "}", 5_000),
        nested("", "switch { case x: ", "g()", "}", 2_000),
        nested("", "select { case <-ch: ", "g()", "}", 2_000),
        nested("", "if x { ", "g()", "}", 10_000),
        nested("x = ", "T{", "T{}", "}", 10_000),
        nested("x = []T{", "{", "1", "}", 10_000) + "}",
        nested("x = ", "[2]int{0: ", "1", "}", 5_000),
        nested("var z ", "[]", "int", "", 10_000),
        nested("var z ", "func(", "int", ")", 2_000),
    ];
    for text in texts {
        let text = text + "\nfunc after() { go last() }\n";
        let facts = lower(text.as_bytes());
        let beginning = &text[..80];
        assert!((1..9).contains(&facts.problems.len()), "{} problems in {beginning}", facts.problems.len());
        let after = facts.functions.iter().last().map(|function| function.kind.clone());
        assert!(matches!(after, Some(FuncKind::Decl { .. })), "{after:?} after {beginning}");
    }
}

#[test]
fn labels_do_not_nest() {
    assert_eq!(kinds(&nested("", "L:\n", "g()", "", 10_000)), []);
}

#[test]
fn a_function_of_a_hundred_thousand_lines() {
    let line = "{ g() }\n";
    let facts = lower(in_function(&line.repeat(100_000)).as_bytes());
    assert_eq!(facts.problems, []);
    let calls = facts.exprs.iter().filter(|expr| matches!(expr, Expr::Call { .. })).count();
    assert_eq!(calls, 100_000);
}
