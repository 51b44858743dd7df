//! `cargo xtask callgraph-stacks`: adjacent frames of real race reports are edges of our graph, except where the
//! reports themselves are wrong (stale frames) or silent (functions without instrumentation).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command;
use crate::graph::{Edge, Index, package_part, read_edges, without_closure_numbers};
use crate::walk;

mod report;

use report::{Frame, Report, Stack};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The outlive binary to check (default: a release build)
    #[arg(long)]
    outlive: Option<PathBuf>,
    /// Directory of samples: directories with Go sources and reports called out*.txt
    #[arg(long, value_name = "DIR", default_value = "/work/shared/reports/samples")]
    samples: PathBuf,
    /// Only these samples
    #[arg(long, value_name = "NAME")]
    sample: Vec<String>,
    /// Take the edges of sample NAME from DIR/NAME.tsv instead of running outlive
    #[arg(long, value_name = "DIR")]
    graphs: Option<PathBuf>,
    /// Also list links that agree only in part: other line, stale, missing caller
    #[arg(long)]
    verbose: bool,
}

pub(crate) fn run(repository: &Path, args: &Args) -> Result<ExitCode> {
    let work = crate::target_dir(repository).join("callgraph-stacks");
    fs::create_dir_all(&work)?;
    let outlive = match &args.graphs {
        Some(_) => None,
        None => Some(crate::outlive_binary(repository, args.outlive.as_deref())?),
    };
    let mut disagreements = 0;
    for sample in walk::directories(&args.samples)? {
        let name = sample.file_name().and_then(|name| name.to_str()).context("a sample's name is not UTF-8")?;
        let wanted = args.sample.is_empty() || args.sample.iter().any(|asked| asked == name);
        let files = walk::files(&sample)?;
        let sources: BTreeSet<&str> =
            files.iter().filter_map(|file| file.file_name()?.to_str()).filter(|file| file.ends_with(".go")).collect();
        if !wanted || sources.is_empty() {
            continue;
        }
        let edges = match (&args.graphs, &outlive) {
            (Some(graphs), _) => {
                let file = graphs.join(name).with_extension("tsv");
                if !file.exists() {
                    println!("{name}: no graph");
                    continue;
                }
                read_edges(&file)?
            }
            (None, Some(outlive)) => {
                let file = work.join(name).with_extension("tsv");
                let directory = sample.to_str().context("a sample's path is not UTF-8")?;
                command::measured(outlive, &["graph", directory, "--calls", "--tests"], &file)?;
                read_edges(&file)?
            }
            (None, None) => continue,
        };
        let mut check = Check::new(&edges, &sources);
        // Reports further down come from other versions of the source.
        for file in files.iter().filter(|file| is_report(file) && file.parent() == Some(&sample)) {
            for report in report::parse(&String::from_utf8_lossy(&fs::read(file)?)) {
                check.report(&report);
            }
        }
        disagreements += check.disagreements();
        check.print(name, args.verbose);
    }
    println!("{disagreements} disagreements");
    Ok(if disagreements == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_report(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("out") && name.ends_with(".txt")
}

/// What became of one link between two frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// An edge at the caller's line.
    Exact,
    /// An edge at another line: a deferred call shows the line of the return or the closing brace.
    OtherLine,
    /// TAXONOMY A3: one function between the two is not in the report.
    MissingCaller,
    /// TAXONOMY A7: frames left by a recovered panic; the repair rule finds where the real stack goes on.
    Stale,
    /// A deferred function that runs while the stack is unwound: its caller is below the frames being left.
    Unwinding,
    /// Between the two are frames of a library whose source is not in the sample.
    ThroughLibrary,
    /// The graph does not have one of the functions.
    NoFunction,
    /// The graph has both functions and no edge.
    NoEdge,
}

impl Outcome {
    const ALL: [(Self, &str); 8] = [
        (Self::Exact, "exact"),
        (Self::OtherLine, "other line"),
        (Self::MissingCaller, "missing caller"),
        (Self::Stale, "stale"),
        (Self::Unwinding, "unwinding"),
        (Self::ThroughLibrary, "through a library"),
        (Self::NoFunction, "NO FUNCTION"),
        (Self::NoEdge, "NO EDGE"),
    ];

    fn is_disagreement(self) -> bool {
        matches!(self, Self::NoFunction | Self::NoEdge)
    }
}

/// The links of one sample's reports.
struct Check<'a> {
    index: Index<'a>,
    /// Caller, file name and line, callee.
    at_line: BTreeSet<(&'a str, String, &'a str)>,
    /// By the name without closure numbers, if only one function has it.
    by_unnumbered: BTreeMap<String, Option<&'a str>>,
    sources: &'a BTreeSet<&'a str>,
    /// Outcome and description of a link, and how often it occurs.
    links: BTreeMap<(Outcome, String), usize>,
}

