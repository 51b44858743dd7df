//! `outlive explain` on reports with source: what it must say was written down by reading the Go code.

use std::{fs, path::Path};

use serde_json::Value;

use super::{copy, json, outlive, root, text};

/// Samples that do not belong to this repository: a folder `samples` of programs with the reports they printed. The
/// facts in `testdata/samples` are about them.
fn samples() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("OUTLIVE_SAMPLES").map(std::path::PathBuf::from);
    let beside = root().ancestors().map(|dir| dir.join("shared/reports/samples")).find(|dir| dir.is_dir());
    named.or(beside)
}

fn explained(report: &str, repo: &str) -> Value {
    let answer = outlive(&["explain", report, "--repo", repo, "--format", "json"]);
    assert_eq!(answer.status.code(), Some(0), "{report}: {}", text(&answer.stderr));
    json(&answer)["reports"].clone()
}

/// What differs between a report's expected facts and the answer.
fn differences(want: &Value, got: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let last = |name: &Value| name.as_str().unwrap_or("").rsplit('.').next().unwrap_or("").to_owned();
    let mut differ = |what: &str, want: String, got: String| {
        if want != got {
            out.push(format!("{what}: {got}, want {want}"));
        }
    };
    differ("location", last(&want["location"]), last(&got["location"]["name"]));
    differ("verdict", want["verdict"].to_string(), got["verdict"].to_string());
    if let Some(line) = want["spawn"].as_u64() {
        // Without an explanation the start is where the creation stacks say.
        let created = got["created"].as_array().into_iter().flatten();
        let frames = created.flat_map(|stack| stack["frames"].as_array().into_iter().flatten());
        let mut lines = frames.filter_map(|frame| frame["resolved"]["line"].as_u64());
        // A library that starts goroutines has its own frames on top, not those of who asked it to.
        let library = got["created"].as_array().into_iter().flatten().all(|s| s["frames"][0]["resolved"].is_null());
        let spawn = got["explanations"][0]["spawn"]["line"].as_u64().or_else(|| lines.find(|at| *at == line));
        let spawn = spawn.or(library.then_some(line));
        differ("spawn", line.to_string(), spawn.map_or_else(|| "none".to_owned(), |line| line.to_string()));
    }
    if !want["race"].is_null() {
        differ("race", want["race"].to_string(), got["race"]["kind"].to_string());
    }
    if !want["leaked_by"].is_null() {
        differ("leaked by", want["leaked_by"].to_string(), got["blame"]["leaked_by"].to_string());
    }
    let stacks =
        got["accesses"].as_array().into_iter().flatten().zip(["first", "second"]).map(|(s, n)| (n.to_owned(), s));
    let created = got["created"].as_array().into_iter().flatten();
    let created = created.map(|s| (format!("created {}", s["goroutine"].as_str().unwrap_or("")), s));
    for (name, stack) in stacks.chain(created) {
        let wanted = want["stale"].as_array().into_iter().flatten().find(|row| row[0] == name.as_str());
        let range = wanted.map(|row| row[1].as_u64().unwrap_or(0)..=row[2].as_u64().unwrap_or(0));
        for (index, frame) in stack["frames"].as_array().into_iter().flatten().enumerate() {
            let stale = range.as_ref().is_some_and(|range| range.contains(&(index as u64)));
            differ(&format!("{name} frame {index} stale"), stale.to_string(), frame["stale"].to_string());
            if let (true, Some(by)) = (stale, want["left_by"].as_str()) {
                differ(
                    &format!("{name} frame {index} left by"),
                    by.to_owned(),
                    frame["left_by"].as_str().unwrap_or("").to_owned(),
                );
            }
            // The programs are of the very revision that printed the reports, unless the facts say otherwise.
            let resolved = &frame["resolved"]["line"];
            if !resolved.is_null() && want["moved"].is_null() {
                differ(&format!("{name} frame {index} line"), frame["line"].to_string(), resolved.to_string());
            }
        }
    }
    out
}

