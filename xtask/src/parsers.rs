//! `cargo xtask parsers DIR …`: what the parser of this repository and tree-sitter make of the same files.
//!
//! The facts must be the same wherever the grammar has no error, but for mistakes of the grammar that are known: each has a
//! name in [`MISTAKES`] and is told by the first place where the facts differ. Files that only one of the two reads
//! are listed: broken code, and the Go that the grammar does not know.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use analyzer::syntax::{ChanDirection, Expr, ExprId, FileFacts, Function, Reader, TypeExpr, lower_by};
use anyhow::Result;
use rayon::prelude::*;

use crate::cost;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders with Go files
    #[arg(required = true)]
    dirs: Vec<PathBuf>,
    /// Read every n-th file only
    #[arg(long, default_value_t = 1)]
    every: usize,
}

/// How the two readings of a file compare.
enum Outcome {
    Same,
    /// The grammar has errors where ours has none.
    OnlyOurs,
    /// Ours refuses what the grammar reads without errors.
    OnlyGrammar,
    Neither,
    /// A known mistake of the grammar, by its row in [`MISTAKES`].
    Mistake(usize),
    /// Where the facts differ, as both say it.
    Different(String),
}

/// What tree-sitter-go 0.25.0 reads wrong without an error.
const MISTAKES: [&str; 4] = [
    "`*(*[]T)(x)`, a conversion whose type can be nothing else, is read as one to `*(*[]T)`",
    "of many parameters or results of one type (`a, b, c, d, e, f, g int`) some are read as types",
    "`x.y {` after an operator in a header is read as a literal",
    "`chan<- chan T` is read as `chan (<-chan T)`",
];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut files = Vec::new();
    for dir in &args.dirs {
        let mut found = Vec::new();
        cost::collect(dir, &mut found)?;
        found.retain(|path| path.extension().is_some_and(|extension| extension == "go"));
        files.extend(found.into_iter().step_by(args.every.max(1)));
    }
    let started = Instant::now();
    let outcomes: Vec<(PathBuf, Outcome)> = files
        .into_par_iter()
        .map(|path| {
            let text = std::fs::read(&path)?;
            Ok((path, compare(&text)))
        })
        .collect::<Result<_>>()?;
    let mut different = 0;
    let mut mistakes = [0; MISTAKES.len()];
    let (mut same, mut neither) = (0, 0);
    for (path, outcome) in &outcomes {
        match outcome {
            Outcome::Same => same += 1,
            Outcome::Neither => neither += 1,
            Outcome::Mistake(row) => mistakes[*row] += 1,
            Outcome::OnlyOurs => println!("{}: only ours reads it", path.display()),
            Outcome::OnlyGrammar => println!("{}: only the grammar reads it", path.display()),
            Outcome::Different(difference) => {
                different += 1;
                println!("{}: different facts\n{difference}", path.display());
            }
        }
    }
    println!(
        "{} files in {:.1} s: {same} with the same facts, {neither} that neither reads, {different} with different facts",
        outcomes.len(),
        started.elapsed().as_secs_f64()
    );
    for (mistake, files) in MISTAKES.iter().zip(mistakes).filter(|(_, files)| *files > 0) {
        println!("{files} files where {mistake}");
    }
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare(text: &[u8]) -> Outcome {
    let grammar = lower_by(Reader::Grammar, text);
    let Some(ours) = lower_by(Reader::Parser, text) else {
        let clean = grammar.is_some_and(|facts| facts.grammar_errors == 0);
        return if clean { Outcome::OnlyGrammar } else { Outcome::Neither };
    };
    let Some(mut grammar) = grammar else { return Outcome::OnlyOurs };
    // Where the grammar needed a second reading it may not have understood everything.
    let errors = std::mem::take(&mut grammar.grammar_errors);
    let (our_rows, grammar_rows) = (rows(&ours), rows(&grammar));
    if our_rows == grammar_rows {
        return Outcome::Same;
    }
    if errors > 0 {
        return Outcome::OnlyOurs;
    }
    let at = our_rows.iter().zip(&grammar_rows).take_while(|(a, b)| a == b).count();
    let nothing = String::new();
    let (our_row, grammar_row) = (our_rows.get(at).unwrap_or(&nothing), grammar_rows.get(at).unwrap_or(&nothing));
    if let Some(mistake) = mistake(&ours, &grammar, text) {
        return Outcome::Mistake(mistake);
    }
    let cut = |row: &str| row.chars().take(1000).collect::<String>();
    Outcome::Different(format!("  ours:    {}\n  grammar: {}", cut(our_row), cut(grammar_row)))
}

/// Facts as lines; expressions first, because what differs in them differs in all that refers to them.
fn rows(facts: &FileFacts) -> Vec<String> {
    let mut rows = Vec::with_capacity(facts.exprs.len());
    rows.extend(facts.exprs.iter_enumerated().map(|(id, expr)| format!("{:?} {expr:?}", facts.exprs.span(id))));
    rows.extend(facts.type_exprs.iter().map(|ty| format!("{ty:?}")));
    rows.push(format!("{facts:?}"));
    rows
}

/// The mistake that explains the first difference.
fn mistake(ours: &FileFacts, grammar: &FileFacts, text: &[u8]) -> Option<usize> {
    if parameters_are_types(ours, grammar) {
        return Some(1);
    }
    let pairs = ours.type_exprs.iter().zip(grammar.type_exprs.iter());
    let first = pairs.clone().find(|(a, b)| format!("{a:?}") != format!("{b:?}"));
    let direction = |ty: &TypeExpr| if let TypeExpr::Chan { direction, .. } = ty { Some(*direction) } else { None };
    if let Some((a, b)) = first
        && direction(a) == Some(ChanDirection::Both)
        && direction(b) == Some(ChanDirection::Receive)
    {
        return Some(3);
    }
    let said =
        |facts: &FileFacts, id: ExprId| facts.exprs.get(id).map(|expr| (facts.exprs.span(id), format!("{expr:?}")));
    let differs = ours.exprs.ids().find(|&id| said(ours, id) != said(grammar, id))?;
    let span = grammar.exprs.get(differs).map(|_| grammar.exprs.span(differs))?;
    let written = text.get(span.start as usize..)?;
    if written.starts_with(b"*(") && matches!(grammar.exprs.get(differs), Some(Expr::Type(_))) {
        return Some(0);
    }
    // What follows the brace of the block stands where the operand should.
    let operand = text.get(ours.exprs.span(differs).start as usize..span.start as usize)?;
    (operand.ends_with(b"\t") && operand.contains(&b'{') && operand.contains(&b'.')).then_some(2)
}

/// Whether the first signature that differs has many parameters with names here, fewer there.
fn parameters_are_types(ours: &FileFacts, grammar: &FileFacts) -> bool {
    let mut pairs = ours.functions.iter().zip(grammar.functions.iter());
    let names = |function: &Function| {
        let signature = &function.signature;
        signature.params.iter().chain(&signature.results).filter(|param| param.name.is_some()).count()
    };
    pairs.find(|(a, b)| names(a) != names(b)).is_some_and(|(a, b)| names(a) > 5 && names(b) < names(a))
}
