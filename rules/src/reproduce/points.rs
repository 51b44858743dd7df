//! Where in a file a statement can be put: in front of a side of the race, and behind it, without a new line.

use analyzer::{
    resolve::{FuncId, Program},
    source::{FileId, FileRole},
    syntax::{Statement, StatementKind, statements},
};

use crate::finding::Site;

/// The place of a side of the race.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Path relative to the repository.
    pub file: String,
    /// The line of the access or call.
    pub line: u32,
    /// First and last line of its statement.
    pub lines: (u32, u32),
    /// Where the statement begins, in bytes.
    pub before: u32,
    /// How the end of the statement is noticed.
    pub end: End,
}

/// How the end of a statement is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// By another statement behind it.
    Behind(u32),
    /// It leaves the function: by what is deferred right before it.
    Deferred,
    /// Not at all: control may get behind it late, or never.
    Unseen,
}

/// A file of the program that can be edited, by path: one of the checkout, vendored ones included.
pub(super) fn file(program: &Program, path: &str) -> Option<FileId> {
    let files = program.sources().files.iter_enumerated();
    let own = |role: FileRole, path: &str| match role {
        FileRole::Analysed => true,
        FileRole::Dependency => path.starts_with("vendor/") || path.contains("/vendor/"),
        FileRole::Stub => false,
    };
    files.filter(|(_, row)| own(row.role, &row.path)).find(|(_, row)| &*row.path == path).map(|(id, _)| id)
}

/// The function of a site: by symbol, else the innermost one around the line.
pub(super) fn function(program: &Program, site: &Site) -> Option<FuncId> {
    let id = file(program, &site.file)?;
    let lines = &program.facts(id).lines;
    let holds = |func: &FuncId| {
        let span = program.function(*func).span;
        program.funcs()[*func].file == id && (lines.line(span.start)..=lines.line(span.end)).contains(&site.line)
    };
    let named = program.funcs_by_symbol(analyzer::base::Symbol::new(&site.function));
    named.iter().copied().find(|func| holds(func)).or_else(|| {
        let around = program.funcs().iter_enumerated().filter(|(func, _)| program.function(*func).body_span.is_some());
        let around = around.map(|(func, _)| func).filter(holds);
        around.min_by_key(|func| {
            let span = program.function(*func).span;
            span.end - span.start
        })
    })
}

/// The place of a site; `None` when it is in no statement of a function of the checkout.
pub(super) fn point(program: &Program, site: &Site) -> Option<Point> {
    let func = function(program, site)?;
    let id = program.funcs()[func].file;
    let text = &program.sources().files[id].text;
    let index = &program.facts(id).lines;
    let around = program.function(func).span;
    let lines = |row: &Statement| (index.line(row.span.start), index.line(row.span.end.saturating_sub(1)));
    let rows = statements(text.as_bytes()).rows;
    // The literal of a function ends with it, whatever counts as its beginning.
    let own = |row: &&Statement| around.contains(row.function) && row.function.end == around.end;
    let covers = |row: &&Statement| (lines(row).0..=lines(row).1).contains(&site.line);
    let covering: Vec<&Statement> = rows.iter().filter(own).filter(covers).collect();
    // Of statements in the line the first, so that nothing of the line runs before; else the one the line goes on.
    let chosen = covering
        .iter()
        .find(|row| lines(row).0 == site.line)
        .or_else(|| covering.iter().min_by_key(|row| row.span.end - row.span.start))?;
    Some(Point {
        file: site.file.to_string(),
        line: site.line,
        lines: if chosen.kind == StatementKind::Compound { (site.line, site.line) } else { lines(chosen) },
        before: chosen.span.start,
        end: match chosen.kind {
            StatementKind::Simple => End::Behind(chosen.span.end),
            StatementKind::Returns => End::Deferred,
            StatementKind::Jumps | StatementKind::Deferred | StatementKind::Compound => End::Unseen,
        },
    })
}

/// Further statements of the function of a site that use what its expression begins with: `c.in` of `c.in <- x`.
pub(super) fn alike(program: &Program, site: &Site, expression: &str) -> Vec<Site> {
    let end = expression.find(|c: char| !(c.is_alphanumeric() || "_.[]".contains(c))).unwrap_or(expression.len());
    let expression = &expression[..end];
    let Some(func) = function(program, site) else { return Vec::new() };
    let id = program.funcs()[func].file;
    let text = &program.sources().files[id].text;
    let around = program.function(func).span;
    let rows = statements(text.as_bytes()).rows;
    let own = rows.iter().filter(|row| around.contains(row.function) && row.function.end == around.end);
    let holds = |row: &&Statement| row.kind != StatementKind::Compound && row.span.of(text).contains(expression);
    let lines = own.filter(holds).map(|row| program.facts(id).lines.line(row.span.start));
    let others = lines.filter(|line| *line != site.line && !expression.is_empty());
    others.map(|line| Site { line, ..site.clone() }).collect()
}

/// The first statement of a function.
pub(super) fn beginning(program: &Program, symbol: &str) -> Option<Point> {
    let funcs = program.funcs_by_symbol(analyzer::base::Symbol::new(symbol));
    let func = *funcs.first()?;
    let id = program.funcs()[func].file;
    let path = &program.sources().files[id].path;
    file(program, path)?;
    let around = program.function(func).span;
    let first = statements(program.sources().files[id].text.as_bytes()).rows.into_iter();
    let first = first.into_iter().find(|row| around.contains(row.function) && row.function.end == around.end)?;
    let line = program.facts(id).lines.line(first.span.start);
    Some(Point { file: path.to_string(), line, lines: (line, line), before: first.span.start, end: End::Unseen })
}
