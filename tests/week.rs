//! A team's week with the gate: a git repository, its branches, and every answer on the way.
//!
//! The program is a statement executor as servers have it: a worker that reads the session's context, a `Close` that
//! waits for the worker, and a next statement that replaces the context; and a pool that forgets what it saw.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::{Scratch, text};

const SESSION: &str = r#"package session

type Vars struct{ Ctx *Ctx }

type Ctx struct{ Rows int }

func Reset(vars *Vars) {
	vars.Ctx = &Ctx{}
}
"#;

/// The worker, and the join that everybody relies on. `Light` does its work at once.
const WORKER: &str = r#"package worker

import (
	"sync"

	"example.com/week/session"
)

type Reader struct {
	vars *session.Vars
	wg   sync.WaitGroup
}

func New(vars *session.Vars) *Reader { return &Reader{vars: vars} }

func (r *Reader) Open() {
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		r.vars.Ctx.Rows++
	}()
}

func (r *Reader) Next(n int) (int, error) { return n, nil }

func (r *Reader) Close() {
	r.wg.Wait()
}
"#;

const LIGHT: &str = r#"package worker

import "example.com/week/session"

type Light struct {
	vars *session.Vars
}

func NewLight(vars *session.Vars) *Light { return &Light{vars: vars} }

func (l *Light) Open() {
	l.vars.Ctx.Rows++
}

func (l *Light) Next(n int) (int, error) { return n, nil }

func (l *Light) Close() {}
"#;

/// `Light` as a branch has it: its callers, all of which close, need not care.
const LIGHT_IN_BACKGROUND: &str = r#"package worker

import (
	"sync"

	"example.com/week/session"
)

type Light struct {
	vars *session.Vars
	wg   sync.WaitGroup
}

func NewLight(vars *session.Vars) *Light { return &Light{vars: vars} }

func (l *Light) Open() {
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		l.vars.Ctx.Rows++
	}()
}

func (l *Light) Next(n int) (int, error) { return n, nil }

func (l *Light) Close() {
	l.wg.Wait()
}
"#;

/// A function that leaves `Light` open on one way, which does no harm as long as `Light` does its work at once.
const PEEK: &str = r#"package server

import (
	"example.com/week/session"
	"example.com/week/worker"
)

func Peek(vars *session.Vars, statement int) error {
	light := worker.NewLight(vars)
	light.Open()
	if _, err := light.Next(statement); err != nil {
		return err
	}
	light.Close()
	return nil
}
"#;

const SERVER: &str = r#"package server

import "example.com/week/session"

func Serve(vars *session.Vars, statements []int) error {
	for _, statement := range statements {
		session.Reset(vars)
		if err := Copy(vars, statement); err != nil {
			return err
		}
	}
	return nil
}
"#;

/// The old finding: one way leaves without `Close`.
const COPY: &str = r#"package server

import (
	"example.com/week/session"
	"example.com/week/worker"
)

func Copy(vars *session.Vars, statement int) error {
	reader := worker.New(vars)
	reader.Open()
	if _, err := reader.Next(statement); err != nil {
		return err
	}
	reader.Close()
	return nil
}
"#;

/// The same function in another file, with another name for its local, other lines and other spaces.
const MOVED: &str = r#"package server

import (
	"example.com/week/session"
	"example.com/week/worker"
)

// Limit is new here.
const Limit = 10

func Copy(
	vars *session.Vars,
	statement int,
) error {
	log := func(n int) { _ = n }
	source := worker.New(vars)

	source.Open()
	_, err := source.Next( statement )
	if err != nil { return err }
	log(Limit)
	source.Close()
	return nil
}
"#;

const POOL: &str = r#"package pool

import "sync"

type Pool struct {
	wg   sync.WaitGroup
	seen map[int]int
}

func (p *Pool) Start() {
	p.seen = map[int]int{}
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		p.seen[1]++
	}()
}

func (p *Pool) Stop() {
	p.drain()
	p.seen = nil
}
"#;