impl<'a> Check<'a> {
    fn new(edges: &'a [Edge], sources: &'a BTreeSet<&'a str>) -> Self {
        let file_name = |place: &str| place.rsplit('/').next().unwrap_or(place).to_owned();
        let at_line = edges.iter().filter(|edge| edge.kind.is_edge());
        let index = Index::new(edges);
        let mut by_unnumbered = BTreeMap::new();
        for function in index.functions() {
            let name = without_closure_numbers(function);
            by_unnumbered.entry(name).and_modify(|only| *only = None).or_insert(Some(function));
        }
        Self {
            index,
            by_unnumbered,
            at_line: at_line.map(|edge| (&*edge.caller, file_name(&edge.place), &*edge.callee)).collect(),
            sources,
            links: BTreeMap::new(),
        }
    }

    fn disagreements(&self) -> usize {
        self.links.keys().filter(|(outcome, _)| outcome.is_disagreement()).count()
    }

    fn print(&self, name: &str, verbose: bool) {
        let mut counts = Vec::new();
        for (outcome, title) in Outcome::ALL {
            let count: usize = self.links.iter().filter(|((of, _), _)| *of == outcome).map(|(_, count)| count).sum();
            if count > 0 {
                counts.push(format!("{count} {title}"));
            }
        }
        println!("{name}: {}", counts.join(", "));
        for ((outcome, link), count) in &self.links {
            let listed = outcome.is_disagreement() || verbose && *outcome != Outcome::Exact;
            if listed {
                let title = Outcome::ALL.iter().find(|(of, _)| of == outcome).map_or("", |(_, title)| title);
                println!("  {title}: {link} ({count}×)");
            }
        }
    }

    fn report(&mut self, report: &Report) {
        for stack in report.accesses.iter().chain(&report.creations) {
            self.stack(stack);
        }
        for access in &report.accesses {
            let creation = report
                .creations
                .iter()
                .find(|creation| creation.goroutine.is_some() && creation.goroutine == access.goroutine);
            if let Some(creation) = creation {
                self.spawn(access, creation);
            }
        }
    }

    /// The outermost frame of a goroutine is what the creating frame spawns.
    fn spawn(&mut self, access: &Stack, creation: &Stack) {
        let (access, creation) = (self.source_frames(access), self.source_frames(creation));
        if let (Some(&root), Some(&creator)) = (access.last(), creation.first())
            && self.inside(root)
            && self.inside(creator)
        {
            let outcome = self.link(creator, root);
            self.note(outcome, format!("{} spawns {}", describe(creator), root.symbol));
        }
    }

    fn stack(&mut self, stack: &Stack) {
        let frames = self.source_frames(stack);
        let mut i = 0;
        while i < frames.len() {
            if !self.inside(frames[i]) {
                i += 1;
                continue;
            }
            let Some(distance) = frames[i + 1..].iter().position(|frame| self.inside(frame)) else { return };
            let next = i + 1 + distance;
            let between = &frames[i + 1..next];
            let mut outcome = self.link(frames[next], frames[i]);
            let mut continue_at = next;
            if outcome.is_disagreement() && distance == 0 {
                if let Some(repeat) = self.stale_until(&frames, i) {
                    outcome = Outcome::Stale;
                    continue_at = repeat;
                } else if self.one_between(frames[next], frames[i]) {
                    outcome = Outcome::MissingCaller;
                }
            } else if outcome.is_disagreement() {
                let unwinds = |frame: &&Frame| matches!(&*frame.symbol, "runtime.gopanic" | "runtime.Goexit");
                let deferred_by = |frame: &&Frame| self.inside(frame) && !self.link(frame, frames[i]).is_disagreement();
                if !between.iter().all(|frame| package_part(&frame.symbol) == "runtime") {
                    outcome = Outcome::ThroughLibrary;
                } else if self.one_between(frames[next], frames[i]) {
                    outcome = Outcome::MissingCaller;
                } else if between.iter().any(unwinds) && frames[next..].iter().any(deferred_by) {
                    outcome = Outcome::Unwinding;
                }
            }
            self.note(outcome, format!("{} calls {}", describe(frames[next]), describe(frames[i])));
            i = continue_at;
        }
    }

