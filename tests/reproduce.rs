//! `reproduce`: races on demand, and what it leaves behind, which is nothing. Needs Go.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Scratch, copy, json, outlive, root, text};

/// Whether Go is there; it has to be where `CI` is set.
fn have_go() -> bool {
    let found = Command::new("go").arg("version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "go is required: CI is set");
    if !found {
        eprintln!("skipped: no go in PATH");
    }
    found
}

/// Every file below a folder with its bytes and the time of its last change.
fn state(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let changed = entry.metadata().expect("metadata").modified().expect("a time");
        if path.is_dir() {
            out.extend(state(&path));
            out.insert(path, (Vec::new(), changed));
        } else {
            out.insert(path.clone(), (fs::read(&path).expect("a file"), changed));
        }
    }
    out
}

/// A checkout of a flaky module in a folder of its own, and a folder for temporary files beside it.
struct Bench {
    scratch: Scratch,
}

impl Bench {
    fn new(name: &str, module: &str) -> Self {
        let scratch = Scratch::new(name);
        copy(&root().join(module), &scratch.0.join("repo"));
        fs::create_dir(scratch.0.join("tmp")).expect("a folder");
        Self { scratch }
    }

    fn repo(&self) -> PathBuf {
        self.scratch.0.join("repo")
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.repo().join(name), content).expect("a file");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outlive"));
        command.current_dir(&self.scratch.0).arg("reproduce").args(args).args(["--repo", "repo"]);
        command.env("TMPDIR", self.scratch.0.join("tmp")).env("GORACE", "atexit_sleep_ms=0").env("GOWORK", "off");
        command
    }

    /// Runs it; the checkout must be the same afterwards, and nothing be left behind.
    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let before = state(&self.repo());
        let output = self.command(args).output().expect("outlive runs");
        assert!(before == state(&self.repo()), "the checkout changed");
        self.nothing_is_left();
        (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }

    fn nothing_is_left(&self) {
        let left: Vec<PathBuf> =
            fs::read_dir(self.scratch.0.join("tmp")).expect("a folder").flatten().map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        let end = Instant::now() + Duration::from_secs(5);
        while !self.processes().is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(self.processes(), Vec::<String>::new());
    }

    /// Command lines of processes that run something out of the temporary folder.
    fn processes(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let lines = entries.flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.contains(&*self.scratch.0.join("tmp").to_string_lossy())).collect()
    }
}

const FLAKY: &str = "testdata/flaky/close-without-join";

fn report(module: &str) -> String {
    root().join(module).join("report.txt").to_string_lossy().into_owned()
}

/// `baseline 1/5, with the hold 5/5` as numbers: the two that raced.
fn counts(said: &str) -> (u32, u32) {
    let line =
        said.lines().find(|line| line.starts_with("baseline ")).unwrap_or_else(|| panic!("no counts in:\n{said}"));
    let numbers: Vec<u32> =
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    (numbers[0], numbers[2])
}

#[test]
fn a_report_becomes_a_race_on_demand() {
    if !have_go() {
        return;
    }
    let bench = Bench::new("reproduce-report", FLAKY);
    let (code, said) = bench.run(&[&report(FLAKY), "--runs", "8"]);
    assert_eq!(code, Some(0), "{said}");
    let (baseline, held) = counts(&said);
    assert!(held >= 7 && baseline < 4, "{said}");
    assert!(said.contains("waits in front of flaky.go:26 until flaky.go:36 is over"), "{said}");
}

