//! `outlive reproduce`: makes a race happen under `go test -race`.
//!
//! What is held where is decided in `rules::reproduce`. Here tests are built and run: `go` talks to Go, `flags` tells its
//! flags apart, `workshop` writes overlays, `trial` is one run, `search` many, `fixed` a run on another tree.
//!
//! Invariant: nothing is written below the checkout. Edited files reach Go by an overlay in a temporary folder.

mod fixed;
mod flags;
mod go;
mod search;
mod trial;
mod workshop;

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
};

use analyzer::lifetime::Lifetimes;
use anyhow::{Context, Result, bail};
use flags::Flags;
use go::Go;
use rules::{
    Finding,
    explain::Explainer,
    finding::{Blame, ExplainedReport, Verdict},
    reproduce::{Pair, Subject, TestRun, of_finding, of_report, package_folder, placements, test_runs},
};
use search::{Found, Search, in_words, indented, pattern};
use trial::{Runner, Tally};
use workshop::Workshop;

use crate::{
    args::{BuildArgs, ReproduceArgs},
    explain,
    load::{Loaded, load},
    output,
    say::{Progress, counted, note},
};

/// Exit code when the race did not show, or a fix did not hold.
const NOT: u8 = 1;
/// The shortest fingerprint that is looked for.
const SHORTEST: usize = 4;

/// Runs the command; the answer is the exit code.
pub(crate) fn run(args: &ReproduceArgs) -> Result<u8> {
    go::listen()?;
    let root = args.repo.canonicalize().with_context(|| format!("cannot read {}", args.repo.display()))?;
    let mut flags = Flags::read(&args.go_flags)?;
    let go = Go::find(&root)?;
    let build = options(args, &go, &mut flags);
    let reports = args.report.as_deref().map(explain::read).transpose()?;
    let mut progress = Progress::start();
    progress.stage("reading the checkout");
    let loaded = load(&root, &build, true)?;
    let models = rules::catalogue::embedded().context("the embedded catalogue")?;
    let lifetimes = Lifetimes::analyse(&loaded.program, &loaded.graph, &loaded.places, &models);
    let explainer = Explainer::new(&lifetimes);
    let (subject, blame) = match (&args.finding, reports) {
        (Some(fingerprint), _) => (of_fingerprint(&lifetimes, fingerprint)?, None),
        (None, Some(reports)) => {
            let explained = explainer.explain_all(&reports.value).value;
            let chosen = choose(&explained, args.number)?;
            let subject = of_report(chosen).map_err(|reason| anyhow::anyhow!("report {}: {reason}", chosen.id))?;
            (subject, chosen.blame.clone())
        }
        (None, None) => bail!("no report given"),
    };
    let places = placements(&loaded.program, &subject).map_err(anyhow::Error::msg)?;
    let tests = tests(args, &loaded, &subject, blame.as_ref())?;
    let pair = Pair::new(&loaded.program, &loaded.graph, &subject);
    let mut shop = Workshop::new(&root)?;
    go::watch();
    let events = shop.events();
    let scratch = shop.path().to_owned();
    let bench = Bench { args, flags: &flags, scratch: &scratch, events: &events };
    let runner = |run: &TestRun, pattern: &str| bench.runner(&pair, &explainer, &root, run, pattern, false);
    let search = Search { go: &go, program: &loaded.program, flags: &flags, placements: &places, progress: &progress };
    let quick = |run: &TestRun, pattern: &str| Runner { quick: true, ..runner(run, pattern) };
    let (found, given_up) = search.find(&mut shop, &tests, &quick)?;
    let Some(found) = found else {
        progress.finish();
        return not_reproduced(&subject, &given_up);
    };
    // The overlay that stays is the one that worked, with its delay.
    let overlay = shop.overlay(&loaded.program, &found.placement, found.delay)?;
    let (baseline, held) = measure(&found, &runner(&found.tests, &found.pattern), args.runs, &progress)?;
    let fix = match &args.verify_fix {
        Some(fix) => {
            progress.stage("reading the fixed tree");
            let job = fixed::Job { args, build: &build, go: &go, flags: &flags, program: &loaded.program };
            Some(job.verify(&subject, &found, fix, &bench, &progress)?)
        }
        None => None,
    };
    progress.finish();
    let mut text = story(&subject, &found, &given_up, &baseline, &held, &go);
    let command = by_hand(&loaded, &root, &found, args, &overlay);
    text.push_str(&format!("by hand:  {command}\n"));
    if args.keep {
        shop.keep()?;
        text.push_str(&format!("the overlay is kept in {}\n", scratch.display()));
    } else {
        text.push_str("          (the overlay is gone: --keep keeps it)\n");
    }
    let holds = fix.as_ref().is_none_or(|fix| fix.holds);
    text.push_str(fix.as_ref().map_or("", |fix| &fix.text));
    output::print(text.as_bytes())?;
    Ok(if held.same > 0 && holds { 0 } else { NOT })
}

