//! The same hold on a tree with a fix: a revision, or the checkout with a patch.
//!
//! Invariant: the tree is written to a temporary folder, and the index and work tree of the repository stay as they are:
//! `git` is read from, with an index of its own in that folder.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use analyzer::{lifetime::Lifetimes, resolve::Program};
use anyhow::{Context, Result, anyhow, bail};
use ignore::WalkBuilder;
use rules::{
    explain::Explainer,
    reproduce::{Pair, Subject, placements, relocated},
};

use super::{
    Bench,
    flags::Flags,
    go::Go,
    search::{Found, Search, indented},
    trial::Tally,
    workshop::Workshop,
};
use crate::{
    args::{BuildArgs, ReproduceArgs},
    load::load,
    say::Progress,
};

/// What a verification needs beside the race.
pub(super) struct Job<'a> {
    pub(super) args: &'a ReproduceArgs,
    pub(super) build: &'a BuildArgs,
    pub(super) go: &'a Go,
    pub(super) flags: &'a Flags,
    /// The checkout without the fix.
    pub(super) program: &'a Program,
}

/// What came out.
pub(super) struct Verified {
    pub(super) holds: bool,
    pub(super) text: String,
}

impl Job<'_> {
    /// Runs the hold on the fixed tree, and looks for the finding there.
    ///
    /// # Errors
    /// When there is no such tree, it cannot be read, or does not build.
    pub(super) fn verify(
        &self,
        subject: &Subject,
        found: &Found,
        fix: &str,
        bench: &Bench<'_>,
        progress: &Progress,
    ) -> Result<Verified> {
        let root = self.args.repo.canonicalize().context("the checkout is gone")?;
        let tree = FixedTree::new(&root, fix)?;
        let loaded = load(&tree.root, self.build, true)?;
        let models = rules::catalogue::embedded().context("the embedded catalogue")?;
        let lifetimes = Lifetimes::analyse(&loaded.program, &loaded.graph, &loaded.places, &models);
        let listed = |lifetimes: &Lifetimes<'_>| {
            let findings = rules::findings(lifetimes, rules::Confidence::Low).worded;
            let same = |found: &rules::Finding| {
                subject.fingerprint.as_ref() == Some(&found.fingerprint)
                    && subject.location.as_ref().is_none_or(|at| *at == found.location)
            };
            findings.iter().any(same)
        };
        let still = listed(&lifetimes);
        let mut text = format!("fix:      {}\n", tree.what);
        text.push_str(match (subject.fingerprint.is_some(), still) {
            (false, _) => "          there is no static finding to compare\n",
            (true, true) => "          the static finding is still there\n",
            (true, false) => "          the static finding is not there\n",
        });
        let there = match relocated(self.program, &loaded.program, subject) {
            Ok(there) => there,
            Err(gone) => {
                text.push_str(&format!("          not run: {gone}, so there is nothing to hold\n"));
                return Ok(Verified { holds: !still, text });
            }
        };
        let places = placements(&loaded.program, &there).map_err(anyhow::Error::msg)?;
        let alike = |place: &&rules::reproduce::Placement| {
            let wanted = &found.placement;
            (place.reversed, place.meet, place.reuse.is_empty())
                == (wanted.reversed, wanted.meet, wanted.reuse.is_empty())
        };
        let placement =
            places.get(found.rank).filter(alike).or_else(|| places.iter().find(alike)).unwrap_or(&places[0]);
        let mut shop = Workshop::new(&tree.root)?;
        let overlay = shop.overlay(&loaded.program, placement, found.delay)?;
        let search = Search { go: self.go, program: &loaded.program, flags: self.flags, placements: &places, progress };
        progress.stage("building the fixed tree");
        let binary = search.build(&mut shop, &found.tests.folder, Some(&overlay))?;
        let binary = binary.map_err(|said| anyhow!("the fixed tree does not build:\n{}", indented(&said)))?;
        let pair = Pair::new(&loaded.program, &loaded.graph, &there);
        let explainer = Explainer::new(&lifetimes);
        let events = shop.events();
        let bench = Bench { events: &events, ..*bench };
        let runner = bench.runner(&pair, &explainer, &tree.root, &found.tests, &found.pattern, true);
        let mut tally = Tally::default();
        let held = Cell::new(0_u32);
        for run in 1..=self.args.runs {
            progress.stage(&format!("fixed tree, run {run} of {}: {}", self.args.runs, tally.rate()));
            let trial = runner.run(&binary, Some(found.delay))?;
            held.set(held.get() + u32::from(trial.events.held));
            if trial.no_tests {
                bail!("the fixed tree has no test {}", found.pattern);
            }
            tally.add(&trial);
        }
        text.push_str(&format!("          with the hold {}", tally.rate()));
        text.push_str(match (tally.same, held.get()) {
            (0, 0) => ", but the goroutine never came to the hold, so the runs say little\n",
            (0, _) => "; runs are evidence, not proof\n",
            _ => ": the race is still there\n",
        });
        if tally.failed + tally.timed_out > 0 {
            let broken = tally.failed + tally.timed_out;
            text.push_str(&format!(
                "          {broken} of {} runs failed without a race:\n{}\n",
                tally.runs,
                indented(&tally.tail)
            ));
        }
        Ok(Verified { holds: tally.same == 0 && !still, text })
    }
}

