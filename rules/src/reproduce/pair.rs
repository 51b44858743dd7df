//! Whether a race report shows the race that was to be reproduced.

use analyzer::{
    callgraph::CallGraph,
    report::{FunctionName, GoroutineRef, RaceAccess, RaceReport, StackTrace},
    resolve::Program,
};
use rustc_hash::FxHashSet;

use super::{Subject, points};
use crate::finding::{AccessSide, ExplainedReport, Site};

/// The race that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    sides: [Vec<Spot>; 2],
    fingerprint: Option<String>,
    location: Option<crate::finding::MemoryLocation>,
    /// The other side is whoever gets the recycled object next.
    any_other: bool,
    /// Where the goroutine starts.
    spawn: Option<Site>,
    /// Paths of the checkout's files.
    files: FxHashSet<String>,
}

/// A statement that makes one of the accesses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    file: String,
    lines: (u32, u32),
    function: String,
    /// Files and lines of the calls of the function.
    calls: Vec<(String, u32)>,
}

/// What a report shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// The very two statements.
    SamePair,
    /// Other lines of the same cause: its finding has the same fingerprint and location.
    SameCause,
    /// Another race.
    Another,
}

impl Pair {
    /// The pair of a subject.
    pub fn new(program: &Program, graph: &CallGraph, subject: &Subject) -> Self {
        let spots = |first: &Site, side: AccessSide| {
            let more = subject.also.iter().filter(|(of, _)| *of == side).map(|(_, site)| site);
            [first].into_iter().chain(more).map(|site| spot(program, graph, site)).collect()
        };
        Self {
            sides: [spots(&subject.goroutine[0], AccessSide::Goroutine), spots(&subject.other[0], AccessSide::Other)],
            fingerprint: subject.fingerprint.clone(),
            location: subject.location.clone(),
            any_other: subject.recycled,
            spawn: subject.spawn.clone(),
            files: program.sources().files.iter().map(|file| file.path.to_string()).collect(),
        }
    }

    /// What a report shows, as far as its lines say it.
    pub fn shown(&self, report: &RaceReport) -> Shown {
        let [first, second, ..] = &report.accesses[..] else { return Shown::Another };
        let fits = |a: &RaceAccess, b: &RaceAccess| {
            self.is_made_by(0, report, a) && (self.any_other || self.is_made_by(1, report, b))
        };
        if fits(first, second) || fits(second, first) {
            return Shown::SamePair;
        }
        Shown::Another
    }

    /// Whether an access is that of a side.
    fn is_made_by(&self, side: usize, report: &RaceReport, access: &RaceAccess) -> bool {
        let own = access.stack.frames.iter().find(|frame| in_checkout(&frame.file, &self.files));
        let spots = &self.sides[side];
        if own.is_some_and(|frame| spots.iter().any(|spot| spot.holds(&frame.file, frame.line))) {
            return true;
        }
        // Right below a function without instrumentation one caller has no frame: the one that made the access.
        let top = access.stack.frames.first().map(|frame| FunctionName::parse(&frame.function));
        if !top.is_some_and(|name| name.is_uninstrumented()) {
            return false;
        }
        let calls = |file: &str, line: u32| {
            let called = |(path, at): &(String, u32)| is_path(file, path) && *at == line;
            spots.iter().any(|spot| spot.calls.iter().any(called))
        };
        match (own, access.goroutine) {
            (Some(frame), _) => calls(&frame.file, frame.line),
            // It was the goroutine's outermost function.
            (None, GoroutineRef::Id(id)) if side == 0 => {
                let creation = report.creations.iter().find(|creation| creation.goroutine == id);
                let frames = creation.map_or(&[][..], |creation| &creation.stack.frames);
                let starts = frames.iter().find(|frame| in_checkout(&frame.file, &self.files));
                self.spawn
                    .as_ref()
                    .zip(starts)
                    .is_some_and(|(site, frame)| is_path(&frame.file, &site.file) && frame.line == site.line)
            }
            (None, _) => false,
        }
    }

    /// Whether an explanation of a report names the same cause.
    pub fn is_cause_of(&self, explained: &ExplainedReport) -> bool {
        let Some(fingerprint) = &self.fingerprint else { return false };
        let same = |finding: &crate::Finding| {
            finding.fingerprint == *fingerprint && self.location.as_ref().is_none_or(|at| *at == finding.location)
        };
        explained.explanations.iter().any(same)
    }

    /// Whether a report shows the two functions, whatever the lines: what counts on a tree in which they moved.
    pub fn is_near(&self, report: &RaceReport) -> bool {
        let [first, second, ..] = &report.accesses[..] else { return false };
        let on = |side: &[Spot], stack: &StackTrace| side.iter().any(|spot| spot.is_in(stack));
        let fits = |a: &StackTrace, b: &StackTrace| on(&self.sides[0], a) && (self.any_other || on(&self.sides[1], b));
        fits(&first.stack, &second.stack) || fits(&second.stack, &first.stack)
    }
}

fn spot(program: &Program, graph: &CallGraph, site: &Site) -> Spot {
    let lines = points::point(program, site).map_or((site.line, site.line), |point| point.lines);
    let calls = points::function(program, site).map_or(Vec::new(), |func| {
        let call = |id: &analyzer::callgraph::CallSiteId| {
            let site = &graph.sites()[*id];
            let file = program.funcs()[site.func].file;
            let line = program.facts(file).lines.line(site.span.end.saturating_sub(1));
            (program.sources().files[file].path.to_string(), line)
        };
        graph.callers(func).iter().map(call).collect()
    });
    Spot { file: site.file.to_string(), lines, function: unqualified(site.function), calls }
}

impl Spot {
    fn holds(&self, file: &str, line: u32) -> bool {
        is_path(file, &self.file) && (self.lines.0..=self.lines.1).contains(&line)
    }

    fn is_in(&self, stack: &StackTrace) -> bool {
        stack.frames.iter().any(|frame| unqualified(&frame.function) == self.function)
    }
}

/// A declared function without its package, which is `main` to some.
fn unqualified(symbol: &str) -> String {
    let name = FunctionName::parse(symbol);
    FunctionName { package: String::new(), suffix: String::new(), ..name }.canonical()
}

/// Whether a printed path is that of a file of the checkout.
fn is_path(printed: &str, file: &str) -> bool {
    let printed = printed.replace('\\', "/");
    printed.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// Whether a printed path ends in that of a file of the checkout. Paths may be absolute, or begin with the module.
fn in_checkout(printed: &str, files: &FxHashSet<String>) -> bool {
    let printed = printed.replace('\\', "/");
    let tails = printed.match_indices('/').map(|(at, _)| &printed[at + 1..]);
    [printed.as_str()].into_iter().chain(tails).any(|tail| files.contains(tail))
}
