//! Development commands: `cargo xtask callgraph-quality` measures the call graph against `golang.org/x/tools`,
//! `cargo xtask callgraph-stacks` checks it against stacks of real race reports, `cargo xtask syntax-errors` lists what
//! is lost where the grammar fails, `cargo xtask callgraph-cost` what the call graph takes, `cargo xtask parsers` compares
//! the two readers of Go files, `cargo xtask explain-pairs` explains reports of races that real repositories fixed, `cargo
//! xtask confirm-pairs` compares what the race detector says of the fixtures with what `check` says, `cargo
//! xtask log-cost` measures the reading of a large log, `cargo xtask bench` whole runs.
//!
//! Unlike `outlive` itself these may need the Go toolchain and, for programs with dependencies, the module proxy.

// These commands talk to a developer's terminal.
#![expect(clippy::print_stdout, reason = "a development command prints its answer")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod bench;
mod command;
mod confirm;
mod cost;
mod document;
mod graph;
mod logs;
mod pairs;
mod parsers;
mod plot;
mod quality;
mod raw_parse;
mod stacks;
mod syntax_errors;
mod walk;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development commands of outlive")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare `outlive graph --calls` with the static, CHA and VTA graphs of x/tools
    CallgraphQuality(quality::Args),
    /// Check that adjacent frames of real race reports are edges of `outlive graph --calls`
    CallgraphStacks(stacks::Args),
    /// Measure time and memory of names, types and call graph, by size
    CallgraphCost(cost::Args),
    /// Measure whole runs beside a bare tree-sitter parse and other tools
    Bench(bench::Args),
    /// Parse Go files with tree-sitter and nothing else
    RawParse(raw_parse::Args),
    /// Compare what the parser and tree-sitter make of Go files
    Parsers(parsers::Args),
    /// Explain reports of races that real repositories fixed, before and after the fix
    ExplainPairs(pairs::Args),
    /// Check that the race detector's reports of the fixtures name the pairs that `check` names
    ConfirmPairs(confirm::Args),
    /// Measure how a log of 100 MB with 1,000 race reports is read
    LogCost(logs::Args),
    /// Compare what is read of files the grammar fails at with what Go's own parser reads
    SyntaxErrors(syntax_errors::Args),
}

fn main() -> Result<ExitCode> {
    let repository = repository()?;
    match Args::parse().command {
        Command::CallgraphQuality(args) => quality::run(&repository, &args),
        Command::CallgraphStacks(args) => stacks::run(&repository, &args),
        Command::CallgraphCost(args) => cost::run(&repository, &args),
        Command::Bench(args) => bench::run(&repository, &args),
        Command::RawParse(args) => raw_parse::run(&args),
        Command::Parsers(args) => parsers::run(&args),
        Command::ExplainPairs(args) => pairs::run(&repository, &args),
        Command::ConfirmPairs(args) => confirm::run(&repository, &args),
        Command::LogCost(args) => logs::run(&repository, &args),
        Command::SyntaxErrors(args) => syntax_errors::run(&repository, &args),
    }
}

fn repository() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(Path::to_owned).context("xtask has no parent directory")
}

/// Where built binaries and results go: `CARGO_TARGET_DIR`, or `target` in the repository.
fn target_dir(repository: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository.join("target"), PathBuf::from)
}

/// The release build of `outlive`, unless another binary was asked for.
fn outlive_binary(repository: &Path, asked: Option<&Path>) -> Result<PathBuf> {
    if let Some(binary) = asked {
        // Commands run in other directories.
        return binary.canonicalize().with_context(|| format!("no binary at {}", binary.display()));
    }
    command::run(command::new("cargo").args(["build", "--release", "--bin", "outlive"]).current_dir(repository))?;
    Ok(target_dir(repository).join("release/outlive"))
}
