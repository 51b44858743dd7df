//! The gate from outside: formats, files, configuration, and what happens when something is wrong.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{Scratch, json, outlive, root, text};

const RACING: &str = "testdata/modules/stmt-reset";
const RULE: &str = "goroutine-outlives-reset";

/// A file that comes with a crate of ours: the official schema of SARIF is one of `serde-sarif`.
fn file_of_crate(name: &str, file: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Crates of other platforms were never downloaded.
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = text(&version.stdout);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let metadata = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let error = text(&metadata.stderr);
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap_or_else(|e| panic!("{e}: {error}"));
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == name).unwrap_or_else(|| panic!("no crate {name}"));
    Path::new(package["manifest_path"].as_str().expect("a path")).parent().expect("a folder").join(file)
}

fn assert_valid(schema: &Value, instance: &Value) {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(instance).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Every fixture at once would be one program; a few hold all shapes of findings.
const SHAPES: [&str; 4] = [
    RACING,
    "testdata/modules/close-without-join",
    "testdata/modules/test-outlived",
    "testdata/modules/join-after-write",
];

#[test]
fn sarif_is_valid() {
    let schema = fs::read_to_string(file_of_crate("serde-sarif", "src/schema.json")).expect("the schema");
    let mut schema: Value = serde_json::from_str(&schema).expect("the schema");
    // A pattern of that edition is no regular expression everywhere (`]` without `\`); later editions have this one.
    schema["definitions"]["run"]["properties"]["language"]["pattern"] =
        Value::String("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into());
    schema["definitions"]["toolComponent"]["properties"]["language"]["pattern"] =
        Value::String("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into());
    for module in SHAPES {
        let log = json(&outlive(&["check", "--all", "--format", "sarif", module]));
        assert_valid(&schema, &log);
        let results = log["runs"][0]["results"].as_array().expect("results");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
        assert!(!results.is_empty(), "{module}");
        let mut prints = BTreeSet::new();
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let steps = &result["codeFlows"][0]["threadFlows"][0]["locations"];
            assert!(steps.as_array().is_some_and(|steps| steps.len() >= 2), "{result}");
            assert!(prints.insert(result["partialFingerprints"].to_string()), "one fingerprint twice: {result}");
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a uri");
            // As code hosts know the file: from where the command ran.
            assert!(root().join(uri).is_file(), "{uri}");
        }
    }
    let clean = json(&outlive(&["check", "--format", "sarif", "testdata/modules/stmt-reset-ok"]));
    assert_valid(&schema, &clean);
    assert_eq!(clean["runs"][0]["results"], Value::Array(Vec::new()));
}

/// `sarif-tools` of PyPI reads logs as a viewer does. `.ci/run` installs it; elsewhere the test needs it in the path.
#[test]
fn sarif_loads_in_a_viewer() {
    let tool = std::env::var_os("SARIF_TOOLS").unwrap_or_else(|| "sarif".into());
    let there = Command::new(&tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        assert!(std::env::var_os("CI").is_none(), "sarif-tools are required: CI is set");
        eprintln!("skipped: no sarif-tools");
        return;
    }
    let scratch = Scratch::new("viewer");
    let log = scratch.0.join("outlive.sarif");
    fs::write(&log, outlive(&["check", "--format", "sarif", RACING]).stdout).expect("a log");
    let summary = Command::new(&tool).arg("summary").arg(&log).output().expect("sarif runs");
    let page = text(&summary.stdout);
    assert!(page.contains("error: 1") && page.contains(RULE), "{page}{}", text(&summary.stderr));
    let csv = scratch.0.join("outlive.csv");
    let made = Command::new(&tool).args(["csv", "--output"]).arg(&csv).arg(&log).output().expect("sarif runs");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let rows = fs::read_to_string(&csv).expect("a table");
    assert!(rows.contains("executor/adapter.go,76"), "{rows}");
}

#[test]
fn several_outputs_are_written_at_once() {
    let scratch = Scratch::new("outputs");
    let file = |name: &str| format!("{}/{name}", scratch.path());
    let args: Vec<String> = ["json", "sarif", "github", "gitlab", "junit", "html", "text"]
        .iter()
        .map(|format| format!("--output={format}={}", file(format)))
        .collect();
    let args: Vec<&str> = ["check", RACING].into_iter().chain(args.iter().map(String::as_str)).collect();
    let answer = outlive(&args);
    assert_eq!(answer.status.code(), Some(1), "{}", text(&answer.stderr));
    let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(read("text"), text(&answer.stdout));
    assert_eq!(read("json"), text(&outlive(&["check", RACING, "--format", "json"]).stdout));
    let line = format!("::error file={RACING}/executor/adapter.go,line=76,title=outlive%3A {RULE} (high confidence)::");
    assert!(read("github").starts_with(&line), "{}", read("github"));
    assert_eq!(read("github").lines().count(), 1);
    let quality: Value = serde_json::from_str(&read("gitlab")).expect("gitlab");
    assert_eq!(quality[0]["location"]["path"], format!("{RACING}/executor/adapter.go"));
    assert_eq!(quality[0]["location"]["lines"]["begin"], 76);
    assert_eq!(quality[0]["severity"], "critical");
    let junit = read("junit");
    assert!(junit.contains(r#"failures="1""#) && junit.contains("<failure message="), "{junit}");
    assert!(!junit.contains("e.idxWorkerWg.Wait()`\n6"), "{junit}");
    assert_eq!(fs::read_dir(&scratch.0).expect("a folder").count(), 7, "nothing else is left there");
}

/// The page says what the text says, and asks nobody for anything.
#[test]
fn the_page_needs_nothing_but_itself() {
    let scratch = Scratch::new("page");
    scratch.write("go.mod", "module example.com/page\n\ngo 1.22\n");
    scratch.write(
        "a.go",
        "package page\n\ntype box[T any] struct{ v, w T }\n\nfunc f() {\n\tx := 0\n\tgo func() { x = len(\"<script>\") }()\n\tx = 2\n\t_ = x\n}\n",
    );
    let page = outlive(&["check", "--all", "--format", "html", scratch.path()]);
    assert_eq!(page.status.code(), Some(1));
    let page = text(&page.stdout);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("len(&quot;&lt;script&gt;&quot;)"), "{page}");
    for outside in ["<script", "src=", "http:", "https:", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}: {page}");
    }
    let all = ["check", "--all", "--format", "json", "testdata/modules/close-without-join"];
    let (found, page) = (json(&outlive(&all)), text(&outlive(&[&all[..3], &["html"], &all[4..]].concat()).stdout));
    let findings = found["findings"].as_array().expect("findings");
    assert!(page.matches("<article").count() <= findings.len() && findings.len() > 2);
    for finding in findings {
        let steps = finding["witness"].as_array().expect("steps");
        assert!(page.contains(finding["message"].as_str().expect("a message")), "{finding}");
        assert!(page.contains(steps[0]["file"].as_str().expect("a file")), "{finding}");
    }
    let clean = text(&outlive(&["check", "--format", "html", "testdata/modules/stmt-reset-ok"]).stdout);
    assert!(clean.contains("no lifetime races found") && !clean.contains("<article"), "{clean}");
}

/// Trouble with the input is never lost: formats with a place for it have it, the others leave it to standard error.
#[test]
fn every_format_says_what_could_not_be_read() {
    let scratch = Scratch::new("trouble");
    scratch.write("go.mod", "module example.com/trouble\n\ngo 1.22\n").write("a.go", "package a\n");
    scratch.write("prose.go", "This is not Go at all.\n");
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "html"] {
        let answer = outlive(&["check", "--format", format, scratch.path()]);
        let (out, err) = (text(&answer.stdout), text(&answer.stderr));
        assert_eq!(answer.status.code(), Some(0), "{format}: {err}");
        let said = if matches!(format, "json" | "sarif" | "html") { &out } else { &err };
        assert!(said.contains("prose.go"), "{format}: {out}{err}");
    }
}

#[test]
fn an_output_that_cannot_be_written_leaves_nothing() {
    let scratch = Scratch::new("read-only");
    fs::create_dir(scratch.0.join("folder")).expect("a folder");
    let good = format!("--output=json={}/good.json", scratch.path());
    let taken = format!("{}/folder", scratch.path());
    let missing = format!("{}/missing/x.sarif", scratch.path());
    // Whoever runs this as root may write everywhere else.
    let unwritable = "/proc/outlive.sarif".to_owned();
    for file in [taken, missing, unwritable] {
        let answer = outlive(&["check", RACING, &good, &format!("--output=sarif={file}")]);
        let error = text(&answer.stderr);
        assert_eq!(answer.status.code(), Some(2), "{file}: {error}");
        assert!(error.contains(&format!("cannot write {file}")), "{error}");
        assert_eq!(text(&answer.stdout), "", "{file}");
        assert_eq!(fs::read_dir(&scratch.0).expect("a folder").count(), 1, "{file}: something is left");
    }
    let answer = outlive(&["check", RACING, "--output", "sarif"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stderr).contains("expected FORMAT=FILE"));
    let answer = outlive(&["check", RACING, "--output", "sarf=x"]);
    assert_eq!(answer.status.code(), Some(2));
}

#[test]
fn wrong_configuration_says_what_is_meant() {
    let scratch = Scratch::new("configuration");
    scratch.write("a.go", "package a\n");
    let cases = [
        ("exclud = []", "line 1: unknown key `exclud`; did you mean `exclude`?"),
        ("rules = [\"goroutine-outlives-rest\"]", "did you mean `goroutine-outlives-reset`?"),
        ("confidence = \"hgh\"", "did you mean `high`?"),
        ("levels = { test-outlived = \"eror\" }", "did you mean `error`?"),
        ("levels = { test-outlive = \"error\" }", "did you mean `test-outlived`?"),
        ("exclude = [\"a[\"]", "exclude `a[`"),
        ("rules = \"all\"", "invalid type"),
        ("tags = [", "TOML parse error at line 1"),
        ("tags = []\n\n[[wait]]\nfnc = \"a.B\"\n", "did you mean `func`?"),
        ("tags = []\n\n[[wait]]\nfunc = \"a.B\"\non = \"self\"\nwhy = \"because\"\n", "neither `receiver` nor `argN`"),
        ("[[wiat]]\n", "unknown key `wiat`; did you mean `wait`?"),
        ("baseline = \"gone.json\"", "gone.json"),
    ];
    for (toml, message) in cases {
        scratch.write("outlive.toml", toml);
        let answer = outlive(&["check", scratch.path()]);
        let error = text(&answer.stderr);
        assert_eq!(answer.status.code(), Some(2), "{toml}: {error}");
        assert!(error.contains(message), "{toml}: {error}");
        assert!(error.contains("outlive.toml") || message.contains("gone"), "{toml}: which file? {error}");
        assert_eq!(text(&answer.stdout), "", "{toml}");
    }
    scratch.write("outlive.toml", "tags = [ # one\n]\n\n[[wait]]\nfnc = \"a.B\"\n");
    assert!(text(&outlive(&["check", scratch.path()]).stderr).contains("line 5"), "the line of a row is true");
    scratch.write("bad.json", "{}");
    let answer =
        outlive(&["check", scratch.path(), "--no-config", "--baseline", &format!("{}/bad.json", scratch.path())]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stderr).contains("is no baseline"), "{}", text(&answer.stderr));
    let answer = outlive(&["check", "--no-config", "--rules", "goroutine-outlive-reset", scratch.path()]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stderr).contains("did you mean `goroutine-outlives-reset`?"));
}

