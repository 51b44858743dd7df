//! `cargo xtask log-cost`: what reading a large log takes, time and memory.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use testkit::logs::LargeLog;

use crate::command;

/// The log that is measured: 200 causes, five reports each.
const LOG: LargeLog = LargeLog { bytes: 100_000_000, reports: 1_000, distinct: 200 };
/// Seconds of processor time and mebibytes that are allowed.
const ALLOWED: (f64, f64) = (2.0, 200.0);

/// Command line.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Binary to measure, instead of a release build
    #[arg(long)]
    outlive: Option<PathBuf>,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let binary = crate::outlive_binary(repository, args.outlive.as_deref())?;
    let work = crate::target_dir(repository).join("log-cost");
    fs::create_dir_all(&work)?;
    let log = work.join("large.log");
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    LOG.write(BufWriter::new(file))?;
    let log = log.to_str().context("a plain path")?;
    let mut good = true;
    for format in ["json", "text"] {
        let cost = command::measured(&binary, &["explain", log, "--format", format], &work.join(format))?;
        println!("{format}: {:.2} s of processor time, {:.0} MiB at most", cost.seconds, cost.peak_mib);
        good &= cost.seconds < ALLOWED.0 && cost.peak_mib < ALLOWED.1;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
