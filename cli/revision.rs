//! Which revision of a checkout's history the lines of a report fit best. The only user of `git`.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use rules::finding::ExplainedReport;

/// Commits that changed a file of the report and are tried.
const MAX_REVISIONS: usize = 400;
/// Bytes of blobs read for one report.
const MAX_BLOB_BYTES: usize = 1 << 30;

/// What a line of a revision has to hold.
struct Demand {
    path: String,
    line: usize,
    /// A name that is called there.
    name: String,
}

/// A sentence: the revision whose lines fit best, or why none could be found.
///
/// # Errors
/// When `git` cannot be run, or breaks off.
pub(crate) fn find(repo: &Path, report: &ExplainedReport) -> Result<String> {
    let demands = demands(report);
    if demands.is_empty() {
        return Ok("no revision was looked for: no frame of the report is in the checkout".to_owned());
    }
    let mut paths: Vec<&str> = demands.iter().map(|d| d.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let limit = format!("-n{MAX_REVISIONS}");
    let mut log = Command::new("git");
    log.arg("-C").arg(repo).args(["log", "--format=%H %cs", &limit, "--"]).args(&paths);
    let log = log.stderr(Stdio::null()).output().context("cannot run git")?;
    let text = String::from_utf8_lossy(&log.stdout).into_owned();
    let revisions: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    if !log.status.success() || revisions.is_empty() {
        return Ok("no revision was looked for: the checkout has no history of these files".to_owned());
    }
    let fits = scores(repo, &revisions, &demands)?;
    // Newest first, so that of equals the nearest to the checkout wins.
    let Some((best, fit)) = fits.iter().enumerate().rev().max_by_key(|(_, fit)| **fit) else {
        return Ok("no revision was looked for: the checkout has no history of these files".to_owned());
    };
    let (hash, date) = revisions[best];
    let short = &hash[..hash.len().min(12)];
    let all = demands.len();
    let here = fits.first().copied().unwrap_or(0);
    Ok(format!(
        "the lines fit revision {short} of {date} best ({fit} of {all} calls; {here} in the checkout; {} revisions tried)",
        fits.len()
    ))
}

/// Calls that the frames show: in each caller's line stands the name of the function above it.
fn demands(report: &ExplainedReport) -> Vec<Demand> {
    let mut out: Vec<Demand> = Vec::new();
    for stack in report.accesses.iter().chain(&report.created) {
        for pair in stack.frames.windows(2) {
            let (callee, caller) = (&pair[0], &pair[1]);
            let Some((path, ..)) = &caller.resolved else { continue };
            let name = callee.function.rsplit('.').next().unwrap_or("").trim_end_matches("-fm");
            let number = name.trim_start_matches("func").trim_start_matches("gowrap");
            let plain = !name.is_empty() && number.parse::<u32>().is_err() && !name.contains(['[', ']', '-']);
            if callee.stale || caller.stale || !plain || callee.function.starts_with("runtime.") {
                continue;
            }
            let demand = Demand { path: path.clone(), line: caller.line as usize, name: name.to_owned() };
            if !out.iter().any(|d| (&d.path, d.line, &d.name) == (&demand.path, demand.line, &demand.name)) {
                out.push(demand);
            }
        }
    }
    out
}

/// Per revision, how many calls stand where the report says.
fn scores(repo: &Path, revisions: &[(&str, &str)], demands: &[Demand]) -> Result<Vec<usize>> {
    let mut batch = Command::new("git")
        .arg("-C")
        .arg(repo)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run git")?;
    let (Some(mut input), Some(output)) = (batch.stdin.take(), batch.stdout.take()) else {
        bail!("git has no input or output");
    };
    let mut output = BufReader::new(output);
    // Below the root of the repository paths start elsewhere than below `repo`.
    let prefix = prefix(repo)?;
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    let mut bytes = 0;
    let mut fits = Vec::with_capacity(revisions.len());
    let mut paths: Vec<&str> = demands.iter().map(|d| d.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    for (hash, _) in revisions {
        let mut fit = 0;
        for path in &paths {
            writeln!(input, "{hash}:{prefix}{path}")?;
            input.flush()?;
            let mut header = String::new();
            output.read_line(&mut header)?;
            let mut parts = header.split_whitespace();
            let (Some(id), Some("blob"), Some(Ok(size))) =
                (parts.next(), parts.next(), parts.next().map(str::parse::<usize>))
            else {
                continue;
            };
            let mut blob = vec![0; size + 1];
            output.read_exact(&mut blob)?;
            bytes += size;
            fit += *known.entry((id.to_owned(), (*path).to_owned())).or_insert_with(|| {
                let text = String::from_utf8_lossy(&blob);
                let lines: Vec<&str> = text.lines().collect();
                let holds = |d: &&Demand| {
                    d.path == *path && lines.get(d.line.wrapping_sub(1)).is_some_and(|line| names(line, &d.name))
                };
                demands.iter().filter(holds).count()
            });
        }
        fits.push(fit);
        if fit == demands.len() || bytes > MAX_BLOB_BYTES {
            break;
        }
    }
    drop(input);
    batch.wait()?;
    Ok(fits)
}

fn prefix(repo: &Path) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(repo).args(["rev-parse", "--show-prefix"]).output();
    let output = output.context("cannot run git")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a line calls, or starts, something of that name.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        !line[..at].ends_with(word) && !line[at + name.len()..].starts_with(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words() {
        assert!(names("\terr = e.Close()", "Close"));
        assert!(!names("\te.CloseNow()", "Close") && !names("\tenclose()", "close"));
    }
}
