//! Whether a race report shows the race that was to be reproduced.

use analyzer::{
    report::{FunctionName, RaceReport, StackTrace},
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
    /// Paths of the checkout's files.
    files: FxHashSet<String>,
}

/// A statement that makes one of the accesses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    file: String,
    lines: (u32, u32),
    function: String,
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
    pub fn new(program: &Program, subject: &Subject) -> Self {
        let spots = |first: &Site, side: AccessSide| {
            let more = subject.also.iter().filter(|(of, _)| *of == side).map(|(_, site)| site);
            [first].into_iter().chain(more).map(|site| spot(program, site)).collect()
        };
        Self {
            sides: [spots(&subject.goroutine[0], AccessSide::Goroutine), spots(&subject.other[0], AccessSide::Other)],
            fingerprint: subject.fingerprint.clone(),
            location: subject.location.clone(),
            any_other: subject.recycled,
            files: program.sources().files.iter().map(|file| file.path.to_string()).collect(),
        }
    }

    /// What a report shows, as far as its lines say it.
    pub fn shown(&self, report: &RaceReport) -> Shown {
        let [first, second, ..] = &report.accesses[..] else { return Shown::Another };
        let on = |side: &[Spot], stack: &StackTrace| side.iter().any(|spot| spot.is_top_of(stack, &self.files));
        let fits = |a: &StackTrace, b: &StackTrace| on(&self.sides[0], a) && (self.any_other || on(&self.sides[1], b));
        if fits(&first.stack, &second.stack) || fits(&second.stack, &first.stack) {
            return Shown::SamePair;
        }
        Shown::Another
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

fn spot(program: &Program, site: &Site) -> Spot {
    let lines = points::point(program, site).map_or((site.line, site.line), |point| point.lines);
    Spot { file: site.file.clone(), lines, function: FunctionName::parse(&site.function).declared() }
}

impl Spot {
    /// Whether the access of a stack is made here: by its innermost frame of the checkout.
    fn is_top_of(&self, stack: &StackTrace, files: &FxHashSet<String>) -> bool {
        let own = stack.frames.iter().find(|frame| in_checkout(&frame.file, files));
        own.is_some_and(|frame| is_path(&frame.file, &self.file) && (self.lines.0..=self.lines.1).contains(&frame.line))
    }

    fn is_in(&self, stack: &StackTrace) -> bool {
        stack.frames.iter().any(|frame| FunctionName::parse(&frame.function).declared() == self.function)
    }
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
