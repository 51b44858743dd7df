//! One run of the tests, and what it showed.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use analyzer::report::{RaceReport, group_reports, parse_reports};
use anyhow::Result;
use rules::{
    explain::Explainer,
    reproduce::{Pair, Shown},
};

use super::go::{self, End};

/// What one run showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trial {
    /// The race that was to be shown.
    pub(super) same: bool,
    /// It was shown, but only by other lines of the same cause.
    pub(super) by_cause: bool,
    /// Other races, as `function and function`.
    pub(super) others: Vec<String>,
    /// The run failed without any race.
    pub(super) failed: bool,
    pub(super) timed_out: bool,
    /// All tests were skipped.
    pub(super) skipped: bool,
    /// No test has the name.
    pub(super) no_tests: bool,
    /// What the helper told.
    pub(super) events: Events,
    /// The last lines, for a failure.
    pub(super) tail: String,
}

/// What happened at the hold and the mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) held: bool,
    pub(super) elsewhere: bool,
    pub(super) happened: bool,
    pub(super) released: bool,
    pub(super) expired: bool,
}

/// How to run.
pub(super) struct Runner<'a> {
    pub(super) pair: &'a Pair,
    pub(super) explainer: &'a Explainer<'a>,
    /// Whether two functions are enough, because lines moved.
    pub(super) by_function: bool,
    /// Folder of the package.
    pub(super) dir: PathBuf,
    /// Flags of the binary, the choice of tests among them.
    pub(super) flags: Vec<String>,
    pub(super) timeout: Duration,
    pub(super) scratch: PathBuf,
    /// Folder that the helper writes to.
    pub(super) events: PathBuf,
    /// Whether this is a search, and not a measurement.
    pub(super) quick: bool,
    /// What reports without the very pair turned out to be, by their lines.
    pub(super) known: RefCell<HashMap<String, Shown>>,
}

impl Runner<'_> {
    /// Runs a binary once. `hold` is the longest that one hold lasts.
    pub(super) fn run(&self, binary: &Path, hold: Option<Duration>) -> Result<Trial> {
        self.take_events();
        let mut command = Command::new(binary);
        command.current_dir(&self.dir).env("PWD", &self.dir).args(&self.flags);
        // A log file that GORACE names would keep the reports from us; the last option counts.
        let given = std::env::var("GORACE").ok();
        // The second that the detector waits at the end of a process says nothing that a search needs.
        let options = given.unwrap_or_else(|| if self.quick { "atexit_sleep_ms=0".to_owned() } else { String::new() });
        command.env("GORACE", format!("{options} log_path=stderr").trim());
        command.env("OUTLIVE_HOLD", hold.map_or_else(|| "0".to_owned(), |hold| format!("{}us", hold.as_micros())));
        let ran = go::run(&mut command, self.timeout, &self.scratch)?;
        let mut trial = self.judge(&ran.text);
        trial.timed_out = matches!(ran.end, End::TimedOut);
        trial.failed = !ran.succeeded() && !trial.timed_out && !trial.same && trial.others.is_empty();
        trial.events = self.take_events();
        Ok(trial)
    }

    fn judge(&self, text: &[u8]) -> Trial {
        let reports = parse_reports(text).value;
        let mut trial = Trial::default();
        let mut by_cause = false;
        for group in group_reports(&reports) {
            let report = &reports[group.reports[0]];
            match self.shown(report) {
                Shown::SamePair => trial.same = true,
                Shown::SameCause => by_cause = true,
                Shown::Another => trial.others.push(names(report)),
            }
        }
        trial.by_cause = by_cause && !trial.same;
        trial.same |= by_cause;
        let words = String::from_utf8_lossy(text);
        let has = |word: &str| words.lines().any(|line| line.trim_start().starts_with(word));
        trial.skipped = has("--- SKIP") && !has("--- PASS") && !has("--- FAIL");
        trial.no_tests = has("testing: warning: no tests to run");
        let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
        trial.tail = lines[lines.len().saturating_sub(8)..].join("\n");
        trial
    }

    fn shown(&self, report: &RaceReport) -> Shown {
        if self.pair.shown(report) == Shown::SamePair || self.by_function && self.pair.is_near(report) {
            return Shown::SamePair;
        }
        let key = report.accesses.iter().flat_map(|access| &access.stack.frames);
        let key: String = key.map(|frame| format!("{}:{}\n", frame.function, frame.line)).collect();
        let mut known = self.known.borrow_mut();
        *known.entry(key).or_insert_with(|| {
            let explained = self.explainer.explain(report).value;
            if self.pair.is_cause_of(&explained) { Shown::SameCause } else { Shown::Another }
        })
    }

    fn take_events(&self) -> Events {
        let take = |name: &str| fs::remove_dir(self.events.join(name)).is_ok();
        let _ = take("met");
        Events {
            held: take("held"),
            elsewhere: take("elsewhere"),
            happened: take("happened"),
            released: take("released"),
            expired: take("expired"),
        }
    }
}

/// The two functions of a report.
fn names(report: &RaceReport) -> String {
    let top = report.accesses.iter().map(|access| {
        let frame = analyzer::report::culprit(&access.stack).or_else(|| access.stack.frames.first());
        frame.map_or("(lost)", |frame| frame.function.rsplit('/').next().unwrap_or(&frame.function)).to_owned()
    });
    top.collect::<Vec<_>>().join(" and ")
}

/// Many runs, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) runs: u32,
    pub(super) same: u32,
    pub(super) by_cause: u32,
    pub(super) failed: u32,
    pub(super) timed_out: u32,
    /// Other races with the number of runs.
    pub(super) others: Vec<(String, u32)>,
    pub(super) tail: String,
}

impl Tally {
    pub(super) fn add(&mut self, trial: &Trial) {
        self.runs += 1;
        self.same += u32::from(trial.same);
        self.by_cause += u32::from(trial.by_cause);
        self.failed += u32::from(trial.failed);
        self.timed_out += u32::from(trial.timed_out);
        if trial.failed || trial.timed_out {
            self.tail.clone_from(&trial.tail);
        }
        for other in &trial.others {
            match self.others.iter_mut().find(|(name, _)| name == other) {
                Some((_, count)) => *count += 1,
                None => self.others.push((other.clone(), 1)),
            }
        }
    }

    pub(super) fn rate(&self) -> String {
        format!("{}/{}", self.same, self.runs)
    }
}