#[test]
fn a_finding_becomes_a_race_on_demand() {
    if !have_go() {
        return;
    }
    let module = "testdata/flaky/goroutine-outlives-reset";
    let bench = Bench::new("reproduce-finding", module);
    let found = json(&outlive(&["check", "--format", "json", module]));
    let fingerprint = found["findings"][0]["fingerprint"].as_str().expect("a finding").to_owned();
    let (code, said) = bench.run(&["--finding", &fingerprint[..8], "--runs", "8"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(counts(&said).1 >= 7, "{said}");
}

/// What the docs say: a hold that the detector sees hides the race.
#[test]
fn the_hold_is_invisible_to_the_detector() {
    if !have_go() {
        return;
    }
    let bench = Bench::new("reproduce-invisible", FLAKY);
    let output = bench.command(&[&report(FLAKY), "--runs", "1", "--keep"]).output().expect("outlive runs");
    let said = text(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("by hand:  ")).unwrap_or_else(|| panic!("{said}"));
    let races = || {
        let runs = (0..3).map(|_| Command::new("sh").args(["-c", line]).env("GORACE", "atexit_sleep_ms=0").output());
        runs.filter(|run| text(&run.as_ref().expect("a shell").stdout).contains("WARNING: DATA RACE")).count()
    };
    assert_eq!(races(), 3, "{line}");
    let folder = line.split("-overlay=").nth(1).and_then(|rest| rest.split(' ').next()).expect("an overlay");
    let overlay = Path::new(folder).parent().expect("a folder").join("overlay");
    let helper = fs::read_dir(overlay).expect("an overlay").flatten().find(|e| e.path().ends_with("1-hold.go"));
    let helper = helper.expect("the code that waits").path();
    let code = fs::read_to_string(&helper).expect("the code that waits");
    // The same waiting, but whoever goes on has taken a lock that the other side held after its access.
    let seen = code
        .replace(
            "\tdone++\n\tif waiting == 0 {",
            "\tseenByDetector.Lock()\n\tdone++\n\tseenByDetector.Unlock()\n\tif waiting == 0 {",
        )
        .replace("\tholding--\n}", "\tseenByDetector.Lock()\n\tseenByDetector.Unlock()\n\tholding--\n}")
        + "\nvar seenByDetector sync.Mutex\n";
    assert_eq!(seen.matches("seenByDetector").count(), 5);
    fs::write(&helper, seen).expect("a file");
    assert_eq!(races(), 0, "{line}");
    fs::remove_dir_all(Path::new(folder).parent().expect("a folder")).expect("the kept folder");
    bench.nothing_is_left();
}

#[test]
fn a_fix_is_verified() {
    if !have_go() || !super::explain::have("git") {
        return;
    }
    let bench = Bench::new("reproduce-fix", FLAKY);
    let fixed = fs::read_to_string(bench.repo().join("flaky.go")).expect("a file");
    let diff = |name: &str, old: &str, new: &str| {
        assert!(fixed.contains(old));
        let patch = similar::TextDiff::from_lines(fixed.as_str(), &fixed.replace(old, new))
            .unified_diff()
            .header("a/flaky.go", "b/flaky.go")
            .to_string();
        bench.scratch.write(name, patch);
    };
    // Waits until the goroutine is over, and does not, but for another line.
    diff("good.diff", "\tclose(s.stop)\n", "\tclose(s.stop)\n\tfor range s.in {\n\t}\n");
    diff("bad.diff", "\ts.journal.add(\"closed\")\n", "\ts.journal.add(\"is closed\")\n");
    let good = fs::read_to_string(bench.scratch.0.join("good.diff")).expect("a patch");
    bench.scratch.write("good.diff", good);
    let (code, said) = bench.run(&[&report(FLAKY), "--runs", "4", "--verify-fix", "bad.diff"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the race is still there") && said.contains("the static finding is still there"), "{said}");

    // A revision: the loop closes the channel when it ends, and Close waits for that.
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(bench.repo()).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(args);
        let output = command.output().expect("git runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "racing"]);
    let mended = fixed
        .replace("stop    chan struct{}", "stop    chan struct{}\n\tdone    chan struct{}")
        .replace("stop: make(chan struct{}),", "stop: make(chan struct{}), done: make(chan struct{}),")
        .replace("\tfor {\n", "\tdefer close(s.done)\n\tfor {\n")
        .replace("\tclose(s.stop)\n", "\tclose(s.stop)\n\t<-s.done\n");
    bench.write("flaky.go", &mended);
    git(&["commit", "-qam", "fixed"]);
    git(&["tag", "fixed"]);
    git(&["reset", "-q", "--hard", "HEAD~1"]);
    let (code, said) = bench.run(&[&report(FLAKY), "--runs", "4", "--verify-fix", "fixed"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("with the hold 0/4; runs are evidence, not proof"), "{said}");
    assert!(said.contains("the static finding is not there"), "{said}");
}

/// Starts it in a group of its own, as a terminal would, and waits until a test binary runs.
fn started(bench: &Bench, args: &[&str]) -> Child {
    let child = bench.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("outlive runs");
    let end = Instant::now() + Duration::from_secs(120);
    while !bench.processes().iter().any(|line| line.contains("/tests-") && line.contains("-test.run")) {
        assert!(Instant::now() < end, "no test binary was started");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

const SLOW: &str = "package flaky\n\nimport (\n\t\"os/exec\"\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestClose(t *testing.T) {\n\ts := newServer()\n\ts.in <- 1\n\t_ = exec.Command(\"sleep\", \"600\").Start()\n\ttime.Sleep(10 * time.Minute)\n\ts.Close()\n}\n";

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_leaves_nothing_behind() {
    if !have_go() {
        return;
    }
    let bench = Bench::new("reproduce-interrupt", FLAKY);
    bench.write("flaky_test.go", SLOW);
    let before = state(&bench.repo());
    let child = started(&bench, &[&report(FLAKY)]);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("outlive ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(text(&output.stderr).contains("interrupted"), "{}", text(&output.stderr));
    assert!(before == state(&bench.repo()), "the checkout changed");
    bench.nothing_is_left();
}

#[test]
fn a_timeout_leaves_nothing_behind() {
    if !have_go() {
        return;
    }
    let bench = Bench::new("reproduce-timeout", FLAKY);
    bench.write("flaky_test.go", SLOW);
    let (code, said) = bench.run(&[&report(FLAKY), "--timeout", "1s"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("it does not end in time (see --timeout)"), "{said}");
}

#[test]
fn what_cannot_be_reproduced_is_said() {
    if !have_go() {
        return;
    }
    let bench = Bench::new("reproduce-not", FLAKY);
    let test = |body: &str| {
        bench.write(
            "flaky_test.go",
            &format!("package flaky\n\nimport \"testing\"\n\nfunc TestClose(t *testing.T) {{\n{body}\n}}\n"),
        );
    };
    let said = |code: i32, wanted: &str, more: &[&str]| {
        let args: Vec<&str> = [&[report(FLAKY).leak() as &str, "--runs", "2"], more].concat();
        let (got, said) = bench.run(&args);
        assert_eq!(got, Some(code), "{said}");
        assert!(said.contains(wanted), "no `{wanted}` in:\n{said}");
    };
    test("\tt.Skip(\"not today\")");
    said(1, "it is skipped", &[]);
    test("\tnewServer().Close(1)");
    said(2, "do not build", &[]);
    test("\tnewServer()");
    said(1, "neither flaky.go:26 nor flaky.go:36 is reached", &[]);
    said(1, "there is no such test", &["--test", "TestOther", "--package", "."]);
    test("\tt.Fatal(\"as always\")");
    said(1, "fails without a race", &[]);
    said(2, "is set by `reproduce` itself", &["--", "-run", "X"]);
    let (code, text) = bench.run(&["--finding", "ffffffffffffffff"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("no finding has the fingerprint"), "{text}");
}