/// How the checkout is read: as the Go at hand would build it with the race detector.
fn options(args: &ReproduceArgs, go: &Go, flags: &mut Flags) -> BuildArgs {
    let mut build = args.build.clone();
    build.goos.clone_from(&go.goos);
    build.goarch.clone_from(&go.goarch);
    if !build.tags.is_empty() {
        flags
            .build
            .push(format!("-tags={}", build.tags.iter().cloned().chain(flags.tags()).collect::<Vec<_>>().join(",")));
    }
    build.tags.extend(flags.tags());
    build.tags.push("race".to_owned());
    build
}

/// What all runs have in common.
struct Bench<'a> {
    args: &'a ReproduceArgs,
    flags: &'a Flags,
    scratch: &'a Path,
    events: &'a Path,
}

impl Bench<'_> {
    fn runner<'r>(
        &self,
        pair: &'r Pair,
        explainer: &'r Explainer<'r>,
        root: &Path,
        run: &TestRun,
        pattern: &str,
        by_function: bool,
    ) -> Runner<'r> {
        let mut flags: Vec<String> =
            ["-test.paniconexit0", "-test.timeout=0", "-test.v=true"].map(str::to_owned).into();
        flags.push(format!("-test.count={}", if run.twice { 2 } else { 1 }));
        flags.push(format!("-test.run={pattern}"));
        flags.extend(self.flags.run.iter().cloned());
        Runner {
            pair,
            explainer,
            by_function,
            dir: root.join(&run.folder),
            flags,
            timeout: self.args.timeout,
            scratch: self.scratch.to_owned(),
            events: self.events.to_owned(),
            quick: false,
            known: RefCell::new(HashMap::new()),
        }
    }
}

/// The finding that a fingerprint, or its beginning, names.
fn of_fingerprint(lifetimes: &Lifetimes<'_>, fingerprint: &str) -> Result<Subject> {
    if fingerprint.len() < SHORTEST {
        bail!("`{fingerprint}` is too short for a fingerprint: give {SHORTEST} characters at least");
    }
    let findings = rules::findings(lifetimes, rules::Confidence::Low).worded;
    let known: Vec<&Finding> = findings.iter().filter(|found| found.fingerprint.starts_with(fingerprint)).collect();
    let Some(first) = known.first() else {
        bail!("no finding has the fingerprint `{fingerprint}`; `outlive check --all --format json` prints them all");
    };
    if known.iter().any(|other| other.fingerprint != first.fingerprint) {
        bail!("several findings begin with `{fingerprint}`: give more of it");
    }
    if known.len() > 1 {
        note(format_args!(
            "note: {} share this fingerprint; the first is taken: {}",
            counted(known.len(), "finding"),
            first.message
        ));
    }
    of_finding(lifetimes.program, first).map_err(anyhow::Error::msg)
}

/// The report with a number, else the first about a lifetime, else the first.
fn choose(reports: &[ExplainedReport], number: Option<u32>) -> Result<&ExplainedReport> {
    if let Some(number) = number {
        let found = reports.iter().find(|report| report.id == number.to_string());
        return found.with_context(|| {
            format!("the input has {}, and none with number {number}", counted(reports.len(), "report"))
        });
    }
    let lifetime = reports.iter().find(|report| report.verdict == Verdict::Lifetime);
    let chosen = lifetime.or_else(|| reports.first()).context("the input has no race report")?;
    if reports.iter().any(|report| report.group != chosen.group) {
        note(format_args!("note: the input has several races; this is about report {} (--number chooses)", chosen.id));
    }
    Ok(chosen)
}

/// The sets of tests to try, each with its `-run` pattern.
fn tests(
    args: &ReproduceArgs,
    loaded: &Loaded,
    subject: &Subject,
    blame: Option<&Blame>,
) -> Result<Vec<(TestRun, String)>> {
    let program = &loaded.program;
    let mut runs = test_runs(program, &loaded.graph, subject, blame);
    let folder = match &args.package {
        Some(package) => {
            let plain = package.trim_start_matches("./").trim_end_matches('/');
            let plain = if plain == "." { "" } else { plain };
            let files = &program.sources().files;
            let folders = files.iter().map(|file| file.path.rsplit_once('/').map_or("", |(folder, _)| folder));
            let known = folders.into_iter().any(|folder| folder == plain);
            let folder = if known { Some(plain.to_owned()) } else { package_folder(program, package) };
            Some(folder.with_context(|| format!("no package `{package}` with tests in the checkout"))?)
        }
        None => None,
    };
    if let Some(folder) = &folder {
        runs.retain(|run| run.folder == *folder);
    }
    if let Some(test) = &args.test {
        let folder = folder.or_else(|| runs.first().map(|run| run.folder.clone()));
        let folder = folder.context("which package is the test in? --package names it")?;
        let why = "you chose it".to_owned();
        return Ok(vec![(TestRun { folder, tests: Vec::new(), why, twice: false }, test.clone())]);
    }
    if runs.is_empty() {
        bail!("no test reaches both sides in the call graph: --package and --test name one");
    }
    Ok(runs
        .into_iter()
        .map(|run| {
            let pattern = pattern(&run.tests);
            (run, pattern)
        })
        .collect())
}

