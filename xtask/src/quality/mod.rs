//! `cargo xtask callgraph-quality`: how many edges of the x/tools graphs ours has, and how many of ours are theirs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::command::{self, Cost};
use crate::document;

mod compare;
mod programs;
mod table;

use compare::{Comparison, Reference};
use programs::{PROGRAMS, Printer, Program};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The outlive binary to measure (default: a release build)
    #[arg(long)]
    outlive: Option<PathBuf>,
    /// Only these programs; the table is then printed and docs/callgraph-quality.md left alone
    #[arg(long, value_name = "NAME")]
    program: Vec<String>,
    /// Compare these edges instead of running outlive; needs one --program
    #[arg(long, value_name = "FILE")]
    ours: Option<PathBuf>,
    /// Also write the missed edges to NAME.missed.tsv and the extra ones to NAME.extra.tsv in this directory
    #[arg(long, value_name = "DIR")]
    differences: Option<PathBuf>,
    /// Only make the x/tools graphs
    #[arg(long)]
    reference_only: bool,
}

/// One program, measured.
struct Measured {
    program: &'static Program,
    reference: Reference,
    comparison: Comparison,
    /// Absent if the edges came from a file.
    cost: Option<Cost>,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let selected = select(&args.program)?;
    if args.ours.is_some() && selected.len() != 1 {
        bail!("--ours needs exactly one --program");
    }
    let work = crate::target_dir(repository).join("callgraph-quality");
    fs::create_dir_all(work.join("ours"))?;
    let work = work.canonicalize()?;
    let printer = Printer::build(repository, &work)?;
    let outlive = match (&args.ours, args.reference_only) {
        (None, false) => Some(crate::outlive_binary(repository, args.outlive.as_deref())?),
        _ => None,
    };

    let mut all = Vec::new();
    for program in selected {
        let directory = program.directory(&work)?;
        let reference = Reference::read(&program.reference(&printer, &directory, &work)?)?;
        if args.reference_only {
            println!("{}", table::reference(program, &reference));
            continue;
        }
        let (ours, cost) = match (&args.ours, &outlive) {
            (Some(file), _) => (file.clone(), None),
            (None, Some(outlive)) => {
                eprintln!("{}: outlive graph", program.name);
                let file = work.join("ours").join(format!("{}.tsv", program.file_name()));
                let directory = directory.to_str().context("the directory is not UTF-8")?;
                let mut arguments = vec!["graph", directory, "--calls", "--package", program.package];
                let (goroot, modcache) = (go_env("GOROOT")?, go_env("GOMODCACHE")?);
                if program.is_module() {
                    // What a module imports is read where it is, as x/tools does.
                    arguments.extend(["--goroot", &goroot, "--modcache", &modcache]);
                }
                let cost = command::measured(outlive, &arguments, &file)?;
                (file, Some(cost))
            }
            (None, None) => continue,
        };
        let ours = crate::graph::read_edges(&ours)?;
        let comparison = Comparison::new(&reference, &ours);
        if let Some(directory) = &args.differences {
            fs::create_dir_all(directory)?;
            comparison.write_differences(directory, &program.file_name())?;
        }
        all.push(Measured { program, reference, comparison, cost });
    }
    if args.reference_only {
        return Ok(ExitCode::SUCCESS);
    }

    let text = table::report(&all);
    if args.program.is_empty() {
        document::write_generated(&repository.join("docs/callgraph-quality.md"), "callgraph-quality", &text)?;
    } else {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

fn select(names: &[String]) -> Result<Vec<&'static Program>> {
    if names.is_empty() {
        return Ok(PROGRAMS.iter().collect());
    }
    let find = |name: &String| {
        let known = || PROGRAMS.iter().map(|program| program.name).collect::<Vec<_>>().join(", ");
        PROGRAMS
            .iter()
            .find(|program| program.name == name)
            .with_context(|| format!("no program {name:?}; there are {}", known()))
    };
    names.iter().map(find).collect()
}

/// What `go env NAME` prints.
fn go_env(name: &str) -> Result<String> {
    let output = std::process::Command::new("go").args(["env", name]).output().context("cannot run go")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
