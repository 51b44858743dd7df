//! `cargo xtask callgraph-cost DIR …`: time and memory of names, types and call graph, by size.
//!
//! Every measurement is a process of its own, so that none finds memory another left behind. A part of a folder is every
//! fourth or second of its packages, counted by path.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use analyzer::base::{Idx, IndexVec};
use analyzer::callgraph::CallGraph;
use analyzer::resolve::Program;
use analyzer::source::{BuildOptions, FileRole, InputFile, SourceSet};
use analyzer::syntax;
use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::{command, document};

/// Of four packages, how many are read.
const SHARES: [usize; 3] = [1, 2, 4];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders to measure, each as DIR or as NAME=DIR, the name being for the table
    #[arg(required = true)]
    dirs: Vec<String>,
    /// The outlive binary whose whole run is measured (default: a release build)
    #[arg(long)]
    outlive: Option<PathBuf>,
    /// Rewrite the table of docs/callgraph-quality.md instead of printing it
    #[arg(long)]
    write: bool,
    /// What the table says of the machine
    #[arg(long, default_value = "")]
    machine: String,
    /// Measure one part in this process and print a row
    #[arg(long, hide = true)]
    share: Option<usize>,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    if let Some(share) = args.share {
        for (name, dir) in args.dirs.iter().map(|dir| named(dir)) {
            println!("{}", measure(name, dir, share)?);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let work = crate::target_dir(repository).join("callgraph-cost");
    fs::create_dir_all(&work)?;
    let outlive = crate::outlive_binary(repository, args.outlive.as_deref())?;
    let mut text = String::new();
    if !args.machine.is_empty() {
        text.push_str(&format!("{}.\n\n", args.machine));
    }
    text.push_str(
        "| code | part | files | MB | functions | calls | edges | syntax | names and types | call graph | µs a call or edge | memory \
         after syntax | after names | after the graph | peak | whole command |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for argument in &args.dirs {
        let (name, dir) = named(argument);
        for share in SHARES {
            eprintln!("{name} {share}/4");
            let mut part = command::new(std::env::current_exe()?);
            part.arg("callgraph-cost").arg(argument).arg("--share").arg(share.to_string());
            text.push_str(command::output(&mut part)?.trim_end());
            if share == 4 {
                let path = dir.to_str().context("the folder is not UTF-8")?;
                let edges = work.join("edges.tsv");
                let cost = command::measured(&outlive, &["graph", path, "--calls", "--tests"], &edges)?;
                fs::remove_file(edges)?;
                text.push_str(&format!(" {:.1} s, {:.0} MiB |\n", cost.seconds, cost.peak_mib));
            } else {
                text.push_str(" |\n");
            }
        }
    }
    if args.write {
        document::write_generated(&repository.join("docs/callgraph-quality.md"), "callgraph-cost", text.trim_end())?;
    } else {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The name and the folder of an argument.
fn named(argument: &str) -> (&str, &Path) {
    let (name, dir) = argument.split_once('=').unwrap_or((argument, argument));
    (name, Path::new(dir))
}

/// A row of the table, without its last cell.
fn measure(name: &str, dir: &Path, share: usize) -> Result<String> {
    let mut paths = Vec::new();
    collect(dir, &mut paths)?;
    let folders: BTreeSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    // A quarter is also part of the half.
    let kept = |i: usize| match share {
        1 => i.is_multiple_of(4),
        2 => i.is_multiple_of(2),
        _ => true,
    };
    let folders: BTreeSet<&Path> = folders.into_iter().enumerate().filter(|(i, _)| kept(*i)).map(|(_, f)| f).collect();
    let mut inputs = Vec::new();
    for path in &paths {
        let go = path.extension().is_some_and(|extension| extension == "go");
        if go && !path.parent().is_some_and(|folder| folders.contains(folder)) {
            continue;
        }
        let relative = path.strip_prefix(dir)?.to_str().context("a path is not UTF-8")?.to_owned();
        inputs.push(InputFile { path: relative, text: fs::read(path)?, role: FileRole::Analysed, import_path: None });
    }
    let set = SourceSet::new(inputs, &BuildOptions::default());
    let (files, bytes) = (set.files.len(), set.files.iter().map(|file| file.text.len()).sum::<usize>());
    let start = processor()?;
    let ids: Vec<_> = set.files.ids().collect();
    let facts: Vec<_> = ids.into_par_iter().map(|id| Arc::new(syntax::lower(set.files[id].text.as_bytes()))).collect();
    let syntax = processor()? - start;
    let after_syntax = memory("VmRSS:")?;
    let start = processor()?;
    let program = Program::build(Arc::new(set), IndexVec::from(facts)).value;
    let names = processor()? - start;
    let after_names = memory("VmRSS:")?;
    let start = processor()?;
    let graph = CallGraph::build(&program);
    let calls = processor()? - start;
    let (after_graph, peak) = (memory("VmRSS:")?, memory("VmHWM:")?);
    let sites = graph.sites().len();
    let edges: usize = graph.sites().iter().map(|site| site.targets.callees().len()).sum();
    let functions = program.funcs().ids().map(Idx::index).count();
    let each = (names + calls) * 1e6 / (sites + edges).max(1) as f64;
    let megabytes = bytes as f64 / 1e6;
    Ok(format!(
        "| {name} | {share}/4 | {files} | {megabytes:.1} | {functions} | {sites} | {edges} | {syntax:.2} s | {names:.2} s | \
         {calls:.2} s | {each:.1} | {after_syntax} MiB | {after_names} MiB | {after_graph} MiB | {peak} MiB |"
    ))
}

/// Go files and what says where modules are, by path.
pub(crate) fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() && name != ".git" {
            collect(&entry.path(), paths)?;
        } else if kind.is_file() && (name.ends_with(".go") || matches!(name, "go.mod" | "go.work" | "modules.txt")) {
            paths.push(entry.path());
        }
    }
    Ok(())
}

/// Seconds of processor time of all threads so far: others work on the machine, too.
fn processor() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("time is measured on Linux")?;
    // The second field is the program's name in parentheses; user and system time are the 14th and 15th.
    let fields = stat.rsplit_once(')').context("no name in /proc/self/stat")?.1.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    // Linux counts a hundred to the second on every architecture.
    Ok(ticks as f64 / 100.0)
}

/// A line of the kernel's account of this process, in MiB.
fn memory(line: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is measured on Linux")?;
    let row = status.lines().find_map(|row| row.strip_prefix(line)).with_context(|| format!("no {line}"))?;
    let kib: u64 = row.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024)
}
