//! Looks for tests, a placement and a delay that make the race happen.
//!
//! Invariant: one run proves little, so what showed the race once is run again before it is taken.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use analyzer::resolve::Program;
use anyhow::Result;
use rules::reproduce::{Longer, Placement, TestRun};

use super::{
    flags::Flags,
    go::{self, Build, Go},
    trial::{Runner, Tally, Trial},
    workshop::Workshop,
};
use crate::say::{self, Progress};

/// The first delay.
const FIRST_DELAY: Duration = Duration::from_millis(1);
/// Times that a delay is doubled: a test that is held longer than that, four seconds, runs into its own limits.
const MAX_DOUBLINGS: u32 = 12;
/// The longest delay.
const LONGEST: Duration = FIRST_DELAY.saturating_mul(1 << MAX_DOUBLINGS);
/// Placements that are tried with all tests before others are with any.
const LIKELY: usize = 4;
/// How many times longer than just long enough a hold may last, so that a busy machine does not make it too short.
const MARGIN: u32 = 8;
/// A hold that works may always last that long: on a busy machine a goroutine waits longer than that for its turn.
const LEAST: Duration = Duration::from_millis(256);
/// Delays after which it is believed that a test does not come by, or that waiting longer is of no use.
const PATIENCE: u32 = 3;
/// Runs in which a placement has to show the race before it is taken without trying others.
const CONFIRMED: u32 = 6;

/// Everything a search needs.
pub(super) struct Search<'a> {
    pub(super) go: &'a Go,
    pub(super) program: &'a Program,
    pub(super) flags: &'a Flags,
    pub(super) placements: &'a [Placement],
    pub(super) progress: &'a Progress,
}

/// What makes the race happen.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) tests: TestRun,
    pub(super) pattern: String,
    pub(super) placement: Placement,
    /// Its place among the placements.
    pub(super) rank: usize,
    pub(super) delay: Duration,
    pub(super) baseline: PathBuf,
    pub(super) held: PathBuf,
    /// In the runs of the search.
    pub(super) seen: (u32, u32),
}

impl Found {
    fn is_better_than(&self, other: &Found) -> bool {
        self.seen.0 * other.seen.1 > other.seen.0 * self.seen.1
    }
}

/// The tests, as `-run` takes them.
pub(super) fn pattern(tests: &[String]) -> String {
    match tests {
        [] => ".".to_owned(),
        [one] => format!("^{one}$"),
        many => format!("^({})$", many.join("|")),
    }
}