/// What the file says, the schema allows; what the file may not say, it refuses.
#[test]
fn the_schema_is_that_of_the_file() {
    let schema = json(&outlive(&["config", "--schema"]));
    let value = |toml: &str| -> Value {
        let table: toml::Table = toml::from_str(toml).expect("toml");
        serde_json::to_value(table).expect("a value")
    };
    let full = r#"
        baseline = "b.json"
        confidence = "medium"
        exclude = ["a/**"]
        rules = ["test-outlived"]
        tags = ["integration"]
        [levels]
        test-outlived = "off"
        [[spawn]]
        func = "a.Go"
        arg = 0
        why = "starts it"
    "#;
    assert_valid(&schema, &value(full));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for wrong in ["exclud = []", "confidence = \"hi\"", "[[spawn]]\nfunc = \"a.Go\"\narg = 0\nwhy = \"x\"\nwho = 1"] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
    for file in fs::read_dir(root().join("rules/catalogue")).expect("the catalogue").flatten() {
        assert_valid(&schema, &value(&fs::read_to_string(file.path()).expect("rows")));
    }
}

#[test]
fn configuration_is_found_upwards_and_shown() {
    let scratch = Scratch::new("upwards");
    fs::create_dir_all(scratch.0.join("a/b")).expect("folders");
    scratch.write(
        "outlive.toml",
        "exclude = [\"a/b/c.go\"]\n\n[[wait]]\nfunc = \"a.B\"\non = \"receiver\"\nwhy = \"it waits\"\n",
    );
    let race = "package a\n\nfunc f() {\n\tx := 0\n\tgo func() { x = 1 }()\n\tx = 2\n\t_ = x\n}\n";
    scratch.write("a/b/c.go", race);
    let below = format!("{}/a/b", scratch.path());
    let shown = text(&outlive(&["config", "--show", &below]).stdout);
    assert!(shown.starts_with("# ") && shown.contains("/outlive.toml"), "{shown}");
    assert!(shown.contains("exclude = [\"a/b/c.go\"]") && shown.contains("[[wait]]\nfunc = \"a.B\""), "{shown}");
    assert!(shown.contains("confidence = \"high\""), "{shown}");
    // What is shown can be a configuration again.
    let again = Scratch::new("again");
    again.write("outlive.toml", &shown);
    assert_eq!(outlive(&["config", "--show", again.path()]).status.code(), Some(0));
    scratch.write("go.mod", "module a\n");
    for (args, code) in [(vec!["check"], 2), (vec!["check", "--no-config"], 1)] {
        let answer = outlive(&[&args[..], &["--all", &below]].concat());
        assert_eq!(answer.status.code(), Some(code), "{args:?}: {}", text(&answer.stderr));
    }
    scratch.write("a/b/d.go", "package a\n");
    assert_eq!(outlive(&["check", "--all", &below]).status.code(), Some(0));
    assert_eq!(outlive(&["check", "--all", "--no-config", "--exclude", "c.go", &below]).status.code(), Some(0));
    assert_eq!(outlive(&["check", "--all", "--no-config", "--exclude", "d.go", &below]).status.code(), Some(1));
    scratch.write("outlive.toml", "[levels]\ncaptured-variable-outlives = \"off\"\n");
    assert_eq!(outlive(&["check", "--all", &below]).status.code(), Some(0));
    scratch.write("outlive.toml", "confidence = \"low\"\n[levels]\ncaptured-variable-outlives = \"note\"\n");
    let noted = outlive(&["check", &below]);
    assert_eq!(noted.status.code(), Some(1));
    assert!(text(&noted.stdout).starts_with("note[captured-variable-outlives]"), "{}", text(&noted.stdout));
}

