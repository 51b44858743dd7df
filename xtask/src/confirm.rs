//! `cargo xtask confirm-pairs`: what the race detector printed for a fixture names the pair of accesses that `check` names.
//!
//! The outputs are those that `testdata/confirm.sh --keep DIR` leaves behind: one file for each run of a test, below the
//! names of module, package and test. They are read by `outlive explain`, which also puts back the frames that the detector
//! leaves out: a line is the one printed, or that of such a frame. A fixture is a file with a
//! `// want "RULE: LOCATION"`; it is confirmed when one report and one finding of that location have the same two lines
//! of the same functions. A goroutine of a library, whose `go` statement is the library's as well, may have no line of the
//! module in its stack: `check` says which call of the module starts it, and a report confirms that where the stack that
//! created the goroutine names this call's line and function. That the finding has the rule wanted is for the tests to see, which need no Go. Known exceptions
//! stand in a file, each with its reason; one that has come true is a failure, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::report::{FunctionName, parse_reports};
use anyhow::{Context, Result};
use serde_json::Value;

use crate::{command, walk};

/// Command line.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder that `testdata/confirm.sh --keep` has filled
    outputs: PathBuf,
    /// Binary to ask, instead of a release build
    #[arg(long)]
    outlive: Option<PathBuf>,
    /// Also print the pairs of fixtures that are not confirmed
    #[arg(long)]
    verbose: bool,
}

/// A line of a file, by its path within the module, and the function it is of, by its symbol.
type Place = (String, u64, String);

/// One side of a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// The innermost line of the module in the stack of the access.
    Access(Place),
    /// There is none, nor is the `go` statement of its goroutine the module's: the line of the module's call that led to it.
    Library(Place),
}

/// A `// want "RULE: LOCATION"`.
struct Want {
    /// File and line.
    at: (String, u64),
    location: String,
}

/// What `check` says of one conflict.
struct Finding {
    location: String,
    /// Lines of the goroutine's accesses.
    inside: BTreeSet<Place>,
    /// The call that starts it, if it is a goroutine of a library.
    library: Option<Place>,
    /// Lines of the accesses that it races with; the reset counts.
    other: BTreeSet<Place>,
    /// Every line it speaks of.
    all: BTreeSet<Place>,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let binary = crate::outlive_binary(repository, args.outlive.as_deref())?;
    let known = known(&repository.join("testdata/unconfirmed.txt"))?;
    let modules = repository.join("testdata/modules");
    let (mut confirmed, mut failures) = (0, 0);
    let mut seen = BTreeSet::new();
    for output in walk::directories(&args.outputs)? {
        let name =
            output.file_name().and_then(|name| name.to_str()).context("a module's name is not UTF-8")?.to_owned();
        let module = modules.join(&name);
        let wants = wants(&module)?;
        let findings = findings(&binary, &module)?;
        let pairs = pairs(&binary, &output, &module)?;
        for want in &wants {
            let key = format!("{name} {}:{}", want.at.0, want.at.1);
            let meant =
                |f: &&Finding| last(&f.location) == last(&want.location) && f.all.iter().any(|at| at.0 == want.at.0);
            let named = findings.iter().filter(meant).any(|f| pairs.iter().any(|pair| f.names(pair)));
            match (named, known.contains_key(&key)) {
                (true, false) => confirmed += 1,
                (false, true) => {}
                (true, true) => {
                    failures += 1;
                    println!("{key}: is confirmed now; testdata/unconfirmed.txt need not list it");
                }
                (false, false) => {
                    failures += 1;
                    println!("{key} ({}): no report names the pair of a finding", want.location);
                }
            }
            if !named && args.verbose {
                for finding in findings.iter().filter(meant) {
                    println!("  check: {:?} with {:?}", finding.inside, finding.other);
                }
                for pair in pairs.iter().filter(|pair| pair.iter().any(|side| side.place().0 == want.at.0)) {
                    println!("  detector: {pair:?}");
                }
            }
            seen.insert(key);
        }
    }
    // Only modules that were run can tell.
    let run = |key: &&String| key.split(' ').next().is_some_and(|module| args.outputs.join(module).is_dir());
    for key in known.keys().filter(|key| !seen.contains(*key)).filter(run) {
        failures += 1;
        println!("{key}: no such want; testdata/unconfirmed.txt need not list it");
    }
    println!(
        "{confirmed} of {} fixtures confirmed by the race detector, pair by pair; {failures} disagree",
        seen.len()
    );
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Finding {
    /// Whether a report's pair is this finding's. A report without a second access is the testing package's own, of a use
    /// after the test: it has the goroutine's stack alone.
    fn names(&self, pair: &[Side]) -> bool {
        match pair {
            [one] => self.is_inside(one),
            [one, two] => self.is_inside(one) && self.is_other(two) || self.is_inside(two) && self.is_other(one),
            _ => false,
        }
    }

    fn is_inside(&self, side: &Side) -> bool {
        self.inside.contains(side.place())
            && (matches!(side, Side::Access(_)) || self.library.as_ref() == Some(side.place()))
    }

    fn is_other(&self, side: &Side) -> bool {
        matches!(side, Side::Access(place) if self.other.contains(place))
    }
}

impl Side {
    fn place(&self) -> &Place {
        match self {
            Self::Access(place) | Self::Library(place) => place,
        }
    }
}

/// Keys of fixtures that are not confirmed, with the reason.
fn known(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (key, reason) = line.split_once(" | ").with_context(|| format!("no reason: {line}"))?;
        Ok((key.to_owned(), reason.to_owned()))
    };
    lines.map(entry).collect()
}