/// Where a package is built: the folder of its module below the root, and what names the package there.
pub(super) fn package(program: &Program, folder: &str) -> (String, String) {
    let below = |dir: &str| match folder.strip_prefix(dir) {
        Some("") => Some(String::new()),
        Some(rest) if dir.is_empty() => Some(rest.to_owned()),
        Some(rest) => rest.strip_prefix('/').map(str::to_owned),
        None => None,
    };
    let modules =
        program.sources().modules.iter().filter_map(|module| Some((module.dir.to_string(), below(&module.dir)?)));
    let (module, rest) = modules.max_by_key(|(dir, _)| dir.len()).unwrap_or((String::new(), folder.to_owned()));
    (module, if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") })
}

/// What a placement came to with one set of tests.
enum Came {
    /// As well as can be.
    Sure(Found),
    /// Sometimes.
    Sometimes(Found),
    /// Neither side, or only one, came by: in words.
    NotThere(String),
    /// Both sides came by, without the race.
    Quiet,
    /// It does not compile like this.
    Broken(String),
}

/// A set of tests that can be run.
struct Tried<'t, 'r> {
    run: &'t TestRun,
    pattern: &'t str,
    baseline: PathBuf,
    runner: Runner<'r>,
    /// One run without a hold.
    trial: Trial,
    /// Why placements were of no use.
    reasons: Vec<String>,
}

impl Search<'_> {
    /// Tries sets of tests, each with its `-run` pattern, in order. Beside what was found, why others were given up.
    ///
    /// # Errors
    /// When nothing can be run at all, or on Ctrl-C.
    pub(super) fn find<'r>(
        &self,
        shop: &mut Workshop,
        tests: &[(TestRun, String)],
        runner: &dyn Fn(&TestRun, &str) -> Runner<'r>,
    ) -> Result<(Option<Found>, Vec<String>)> {
        let mut given_up = Vec::new();
        let mut baselines: HashMap<String, Result<PathBuf, String>> = HashMap::new();
        let mut useful = Vec::new();
        for (run, pattern) in tests {
            if !baselines.contains_key(&run.folder) {
                self.progress.stage(&format!("building the tests of ./{}", run.folder));
                let built = self.build(shop, &run.folder, None)?;
                if let Err(text) = &built {
                    given_up.push(not_built(&run.folder, text));
                }
                baselines.insert(run.folder.clone(), built);
            }
            let Ok(baseline) = &baselines[&run.folder] else { continue };
            let runner = runner(run, pattern);
            self.progress.stage(&format!("trying {pattern}"));
            let trial = runner.run(baseline, None)?;
            match useless(&trial) {
                Some(reason) => given_up.push(format!("{pattern}: {reason}")),
                None => {
                    useful.push(Tried { run, pattern, baseline: baseline.clone(), runner, trial, reasons: Vec::new() })
                }
            }
        }
        // What is most likely is tried with all tests before anything else is.
        let (likely, rest) = self.placements.split_at(LIKELY.min(self.placements.len()));
        let mut best: Option<Found> = None;
        for (first, placements) in [(0, likely), (likely.len(), rest)] {
            for tried in &mut useful {
                // Tests that show the race sometimes need another placement, not other tests.
                if best.as_ref().is_some_and(|known| known.pattern != tried.pattern) {
                    continue;
                }
                let (found, sure) = self.tried(shop, tried, first, placements)?;
                if sure {
                    return Ok((found, given_up));
                }
                best = match (best, found) {
                    (Some(known), Some(found)) if found.is_better_than(&known) => Some(found),
                    (None, found) => found,
                    (known, _) => known,
                };
            }
        }
        if best.is_some() {
            return Ok((best, given_up));
        }
        for tried in useful {
            let mut reasons = tried.reasons;
            reasons.sort();
            reasons.dedup();
            given_up.push(format!("{}: {}", tried.pattern, reasons.join("; ")));
            if tried.trial.failed {
                given_up.push(format!("{} fails without a race:\n{}", tried.pattern, indented(&tried.trial.tail)));
            }
        }
        Ok((None, given_up))
    }

    /// Tries some placements with one set of tests. The answer is the best, and whether there can be no better.
    fn tried(
        &self,
        shop: &mut Workshop,
        tried: &mut Tried<'_, '_>,
        first: usize,
        placements: &[Placement],
    ) -> Result<(Option<Found>, bool)> {
        let mut best: Option<Found> = None;
        for (rank, placement) in placements.iter().enumerate() {
            let start = Found {
                tests: tried.run.clone(),
                pattern: tried.pattern.to_owned(),
                placement: placement.clone(),
                rank: first + rank,
                delay: FIRST_DELAY,
                baseline: tried.baseline.clone(),
                held: PathBuf::new(),
                seen: (0, 1),
            };
            match self.placed(shop, &tried.runner, start)? {
                Came::Sure(found) => return Ok((Some(found), true)),
                Came::Sometimes(found) => {
                    if best.as_ref().is_none_or(|known| found.is_better_than(known)) {
                        best = Some(found);
                    }
                }
                Came::NotThere(reason) => tried.reasons.push(reason),
                Came::Quiet => tried.reasons.push("both sides come by, but they did not race".to_owned()),
                Came::Broken(text) => tried.reasons.push(format!("a hold there does not compile: {text}")),
            }
        }
        Ok((best, false))
    }

    /// Builds the tests of a package, with or without an overlay.
    pub(super) fn build(
        &self,
        shop: &mut Workshop,
        folder: &str,
        overlay: Option<&Path>,
    ) -> Result<Result<PathBuf, String>> {
        let (module, name) = package(self.program, folder);
        let dir = shop.root().join(module);
        let out = shop.binary();
        let job = Build { dir: &dir, package: &name, flags: &self.flags.build, overlay, out: &out };
        go::build(self.go, &job, shop.path())
    }

    /// Tries a placement with growing delays.
    fn placed(&self, shop: &mut Workshop, runner: &Runner<'_>, start: Found) -> Result<Came> {
        let placement = &start.placement;
        let overlay = shop.overlay(self.program, placement, FIRST_DELAY)?;
        say::step(self.progress, format_args!("{}: {}", start.pattern, placement.words()));
        let held = match self.build(shop, &start.tests.folder, Some(&overlay))? {
            Ok(binary) => binary,
            Err(text) => return Ok(Came::Broken(text.lines().find(|l| !l.starts_with('#')).unwrap_or("").to_owned())),
        };
        let mut best: Option<Found> = None;
        let mut came = (false, false);
        let mut tried = 0;
        let mut delay = FIRST_DELAY;
        while delay <= LONGEST {
            let looked = look(runner, &held, delay)?;
            say::step(self.progress, format_args!("  at most {}: {}", in_words(delay), looked.words()));
            tried += 1;
            came = (came.0 | looked.trial.events.held, came.1 | looked.trial.events.happened);
            if looked.tally.same > 0 {
                let of = |delay, looked: &Looked| Found {
                    held: held.clone(),
                    delay,
                    seen: (looked.tally.same, looked.tally.runs),
                    ..start.clone()
                };
                // Just long enough is too short as soon as the machine is busy; but too long may be too much for a test.
                let mut longer = vec![(delay * MARGIN).clamp(LEAST, LONGEST), (delay * MARGIN).min(LONGEST)];
                longer.dedup();
                for long in longer {
                    let again = look(runner, &held, long)?;
                    if again.tally.same == CONFIRMED {
                        return Ok(Came::Sure(of(long, &again)));
                    }
                }
                let found = of(delay, &looked);
                if looked.tally.same == CONFIRMED {
                    return Ok(Came::Sure(found));
                }
                if best.as_ref().is_none_or(|known| found.is_better_than(known)) {
                    best = Some(found);
                }
            }
            // Longer holds change nothing where none came to its end by itself.
            let longer_helps = looked.expired || placement.longer != Longer::No || placement.meet;
            if looked.timed_out || tried >= PATIENCE && (!came.0 || !longer_helps) {
                break;
            }
            delay *= 2;
        }
        Ok(match (best, came) {
            (Some(found), _) => Came::Sometimes(found),
            (None, (true, true)) => Came::Quiet,
            (None, (held, happened)) => Came::NotThere(not_there(placement, held, happened)),
        })
    }
}