/// A wait of the project's own, taught by a row.
#[test]
fn rows_of_the_project_are_believed() {
    let scratch = Scratch::new("rows");
    scratch.write("go.mod", "module example.com/rows\n\ngo 1.22\n");
    let program = "package rows\n\nimport \"example.com/lib/task\"\n\nfunc f() int {\n\tx := 0\n\t\
                   task.Start(func() { x = 1 })\n\tx = 2\n\treturn x\n}\n";
    scratch.write("a.go", program);
    assert_eq!(outlive(&["check", "--all", scratch.path()]).status.code(), Some(0));
    let row = "[[spawn]]\nfunc = \"example.com/lib/task.Start\"\narg = 0\nwhy = \"runs its argument in a goroutine\"\n";
    scratch.write("outlive.toml", row);
    assert_eq!(outlive(&["check", "--all", scratch.path()]).status.code(), Some(1));
    // The same rows tell `explain` where the goroutine starts.
    let report = "WARNING: DATA RACE\nWrite at 0x00c000012345 by goroutine 8:\n  example.com/rows.f.func1()\n      \
                  /x/rows/a.go:7 +0x1\n\nPrevious write at 0x00c000012345 by main goroutine:\n  example.com/rows.f()\n      \
                  /x/rows/a.go:8 +0x1\n\nGoroutine 8 (running) created at:\n  example.com/lib/task.Start()\n      \
                  /x/lib/task/task.go:3 +0x1\n  example.com/rows.f()\n      /x/rows/a.go:7 +0x1\n==================\n";
    scratch.write("report.txt", report);
    let file = format!("{}/report.txt", scratch.path());
    let spawn = |more: &[&str]| {
        let args = [&["explain", &file, "--repo", scratch.path(), "--format", "json"], more].concat();
        json(&outlive(&args))["reports"][0]["explanations"][0]["spawn"]["line"].clone()
    };
    assert_eq!(spawn(&[]), 7);
    assert_eq!(spawn(&["--no-config"]), Value::Null);
    // And `graph` reads with the tags of the file.
    scratch.write("b.go", "//go:build extra\n\npackage rows\n\nfunc g() { f() }\n");
    let calls = |more: &[&str]| text(&outlive(&[&["graph", scratch.path(), "--calls"], more].concat()).stdout);
    assert!(!calls(&[]).contains("b.go"));
    scratch.write("outlive.toml", "tags = [\"extra\"]\n");
    assert!(calls(&[]).contains("b.go") && !calls(&["--no-config"]).contains("b.go"));
}

