//! `cargo xtask bench NAME=DIR …`: what whole runs take, beside a bare tree-sitter parse of the same files and other tools.
//!
//! Every round runs each command once, one after the other, so that a busy machine slows all of them down; the table has the
//! medians and, for what is compared, the median of the ratios of one round. Processor time is that of all threads. Tools that
//! are not installed are left out.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::{command, cost, document, outlive_binary, plot, target_dir};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders to measure, each as NAME=DIR
    #[arg(required = true)]
    dirs: Vec<String>,
    /// Rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Other tools, run in the first round only: ast-grep, semgrep
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// A race report to explain in the folder of this name, as NAME=FILE
    #[arg(long)]
    report: Option<String>,
    /// The outlive binary to measure (default: a release build)
    #[arg(long)]
    outlive: Option<PathBuf>,
    /// Rewrite the tables of docs/performance.md and its plot instead of printing them
    #[arg(long)]
    write: bool,
    /// What the document says of the machine
    #[arg(long, default_value = "")]
    machine: String,
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
struct Run {
    processor: f64,
    wall: f64,
    peak_mib: f64,
}

/// Runs of one command, a row per round.
struct Series {
    name: &'static str,
    runs: Vec<Run>,
}

impl Series {
    fn median(&self, what: impl Fn(&Run) -> f64) -> f64 {
        median(self.runs.iter().map(what).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn go_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    cost::collect(dir, &mut files)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "go"));
    Ok(files)
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let outlive = outlive_binary(repository, args.outlive.as_deref())?;
    let work = target_dir(repository).join("bench");
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    // A change that was measured before would be an answer that is kept.
    if work.join("answers").exists() {
        fs::remove_dir_all(work.join("answers"))?;
    }
    let mut text = String::new();
    if !args.machine.is_empty() {
        let _ = writeln!(text, "{}.\n", args.machine);
    }
    let mut bars = Vec::new();
    for argument in &args.dirs {
        let (name, dir) = argument.split_once('=').context("folders are given as NAME=DIR")?;
        let dir = Path::new(dir).canonicalize()?;
        let bench = Bench { outlive: &outlive, work: &work, dir: &dir, args, name };
        let series = bench.run()?;
        bench.table(&series, &mut text)?;
        bars.extend(series.iter().map(|row| plot::Bar {
            group: name.to_owned(),
            name: row.name.to_owned(),
            value: row.median(|run| run.processor),
        }));
    }
    if args.write {
        let docs = repository.join("docs");
        document::write_generated(&docs.join("performance.md"), "bench", text.trim_end())?;
        fs::write(docs.join("performance.svg"), plot::bars("Processor time of one run, in seconds", &bars))?;
    } else {
        println!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

struct Bench<'a> {
    outlive: &'a Path,
    work: &'a Path,
    dir: &'a Path,
    args: &'a Args,
    name: &'a str,
}

impl Bench<'_> {
    fn run(&self) -> Result<Vec<Series>> {
        let itself = std::env::current_exe()?;
        let path = |path: &Path| path.to_str().map(str::to_owned).context("a path is not UTF-8");
        let (dir, answers) = (path(self.dir)?, path(&self.work.join("answers"))?);
        let check = |more: &[&str]| {
            let mut args: Vec<String> = ["check", &dir, "--all"].map(str::to_owned).into();
            args.extend(more.iter().map(|&arg| arg.to_owned()));
            (self.outlive.to_owned(), args)
        };
        let mut commands = vec![
            ("tree-sitter parse, 2 threads", (itself, vec!["raw-parse".to_owned(), dir.clone()])),
            ("outlive check, cold", check(&["--no-cache", "--threads", "2"])),
            ("outlive check, cold, 1 thread", check(&["--no-cache", "--threads", "1"])),
            ("outlive check, warm", check(&["--cache-dir", &answers, "--threads", "2"])),
            ("outlive check, one file changed", check(&["--cache-dir", &answers, "--threads", "2"])),
        ];
        if let Some((name, report)) = self.args.report.as_ref().and_then(|report| report.split_once('='))
            && name == self.name
        {
            let args = ["explain", report, "--repo", &dir, "--threads", "2"].map(str::to_owned);
            commands.push(("outlive explain, cold", (self.outlive.to_owned(), args.into())));
        }
        for peer in &self.args.peers {
            let rule = self.work.join(format!("{peer}.yml"));
            let (rule_text, args) = match peer.as_str() {
                "ast-grep" => (AST_GREP_RULE, vec!["scan".to_owned(), "-r".to_owned(), path(&rule)?, dir.clone()]),
                "semgrep" => {
                    let args =
                        ["scan", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--quiet", "--config"];
                    let mut args: Vec<String> = args.map(str::to_owned).into();
                    args.extend([path(&rule)?, dir.clone()]);
                    (SEMGREP_RULE, args)
                }
                other => bail!("no such tool: {other}"),
            };
            fs::write(&rule, rule_text)?;
            let name = if peer == "semgrep" { "semgrep, one rule" } else { "ast-grep, one rule" };
            commands.push((name, (PathBuf::from(peer), args)));
        }
        let mut series: Vec<Series> = commands.iter().map(|&(name, _)| Series { name, runs: Vec::new() }).collect();
        for round in 0..self.args.rounds {
            for ((name, (program, args)), series) in commands.iter().zip(&mut series) {
                if round > 0 && name.contains("rule") {
                    continue;
                }
                let changed = name.contains("changed").then(|| self.change(round)).transpose()?;
                if *name == "outlive check, warm" {
                    self.measured(program, args)?;
                }
                if let Some(run) = self.measured(program, args)? {
                    eprintln!("{} {name}: {run:?}", self.name);
                    series.runs.push(run);
                }
                if let Some((path, text)) = changed {
                    fs::write(path, text)?;
                }
            }
        }
        series.retain(|series| !series.runs.is_empty());
        Ok(series)
    }

    /// Adds a function to the file in the middle; what it was before is returned, to put it back.
    fn change(&self, round: usize) -> Result<(PathBuf, String)> {
        let files = go_files(self.dir)?;
        let path = files.get(files.len() / 2).context("no Go files")?.clone();
        let text = fs::read_to_string(&path)?;
        fs::write(&path, format!("{text}\nfunc addedToMeasure{round}() {{ println({round}) }}\n"))?;
        Ok((path, text))
    }

    /// Runs a command under GNU time; `None` if it is not installed. Exit code 1 says that something was found.
    fn measured(&self, program: &Path, args: &[String]) -> Result<Option<Run>> {
        let cost = self.work.join("cost");
        let mut time = command::new("/usr/bin/time");
        time.args(["-f", "%U %S %e %M", "-o"]).arg(&cost).arg(program).args(args);
        time.stdout(Stdio::null()).stderr(Stdio::null());
        let status = time.status().context("cannot start GNU time")?;
        match status.code() {
            Some(0 | 1) => {}
            Some(126 | 127) => return Ok(None),
            _ => bail!("{} {args:?} ended with {status}", program.display()),
        }
        let text = fs::read_to_string(&cost)?;
        let last = text.lines().last().unwrap_or_default();
        let numbers: Vec<f64> = last.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let &[user, system, wall, kib] = numbers.as_slice() else { bail!("time printed {text:?}") };
        Ok(Some(Run { processor: user + system, wall, peak_mib: kib / 1024.0 }))
    }

    fn table(&self, series: &[Series], text: &mut String) -> Result<()> {
        let files = go_files(self.dir)?;
        let (mut bytes, mut lines) = (0, 0);
        for path in &files {
            let text = fs::read(path)?;
            bytes += text.len();
            lines += text.iter().filter(|&&b| b == b'\n').count();
        }
        let parse = series.first().context("nothing was measured")?;
        let _ = writeln!(
            text,
            "### {}\n\n{} files, {:.1} MB, {lines} lines.\n\n\
             | | CPU s | wall s | peak MiB | KiB a line | CPU, times the parse | wall, times the parse |\n\
             |---|--:|--:|--:|--:|--:|--:|",
            self.name,
            files.len(),
            bytes as f64 / 1e6,
        );
        for row in series {
            let ratio = |what: fn(&Run) -> f64| {
                median(row.runs.iter().zip(&parse.runs).map(|(run, parse)| what(run) / what(parse)).collect())
            };
            let peak = row.median(|run| run.peak_mib);
            let _ = writeln!(
                text,
                "| {} | {:.2} | {:.2} | {peak:.0} | {:.2} | {:.2} | {:.2} |",
                row.name,
                row.median(|run| run.processor),
                row.median(|run| run.wall),
                peak * 1024.0 / lines as f64,
                ratio(|run| run.processor),
                ratio(|run| run.wall),
            );
        }
        text.push('\n');
        Ok(())
    }
}

const AST_GREP_RULE: &str = "id: goroutine\nlanguage: go\nrule:\n  pattern: go func() { $$$BODY }()\n";
const SEMGREP_RULE: &str = "rules:\n  - id: goroutine\n    languages: [go]\n    severity: INFO\n    message: a goroutine\n    \
                            pattern: go func() { ... }()\n";