/// What some runs with one delay showed.
struct Looked {
    tally: Tally,
    /// The last.
    trial: Trial,
    expired: bool,
    timed_out: bool,
}

impl Looked {
    /// How it went, for who waits.
    fn words(&self) -> String {
        let events = self.trial.events;
        let said = [
            (events.held, "held"),
            (events.elsewhere, "others came by"),
            (events.happened, "the other side came by"),
            (events.released, "let go by it"),
            (events.expired, "let go by time"),
        ];
        let said: Vec<&str> = said.iter().filter(|(so, _)| *so).map(|(_, word)| *word).collect();
        format!(
            "{} ({})",
            self.tally.rate(),
            if said.is_empty() { "nobody came by".to_owned() } else { said.join(", ") }
        )
    }
}

/// Runs once; more often if that showed the race.
fn look(runner: &Runner<'_>, binary: &Path, delay: Duration) -> Result<Looked> {
    let mut tally = Tally::default();
    let trial = runner.run(binary, Some(delay))?;
    tally.add(&trial);
    let (expired, timed_out) = (trial.events.expired, trial.timed_out);
    let mut looked = Looked { tally, trial, expired, timed_out };
    while looked.trial.same && looked.tally.runs < CONFIRMED {
        looked.trial = runner.run(binary, Some(delay))?;
        looked.tally.add(&looked.trial);
        looked.expired |= looked.trial.events.expired;
        looked.timed_out |= looked.trial.timed_out;
    }
    Ok(looked)
}

fn not_there(placement: &Placement, held: bool, happened: bool) -> String {
    let at = |file: &str, line: u32| format!("{file}:{line}");
    let (hold, mark) = (at(&placement.hold.file, placement.hold.line), at(&placement.mark.file, placement.mark.line));
    match (held, happened) {
        (false, false) => {
            let (first, second) = if hold < mark { (hold, mark) } else { (mark, hold) };
            format!("neither {first} nor {second} is reached")
        }
        (false, true) => {
            format!("{hold} is not reached{}", placement.root.as_ref().map_or("", |_| " by that goroutine"))
        }
        _ => format!("{mark} is not reached"),
    }
}

fn not_built(folder: &str, text: &str) -> String {
    let hint = if text.contains("-race requires cgo") || text.contains("C compiler") {
        "\n    (the race detector needs cgo and a C compiler here)"
    } else {
        ""
    };
    if text.is_empty() || text.contains("no test files") {
        return format!("./{folder} has no tests");
    }
    format!("the tests of ./{folder} do not build:\n{}{hint}", indented(text))
}

fn useless(trial: &Trial) -> Option<&'static str> {
    if trial.no_tests {
        return Some("there is no such test");
    }
    if trial.skipped {
        return Some("it is skipped");
    }
    trial.timed_out.then_some("it does not end in time (see --timeout)")
}

/// The first lines of what a program said.
pub(super) fn indented(text: &str) -> String {
    let lines = text.lines().take(12).map(|line| format!("    {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// `4ms`, `1.024s`.
pub(super) fn in_words(delay: Duration) -> String {
    format!("{delay:?}")
}
