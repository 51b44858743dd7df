//! `cargo xtask explain-pairs`: reports of races that real repositories fixed, explained before and after the fix.
//!
//! A report of `testdata/pairs` has the lines of another revision; `expect.json` beside it says, from reading the Go code
//! of both revisions, what the explanation must be. The trees come out of git clones, one folder `owner+name` each.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{command, document};

/// Command line.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with the git clones; the environment's `CORPUS` unless given
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Binary to ask, instead of a release build
    #[arg(long)]
    outlive: Option<PathBuf>,
    /// Only reports whose name contains this; docs/explain-pairs.md stays as it is then
    #[arg(long)]
    only: Option<String>,
}

/// What is expected of one report.
struct Pair {
    report: String,
    repo: String,
    parent: String,
    fix: String,
    kind: String,
    location: String,
    spawn: String,
    join: String,
    fixed: String,
    /// Why the answer is another one, where that is known and accepted for now.
    miss: Option<String>,
}

/// One answer of `explain`, as far as it is compared.
struct Answer {
    location: String,
    spawn: String,
    join: String,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let corpus = args.corpus.clone().or_else(|| std::env::var_os("CORPUS").map(PathBuf::from));
    let corpus = corpus.context("no clones: say where with --corpus or CORPUS")?;
    let binary = crate::outlive_binary(repository, args.outlive.as_deref())?;
    let folder = repository.join("testdata/pairs");
    let pairs = pairs(&folder)?;
    let scratch = crate::target_dir(repository).join("explain-pairs");
    let mut table = String::from(
        "| report | repository | kind | location | spawn | join before the fix | after the fix | verdict |\n|---|---|---|---|---|---|---|---|\n",
    );
    let (mut right, mut all) = (0, 0);
    for pair in &pairs {
        if args.only.as_ref().is_some_and(|part| !pair.report.contains(part.as_str())) {
            continue;
        }
        let clone = clone_of(&corpus, &pair.repo)?;
        let answer = |revision: &str| -> Result<Answer> {
            let tree = scratch.join(format!("{}-{}", pair.repo.replace('/', "+"), &revision[..12]));
            write_tree(&clone, revision, &tree)?;
            ask(&binary, &folder.join(format!("{}.txt", pair.report)), &tree)
        };
        let (before, after) = (answer(&pair.parent)?, answer(&pair.fix)?);
        let wrong = wrong(pair, &before, &after);
        all += 1;
        right += usize::from(wrong.is_empty());
        let verdict = match (wrong.is_empty(), &pair.miss) {
            (true, _) => "right".to_owned(),
            (false, Some(miss)) => format!("miss ({}): {miss}", wrong.join("; ")),
            (false, None) => format!("WRONG: {}", wrong.join("; ")),
        };
        let row = format!(
            "| `{}` | {} | {} | `{}` | `{}` | {} | {} | {verdict} |\n",
            pair.report, pair.repo, pair.kind, pair.location, pair.spawn, before.join, after.join
        );
        print!("{row}");
        table.push_str(&row);
    }
    let summary = format!("{right} of {all} pairs are explained as the Go code says, before and after the fix.");
    println!("{summary}");
    if args.only.is_none() {
        let text = format!("{table}\n{summary}");
        document::write_generated(&repository.join("docs/explain-pairs.md"), "explain-pairs", &text)?;
    }
    Ok(if table.contains("WRONG") { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn pairs(folder: &Path) -> Result<Vec<Pair>> {
    let file = folder.join("expect.json");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let rows: Vec<Value> = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let pair = |row: &Value| -> Result<Pair> {
        let text = |key: &str| row[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {row}"));
        Ok(Pair {
            report: text("report")?,
            repo: text("repo")?,
            parent: text("parent")?,
            fix: text("fix")?,
            kind: text("kind")?,
            location: text("location")?,
            spawn: text("spawn")?,
            join: text("join")?,
            fixed: text("fixed")?,
            miss: row["miss"].as_str().map(str::to_owned),
        })
    };
    rows.iter().map(pair).collect()
}

/// What differs from what is expected. `fixed` may be a join status, or `no lifetime race`.
fn wrong(pair: &Pair, before: &Answer, after: &Answer) -> Vec<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
    let mut out = Vec::new();
    if last(&before.location) != last(&pair.location) {
        out.push(format!("location {}", before.location));
    }
    if before.spawn != pair.spawn {
        out.push(format!("spawn {}", before.spawn));
    }
    if before.join != pair.join {
        out.push(format!("join {} and not {}", before.join, pair.join));
    }
    if after.join != pair.fixed {
        out.push(format!("after the fix {} and not {}", after.join, pair.fixed));
    }
    out
}

fn ask(binary: &Path, report: &Path, tree: &Path) -> Result<Answer> {
    let mut command = command::new(binary);
    command.arg("explain").arg(report).arg("--repo").arg(tree).args(["--format", "json"]);
    let answer: Value = serde_json::from_str(&command::output(&mut command)?)?;
    let report = &answer["reports"][0];
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let best = &report["explanations"][0];
    let lifetime = report["verdict"] == "lifetime" || !best.is_null();
    let spawn = &best["spawn"];
    Ok(Answer {
        location: text(&report["location"]["name"]),
        spawn: if spawn.is_null() { "none".to_owned() } else { format!("{}:{}", text(&spawn["file"]), spawn["line"]) },
        join: match best["join"]["status"].as_str() {
            Some(status) if lifetime => status.to_owned(),
            _ => "no lifetime race".to_owned(),
        },
    })
}

fn clone_of(corpus: &Path, repo: &str) -> Result<PathBuf> {
    let base = corpus.join(repo.replace('/', "+"));
    let candidates = [base.join("repo"), base.join(".git"), base.clone()];
    let found = candidates.into_iter().find(|dir| dir.join("objects").is_dir());
    found.with_context(|| format!("no clone of {repo} in {}", corpus.display()))
}

/// Writes the Go files of a revision, unless they are there.
fn write_tree(clone: &Path, revision: &str, tree: &Path) -> Result<()> {
    if tree.join(".complete").is_file() {
        return Ok(());
    }
    let git = || {
        let mut command = command::new("git");
        command.arg("--git-dir").arg(clone);
        command
    };
    let listed = command::output(git().args(["ls-tree", "-r", "-z", revision]))?;
    let rows = listed.split('\0').filter_map(|row| {
        let (meta, path) = row.split_once('\t')?;
        let mut words = meta.split(' ');
        let (mode, _, blob) = (words.next()?, words.next()?, words.next()?);
        let name = path.rsplit('/').next()?;
        let wanted = name.ends_with(".go") || matches!(name, "go.mod" | "go.work" | "modules.txt");
        (wanted && mode != "120000").then(|| (blob.to_owned(), path.to_owned()))
    });
    let rows: Vec<(String, String)> = rows.collect();
    fs::create_dir_all(tree)?;
    let list = tree.join(".blobs");
    rows.iter().try_fold(File::create(&list)?, |mut file, (blob, _)| writeln!(file, "{blob}").map(|()| file))?;
    let mut batch = git().args(["cat-file", "--batch"]).stdin(File::open(&list)?).stdout(Stdio::piped()).spawn()?;
    let mut out = BufReader::new(batch.stdout.take().context("git has no output")?);
    for (blob, path) in &rows {
        let mut head = String::new();
        out.read_line(&mut head)?;
        let Some(size) = head.trim().rsplit(' ').next().and_then(|size| size.parse::<usize>().ok()) else {
            // An object that the clone does not hold.
            continue;
        };
        let mut data = vec![0; size + 1];
        out.read_exact(&mut data).with_context(|| format!("git ends in the middle of {blob}"))?;
        let target = tree.join(path);
        fs::create_dir_all(target.parent().context("a file in a folder")?)?;
        fs::write(&target, &data[..size]).with_context(|| format!("cannot write {}", target.display()))?;
    }
    if !batch.wait()?.success() {
        bail!("git cat-file failed for {revision}");
    }
    fs::remove_file(list)?;
    fs::write(tree.join(".complete"), "")?;
    Ok(())
}
