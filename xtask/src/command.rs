//! Running other programs: output to a file, and what it cost.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

pub(crate) fn new(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// Runs a command to its end; a failure is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time of all threads: others work on the machine, too.
    pub(crate) seconds: f64,
    pub(crate) peak_mib: f64,
}

/// Runs `program` with its standard output in `stdout`, measured by GNU time: the standard library does not tell the
/// peak memory of a child.
pub(crate) fn measured(program: &Path, args: &[&str], stdout: &Path) -> Result<Cost> {
    let cost = stdout.with_extension("cost");
    let out = File::create(stdout).with_context(|| format!("cannot write {}", stdout.display()))?;
    let mut command = new("/usr/bin/time");
    command.args(["-f", "%U %S %M", "-o"]).arg(&cost).arg(program).args(args).stdout(out);
    run(&mut command)?;
    let text = fs::read_to_string(&cost)?;
    let mut words = text.split_whitespace().map(str::parse::<f64>);
    let (Some(Ok(user)), Some(Ok(system)), Some(Ok(kib))) = (words.next(), words.next(), words.next()) else {
        bail!("time printed {text:?}");
    };
    Ok(Cost { seconds: user + system, peak_mib: kib / 1024.0 })
}