/// Runs both binaries alternately.
fn measure(found: &Found, runner: &Runner<'_>, runs: u32, progress: &Progress) -> Result<(Tally, Tally)> {
    let (mut baseline, mut held) = (Tally::default(), Tally::default());
    for run in 1..=runs {
        progress.stage(&format!("run {run} of {runs}: baseline {}, with the hold {}", baseline.rate(), held.rate()));
        baseline.add(&runner.run(&found.baseline, None)?);
        held.add(&runner.run(&found.held, Some(found.delay))?);
    }
    Ok((baseline, held))
}

fn side(site: &rules::finding::Site) -> String {
    let function = site.function.rsplit('/').next().unwrap_or(site.function);
    format!("{function} ({}:{})", site.file, site.line)
}

fn title(subject: &Subject) -> String {
    let name = subject.location.as_ref().map_or("the race", |location| &location.name);
    format!("race:     {name}: {} against {}\n", side(&subject.goroutine[0]), side(&subject.other[0]))
}

fn not_reproduced(subject: &Subject, given_up: &[String]) -> Result<u8> {
    let mut text = title(subject);
    text.push_str("not reproduced:\n");
    for reason in given_up {
        text.push_str(&format!("  {reason}\n"));
    }
    text.push_str("  (--package and --test name a test that does both)\n");
    output::print(text.as_bytes())?;
    let broken = !given_up.is_empty() && given_up.iter().all(|reason| reason.contains("do not build"));
    if broken {
        bail!("the tests do not build");
    }
    Ok(NOT)
}

fn story(subject: &Subject, found: &Found, given_up: &[String], baseline: &Tally, held: &Tally, go: &Go) -> String {
    let mut out = title(subject);
    let folder = if found.tests.folder.is_empty() { "." } else { &found.tests.folder };
    let twice = if found.tests.twice { ", twice, because Go runs the one that leaks last" } else { "" };
    out.push_str(&format!("tests:    {} of {folder}: {}{twice}\n", found.pattern, found.tests.why));
    for reason in given_up {
        out.push_str(&format!("          given up before: {reason}\n"));
    }
    out.push_str(&format!("hold:     {}, at most {}\n", found.placement.words(), in_words(found.delay)));
    out.push_str(&format!("baseline {}, with the hold {} ({})\n", baseline.rate(), held.rate(), go.version));
    for (what, tally) in [("baseline", baseline), ("with the hold", held)] {
        if tally.by_cause > 0 {
            out.push_str(&format!("          {what}: {} of them by other lines of the same cause\n", tally.by_cause));
        }
        if tally.timed_out > 0 {
            out.push_str(&format!(
                "          {what}: {} ended by --timeout\n",
                counted(tally.timed_out as usize, "run")
            ));
        }
        if tally.failed > 0 {
            let failed = counted(tally.failed as usize, "run");
            out.push_str(&format!("          {what}: {failed} failed without a race:\n{}\n", indented(&tally.tail)));
        }
        for (names, count) in &tally.others {
            out.push_str(&format!("          {what}: another race in {count} of {}: {names}\n", tally.runs));
        }
    }
    out
}

/// The command that does one run.
fn by_hand(loaded: &Loaded, root: &Path, found: &Found, args: &ReproduceArgs, overlay: &Path) -> String {
    let (module, package) = search::package(&loaded.program, &found.tests.folder);
    let dir: PathBuf = root.join(module);
    let count = if found.tests.twice { 2 } else { 1 };
    let mut flags: Vec<String> = args.go_flags.clone();
    if !args.build.tags.is_empty() {
        flags.push(format!("-tags={}", args.build.tags.join(",")));
    }
    let (before, after): (Vec<String>, Vec<String>) =
        match flags.iter().position(|flag| flag.trim_start_matches('-') == "args") {
            Some(at) => (flags[..at].to_vec(), flags[at..].to_vec()),
            None => (flags, Vec::new()),
        };
    let mut words: Vec<String> = ["go", "test", "-race", "-v", go::NO_VET].map(str::to_owned).into();
    words.push(format!("-count={count}"));
    words.extend(before);
    words.push(format!("-overlay={}", overlay.display()));
    words.extend(["-run".to_owned(), found.pattern.clone(), package]);
    words.extend(after);
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    format!("cd {} && {}", quote(&dir.to_string_lossy()), quoted.join(" "))
}

/// A word as a shell takes it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
