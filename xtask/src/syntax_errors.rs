//! `cargo xtask syntax-errors DIR`: what is lost where the grammar fails, by comparison with Go's own parser.
//!
//! Of every file, each function's calls, literals and `go`/`defer` statements are counted on both sides, and the names
//! declared in the package compared. An error may cost what stands in its own declaration and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::base::Span;
use analyzer::syntax::{self, Body, Expr, FileFacts, FuncKind, InstrKind};
use anyhow::{Context, Result};
use serde_json::Value;

use crate::{command, document};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with Go files
    dir: PathBuf,
    /// Rewrite the table of docs/syntax-errors.md instead of printing it
    #[arg(long)]
    write: bool,
}

/// A declaration and what was counted in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Declared {
    name: String,
    lines: (u32, u32),
    /// Calls, literals, `go` and `defer` statements; zeros for what is no function.
    counts: [u64; 3],
}

/// A file as Go's parser reads it.
struct Expected {
    path: String,
    refused: Option<String>,
    declared: Vec<Declared>,
}

/// What is missing of a file.
struct Loss {
    path: String,
    refused: Option<String>,
    grammar_errors: u32,
    problem_lines: Vec<u32>,
    /// What is lost in declarations that hold an error, in words.
    inside: Vec<String>,
    /// What is lost elsewhere: this must not be.
    elsewhere: Vec<String>,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let work = crate::target_dir(repository).join("syntax-errors");
    fs::create_dir_all(&work)?;
    let printer = work.canonicalize()?.join("syntax");
    let source = repository.join("tests/syntax");
    command::run(command::new("go").arg("build").arg("-o").arg(&printer).arg(".").current_dir(source))?;
    let printed = command::output(command::new(&printer).arg(&args.dir))?;
    let mut files = 0;
    let mut losses = Vec::new();
    for line in printed.lines() {
        let expected = expected(&serde_json::from_str(line)?)?;
        let path = args.dir.join(&expected.path);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files += 1;
        let loss = compare(expected, &syntax::lower(&text));
        if loss.grammar_errors > 0 || !loss.problem_lines.is_empty() || !loss.elsewhere.is_empty() {
            losses.push(loss);
        }
    }
    let version = command::output(command::new("go").arg("version"))?;
    let text = report(files, &losses, version.trim());
    if args.write {
        document::write_generated(&repository.join("docs/syntax-errors.md"), "syntax-errors", &text)?;
    } else {
        println!("{text}");
    }
    let broken = losses.iter().any(|loss| loss.refused.is_none() && !loss.elsewhere.is_empty());
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn expected(row: &Value) -> Result<Expected> {
    let number = |row: &Value, key: &str| row[key].as_u64().with_context(|| format!("no number {key} in {row}"));
    let mut declared = Vec::new();
    for list in ["funcs", "names"] {
        for row in row[list].as_array().with_context(|| format!("no {list}"))? {
            let name = row["name"].as_str().context("a declaration without a name")?.to_owned();
            let lines = (u32::try_from(number(row, "line")?)?, u32::try_from(number(row, "end")?)?);
            let counts = match list {
                "funcs" => [number(row, "calls")?, number(row, "literals")?, number(row, "starts")?],
                _ => [0; 3],
            };
            declared.push(Declared { name, lines, counts });
        }
    }
    Ok(Expected {
        path: row["path"].as_str().context("a file without a path")?.to_owned(),
        refused: row["refused"].as_str().map(str::to_owned),
        declared,
    })
}

/// Functions as outlive reads them, by name without receiver (the two may name a receiver that is no type differently)
/// and first line.
fn found(facts: &FileFacts) -> BTreeMap<(String, u32), [u64; 3]> {
    let line = |span: Span| facts.lines.line(span.start);
    let mut bodies: BTreeMap<u32, (Span, [u64; 3])> = BTreeMap::new();
    for function in facts.functions.iter() {
        if let (FuncKind::Decl { .. }, Some(body)) = (&function.kind, function.body_span) {
            bodies.insert(body.start, (body, [0; 3]));
        }
    }
    let mut count = |at: Span, what: usize| {
        if let Some((_, (body, counts))) = bodies.range_mut(..=at.start).next_back()
            && body.contains(at)
        {
            counts[what] += 1;
        }
    };
    for (id, expr) in facts.exprs.iter_enumerated() {
        match expr {
            Expr::Call { .. } => count(facts.exprs.span(id), 0),
            Expr::FuncLit(_) => count(facts.exprs.span(id), 1),
            _ => {}
        }
    }
    for instr in facts.functions.iter().filter_map(|f| f.body.as_ref()).flat_map(Body::instrs) {
        if let InstrKind::Go(_) | InstrKind::Defer(_) = instr.kind {
            count(instr.span, 2);
        }
    }
    let mut out = BTreeMap::new();
    for function in facts.functions.iter() {
        if let FuncKind::Decl { name, .. } = &function.kind {
            let body = function.body_span.and_then(|body| bodies.get(&body.start));
            out.insert((name.to_string(), line(function.span)), body.map_or([0; 3], |(_, counts)| *counts));
        }
    }
    out
}

/// Names of the package's types, variables and constants.
fn names(facts: &FileFacts) -> BTreeSet<String> {
    let types = facts.types.iter().filter(|row| row.function.is_none()).map(|row| row.name.to_string());
    types.chain(facts.values.iter().map(|row| row.name.to_string())).collect()
}

fn compare(expected: Expected, facts: &FileFacts) -> Loss {
    let problem_lines: Vec<u32> = facts.problems.iter().filter_map(|problem| problem.line).collect();
    let (found, names) = (found(facts), names(facts));
    let (mut inside, mut elsewhere) = (Vec::new(), Vec::new());
    for Declared { name, lines, counts } in expected.declared {
        let plain = name.rsplit('.').next().unwrap_or(&name).to_owned();
        let lost = match found.get(&(plain, lines.0)) {
            Some(have) if *have == counts => continue,
            Some(have) => {
                let kinds = ["calls", "literals", "starts"].iter().zip(have.iter().zip(&counts));
                let parts = kinds.filter(|(_, (have, want))| have != want);
                let parts: Vec<String> = parts.map(|(kind, (have, want))| format!("{have} of {want} {kind}")).collect();
                format!("{name}: {}", parts.join(", "))
            }
            None if counts == [0; 3] && names.contains(&name) => continue,
            None => format!("{name}: all"),
        };
        let excused = problem_lines.iter().any(|line| (lines.0..=lines.1).contains(line));
        if excused { &mut inside } else { &mut elsewhere }.push(lost);
    }
    Loss {
        path: expected.path,
        refused: expected.refused,
        grammar_errors: facts.grammar_errors,
        problem_lines,
        inside,
        elsewhere,
    }
}

fn report(files: usize, losses: &[Loss], version: &str) -> String {
    let (refused, accepted): (Vec<&Loss>, Vec<&Loss>) = losses.iter().partition(|loss| loss.refused.is_some());
    let misread = accepted.iter().filter(|loss| loss.grammar_errors > 0).count();
    let left = accepted.iter().filter(|loss| !loss.problem_lines.is_empty()).count();
    let lossy = accepted.iter().filter(|loss| !loss.inside.is_empty()).count();
    let broken = accepted.iter().filter(|loss| !loss.elsewhere.is_empty()).count();
    let mut text = format!(
        "{files} Go files, `{version}`. The grammar fails at {} of them: {misread} that Go's parser accepts, {} that it \
         refuses.\n\nOf those Go accepts, {left} still show an error after the second reading, {lossy} lose something in the \
         declaration the error stands in, {broken} lose something elsewhere.\n\n",
        losses.iter().filter(|loss| loss.grammar_errors > 0).count(),
        refused.iter().filter(|loss| loss.grammar_errors > 0).count(),
    );
    text.push_str(
        "### Files Go accepts\n\n| file | errors of the grammar | lines with an error left | lost there | lost elsewhere |\n|---|--:|---|---|---|\n",
    );
    for loss in accepted {
        row(&mut text, loss, &loss.grammar_errors.to_string());
    }
    text.push_str(
        "\n### Files Go refuses\n\nTexts that are wrong on purpose. What Go's parser kept of them is the measure, so \"lost\" may \
         also mean that the two disagree where a declaration ends.\n\n| file | Go's first error | lines with an error | lost there | lost elsewhere |\n|---|---|---|---|---|\n",
    );
    for loss in refused {
        row(&mut text, loss, loss.refused.as_deref().unwrap_or_default());
    }
    text.trim_end().to_owned()
}

fn row(text: &mut String, loss: &Loss, second: &str) {
    let lines: Vec<String> = loss.problem_lines.iter().map(u32::to_string).collect();
    let cell = |parts: &[String]| parts.join("; ").replace('|', "\\|");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} |",
        loss.path,
        second.replace('|', "\\|"),
        lines.join(", "),
        cell(&loss.inside),
        cell(&loss.elsewhere)
    );
}
