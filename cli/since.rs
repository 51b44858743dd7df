//! What a git revision holds, read through the `git` program: no history is understood here.
//!
//! Invariant: nothing is checked out. The files of the revision are read into memory; the work tree and the index of
//! the repository stay as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use analyzer::source::{FileRole, InputFile};
use anyhow::{Context, Result, anyhow, bail};

use crate::load::{self, Tree};

/// A commit of the repository that a folder belongs to.
pub(crate) struct Revision {
    dir: PathBuf,
    commit: String,
    /// The folder below the top of the repository: empty, or with a `/` at its end.
    prefix: String,
}

impl Revision {
    /// Finds the commit that `name` means; `REV...` means the commit where `HEAD` left `REV`.
    ///
    /// # Errors
    /// When git is missing, the folder is in no repository, or the commit is not there.
    pub(crate) fn resolve(dir: &Path, name: &str) -> Result<Self> {
        let prefix = git(dir, &["rev-parse", "--show-prefix"])
            .with_context(|| format!("--since needs a git repository, and {} is in none", dir.display()))?;
        let base = name.strip_suffix("...");
        let commit = commit(dir, base.unwrap_or(name))?;
        let commit = match base {
            Some(base) => git(dir, &["merge-base", &commit, "HEAD"])
                .map_err(|_| anyhow!("`{base}` and HEAD have no common commit here{}", shallow_hint(dir, base)))?,
            None => commit,
        };
        Ok(Self { dir: dir.to_owned(), commit: line(&commit), prefix: line(&prefix) })
    }

    /// The files of the revision, chosen as those of the work tree were: what stands in the work tree and was not read
    /// there (it is ignored) is not read here, either.
    pub(crate) fn tree(&self, disk: &Tree) -> Result<Tree> {
        let read: BTreeSet<&str> = disk.inputs.iter().map(|input| input.path.as_str()).collect();
        let listed = git(&self.dir, &["ls-tree", "-r", "-z", &self.commit])?;
        let mut inputs = Vec::new();
        let mut wanted = Vec::new();
        for entry in listed.split('\0').filter(|entry| !entry.is_empty()) {
            let Some((meta, path)) = entry.split_once('\t') else { continue };
            let mut meta = meta.split(' ');
            let (mode, id) = (meta.next().unwrap_or(""), meta.nth(1).unwrap_or(""));
            // A submodule has no files in this repository: it counts as unchanged.
            if mode == "160000" {
                let below = |input: &&InputFile| input.path.strip_prefix(path).is_some_and(|r| r.starts_with('/'));
                inputs.extend(disk.inputs.iter().filter(below).cloned());
                continue;
            }
            let name = path.rsplit('/').next().unwrap_or(path);
            let ignored = !read.contains(path) && self.dir.join(path).exists();
            if mode.starts_with("100") && load::wanted(name) && !ignored {
                wanted.push((path.to_owned(), id.to_owned()));
            }
        }
        let ids: Vec<&str> = wanted.iter().map(|(_, id)| id.as_str()).collect();
        for ((path, id), text) in wanted.iter().zip(self.objects(&ids)?) {
            let text = text.with_context(|| format!("{path} of {}: object {id} is missing", self.commit))?;
            inputs.push(InputFile { path: path.clone(), text, role: FileRole::Analysed, import_path: None });
        }
        if let Some((above, prefix)) = self.module_above()? {
            load::add_module(&mut inputs, &above, &prefix);
        }
        Ok(Tree { inputs, problems: Vec::new(), root: None })
    }

    /// The `go.mod` of the nearest folder above, and the way down from there.
    fn module_above(&self) -> Result<Option<(Vec<u8>, String)>> {
        let parts: Vec<&str> = self.prefix.split('/').filter(|part| !part.is_empty()).collect();
        let above = |depth: usize| parts[..depth].iter().map(|part| format!("{part}/")).collect::<String>();
        let names: Vec<String> =
            (0..parts.len()).rev().map(|depth| format!("{}:{}go.mod", self.commit, above(depth))).collect();
        let texts = self.objects(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let found = texts.into_iter().enumerate().find_map(|(row, text)| Some((row, text?)));
        Ok(found.map(|(row, text)| (text, parts[parts.len() - 1 - row..].join("/"))))
    }

    /// The contents of objects, in order; none for one that is not there.
    fn objects(&self, names: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = command(&self.dir)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot run git")?;
        let mut input = child.stdin.take().context("git takes no input")?;
        let output = child.stdout.take().context("git gives no output")?;
        let request: String = names.iter().map(|name| format!("{name}\n")).collect();
        // Both directions at once: git stops reading while nobody takes what it wrote.
        let writer = std::thread::spawn(move || input.write_all(request.as_bytes()));
        let mut reader = BufReader::new(output);
        let mut out = Vec::with_capacity(names.len());
        for _ in names {
            let mut head = String::new();
            reader.read_line(&mut head).context("git cat-file")?;
            let Some(size) = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<usize>().ok()) else {
                if head.trim_end().ends_with("missing") {
                    out.push(None);
                    continue;
                }
                bail!("git cat-file answered `{}`", head.trim_end());
            };
            let mut text = vec![0; size + 1];
            reader.read_exact(&mut text).context("git cat-file")?;
            text.pop();
            out.push(Some(text));
        }
        // All answers are here: what the two still have to say changes nothing.
        let _ = writer.join();
        let _ = child.wait();
        Ok(out)
    }

