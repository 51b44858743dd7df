//! Lowers every Go file below the given paths: `lower [--dump | --files] PATH…`. Prints what was found and how long it
//! took, parse alone beside parse and lowering; with `--files` a line of counts for each file, to compare with go/ast.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use analyzer::syntax::{self, Expr, FileFacts, FuncKind, InstrKind};

#[derive(Default, Debug)]
struct Counts {
    files: usize,
    bytes: usize,
    problem_files: usize,
    problems: usize,
    functions: usize,
    literals: usize,
    go: usize,
    defer: usize,
    sends: usize,
    receives: usize,
    calls: usize,
    selectors: usize,
    composites: usize,
    returns: usize,
    exprs: usize,
    instrs: usize,
    blocks: usize,
}

#[expect(clippy::print_stdout, reason = "a tool for the terminal")]
fn main() {
    let (mut dump, mut each) = (false, false);
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--dump" => dump = true,
            "--files" => each = true,
            path => go_files(Path::new(path), &mut files),
        }
    }
    files.sort();
    if dump {
        for path in &files {
            let text = fs::read(path).unwrap_or_default();
            let facts = syntax::lower(&text);
            println!("{}\n{}", path.display(), syntax::dump(&facts, &String::from_utf8_lossy(&text)));
            for problem in &facts.problems {
                println!("problem {problem}");
            }
        }
        return;
    }
    let mut counts = Counts::default();
    let (mut parse, mut lower) = (Duration::ZERO, Duration::ZERO);
    let mut parser = tree_sitter::Parser::new();
    let _ = parser.set_language(&tree_sitter_go::LANGUAGE.into());
    for path in &files {
        let Ok(text) = fs::read(path) else { continue };
        let start = Instant::now();
        drop(parser.parse(&text, None));
        parse += start.elapsed();
        let start = Instant::now();
        let facts = syntax::lower(&text);
        lower += start.elapsed();
        counts.files += 1;
        counts.bytes += text.len();
        count(&facts, &mut counts);
        if each {
            let mut one = Counts::default();
            count(&facts, &mut one);
            let Counts { functions, literals, go, defer, calls, returns, .. } = one;
            println!("{} {functions} {literals} {go} {defer} {calls} {returns}", path.display());
        } else if !facts.problems.is_empty() {
            counts.problem_files += 1;
            println!("{}:{}", path.display(), facts.problems[0]);
        }
    }
    println!("{counts:#?}");
    let ratio = lower.as_secs_f64() / parse.as_secs_f64();
    println!("parse {parse:.2?}, parse and lower {lower:.2?}, ratio {ratio:.3}");
}

fn go_files(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_symlink() {
        return;
    }
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries.flatten() {
            go_files(&entry.path(), into);
        }
    } else if path.extension().is_some_and(|extension| extension == "go") {
        into.push(path.to_owned());
    }
}

fn count(facts: &FileFacts, counts: &mut Counts) {
    counts.problems += facts.problems.len();
    counts.exprs += facts.exprs.len();
    for expr in facts.exprs.iter() {
        match expr {
            Expr::Call { .. } => counts.calls += 1,
            Expr::Select { .. } => counts.selectors += 1,
            Expr::Composite { .. } => counts.composites += 1,
            Expr::Receive(_) => counts.receives += 1,
            _ => {}
        }
    }
    for function in facts.functions.iter() {
        match function.kind {
            FuncKind::Decl { .. } => counts.functions += 1,
            FuncKind::Literal { .. } => counts.literals += 1,
            FuncKind::VarInit => {}
        }
        for block in function.body.iter().flat_map(|body| body.blocks.iter()) {
            counts.blocks += 1;
            counts.instrs += block.instrs.len();
            counts.returns += usize::from(matches!(block.end, syntax::Terminator::Return { .. }));
            for instr in &block.instrs {
                match instr.kind {
                    InstrKind::Go(_) => counts.go += 1,
                    InstrKind::Defer(_) => counts.defer += 1,
                    InstrKind::Send { .. } => counts.sends += 1,
                    _ => {}
                }
            }
        }
    }
}