/// As golangci-lint has it: a line, a declaration, a file; by name, in a list, or for all linters.
#[test]
fn a_nolint_allows_what_it_stands_above() {
    let scratch = Scratch::new("nolint");
    scratch.write("go.mod", "module example.com/nolint\n\ngo 1.22\n");
    let program = |file: &str, func: &str, line: &str| {
        format!(
            "{file}package nolint\n\n{func}func f() int {{\n\tx := 0\n\tgo func() {{ x = 1 }}(){line}\n\tx = 2\n\treturn x\n}}\n"
        )
    };
    let check = |text: &str| {
        scratch.write("a.go", text);
        let answer = outlive(&["check", "--all", scratch.path()]);
        (answer.status.code(), self::text(&answer.stderr))
    };
    let quiet = (Some(0), String::new());
    for comment in
        ["//nolint:outlive // it ends with f", "//nolint:errcheck, outlive", "//nolint", "//nolint:all // old"]
    {
        assert_eq!(check(&program("", &format!("{comment}\n"), "")), quiet, "{comment}");
        assert_eq!(check(&program(&format!("{comment}\n"), "", "")), quiet, "{comment}");
        assert_eq!(check(&program("", "", &format!(" {comment}"))), quiet, "{comment}");
    }
    for comment in ["//nolint:errcheck", "// nolint is what this is about", "//nolintlint"] {
        assert_eq!(check(&program("", &format!("{comment}\n"), "")), (Some(1), String::new()), "{comment}");
    }
    // Not right above the function: the empty line ends what it speaks of.
    let (code, warning) = check(&program("", "//nolint:outlive\n\n", ""));
    assert!(code == Some(1) && warning.contains("a.go:3: `nolint:outlive` is not needed"), "{warning}");
}