/// A tree with the fix.
struct FixedTree {
    _folder: tempfile::TempDir,
    /// What the checkout's folder is there.
    root: PathBuf,
    what: String,
}

impl FixedTree {
    fn new(root: &Path, fix: &str) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("outlive-fixed-").tempdir().context("cannot make a temporary folder")?;
        let path = folder.path().canonicalize().context("the temporary folder is gone")?;
        let tree = path.join("tree");
        fs::create_dir(&tree).context("cannot write to the temporary folder")?;
        let patch = Path::new(fix);
        if patch.is_file() {
            let patch = patch.canonicalize().with_context(|| format!("cannot read {fix}"))?;
            // The module is enough, and all that a relative path inside of it can mean.
            let base = root.ancestors().find(|dir| dir.join("go.mod").exists()).unwrap_or(root);
            copy(base, &tree)?;
            let below = root.strip_prefix(base).unwrap_or(Path::new(""));
            let inner = tree.join(below);
            let apply = |dir: &Path| {
                let mut command = Command::new("git");
                // No repository: the folder stands for itself.
                command.env("GIT_CEILING_DIRECTORIES", &path).current_dir(dir).arg("apply").arg(&patch);
                said(&mut command)
            };
            apply(&inner).or_else(|first| if inner == tree { Err(first) } else { apply(&tree) })?;
            return Ok(Self { _folder: folder, root: inner, what: format!("with the patch {fix}") });
        }
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command
                .env("GIT_OPTIONAL_LOCKS", "0")
                .env("GIT_INDEX_FILE", path.join("index"))
                .arg("-C")
                .arg(root)
                .args(args);
            said(&mut command)
        };
        let wanted = format!("{fix}^{{commit}}");
        let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]);
        let commit =
            commit.map_err(|_| anyhow!("`{fix}` is neither a patch file nor a revision that git knows here"))?;
        let (top, prefix) = (git(&["rev-parse", "--show-toplevel"])?, git(&["rev-parse", "--show-prefix"])?);
        git(&["read-tree", &commit])?;
        let target = format!("--prefix={}/", tree.display());
        let mut command = Command::new("git");
        command.env("GIT_INDEX_FILE", path.join("index")).arg("-C").arg(&top).args(["checkout-index", "-a", &target]);
        said(&mut command)?;
        let short = &commit[..commit.len().min(12)];
        Ok(Self { _folder: folder, root: tree.join(prefix), what: format!("revision {fix} ({short})") })
    }
}

/// What git printed, without the newline.
fn said(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().context("cannot run git")?;
    if !output.status.success() {
        bail!("git: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Copies a folder, what git ignores included, since tests may need it; only the history stays behind.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let walk = WalkBuilder::new(from).standard_filters(false).filter_entry(|entry| entry.file_name() != ".git").build();
    for entry in walk {
        let entry = entry.context("cannot read the checkout")?;
        let below = entry.path().strip_prefix(from).context("outside of the checkout")?;
        let target = to.join(below);
        let kind = entry.file_type().context("a file without a type")?;
        if kind.is_dir() {
            fs::create_dir_all(&target).with_context(|| format!("cannot write {}", target.display()))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot copy {}", entry.path().display()))?;
        } else {
            #[cfg(unix)]
            if kind.is_symlink() {
                let points_to =
                    fs::read_link(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
                std::os::unix::fs::symlink(points_to, &target)
                    .with_context(|| format!("cannot write {}", target.display()))?;
            }
        }
    }
    Ok(())
}