const DRAIN: &str = "package pool\n\nfunc (p *Pool) drain() {\n\tp.wg.Wait()\n}\n";

/// The join of `Pool`, broken: `Stop` in another file does not know.
const DRAIN_BROKEN: &str = "package pool\n\nfunc (p *Pool) drain() {\n}\n";

/// A repository of the test's own, with no configuration but its own.
pub(crate) struct Repository {
    scratch: Scratch,
    pub(crate) dir: PathBuf,
}

/// What `outlive` answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Repository {
    pub(crate) fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let dir = scratch.0.join("repository");
        fs::create_dir_all(&dir).expect("a folder");
        let repository = Self { scratch, dir };
        repository.git(&["init", "-q", "-b", "main", "."]);
        repository
    }

    /// A copy of a folder, committed.
    pub(crate) fn of(name: &str, folder: &Path) -> Self {
        let repository = Self::new(name);
        let copied = Command::new("cp").arg("-r").arg(folder.join(".")).arg(&repository.dir).status();
        assert!(copied.is_ok_and(|status| status.success()), "{}", folder.display());
        repository.commit("the beginning");
        repository
    }

    /// Runs a line of a shell, with `outlive` in the path.
    pub(crate) fn shell(&self, line: &str) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_outlive")).parent().expect("a folder");
        let before = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([binary.to_owned()].into_iter().chain(std::env::split_paths(&before)));
        let mut command = self.command("sh");
        command.env("PATH", path.expect("a path")).args(["-c", line]).output().expect("sh runs")
    }

    /// The week's program, committed.
    pub(crate) fn week(name: &str) -> Self {
        let repository = Self::new(name);
        repository.write("go.mod", "module example.com/week\n\ngo 1.22\n");
        repository.write("session/session.go", SESSION);
        repository.write("worker/worker.go", WORKER).write("worker/light.go", LIGHT);
        repository.write("server/server.go", SERVER).write("server/copy.go", COPY);
        repository.write("pool/pool.go", POOL).write("pool/drain.go", DRAIN);
        repository.commit("the week begins");
        repository
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.dir).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Week").env(format!("GIT_{who}_EMAIL"), "week@example.com");
        }
        command
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> &Self {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.dir.join(path)).expect("a file");
        self
    }

    fn replace(&self, path: &str, from: &str, to: &str) -> &Self {
        let before = self.read(path);
        assert!(before.contains(from), "{path} has no {from}");
        self.write(path, &before.replace(from, to))
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    pub(crate) fn outlive(&self, args: &[&str]) -> Answer {
        let output = self.command(env!("CARGO_BIN_EXE_outlive")).args(args).output().expect("outlive runs");
        Answer { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// `check` with these arguments: its exit code, and `file:line rule` of each finding.
    fn check(&self, args: &[&str]) -> (i32, Vec<String>) {
        let answer = self.outlive(&[&["check", "--format", "json"], args].concat());
        let page: Value = serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {}", answer.err));
        let row = |finding: &Value| {
            let skip = &finding["join"]["skipped_at"][0];
            let place = if skip.is_null() { &finding["reset"] } else { skip };
            let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
            format!("{}:{} {}", word(&place["file"]), place["line"], word(&finding["rule"]))
        };
        (answer.code, page["findings"].as_array().expect("findings").iter().map(row).collect())
    }

    /// The line that holds `code`, from 1.
    fn line(&self, path: &str, code: &str) -> usize {
        self.read(path).lines().position(|line| line.contains(code)).unwrap_or_else(|| panic!("{path}: {code}")) + 1
    }
}

const RESET: &str = "goroutine-outlives-reset";
const NOTHING: (i32, Vec<String>) = (0, Vec::new());

#[test]
fn a_week_with_the_gate() {
    let team = Repository::week("week");
    let old = format!("server/copy.go:{} {RESET}", team.line("server/copy.go", "return err"));

    // Monday: the tree has an old finding. The baseline takes it away, and the gate goes on.
    assert_eq!(team.check(&[]), (1, vec![old.clone()]));
    let written = team.outlive(&["check", "--write-baseline"]);
    assert_eq!((written.code, written.out.as_str()), (0, ""), "{}", written.err);
    assert_eq!(written.err, "outlive-baseline.json written: 1 finding\n");
    team.write("outlive.toml", "baseline = \"outlive-baseline.json\"\n");
    team.commit("the gate");
    let quiet = team.outlive(&["check"]);
    assert_eq!((quiet.code, quiet.out.as_str()), (0, "no new lifetime races found outside the baseline\n"));
    assert_eq!(team.check(&["--no-config"]), (1, vec![old.clone()]), "the baseline is what takes it away");

    // Tuesday: a branch moves code. That is no news, neither to the baseline nor to the revision.
    team.git(&["checkout", "-q", "-b", "moves"]);
    team.remove("server/copy.go").write("server/statements.go", MOVED);
    assert_eq!(team.check(&[]), NOTHING);
    assert_eq!(team.check(&["--no-config", "--since", "main"]), NOTHING);
    let moved = format!("server/statements.go:{} {RESET}", team.line("server/statements.go", "return err"));
    assert_eq!(team.check(&["--no-config"]), (1, vec![moved.clone()]));
    team.commit("Move Copy");

    // Wednesday: a branch breaks a join in one file; what that does shows in another.
    team.git(&["checkout", "-q", "-b", "breaks", "main"]);
    team.write("pool/drain.go", DRAIN_BROKEN);
    team.commit("Nothing to drain");
    let news = format!("pool/pool.go:{} close-without-join", team.line("pool/pool.go", "p.seen = nil"));
    assert_eq!(team.check(&["--all", "--since", "main"]), (1, vec![news.clone()]));
    assert_eq!(team.check(&["--all", "--no-config", "--since", "main"]), (1, vec![news.clone()]));
    assert_eq!(team.check(&["--all", "--since", "main..."]), (1, vec![news.clone()]));
    // No step stands in a changed line: only the whole tree shows it.
    assert_eq!(team.check(&["--all", "--since", "main", "--changed-only"]), NOTHING);
    let page = team.outlive(&["check", "--since", "main", "--confidence", "low"]);
    assert!(page.out.contains("\n1 new finding since main outside the baseline, "), "{}", page.out);
    // A change of the line itself is a step in a changed line.
    team.replace("pool/pool.go", "\tp.seen = nil", "\tp.seen = nil // forget");
    assert_eq!(team.check(&["--all", "--since", "main", "--changed-only"]), (1, vec![news.clone()]));
    // The branch mends it.
    team.write("pool/drain.go", DRAIN);
    assert_eq!(team.check(&["--all", "--since", "main"]), NOTHING);
    team.commit("Drain again");

    // Thursday: somebody allows the old finding, first without a reason.
    team.git(&["checkout", "-q", "-b", "allows", "main"]);
    team.remove("outlive.toml").remove("outlive-baseline.json");
    team.replace("server/copy.go", "\treader.Open()", &format!("\t//outlive:ignore {RESET}\n\treader.Open()"));
    let line = team.line("server/copy.go", "outlive:ignore");
    let without = team.outlive(&["check"]);
    assert_eq!(without.code, 1);
    assert!(without.err.contains(&format!("warning: server/copy.go:{line}: why?")), "{}", without.err);
    let below = format!("server/copy.go:{} {RESET}", team.line("server/copy.go", "return err"));
    assert_eq!(team.check(&[]), (1, vec![below]));
    // With a reason, but not at a place of the finding: the ignore is not needed there, and the finding stays.
    team.replace("server/copy.go", RESET, &format!("{RESET} the caller gives up"));
    let elsewhere = team.outlive(&["check"]);
    assert_eq!(elsewhere.code, 1);
    assert!(elsewhere.err.contains(&format!("server/copy.go:{line}: this ignore is not needed")), "{}", elsewhere.err);
    // At its place.
    team.write("server/copy.go", COPY);
    let ignore = format!("\t\t//outlive:ignore {RESET} the caller gives up\n\t\treturn err");
    team.replace("server/copy.go", "\t\treturn err", &ignore);
    let with = team.outlive(&["check"]);
    assert_eq!((with.code, with.out.as_str(), with.err.as_str()), (0, "no lifetime races found\n", ""));
    team.commit("Allow it");
    // Taking the comment away is news: the gate did not fail before.
    team.write("server/copy.go", COPY);
    assert_eq!(team.check(&["--since", "HEAD"]), (1, vec![old.clone()]));
    // A repair makes the comment useless.
    team.replace("server/copy.go", "\t\treturn err", &ignore);
    team.replace("server/copy.go", "\treader.Open()", "\treader.Open()\n\tdefer reader.Close()");
    let repaired = team.outlive(&["check"]);
    assert_eq!(repaired.code, 0);
    assert!(repaired.err.contains("this ignore is not needed"), "{}", repaired.err);
    team.git(&["checkout", "-q", "--", "."]);

    // Friday: the branch that moved code is rebased on a main that went on.
    team.git(&["checkout", "-q", "main"]);
    team.replace("session/session.go", "package session\n", "// Package session is documented.\npackage session\n");
    team.commit("Documentation");
    team.git(&["checkout", "-q", "moves"]);
    team.git(&["rebase", "-q", "main"]);
    assert_eq!(team.check(&["--since", "main"]), NOTHING);
    assert_eq!(team.check(&["--no-config", "--since", "HEAD~1"]), NOTHING);

    // What was not touched has no news, whatever is in it.
    let untouched = team.outlive(&["check", "--no-config", "--since", "HEAD", "--statistics"]);
    assert!(untouched.code == 0 && untouched.out.contains(", 1 known before,"), "{}", untouched.out);

    // Two clean branches, and a merge that is not.
    team.git(&["checkout", "-q", "-b", "peeks", "main"]);
    team.write("server/peek.go", PEEK);
    team.replace("server/server.go", "\t\tsession.Reset(vars)", "\t\tsession.Reset(vars)\n\t\t_ = Peek(vars, 1)");
    team.commit("Peek");
    assert_eq!(team.check(&["--since", "main"]), NOTHING);
    team.git(&["checkout", "-q", "-b", "background", "main"]);
    team.write("worker/light.go", LIGHT_IN_BACKGROUND);
    team.commit("Light works in the background");
    assert_eq!(team.check(&["--since", "main"]), NOTHING);
    team.git(&["merge", "-q", "-m", "Merge peeks", "peeks"]);
    let merged = format!("server/peek.go:{} {RESET}", team.line("server/peek.go", "return err"));
    for parent in ["HEAD^1", "HEAD^2", "main"] {
        assert_eq!(team.check(&["--since", parent]), (1, vec![merged.clone()]), "{parent}");
    }
    assert_eq!(team.git(&["status", "--porcelain"]), "", "nothing was touched");
}

#[test]
fn a_shallow_clone_says_what_it_needs() {
    let team = Repository::week("shallow");
    team.write("pool/drain.go", DRAIN_BROKEN);
    team.commit("Nothing to drain");
    let clone = Repository { scratch: Scratch::new("shallow-clone"), dir: team.scratch.0.join("clone") };
    let from = format!("file://{}", team.dir.display());
    team.git(&["clone", "-q", "--depth", "1", &from, "../clone"]);
    let missing = clone.outlive(&["check", "--since", "HEAD~1"]);
    assert_eq!((missing.code, missing.out.as_str()), (2, ""));
    assert!(missing.err.starts_with("error: git knows no revision `HEAD~1`: this clone is shallow"), "{}", missing.err);
    assert!(missing.err.contains("git fetch --unshallow"), "{}", missing.err);
    clone.git(&["fetch", "-q", "--depth", "2"]);
    let news = format!("pool/pool.go:{} close-without-join", clone.line("pool/pool.go", "p.seen = nil"));
    assert_eq!(clone.check(&["--all", "--since", "HEAD~1"]), (1, vec![news]));
}

#[test]
fn a_folder_below_the_top_and_other_revisions() {
    let team = Repository::week("below");
    // The paths of git and those of the check are both relative to the folder.
    team.replace("server/copy.go", "\treader.Open()", "\treader.Open()\n\tprintln(statement)");
    assert_eq!(team.check(&["--all", "--since", "HEAD", "server"]), NOTHING);
    // A folder that the revision does not have: everything in it is news.
    team.write("more/go.mod", "module example.com/more\n").write("more/pool.go", POOL);
    team.write("more/drain.go", DRAIN_BROKEN);
    let line = team.line("more/pool.go", "p.seen = nil");
    assert_eq!(
        team.check(&["--all", "--since", "HEAD", "more"]),
        (1, vec![format!("pool.go:{line} close-without-join")])
    );
    assert_eq!(
        team.check(&["--all", "--since", "HEAD", "--changed-only", "more"]),
        (1, vec![format!("pool.go:{line} close-without-join")])
    );
    for (revision, message) in
        [("nonsense", "git knows no revision `nonsense`"), ("--help", "git knows no revision `--help`")]
    {
        let answer = team.outlive(&["check", &format!("--since={revision}")]);
        assert_eq!(answer.code, 2, "{}", answer.err);
        assert!(answer.err.contains(message), "{}", answer.err);
    }
    let outside = Scratch::new("no-repository");
    outside.write("a.go", "package a\n");
    let answer = team.outlive(&["check", "--since", "HEAD", outside.path()]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("--since needs a git repository"), "{}", answer.err);
}

/// The script of `action.yml`, as a runner would run it: in a shallow clone, told the base of a pull request.
#[cfg(unix)]
#[test]
fn the_action_reports_what_a_pull_request_adds() {
    let team = Repository::week("action");
    let base = team.git(&["rev-parse", "HEAD"]);
    team.write("pool/drain.go", DRAIN_BROKEN);
    team.commit("Nothing to drain");
    let runner = &team.scratch.0;
    fs::create_dir_all(runner.join("outlive/bin")).expect("a folder");
    let installed = runner.join("outlive/bin/outlive");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_outlive"), installed).expect("a link");
    team.git(&["clone", "-q", "--depth", "1", &format!("file://{}", team.dir.display()), "../clone"]);
    let action = fs::read_to_string(crate::root().join("action.yml")).expect("the action");
    fs::write(runner.join("script"), script_of(&action, "check")).expect("a script");
    for (since, fail, code, findings) in [(base.trim(), "true", 1, 1), (base.trim(), "false", 0, 1), ("", "true", 1, 2)]
    {
        let output = team
            .command("bash")
            .current_dir(runner.join("clone"))
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(runner.join("script"))
            .env("RUNNER_TEMP", runner)
            .env("GITHUB_OUTPUT", runner.join("output"))
            .envs([("DIRECTORY", "."), ("SINCE", since), ("FAIL", fail)])
            .env("ARGUMENTS", "--confidence low")
            .env("SARIF", runner.join("outlive.sarif"))
            .output()
            .expect("bash runs");
        let page = text(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{page}{}", text(&output.stderr));
        assert_eq!(page.lines().filter(|line| line.contains(" file=")).count(), findings, "{page}");
        assert_eq!(fs::read_to_string(runner.join("output")).expect("outputs").lines().last(), Some("findings=true"));
        let log: Value =
            serde_json::from_slice(&fs::read(runner.join("outlive.sarif")).expect("a log")).expect("SARIF");
        assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(findings));
    }
}

/// The script of a step of `action.yml`.
fn script_of(action: &str, id: &str) -> String {
    let (_, step) = action.split_once(&format!("      id: {id}\n")).expect("a step");
    let (_, script) = step.split_once("      run: |\n").expect("a script");
    script.lines().map_while(|l| l.strip_prefix("        ")).map(|l| format!("{l}\n")).collect()
}

/// The build is kept as long as the sources are the same, whatever was built beside them.
#[cfg(unix)]
#[test]
fn the_action_knows_its_build_again() {
    let scratch = Scratch::new("action-key");
    let action = fs::read_to_string(crate::root().join("action.yml")).expect("the action");
    scratch.write("script", script_of(&action, "build"));
    fs::create_dir_all(scratch.0.join("source/target")).expect("folders");
    let key = || {
        let ran = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(scratch.0.join("script"))
            .env("SOURCE", scratch.0.join("source"))
            .env("GITHUB_OUTPUT", scratch.0.join("output"))
            .envs([("RUNNER_OS", "Linux"), ("RUNNER_ARCH", "X64")])
            .output()
            .expect("bash runs");
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        let written = fs::read_to_string(scratch.0.join("output")).expect("an output");
        written.lines().last().expect("a line").to_owned()
    };
    scratch.write("source/a file.rs", "fn main() {}");
    let first = key();
    assert!(first.starts_with("key=outlive-Linux-X64-") && first.len() > 80, "{first}");
    scratch.write("source/target/built", "");
    assert_eq!(key(), first);
    scratch.write("source/a file.rs", "fn main() { }");
    assert_ne!(key(), first);
}

/// The job of docs/ci.md for GitLab, from the clone on: what a runner does in a merge request.
#[test]
fn the_gitlab_job_reports_what_a_merge_request_adds() {
    let team = Repository::week("gitlab");
    team.write("outlive.toml", "confidence = \"low\"\n");
    team.commit("What the gate takes for news");
    let base = team.git(&["rev-parse", "HEAD"]);
    team.write("pool/drain.go", DRAIN_BROKEN);
    team.commit("Nothing to drain");
    let clone = Repository { scratch: Scratch::new("gitlab-clone"), dir: team.scratch.0.join("clone") };
    team.git(&["clone", "-q", "--depth", "1", &format!("file://{}", team.dir.display()), "../clone"]);
    let page = fs::read_to_string(crate::root().join("docs/ci.md")).expect("the page");
    let (_, job) = page.split_once("  script:\n").expect("a job");
    let script: Vec<&str> = job.lines().map_while(|line| line.strip_prefix("    - ")).collect();
    assert!(script.len() == 2 && script[1].starts_with("outlive check"), "{script:?}");
    let set = format!("export CI_MERGE_REQUEST_DIFF_BASE_SHA={base}");
    let ran = clone.shell(&format!("set -e\n{set}\n{}", script.join("\n")));
    assert_eq!(ran.status.code(), Some(1), "{}{}", text(&ran.stdout), text(&ran.stderr));
    let quality: Value = serde_json::from_str(&clone.read("gl-code-quality.json")).expect("a report");
    assert_eq!(quality.as_array().map(Vec::len), Some(1));
    assert_eq!(quality[0]["location"]["path"], "pool/pool.go");
    assert!(clone.read("outlive.xml").contains("failures=\"1\""));
}

/// The entry of the hook, as pre-commit runs it: with the commit in the making in the work tree.
#[test]
fn the_hook_stops_a_commit_that_breaks_a_join() {
    let team = Repository::week("hook");
    team.write("outlive.toml", "confidence = \"low\"\n");
    team.commit("What the gate takes for news");
    let hooks = fs::read_to_string(crate::root().join(".pre-commit-hooks.yaml")).expect("the hooks");
    let entry = hooks.lines().find_map(|line| line.trim().strip_prefix("entry: ")).expect("an entry");
    team.write(".git/hooks/pre-commit", &format!("#!/bin/sh\nexec {entry}\n"));
    assert!(team.shell("chmod +x .git/hooks/pre-commit").status.success());
    team.write("pool/drain.go", DRAIN_BROKEN);
    let refused = team.shell("git commit -q -a -m broken");
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));
    let said = text(&refused.stdout) + &text(&refused.stderr);
    assert!(said.contains("close-without-join"), "{said}");
    team.write("pool/drain.go", DRAIN).write("pool/more.go", "package pool\n");
    let taken = team.shell("git add -A && git commit -q -m more");
    assert_eq!(taken.status.code(), Some(0), "{}", text(&taken.stderr));
}