#[test]
fn limits_and_statistics() {
    let module = "testdata/modules/close-without-join";
    let all = json(&outlive(&["check", "--all", "--format", "json", module]));
    let count = all["findings"].as_array().expect("findings").len();
    assert!(count > 2 && all.get("statistics").is_none() && all.get("withheld").is_none());
    let some = outlive(&["check", "--all", "--format", "json", "--max-findings", "1", "--statistics", module]);
    assert_eq!(some.status.code(), Some(1));
    let some = json(&some);
    assert_eq!(some["findings"].as_array().expect("findings").len(), 1);
    assert_eq!(some["withheld"], count - 1);
    let by_rule = some["statistics"]["by_rule"].as_object().expect("rules");
    assert_eq!(by_rule.values().filter_map(Value::as_u64).sum::<u64>(), count as u64);
    let page = text(&outlive(&["check", "--all", "--max-findings", "1", "--statistics", module]).stdout);
    assert!(page.contains(&format!("{} more not printed (--max-findings)", count - 1)), "{page}");
    assert!(page.contains("places that start goroutines"), "{page}");
    let levels: Vec<usize> = ["high", "medium", "low"]
        .iter()
        .map(|level| json(&outlive(&["check", "--confidence", level, "--format", "json", module])))
        .map(|answer| answer["findings"].as_array().expect("findings").len())
        .collect();
    assert!(levels.is_sorted() && levels[2] == count, "{levels:?}");
}