    /// The lines of the work tree that differ from the revision.
    pub(crate) fn changed_lines(&self) -> Result<ChangedLines> {
        let flags =
            ["-c", "core.quotepath=off", "diff", "--relative", "-U0", "--no-color", "--no-ext-diff", "--no-textconv"];
        let diff = git(&self.dir, &[&flags[..], &["--dst-prefix=b/", &self.commit, "--", "."]].concat())?;
        let mut changed = ChangedLines::read(&diff);
        let fresh = git(&self.dir, &["ls-files", "--others", "--exclude-standard", "-z"])?;
        for path in fresh.split('\0').filter(|path| !path.is_empty()) {
            changed.files.insert(path.to_owned(), vec![(0, u32::MAX)]);
        }
        Ok(changed)
    }
}

/// Changed lines by file: first and last of each stretch.
#[derive(Debug, Default)]
pub(crate) struct ChangedLines {
    files: BTreeMap<String, Vec<(u32, u32)>>,
}

impl ChangedLines {
    /// Reads a unified diff without context.
    fn read(diff: &str) -> Self {
        let mut out = Self::default();
        let mut file = String::new();
        for line in diff.lines() {
            if let Some(path) = line.strip_prefix("+++ ") {
                // git writes a tab after a name with spaces.
                let path = path.trim_end_matches('\t').trim_matches('"');
                file = path.strip_prefix("b/").unwrap_or(path).to_owned();
            } else if let Some((first, count)) = hunk(line) {
                // Where lines went away, the lines on both sides of the gap count as changed.
                let stretch = if count == 0 { (first, first + 1) } else { (first, first + count - 1) };
                out.files.entry(file.clone()).or_default().push(stretch);
            }
        }
        out
    }

    /// Whether the line was changed.
    pub(crate) fn contains(&self, file: &str, line: u32) -> bool {
        self.files.get(file).is_some_and(|rows| rows.iter().any(|(first, last)| (*first..=*last).contains(&line)))
    }
}

/// First line and number of lines on the new side of `@@ -1,2 +3,4 @@`.
fn hunk(line: &str) -> Option<(u32, u32)> {
    let new = line.strip_prefix("@@ ")?.split(' ').find_map(|part| part.strip_prefix('+'))?;
    let (first, count) = new.split_once(',').unwrap_or((new, "1"));
    Some((first.parse().ok()?, count.parse().ok()?))
}

fn commit(dir: &Path, name: &str) -> Result<String> {
    let wanted = format!("{name}^{{commit}}");
    let found = git(dir, &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]);
    found.map(|id| line(&id)).map_err(|_| anyhow!("git knows no revision `{name}`{}", shallow_hint(dir, name)))
}

/// Why a commit may be missing.
fn shallow_hint(dir: &Path, name: &str) -> String {
    let shallow = git(dir, &["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| line(&answer) == "true");
    if !shallow {
        return String::new();
    }
    format!(
        ": this clone is shallow and ends before it; `git fetch --depth=1 origin {name}` brings that commit, \
         `git fetch --unshallow` all of them (in a GitHub workflow: `fetch-depth: 0` for actions/checkout)"
    )
}

fn line(text: &str) -> String {
    text.trim_end_matches(['\n', '\r']).to_owned()
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    // Reading must not touch the index, and messages are compared with nothing but shown to people.
    command.arg("-C").arg(dir).env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn git(dir: &Path, args: &[&str]) -> Result<String> {
    let output = command(dir).args(args).stdin(Stdio::null()).output().context("cannot run git")?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {}", args[0], error.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::ChangedLines;

    #[test]
    fn a_removed_line_changes_both_sides_of_the_gap() {
        let diff =
            "--- a/x.go\n+++ b/x.go\n@@ -5 +4,0 @@ func f() {\n-\tdefer g()\n@@ -9,2 +8,3 @@\n-a\n-b\n+c\n+d\n+e\n";
        let changed = ChangedLines::read(diff);
        let lines: Vec<u32> = (1..12).filter(|line| changed.contains("x.go", *line)).collect();
        assert_eq!(lines, [4, 5, 8, 9, 10]);
        assert!(!changed.contains("y.go", 4));
    }
}