    /// The frames of functions somebody wrote.
    fn source_frames<'s>(&self, stack: &'s Stack) -> Vec<&'s Frame> {
        let mut frames: Vec<&Frame> = Vec::new();
        for frame in stack.frames.iter().filter(|frame| !frame.is_wrapper()) {
            if !frames.last().is_some_and(|callee| self.is_old_wrapper(frame, callee)) {
                frames.push(frame);
            }
        }
        frames
    }

    /// Go 1.18 to 1.21 call the wrapper of a go or defer statement like a literal: here main.main.func1 is
    ///     go watch(done)
    /// and there is no literal of that number in main.main, which itself calls main.watch at the frame's line.
    fn is_old_wrapper(&self, frame: &Frame, callee: &Frame) -> bool {
        let Some((parent, number)) = frame.symbol.rsplit_once('.') else { return false };
        let literal = number.trim_start_matches("func").chars().all(|c| c.is_ascii_digit());
        let parent = Frame { symbol: parent.to_owned(), ..frame.clone() };
        literal && self.link(frame, callee) == Outcome::NoFunction && self.link(&parent, callee) == Outcome::Exact
    }

    /// The repair rule of TAXONOMY A7: the next frame of the same function whose own caller is plausible.
    fn stale_until(&self, frames: &[&Frame], i: usize) -> Option<usize> {
        (i + 1..frames.len()).find(|&j| {
            frames[j].symbol == frames[i].symbol
                && frames
                    .get(j + 1)
                    .is_none_or(|caller| !self.inside(caller) || !self.link(caller, frames[j]).is_disagreement())
        })
    }

    fn note(&mut self, outcome: Outcome, link: String) {
        *self.links.entry((outcome, link)).or_default() += 1;
    }

    /// Whether the frame is in the sample's own source. Paths are those of the machine that recorded the report.
    fn inside(&self, frame: &Frame) -> bool {
        let library = ["/usr/local/go/", "/pkg/mod/", "/sdk/go"].iter().any(|part| frame.file.contains(part));
        !library && self.sources.contains(frame.file_name())
    }

    fn link(&self, caller: &Frame, callee: &Frame) -> Outcome {
        let place = format!("{}:{}", caller.file_name(), caller.line);
        let (caller, callee) = (self.function(&caller.symbol), self.function(&callee.symbol));
        if self.at_line.contains(&(caller, place, callee)) {
            Outcome::Exact
        } else if self.index.has_pair(caller, callee) {
            Outcome::OtherLine
        } else if self.index.knows(caller) && self.index.knows(callee) {
            Outcome::NoEdge
        } else {
            Outcome::NoFunction
        }
    }

    fn one_between(&self, caller: &Frame, callee: &Frame) -> bool {
        let callee = self.function(&callee.symbol);
        self.index.callees(self.function(&caller.symbol)).any(|function| self.index.has_pair(function, callee))
    }

    /// The function of a frame. A literal of an inlined function carries the name of the function it was inlined into
    /// and a number counted there, neither of which the source shows: `main.A.B.func2` may be `main.B.func1`.
    fn function<'s>(&self, symbol: &'s str) -> &'s str
    where
        'a: 's,
    {
        if self.index.knows(symbol) {
            return symbol;
        }
        let package = package_part(symbol);
        let names: Vec<&str> = symbol[package.len()..].split('.').skip(1).collect();
        (1..names.len())
            .map(|first| without_closure_numbers(&format!("{package}.{}", names[first..].join("."))))
            .find_map(|name| self.by_unnumbered.get(&name).copied().flatten())
            .unwrap_or(symbol)
    }
}

fn describe(frame: &Frame) -> String {
    format!("{} {}:{}", frame.symbol, frame.file_name(), frame.line)
}