#[test]
fn a_closed_pipe_is_quiet_and_changes_no_exit_code() {
    let mut child = crate::outlive_command()
        .current_dir(root())
        .args(["check", "--all", "testdata/modules/close-without-join"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("outlive runs");
    drop(child.stdout.take());
    let mut error = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut error).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(1), "{error}");
    assert!(!error.contains("error"), "{error}");
}

#[test]
fn output_in_a_file_has_no_colours() {
    let answer = outlive(&["check", RACING]);
    assert!(!text(&answer.stdout).contains('\u{1b}'));
    assert!(!text(&answer.stderr).contains('\u{1b}'));
}

/// A run of a second or more, interrupted: nothing is left, and the exit code is that of an interrupt.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    let scratch = Scratch::new("interrupt");
    scratch.write("go.mod", "module example.com/many\n\ngo 1.22\n");
    for file in 0..400 {
        let mut page = format!("package many\n\ntype t{file} struct {{ x, y int; next *t{file} }}\n");
        for number in 0..200 {
            page.push_str(&format!(
                "func (t *t{file}) f{number}() {{ t.x++; go t.f{}(); t.next.y = t.x }}\n",
                number % 7
            ));
        }
        scratch.write(&format!("f{file}.go"), page);
    }
    let out = scratch.0.join("out.sarif");
    let child = crate::outlive_command()
        .args(["check", scratch.path(), "--output", &format!("sarif={}", out.display())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("outlive runs");
    std::thread::sleep(Duration::from_millis(400));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success(), "the run was over before it could be interrupted");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "interrupted\n");
    assert_eq!(text(&output.stdout), "");
    let left: Vec<_> = fs::read_dir(&scratch.0)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".go") && name != "go.mod")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn completions_and_the_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answer = outlive(&["completions", shell]);
        assert_eq!(answer.status.code(), Some(0));
        assert!(text(&answer.stdout).contains("write-baseline"), "{shell}");
    }
    let page = text(&outlive(&["man"]).stdout);
    for word in [".TH outlive", "OUTLIVE CHECK", "write\\-baseline", "OUTLIVE EXPLAIN"] {
        assert!(page.contains(word), "{word}");
    }
}

/// The matcher's patterns, tried on what is printed: the first line of a finding, then its place.
#[test]
fn the_problem_matcher_matches() {
    let page = text(&outlive(&["check", RACING]).stdout);
    let lines: Vec<Value> = page.lines().take(2).map(Value::from).collect();
    let file = fs::read_to_string(root().join("docs/problem-matcher.json")).expect("the matcher");
    let file: Value = serde_json::from_str(&file).expect("the matcher");
    let matcher = &file["problemMatcher"][0]["pattern"];
    for (row, line) in lines.iter().enumerate() {
        let schema = serde_json::json!({ "type": "string", "pattern": matcher[row]["regexp"] });
        assert_valid(&schema, line);
    }
}

/// docs/rules is what `explain --rule` prints, for people who read on the web. `UPDATE=1` rewrites it.
#[test]
fn docs_of_rules_are_those_of_the_command() {
    let folder = root().join("docs/rules");
    let listed = text(&outlive(&["rules"]).stdout);
    let ids: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let update = std::env::var_os("UPDATE").is_some();
    for id in &ids {
        let (path, page) = (folder.join(format!("{id}.md")), text(&outlive(&["explain", "--rule", id]).stdout));
        if update {
            fs::create_dir_all(&folder).expect("docs/rules");
            fs::write(&path, &page).expect("a page");
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(there, page, "{}: UPDATE=1 cargo test rewrites it", path.display());
    }
    for entry in fs::read_dir(&folder).expect("docs/rules").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(ids.contains(name.trim_end_matches(".md")), "docs/rules/{name}: no such rule");
    }
}
