//! Answers kept from earlier runs: the same as those of a run, whatever was edited, damaged or run beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{Scratch, root, text};

/// Names of the Go files of a fixture, and their text.
fn fixture(name: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("testdata/modules").join(name);
    let mut files = Vec::new();
    collect(&folder, &folder, &mut files);
    files.sort();
    files
}

fn collect(folder: &Path, top: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, top, files);
        } else {
            let text = fs::read_to_string(&path).expect("a readable file");
            files.push((path.strip_prefix(top).expect("a path below").to_owned(), text));
        }
    }
}

/// A copy of a fixture and a folder for answers.
struct Bench {
    scratch: Scratch,
    files: Vec<(PathBuf, String)>,
}

impl Bench {
    fn new(name: &str, fixture_name: &str) -> Self {
        let bench = Self { scratch: Scratch::new(name), files: fixture(fixture_name) };
        for (path, text) in &bench.files {
            bench.write(path, text);
        }
        bench
    }

    fn tree(&self) -> PathBuf {
        self.scratch.0.join("tree")
    }

    fn answers(&self) -> PathBuf {
        self.scratch.0.join("answers")
    }

    fn write(&self, path: &Path, text: &str) {
        let path = self.tree().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a written file");
    }

    /// Arguments for a run with answers kept in the folder of this test.
    fn kept(&self) -> [String; 2] {
        ["--cache-dir".to_owned(), self.answers().to_string_lossy().into_owned()]
    }

    fn check(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("outlive runs")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outlive"));
        command.current_dir(&self.scratch.0).args(["check", "tree", "--all"]).args(args);
        command
    }

    fn entries(&self) -> Vec<PathBuf> {
        let Ok(files) = fs::read_dir(self.answers()) else { return Vec::new() };
        files.map(|file| file.expect("a readable folder").path()).collect()
    }
}

/// Marsaglia's xorshift: the same edits in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn two_hundred_edits_change_no_answer() {
    let bench = Bench::new("edits", "stmt-reset");
    let go: Vec<usize> =
        (0..bench.files.len()).filter(|&at| bench.files[at].0.extension().is_some_and(|e| e == "go")).collect();
    let mut now: Vec<String> = bench.files.iter().map(|(_, text)| text.clone()).collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let [flag, folder] = bench.kept();
    let (mut with_findings, mut different) = (0, std::collections::BTreeSet::new());
    for edit in 0..200 {
        let at = go[random.below(go.len())];
        let mut lines: Vec<&str> = now[at].lines().collect();
        let (here, there) = (random.below(lines.len().max(1)), random.below(lines.len().max(1)));
        match random.below(8) {
            0 | 1 => lines = bench.files[at].1.lines().collect(),
            2 => drop(lines.remove(here)),
            3 => lines.insert(there, lines[here]),
            4 => lines.swap(here, there),
            5 => lines.insert(here, "// a comment"),
            6 => lines.insert(here, "func added() { go func() { done <- 1 }() }"),
            _ => lines.insert(here, ""),
        }
        now[at] = lines.join("\n") + "\n";
        bench.write(&bench.files[at].0, &now[at]);
        let (one, other) = if edit % 2 == 0 { ("1", "2") } else { ("2", "1") };
        let first = said(&bench.check(&[&flag, &folder, "--threads", one, "--format", "json"]));
        let fresh = said(&bench.check(&["--no-cache", "--threads", other, "--format", "json"]));
        assert_eq!(first, fresh, "after edit {edit}");
        if edit % 4 == 0 {
            let again = said(&bench.check(&[&flag, &folder, "--threads", one, "--format", "json"]));
            assert_eq!(again, fresh, "kept, after edit {edit}");
        }
        with_findings += usize::from(fresh.0 == Some(1));
        different.insert(fresh.1);
    }
    assert!(with_findings > 30 && different.len() > 50, "{with_findings} with findings, {} answers", different.len());
}

#[test]
fn a_damaged_answer_is_worked_out_again() {
    let bench = Bench::new("damaged", "stmt-reset");
    let [flag, folder] = bench.kept();
    let first = said(&bench.check(&[&flag, &folder]));
    let [entry] = bench.entries().try_into().expect("one answer");
    let whole = fs::read(&entry).expect("an answer");
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&whole[..whole.len() / 2], &[], &flipped, b"outlive answer 1\n"] {
        fs::write(&entry, damaged).expect("a written file");
        assert_eq!(said(&bench.check(&[&flag, &folder])), first);
        assert_eq!(fs::read(&entry).expect("an answer"), whole);
    }
}

#[test]
fn an_answer_is_kept_for_what_it_depends_on() {
    let bench = Bench::new("depends", "stmt-reset");
    let [flag, folder] = bench.kept();
    let run = |args: &[&str]| {
        let kept = bench.check(&[&[flag.as_str(), folder.as_str()], args].concat());
        let fresh = bench.check(&[&["--no-cache"], args].concat());
        assert_eq!(said(&kept), said(&fresh), "{args:?}");
        bench.entries().len()
    };
    assert_eq!([run(&[]), run(&[])], [1, 1]);
    assert_eq!(run(&["--format", "sarif"]), 2);
    assert_eq!(run(&["--max-findings", "1"]), 3);
    bench.write(Path::new("outlive.toml"), "[levels]\njoin-skipped-on-path = \"off\"\n");
    assert_eq!(run(&[]), 4);
    bench.check(&["--no-cache", "--write-baseline", "known.json"]);
    assert_eq!(run(&["--baseline", "known.json"]), 5);
    fs::write(bench.scratch.0.join("known.json"), "{\"schema\":\"outlive.baseline/1\",\"findings\":[]}")
        .expect("written");
    assert_eq!(run(&["--baseline", "known.json"]), 6);
    // Files are written again from what is kept.
    let out = bench.scratch.0.join("out.json");
    let args = [flag.as_str(), folder.as_str(), "--output", "json=out.json"];
    bench.check(&args);
    let first = fs::read(&out).expect("a written file");
    fs::remove_file(&out).expect("a file");
    bench.check(&args);
    assert!(!first.is_empty() && fs::read(&out).expect("a written file") == first);
}

#[test]
fn runs_share_a_folder() {
    let bench = Bench::new("shared", "stmt-reset");
    let [flag, folder] = bench.kept();
    let run = || {
        let mut command = bench.command(&[&flag, &folder]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().expect("outlive runs")
    };
    let expected = said(&bench.check(&["--no-cache"]));
    for _ in 0..3 {
        let runs: Vec<_> = (0..4).map(|_| run()).collect();
        for run in runs {
            assert_eq!(said(&run.wait_with_output().expect("outlive runs")), expected);
        }
        let names: Vec<PathBuf> = bench.entries();
        assert!(names.len() == 1 && names[0].extension().is_some_and(|e| e == "answer"), "{names:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_costs_nothing_but_a_warning() {
    let bench = Bench::new("unwritable", "stmt-reset");
    fs::write(bench.answers(), "a file").expect("a written file");
    let [flag, folder] = bench.kept();
    let (exit, answer, notes) = said(&bench.check(&[&flag, &folder]));
    let fresh = said(&bench.check(&["--no-cache"]));
    assert_eq!((exit, answer), (fresh.0, fresh.1));
    assert!(notes.contains("warning: nothing can be kept in"), "{notes}");
}