fn wants(module: &Path) -> Result<Vec<Want>> {
    let mut found = Vec::new();
    for file in walk::files(module)?.into_iter().filter(|file| file.extension().is_some_and(|e| e == "go")) {
        let within = file.strip_prefix(module)?.to_string_lossy().into_owned();
        let text = fs::read_to_string(&file)?;
        for (number, line) in (1..).zip(text.lines()) {
            let Some((_, want)) = line.split_once("// want \"") else { continue };
            let (_, location) = want.trim_end_matches('"').split_once(": ").context("a want without a location")?;
            found.push(Want { at: (within.clone(), number), location: location.to_owned() });
        }
    }
    Ok(found)
}

fn findings(binary: &Path, module: &Path) -> Result<Vec<Finding>> {
    let mut check = command::new(binary);
    check.args(["check", "--all", "--no-cache", "--format", "json"]).arg(module);
    let output = check.output().with_context(|| format!("cannot start {check:?}"))?;
    let answer: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("{check:?} printed no JSON"))?;
    let findings = answer["findings"].as_array().context("no findings")?;
    Ok(findings.iter().map(finding).collect())
}

fn finding(value: &Value) -> Finding {
    let place =
        |at: &Value| Some((at["file"].as_str()?.to_owned(), at["line"].as_u64()?, at["function"].as_str()?.to_owned()));
    let accesses = value["accesses"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |side: &'static str| accesses.iter().filter(move |a| a["side"] == side).filter_map(place);
    let skips = value["join"]["skipped_at"].as_array().map_or(&[][..], Vec::as_slice);
    let all = accesses.iter().chain(skips).chain([&value["spawn"], &value["reset"]]).filter_map(place);
    Finding {
        location: value["location"]["name"].as_str().unwrap_or_default().to_owned(),
        inside: of("goroutine").collect(),
        // A body outside of the module has no name.
        library: place(&value["spawn"]).filter(|_| value["goroutine"]["function"] == ""),
        other: of("other").chain(place(&value["reset"])).collect(),
        all: all.collect(),
    }
}

/// The pairs of all outputs of a module: of each access the innermost line that is the module's own. A report with an
/// access that no line of the module led to is left out.
fn pairs(binary: &Path, outputs: &Path, module: &Path) -> Result<BTreeSet<Vec<Side>>> {
    let root = module.canonicalize()?;
    let mut found = BTreeSet::new();
    for file in walk::files(outputs)? {
        if parse_reports(&fs::read(&file)?).value.is_empty() {
            continue;
        }
        let mut explain = command::new(binary);
        explain.args(["explain", "--format", "json", "--repo"]).arg(module).arg(&file);
        let output = explain.output().with_context(|| format!("cannot start {explain:?}"))?;
        let answer: Value =
            serde_json::from_slice(&output.stdout).with_context(|| format!("{explain:?} printed no JSON"))?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for report in ["reports", "panics"].iter().flat_map(|part| list(&answer[part])) {
            let innermost = |stack: &Value| list(&stack["frames"]).iter().find_map(|frame| place(frame, &root));
            let created = list(&report["created"]);
            let library = |access: &Value| {
                let stack = created.iter().find(|stack| stack["goroutine"] == access["goroutine"])?;
                let by_module = place(&stack["frames"][0], &root).is_some();
                if by_module { None } else { innermost(stack) }
            };
            let side =
                |access: &Value| innermost(access).map(Side::Access).or_else(|| library(access).map(Side::Library));
            found.extend(list(&report["accesses"]).iter().map(side).collect::<Option<Vec<Side>>>());
        }
    }
    Ok(found)
}

/// Where a frame of a report stands, if that is in the module: as printed, or as put back.
fn place(frame: &Value, module: &Path) -> Option<Place> {
    let file = frame["file"].as_str()?;
    let within = if frame["left_out"] == true { Path::new(file) } else { Path::new(file).strip_prefix(module).ok()? };
    let mut function = FunctionName::parse(frame["function"].as_str()?);
    if function.is_wrapper() {
        // The compiler's, around the call of a `go` or `defer` statement.
        function.suffix.truncate(function.suffix.rfind('.').unwrap_or(0));
    }
    Some((within.to_string_lossy().into_owned(), frame["line"].as_u64()?, function.canonical()))
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
