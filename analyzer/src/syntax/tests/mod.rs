//! Tests of lowering. Go texts are ours; each test is about one construct.

mod branches;
mod declarations;
mod readers;
mod robustness;
mod scopes;
mod size;
mod statements;

use super::{dump, lower};

/// `body` inside a function whose parameters most tests want.
fn in_function(body: &str) -> String {
    format!("package p\nfunc f(x, y *T, ch chan int) {{\n{body}\n}}\n")
}

/// Text without the indentation of its first line.
fn dedent(text: &str) -> String {
    let text = text.strip_prefix('\n').unwrap_or(text).trim_end();
    let indent = text.len() - text.trim_start().len();
    text.lines().map(|line| line.get(indent..).unwrap_or(line.trim_start())).collect::<Vec<_>>().join("\n")
}

/// Compares what `body` becomes with `expected`, function by function.
#[track_caller]
fn check(body: &str, expected: &str) {
    let text = in_function(&dedent(body));
    let facts = lower(text.as_bytes());
    assert_eq!(facts.problems, []);
    let dumped = dump(&facts, &text);
    let functions = dumped.split_once('\n').map(|(_, rest)| rest).unwrap_or_default();
    let found = dedent(functions);
    assert_eq!(found, dedent(expected), "\n{found}\n");
}