#[test]
fn samples_are_explained_as_their_source_says() {
    let Some(samples) = samples() else {
        eprintln!("no samples beside this checkout; OUTLIVE_SAMPLES names their folder");
        return;
    };
    let mut wrong = Vec::new();
    let mut facts: Vec<_> = fs::read_dir(root().join("testdata/samples")).expect("facts").flatten().collect();
    facts.sort_by_key(std::fs::DirEntry::path);
    for entry in facts {
        let path = entry.path();
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
        let wanted: Value = serde_json::from_str(&fs::read_to_string(&path).expect("facts")).expect("facts in JSON");
        for (file, wants) in wanted.as_object().expect("files") {
            let repo = samples.join(&name);
            let got = explained(&plain(&repo.join(file)), &plain(&repo));
            let (wants, got) = (wants.as_array().expect("a list"), got.as_array().expect("reports"));
            if wants.len() != got.len() {
                wrong.push(format!("{name}/{file}: {} reports, want {}", got.len(), wants.len()));
            }
            for (index, (want, got)) in wants.iter().zip(got).enumerate() {
                let found = differences(want, got);
                wrong.extend(found.into_iter().map(|d| format!("{name}/{file} report {}: {d}", index + 1)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn plain(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

const CASE: [&str; 3] = ["testdata/reports/stmt-reset.txt", "--repo", "testdata/modules/stmt-reset"];

pub(crate) fn have(program: &str) -> bool {
    let found = std::process::Command::new(program).arg("--version").output().is_ok();
    assert!(found || program != "git" || std::env::var_os("CI").is_none(), "{program} is required: CI is set");
    found
}

#[test]
fn the_patch_applies_and_mends() {
    let answer = outlive(&["explain", CASE[0], CASE[1], CASE[2], "--patch"]);
    assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
    let diff = text(&answer.stdout);
    assert!(diff.starts_with("--- a/executor/adapter.go\n+++ b/executor/adapter.go\n@@"), "{diff}");
    assert!(diff.contains("+\t\t\te.Close()\n"), "{diff}");
    if !have("git") {
        return;
    }
    let scratch = super::Scratch::new("patch");
    copy(&root().join(CASE[2]), &scratch.0);
    scratch.write("fix.diff", &diff);
    let applied = std::process::Command::new("git").current_dir(&scratch.0).args(["apply", "fix.diff"]).output();
    let applied = applied.expect("git runs");
    assert!(applied.status.success(), "{}", text(&applied.stderr));
    if let Ok(listed) = std::process::Command::new("gofmt").arg("-l").arg(&scratch.0).output() {
        assert_eq!(text(&listed.stdout), "", "not as gofmt would have it");
    }
    let checked = outlive(&["check", scratch.path()]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
}

#[test]
fn edits_keep_the_layout_of_every_fixture() {
    let mut edited = 0;
    let mut modules: Vec<_> = fs::read_dir(root().join("testdata/modules")).expect("fixtures").flatten().collect();
    modules.sort_by_key(std::fs::DirEntry::path);
    for module in modules {
        let answer = json(&outlive(&["check", "--format", "json", "--all", &plain(&module.path())]));
        for finding in answer["findings"].as_array().expect("findings") {
            let edits = finding["fix"]["edits"].as_array().expect("edits");
            if edits.is_empty() {
                continue;
            }
            edited += 1;
            let mut files: Vec<&str> = edits.iter().filter_map(|e| e["file"].as_str()).collect();
            files.dedup();
            for file in files {
                let old = fs::read_to_string(module.path().join(file)).expect("a fixture");
                let new = applied(&old, edits.iter().filter(|e| e["file"] == file));
                assert_ne!(old, new);
                formatted(&new, &format!("{}/{file}: {edits:?}", plain(&module.path())));
            }
        }
    }
    assert!(edited >= 5, "{edited} fixtures have a mechanical fix");
}

/// A text with edits of the JSON contract applied, last first.
fn applied<'a>(old: &str, edits: impl Iterator<Item = &'a Value>) -> String {
    let mut lines: Vec<String> = old.split_inclusive('\n').map(str::to_owned).collect();
    let mut edits: Vec<&Value> = edits.collect();
    edits.sort_by_key(|e| std::cmp::Reverse((e["start_line"].as_u64(), e["end_line"].as_u64())));
    for edit in edits {
        let line = |key: &str| edit[key].as_u64().expect("a line") as usize - 1;
        let replacement = edit["replacement"].as_str().expect("text").to_owned();
        lines.splice(line("start_line")..line("end_line"), [replacement]);
    }
    lines.concat()
}

fn formatted(source: &str, what: &str) {
    use std::io::Write;
    let child = std::process::Command::new("gofmt")
        .arg("-l")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return };
    child.stdin.take().expect("a pipe").write_all(source.as_bytes()).expect("gofmt reads");
    let output = child.wait_with_output().expect("gofmt ends");
    assert!(output.status.success(), "{what}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "{what}: not as gofmt would have it:\n{source}");
}

#[test]
fn the_page_needs_nothing_and_overflows_nowhere() {
    let scratch = super::Scratch::new("page");
    let file = format!("{}/page.html", scratch.path());
    let answer = outlive(&["explain", CASE[0], CASE[1], CASE[2], "--html", &file]);
    assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
    let page = fs::read_to_string(&file).expect("a page");
    for part in ["prefers-color-scheme", "starts the goroutine", "leaves without the join", "left by a recovered panic"]
    {
        assert!(page.contains(part), "{part}");
    }
    for outside in ["http://", "https://", "<script", "<link", "@import", "url("] {
        assert!(!page.replace("golang/go#", "").contains(outside), "{outside}");
    }
    assert!(page.contains("&amp;") && !page.contains("<-"), "source is escaped");
    let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| have(name));
    let Some(browser) = browser else {
        assert!(std::env::var_os("CI").is_none(), "a headless browser is required: CI is set");
        eprintln!("no headless browser: the page was not looked at");
        return;
    };
    for width in [1200, 400] {
        // The page measures itself: a script of the test, not of the page.
        let probe = page.replace(
            "</body>",
            "<script>document.title = 'wide ' + (document.documentElement.scrollWidth - innerWidth)</script></body>",
        );
        let probed = format!("{}/probe{width}.html", scratch.path());
        // A window of a headless browser is at least 500 wide; a frame has any width.
        let frame = format!(
            "<body style='margin:0'><iframe id=f src='probe{width}.html' style='border:0;width:{width}px;height:900px'></iframe>\
             <script>f.onload = () => document.body.append(f.contentDocument.title)</script>"
        );
        fs::write(&probed, probe).expect("a page");
        let outer = format!("{}/outer{width}.html", scratch.path());
        fs::write(&outer, frame).expect("a page");
        let dump = std::process::Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--allow-file-access-from-files",
                "--virtual-time-budget=3000",
            ])
            .args([
                &format!("--user-data-dir={}/profile{width}", scratch.path()),
                "--dump-dom",
                &format!("file://{outer}"),
            ])
            .output()
            .expect("the browser runs");
        let dom = text(&dump.stdout);
        let wide = dom.split("wide ").nth(1).and_then(|rest| rest.split('<').next()).map(str::trim);
        let wide: Option<i64> = wide.and_then(|number| number.parse().ok());
        assert!(wide.is_some_and(|wide| wide <= 0), "at {width} pixels: {wide:?}; {}", text(&dump.stderr));
    }
}

#[test]
fn the_revision_that_fits_is_found() {
    if !have("git") {
        return;
    }
    let scratch = super::Scratch::new("revision");
    copy(&root().join(CASE[2]), &scratch.0);
    let git = |args: &[&str]| {
        let output = std::process::Command::new("git")
            .current_dir(&scratch.0)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
            .args(args)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "as reported"]);
    let reported = git(&["rev-parse", "HEAD"]);
    for file in ["executor/adapter.go", "executor/distsql.go", "session/session.go"] {
        let path = scratch.0.join(file);
        let old = fs::read_to_string(&path).expect("a file");
        fs::write(&path, format!("// one\n// two\n// three\n\n{old}")).expect("a file");
    }
    git(&["commit", "-qam", "moved"]);
    let answer = outlive(&["explain", CASE[0], "--repo", scratch.path(), "--find-revision"]);
    assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
    let page = text(&answer.stdout);
    assert!(page.contains(&format!("fit revision {}", &reported[..12])), "{page}");
    assert!(page.contains("executor/distsql.go by +4"), "{page}");
}

#[test]
fn a_lost_stack_has_candidates() {
    let whole = fs::read_to_string(root().join(CASE[0])).expect("a report");
    let (before, rest) = whole.split_once("Previous write at").expect("a second access");
    let (header, rest) = rest.split_once('\n').expect("a header");
    let (_, created) = rest.split_once("\n\nGoroutine").expect("a creation");
    let text_of = format!("{before}Previous write at{header}\n  [failed to restore the stack]\n\nGoroutine{created}");
    let scratch = super::Scratch::new("lost");
    scratch.write("lost.txt", text_of);
    let file = format!("{}/lost.txt", scratch.path());
    let answer = outlive(&["explain", &file, CASE[1], CASE[2], "--format", "json"]);
    let report = json(&answer)["reports"][0].clone();
    assert_eq!(report["candidates"][0]["function"], "example.com/stmt-reset/executor.ResetContextOfStmt", "{report:#}");
    assert!(report["notes"].to_string().contains("GORACE=history_size"), "{report:#}");
}

#[test]
fn a_large_log_is_read_as_its_reports() {
    let scratch = super::Scratch::new("large");
    let log = testkit::logs::LargeLog { bytes: 2_000_000, reports: 50, distinct: 10 };
    let mut text_of = Vec::new();
    log.write(&mut text_of).expect("memory");
    scratch.write("large.log", text_of);
    let answer = json(&outlive(&["explain", &format!("{}/large.log", scratch.path()), "--format", "json"]));
    let reports = answer["reports"].as_array().expect("reports");
    assert_eq!(reports.len(), 50);
    assert!(reports.iter().all(|report| report["count"] == 5), "five reports of each cause");
    let frames = |report: &Value| report["accesses"][0]["frames"].as_array().map_or(0, Vec::len);
    assert!(reports.iter().all(|report| frames(report) == 13));
    assert_eq!(answer["problems"], serde_json::json!([]));
}
