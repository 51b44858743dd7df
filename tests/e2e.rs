//! The command from outside: exit codes, messages, the JSON contract, fixtures.

mod answers;
mod cache;
mod certainty;
mod explain;
mod features;
mod gate;
mod graph;
mod guide;
mod held;
mod kept;
mod mail;
mod meant;
mod mended;
mod orders;
mod parsers;
mod passed;
mod phases;
mod reproduce;
mod stable;
mod tidy;
mod told;
mod unshared;
mod week;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The command, run in the repository. Answers it keeps are nobody else's.
fn outlive_command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outlive"));
    command.current_dir(root()).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

fn outlive(args: &[&str]) -> Output {
    outlive_command().args(args).output().expect("outlive runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

/// A copy of a fixture module, to be changed.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a fixture").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

/// A folder of its own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        // Two tests may have chosen one name, and run at the same time.
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("outlive-e2e-{name}-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("a temporary folder");
        Self(dir)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let file = self.0.join(name);
        file.parent().map(fs::create_dir_all).transpose().expect("a temporary folder");
        fs::write(file, content).expect("a temporary file");
        self
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn check_finds_the_statement_reset_and_nothing_in_its_twin() {
    let racing = outlive(&["check", "--format", "json", "testdata/modules/stmt-reset"]);
    assert_eq!(racing.status.code(), Some(1));
    let answer = json(&racing);
    assert_eq!(answer["schema"], "outlive.check/1");
    let findings = answer["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert_eq!(finding["rule"], "goroutine-outlives-reset");
    assert_eq!(finding["confidence"], "high");
    assert_eq!(finding["location"]["name"], "SessionVars.StmtCtx");
    assert_eq!(finding["join"]["status"], "skipped");
    let skip = &finding["join"]["skipped_at"][0];
    assert_eq!(skip["file"], "executor/adapter.go");
    let source = fs::read_to_string(root().join("testdata/modules/stmt-reset/executor/adapter.go")).expect("fixture");
    let line = skip["line"].as_u64().expect("line") as usize;
    assert!(source.lines().nth(line - 1).is_some_and(|l| l.contains("// want")), "line {line}");
    for key in ["spawn", "goroutine", "accesses", "reset", "witness", "assumptions", "fix", "fingerprint", "message"] {
        assert!(!finding[key].is_null(), "{key}");
    }
    let quiet = outlive(&["check", "--format", "json", "testdata/modules/stmt-reset-ok"]);
    assert_eq!(quiet.status.code(), Some(0));
    assert_eq!(json(&quiet)["findings"], Value::Array(Vec::new()));
}

#[test]
fn explain_names_the_five_things() {
    let repo = "testdata/modules/stmt-reset";
    let answer = outlive(&["explain", "testdata/reports/stmt-reset.txt", "--repo", repo]);
    assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
    let page = text(&answer.stdout);
    let source = fs::read_to_string(root().join(repo).join("executor/adapter.go")).expect("fixture");
    let line = source.lines().position(|l| l.contains("// want")).expect("a want line") + 1;
    for part in [
        "SessionVars.StmtCtx",
        "startIndexWorker",
        "go func() {",
        "goroutine reads",
        "other side writes",
        "IndexLookUpExecutor.idxWorkerWg is waited for",
        "reached through",
        &format!("skipped (return)  executor/adapter.go:{line}"),
        "not skipped",
        "reset in the next round of session.(*session).ExecuteStmt",
        "left by a recovered panic",
        "fix",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
    let coded = outlive(&["explain", "testdata/reports/stmt-reset.txt", "--repo", repo, "--exit-code"]);
    assert_eq!(coded.status.code(), Some(1));
    let answer = json(&outlive(&["explain", "testdata/reports/stmt-reset.txt", "--repo", repo, "--format", "json"]));
    assert_eq!(answer["schema"], "outlive.explain/1");
    assert_eq!(answer["reports"][0]["verdict"], "lifetime");
}

#[test]
fn explain_without_a_checkout_lists() {
    let answer = outlive(&["explain", "testdata/reports/stmt-reset.txt"]);
    assert_eq!(answer.status.code(), Some(0));
    assert!(text(&answer.stdout).contains("(*selectResult).Close"));
    let scratch = Scratch::new("empty-report");
    scratch.write("empty.txt", "");
    let empty = outlive(&["explain", &format!("{}/empty.txt", scratch.path())]);
    assert_eq!(empty.status.code(), Some(0));
    assert!(text(&empty.stdout).contains("no race report"));
}

#[test]
fn what_cannot_run_says_why_and_exits_with_2() {
    let scratch = Scratch::new("cannot-run");
    scratch.write("notes.txt", "no Go here");
    let file = format!("{}/notes.txt", scratch.path());
    let missing = format!("{}/missing", scratch.path());
    let cases: [(&[&str], &str); 6] = [
        (&["explain", "no-such-report.txt"], "cannot read no-such-report.txt"),
        (&["check", &missing], "cannot read"),
        (&["check", &file], "is not a folder"),
        (&["check", scratch.path()], "no Go files"),
        (&["check", "--rules", "no-such-rule", "."], "no rule `no-such-rule`"),
        (&["graph", "testdata/modules/stmt-reset", "--from", "no.Such"], "no function `no.Such`"),
    ];
    for (args, message) in cases {
        let answer = outlive(args);
        let error = text(&answer.stderr);
        assert_eq!(answer.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(message), "{args:?}: {error}");
        assert!(!error.contains("internal error"), "{args:?}: {error}");
    }
}

#[test]
fn odd_input_is_a_problem_and_loses_nothing_else() {
    let race = "package a\n\nfunc f() {\n\tx := 0\n\tgo func() { x = 1 }()\n\tx = 2\n\t_ = x\n}\n";
    let scratch = Scratch::new("odd-input");
    scratch.write("race.go", race);
    scratch.write("latin.go", b"package a\n\n// caf\xe9\nvar s = \"\xe9\"\n");
    scratch.write("prose.go", "This is not Go at all.\n");
    let mut table = String::from("// Code generated by a test. DO NOT EDIT.\n\npackage a\n\nvar table = []string{\n");
    while table.len() < 50 << 20 {
        table.push_str(
            "\t\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567\",\n",
        );
    }
    table.push_str("}\n");
    scratch.write("table.go", &table);
    let answer = outlive(&["check", "--format", "json", "--all", scratch.path()]);
    assert_eq!(answer.status.code(), Some(1), "{}", text(&answer.stderr));
    let answer = json(&answer);
    let kinds: BTreeSet<&str> =
        answer["problems"].as_array().expect("problems").iter().filter_map(|p| p["kind"].as_str()).collect();
    for kind in ["module", "not-utf8", "syntax", "too-large"] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
    assert_eq!(answer["findings"][0]["location"]["name"], "x");
}

/// A conflict of a merge, a half-written file: the paths of the imports stand in for what cannot be read.
#[test]
fn a_go_mod_that_is_none_is_a_problem_and_hides_nothing() {
    let scratch = Scratch::new("go-mod");
    let copied =
        Command::new("cp").arg("-r").arg(root().join("testdata/modules/stmt-reset/.")).arg(&scratch.0).status();
    assert!(copied.is_ok_and(|status| status.success()));
    for broken in ["module \"\n\ngo 1.22\n", "", "go 1.22\n", "module\n", "module (\n", "\u{0}\u{1}"] {
        scratch.write("go.mod", broken);
        let answer = outlive(&["check", "--format", "json", scratch.path()]);
        assert_eq!(answer.status.code(), Some(1), "{broken:?}: {}", text(&answer.stderr));
        let answer = json(&answer);
        let problems = answer["problems"].as_array().expect("problems");
        assert!(problems.iter().any(|p| p["kind"] == "module" && p["file"] == "go.mod"), "{broken:?}: {problems:?}");
    }
}

/// Files and folders that may not be read. Root may read everything, so the command runs as nobody then.
#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_a_problem_and_loses_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("unreadable");
    let race = "package a\n\nfunc f() {\n\tx := 0\n\tgo func() { x = 1 }()\n\tx = 2\n\t_ = x\n}\n";
    scratch.write("go.mod", "module example.com/a\n\ngo 1.22\n").write("race.go", race).write("locked.go", race);
    scratch.write("report.txt", "");
    fs::create_dir(scratch.0.join("secret")).expect("a folder");
    scratch.write("secret/a.go", "package secret\n");
    for (name, mode) in [("locked.go", 0), ("report.txt", 0), ("secret", 0), ("", 0o755)] {
        fs::set_permissions(scratch.0.join(name), fs::Permissions::from_mode(mode)).expect("permissions");
    }
    let own = scratch.0.join("outlive");
    let as_root = fs::read(scratch.0.join("locked.go")).is_ok();
    let run = |args: &[&str]| {
        if !as_root {
            return outlive(args);
        }
        if !own.exists() {
            fs::copy(env!("CARGO_BIN_EXE_outlive"), &own).expect("a copy where nobody may look");
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&own);
        command.current_dir("/").args(args).output().expect("setpriv runs")
    };
    let answer = run(&["check", "--format", "json", "--all", scratch.path()]);
    assert_eq!(answer.status.code(), Some(1), "{}", text(&answer.stderr));
    let answer = json(&answer);
    assert_eq!(answer["findings"][0]["location"]["name"], "x");
    let unreadable: Vec<&str> = answer["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .filter(|problem| problem["kind"] == "unreadable")
        .filter_map(|problem| problem["file"].as_str())
        .collect();
    assert_eq!(unreadable, ["locked.go", "secret"]);
    let report = run(&["explain", &format!("{}/report.txt", scratch.path())]);
    assert_eq!(report.status.code(), Some(2));
    assert!(text(&report.stderr).contains("report.txt: Permission denied"), "{}", text(&report.stderr));
    fs::set_permissions(scratch.0.join("secret"), fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// Everything a shell can hand over as a report.
#[cfg(unix)]
#[test]
fn odd_reports_are_answered_or_refused() {
    let scratch = Scratch::new("odd-reports");
    let file = |name: &str| format!("{}/{name}", scratch.path());
    let repo = "testdata/modules/stmt-reset";
    std::os::unix::fs::symlink(file("a"), file("b")).expect("a link");
    std::os::unix::fs::symlink(file("b"), file("a")).expect("a link");
    scratch.write("binary", (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<u8>>());
    for (report, message) in [
        (scratch.path().to_owned(), "cannot read"),
        (file("a"), "Too many levels of symbolic links"),
        (file("none"), "No such file"),
    ] {
        let answer = outlive(&["explain", &report, "--repo", repo]);
        assert_eq!(answer.status.code(), Some(2), "{report}");
        assert!(text(&answer.stderr).contains(message), "{report}: {}", text(&answer.stderr));
    }
    for report in [file("binary"), "/dev/null".to_owned()] {
        let answer = outlive(&["explain", &report, "--repo", repo, "--exit-code"]);
        assert_eq!(answer.status.code(), Some(0), "{report}: {}", text(&answer.stderr));
        assert_eq!(text(&answer.stdout), "no race report in this input\n", "{report}");
    }
    // What a shell makes of `<(command)`.
    let pipe = file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()));
    let (report, to) = (fs::read(root().join("testdata/reports/stmt-reset.txt")).expect("a report"), pipe.clone());
    let writer = std::thread::spawn(move || fs::write(to, report));
    let answer = outlive(&["explain", &pipe, "--repo", repo]);
    assert!(writer.join().is_ok_and(|written| written.is_ok()));
    assert!(text(&answer.stdout).contains("SessionVars.StmtCtx"), "{}", text(&answer.stderr));
}

#[test]
fn a_report_of_another_program_says_which_frames_are_missing() {
    let scratch = Scratch::new("other-program");
    scratch.write("go.mod", "module example.com/other\n\ngo 1.22\n").write("a.go", "package other\n");
    let answer = outlive(&["explain", "testdata/reports/stmt-reset.txt", "--repo", scratch.path(), "--format", "json"]);
    assert_eq!(answer.status.code(), Some(0));
    let problems = json(&answer)["problems"].to_string();
    assert!(problems.contains("frame-not-found") && problems.contains("ResetContextOfStmt"), "{problems}");
}

#[test]
fn output_does_not_depend_on_the_run_or_on_threads() {
    let run = |threads: &str| {
        let args = ["check", "--no-cache", "--format", "json", "--all", "--threads", threads];
        outlive(&[&args[..], &["testdata/modules/skip-variants"]].concat()).stdout
    };
    let first = run("2");
    assert!(!first.is_empty());
    assert_eq!(first, run("2"));
    assert_eq!(first, run("1"));
}

#[test]
fn graph_prints_interface_calls() {
    let answer = outlive(&["graph", "testdata/modules/stmt-reset", "--calls"]);
    assert_eq!(answer.status.code(), Some(0));
    let edges = text(&answer.stdout);
    let close = edges.lines().find(|l| l.contains("handleForeignKeyCascade\t") && l.contains(".Close\t"));
    assert!(close.is_some_and(|l| l.contains("interface:")), "{edges}");
}

#[test]
fn rules_are_listed_and_documented() {
    let listed = text(&outlive(&["rules"]).stdout);
    for line in listed.lines() {
        let id = line.split_whitespace().next().expect("an id");
        let page = outlive(&["explain", "--rule", id]);
        assert_eq!(page.status.code(), Some(0), "{id}");
        assert!(text(&page.stdout).starts_with(&format!("# {id}")), "{id}");
    }
    assert!(listed.lines().count() >= 14);
}

/// Known misses and known false alarms, so that nobody has to find out by accident when one starts to work.
const KNOWN: &str = "tests/known_wants.txt";

#[test]
fn fixtures_are_found_and_their_twins_are_quiet() {
    let mut known: Vec<String> = Vec::new();
    let mut modules: Vec<PathBuf> =
        fs::read_dir(root().join("testdata/modules")).expect("fixtures").flatten().map(|e| e.path()).collect();
    modules.sort();
    for module in modules {
        wants_of(&module, &mut known);
    }
    known.sort();
    let page = known.join("\n") + "\n";
    if std::env::var_os("UPDATE_WANTS").is_some() {
        fs::write(root().join(KNOWN), &page).expect("the list is written");
    }
    let pinned = fs::read_to_string(root().join(KNOWN)).unwrap_or_default();
    let (now, then): (BTreeSet<&str>, BTreeSet<&str>) = (page.lines().collect(), pinned.lines().collect());
    let news: Vec<_> = now.difference(&then).collect();
    let gone: Vec<_> = then.difference(&now).collect();
    assert!(
        news.is_empty() && gone.is_empty(),
        "new: {news:#?}\nno longer: {gone:#?}\nUPDATE_WANTS=1 rewrites {KNOWN}"
    );
}

struct Want {
    file: String,
    line: u64,
    rule: String,
    name: String,
}

fn wants_of(module: &Path, known: &mut Vec<String>) {
    let name = module.file_name().and_then(|n| n.to_str()).expect("a module name");
    let mut wants = Vec::new();
    collect(module, module, &mut wants);
    let racing: BTreeSet<&str> = wants.iter().map(|w| folder(&w.file)).collect();
    let answer = json(&outlive(&["check", "--format", "json", "--all", module.to_str().expect("a plain path")]));
    let findings = answer["findings"].as_array().expect("findings");
    for want in &wants {
        let found = findings.iter().any(|f| {
            let location = f["location"]["name"].as_str().unwrap_or("");
            let last = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
            f["rule"] == want.rule.as_str()
                && last(location) == last(&want.name)
                && places(f).contains(&(want.file.clone(), want.line))
        });
        if !found {
            known.push(format!("miss {name} {}:{} {}", want.file, want.line, want.rule));
        }
    }
    for finding in findings.iter().filter(|f| f["confidence"] != "low") {
        if places(finding).iter().all(|(file, _)| !racing.contains(folder(file))) {
            let spawn = &finding["spawn"];
            let file = spawn["file"].as_str().unwrap_or("");
            known.push(format!("false {name} {file}:{} {}", spawn["line"], finding["rule"].as_str().unwrap_or("")));
        }
    }
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn places(finding: &Value) -> Vec<(String, u64)> {
    let none = Vec::new();
    let accesses = finding["accesses"].as_array().unwrap_or(&none).iter();
    let skips = finding["join"]["skipped_at"].as_array().unwrap_or(&none).iter();
    accesses
        .chain(skips)
        .chain([&finding["spawn"], &finding["reset"]])
        .filter_map(|p| Some((p["file"].as_str()?.to_owned(), p["line"].as_u64()?)))
        .collect()
}

fn collect(dir: &Path, module: &Path, wants: &mut Vec<Want>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).expect("a folder").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, module, wants);
        } else if path.extension().is_some_and(|e| e == "go") {
            let file = path.strip_prefix(module).expect("below the module").to_string_lossy().into_owned();
            for (number, line) in fs::read_to_string(&path).expect("a fixture").lines().enumerate() {
                let Some((_, want)) = line.split_once("// want \"") else { continue };
                let Some((rule, name)) = want.trim_end_matches('"').split_once(": ") else { continue };
                wants.push(Want {
                    file: file.clone(),
                    line: number as u64 + 1,
                    rule: rule.to_owned(),
                    name: name.to_owned(),
                });
            }
        }
    }
}
