//! Prints the call graph of a list of files, without looking for them: for measuring `resolve` and `callgraph` alone.
//!
//! Standard input has one file a line: import path, path as printed, path on disk, separated by tabs.

use std::{
    error::Error,
    fs,
    io::{self, BufRead, BufWriter},
    sync::Arc,
    time::Instant,
};

use analyzer::{
    base::{IndexVec, Symbol},
    callgraph::CallGraph,
    resolve::{Program, Type},
    source::{FileRole, SourceFile, SourceSet},
    syntax,
};
use rayon::prelude::*;

#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../cli/graph.rs"]
mod graph;

fn main() -> Result<(), Box<dyn Error>> {
    let packages: Vec<String> = std::env::args().skip(1).collect();
    let mut sources = SourceSet::default();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut columns = line.split('\t');
        let (Some(import_path), Some(path), Some(disk)) = (columns.next(), columns.next(), columns.next()) else {
            return Err(format!("not a file: {line}").into());
        };
        sources.files.push(SourceFile {
            path: path.into(),
            text: String::from_utf8_lossy(&fs::read(disk)?).into(),
            import_path: Symbol::new(import_path),
            module: None,
            role: FileRole::Analysed,
            test: path.ends_with("_test.go"),
        });
    }
    let start = Instant::now();
    let files: Vec<_> = sources.files.ids().collect();
    let facts: Vec<_> = files.par_iter().map(|&file| syntax::lower(sources.files[file].text.as_bytes())).collect();
    let lowered = start.elapsed();
    let memory = resident();
    let start = Instant::now();
    let program = Program::build(Arc::new(sources), IndexVec::from(facts)).value;
    let resolved = start.elapsed();
    let after_resolve = resident();
    let start = Instant::now();
    let calls = CallGraph::build(&program);
    let built = start.elapsed();
    eprintln!(
        "lower {lowered:.2?} ({memory} MiB)  resolve {resolved:.2?} ({after_resolve} MiB)  callgraph {built:.2?} ({} MiB)",
        resident()
    );
    eprintln!("{:?}", calls.stats());
    if std::env::var_os("UNKNOWN_TYPES").is_some() {
        unknown_types(&program);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    graph::run(&program, &calls, &graph::Query::Calls, &packages, graph::Format::Text, &mut out)?;
    Ok(())
}

/// Counts expressions of unknown type by reason, with examples.
fn unknown_types(program: &Program) {
    let mut count = std::collections::BTreeMap::new();
    let mut all = 0;
    for (file, source) in program.sources().files.iter_enumerated() {
        let facts = program.facts(file);
        for expr in facts.exprs.ids() {
            all += 1;
            if let Type::Unknown(reason) = program.ty(program.expr_type(file, expr)) {
                let row = count.entry(reason.name()).or_insert((0, Vec::new()));
                row.0 += 1;
                if row.0 % 97 == 1 && row.1.len() < 12 {
                    let span = facts.expr_spans[expr];
                    let text = span.of(&source.text).lines().next().unwrap_or("");
                    row.1.push(format!("{}:{} {text} {reason:?}", source.path, facts.lines.line(span.start)));
                }
            }
        }
    }
    eprintln!("{all} expressions");
    for (reason, (n, examples)) in count {
        eprintln!("{n} {reason}\n    {}", examples.join("\n    "));
    }
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
