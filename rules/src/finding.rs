//! What a rule found, as facts and words; and what `explain` says about one report. No output format.

use std::{collections::BTreeSet, fmt, sync::Arc};

use analyzer::base::SymbolText;
use xxhash_rust::xxh3::xxh3_64;

/// Id of a rule, kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub &'static str);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How certain a finding is. High means: worth a bug at that project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Several things had to be assumed.
    Low,
    /// One thing had to be assumed.
    Medium,
    /// Nothing that matters had to be assumed.
    High,
}

impl Confidence {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// A place in the checkout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Path relative to the repository.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Function as in Go symbols.
    pub function: SymbolText,
}

/// Kind of shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocationKind {
    /// A struct field.
    Field,
    /// A package variable.
    Global,
    /// A local variable.
    Local,
    /// An element of what a field or variable holds.
    Element,
}

impl LocationKind {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Global => "global",
            Self::Local => "local",
            Self::Element => "element",
        }
    }
}

/// The shared memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemoryLocation {
    /// `Type.field`, `pkg.var`, or a local variable's name.
    pub name: String,
    /// What it is.
    pub kind: LocationKind,
    /// Import path.
    pub package: String,
}

/// Which side of the conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessSide {
    /// The goroutine that lives on.
    Goroutine,
    /// The code that resets, closes, restores.
    Other,
}

/// One access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Which side.
    pub side: AccessSide,
    /// Whether it writes.
    pub write: bool,
    /// Where.
    pub site: Site,
    /// The code's own words.
    pub expression: String,
}

/// What is known about the join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JoinState {
    /// On some ways only.
    Skipped,
    /// Nowhere.
    Missing,
    /// Too late, of another goroutine, or before the goroutine's last access.
    Late,
    /// Not needed.
    NoneNeeded,
}

impl JoinState {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Missing => "missing",
            Self::Late => "late",
            Self::NoneNeeded => "none-needed",
        }
    }
}

/// How a function is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitKind {
    /// `return`.
    Return,
    /// Panic, or a test's `Fatal`.
    Panic,
    /// Closing brace, or the end of an iteration.
    End,
}

impl ExitKind {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Panic => "panic",
            Self::End => "end",
        }
    }
}

/// The join of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// What is known.
    pub state: JoinState,
    /// What is waited for: `Type.field`.
    pub object: Option<String>,
    /// Where it is waited for.
    pub joined_by: Option<Site>,
    /// Functions from the call that should join down to the one that waits.
    pub reached_by: Vec<String>,
    /// Calls of the same function that do reach the join.
    pub siblings: Vec<Site>,
    /// Exits without it.
    pub skipped_at: Vec<(Site, ExitKind)>,
}

/// A step of the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub site: Site,
    /// What happens there.
    pub what: String,
}

/// A change of text that mends a finding, by lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Path relative to the repository.
    pub file: String,
    /// First line replaced, from 1.
    pub start_line: u32,
    /// One past the last line replaced; equal to `start_line` for an insertion before it.
    pub end_line: u32,
    /// The new lines, each with its newline.
    pub replacement: String,
}

/// How to mend it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// In words.
    pub text: String,
    /// As edits, where that is mechanical.
    pub edits: Vec<Edit>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// How certain.
    pub confidence: Confidence,
    /// One sentence.
    pub message: String,
    /// Its [`Finding::cause`].
    pub fingerprint: String,
    /// The shared memory.
    pub location: MemoryLocation,
    /// Where the goroutine starts.
    pub spawn: Site,
    /// The function it runs.
    pub goroutine: String,
    /// The two accesses, the goroutine's first; further ones of the same cause after them.
    pub accesses: Vec<Access>,
    /// The join.
    pub join: Join,
    /// The reset, where there is one.
    pub reset: Option<Site>,
    /// A function that is called again and again, in which the reset follows the skipped join.
    pub round: Option<String>,
    /// The proof.
    pub witness: Vec<Step>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// How to mend it.
    pub fix: Fix,
}

impl Finding {
    /// Where a reader should look first: the exit that skips the join, else the reset, else the other access.
    pub fn place(&self) -> &Site {
        let skipped = self.join.skipped_at.first().map(|(site, _)| site);
        skipped.or(self.reset.as_ref()).unwrap_or_else(|| self.accesses.last().map_or(&self.spawn, |a| &a.site))
    }

    /// Every place the finding speaks of, once each.
    pub fn sites(&self) -> BTreeSet<&Site> {
        let accesses = self.accesses.iter().map(|access| &access.site);
        let skipped = self.join.skipped_at.iter().map(|(site, _)| site);
        let steps = self.witness.iter().map(|step| &step.site);
        accesses.chain(skipped).chain(steps).chain(self.reset.as_ref()).chain([&self.spawn]).collect()
    }

    /// What stays the same of a finding when lines move, locals are renamed and code is formatted anew: its cause.
    ///
    /// A skipped join is named by the function that skips it, anything else by the goroutine and the location. Absent
    /// on purpose is all that follows from the choice of one access among several: the rule, the other access, and under
    /// a skipped join also the location and the goroutine. Closures have no number, because a new one renumbers those
    /// after it, and locals no name. So two findings may share a fingerprint; who compares must count.
    pub fn cause(&self) -> String {
        let parts = match self.join.skipped_at.first() {
            Some((skip, _)) if self.join.state == JoinState::Skipped => {
                vec!["skipped".to_owned(), unnumbered(skip.function)]
            }
            _ => {
                let name = if self.location.kind == LocationKind::Local { "" } else { &self.location.name };
                let package = self.location.package.clone();
                let (spawn, goroutine) = (unnumbered(self.spawn.function), unnumbered(&self.goroutine));
                vec!["location".to_owned(), package, name.to_owned(), spawn, goroutine]
            }
        };
        format!("{:016x}", xxh3_64(parts.join("\0").as_bytes()))
    }
}

/// A symbol without the numbers that the compiler gives to closures: `run.func2.1` is `run.func`.
pub fn unnumbered(symbol: &str) -> String {
    let numbers = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let part = |part: &'_ str| -> Option<String> {
        if numbers(part) {
            return None;
        }
        let closure = ["func", "gowrap", "deferwrap"].into_iter().find(|p| part.strip_prefix(p).is_some_and(numbers));
        Some(closure.unwrap_or(part).to_owned())
    };
    symbol.split('.').filter_map(part).collect::<Vec<_>>().join(".")
}

/// What kind of race a report shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A goroutine outlived the state it uses.
    Lifetime,
    /// Peers that lack a lock.
    Unsynchronised,
    /// It could not be told.
    Unknown,
}

impl Verdict {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lifetime => "lifetime",
            Self::Unsynchronised => "unsynchronised",
            Self::Unknown => "unknown",
        }
    }
}

/// A frame of a report, located in the checkout where it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedFrame {
    /// Function as printed.
    pub function: String,
    /// File as printed.
    pub file: String,
    /// Line as printed.
    pub line: u32,
    /// File and line in the checkout, and how far the line moved.
    pub resolved: Option<(String, u32, i64)>,
    /// Left over from an abandoned call, not a caller.
    pub stale: bool,
    /// For a stale frame, the function whose recovered panic most likely left it, where the source has one.
    pub left_by: Option<String>,
    /// Put back: the report lacks it, because what it called is not instrumented.
    pub left_out: bool,
}

/// A stack of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedStack {
    /// `read`, `write`; empty for a creation stack.
    pub kind: &'static str,
    /// `main` or the number.
    pub goroutine: String,
    /// Frames, top first.
    pub frames: Vec<ExplainedFrame>,
}

/// Which test leaked the goroutine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// The test whose goroutine lives on.
    pub leaked_by: String,
    /// The test under which the report was printed, with its subtest, where the log says so.
    pub printed_under: Option<String>,
    /// The package, by import path.
    pub package: Option<String>,
    /// The tests that must run together, the leaking one first.
    pub run: Vec<String>,
    /// The command that runs them.
    pub command: String,
}

/// What kind of race it is that is not about a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RaceKind {
    /// A map, which may not even be read while it is written.
    Map,
    /// One side goes through `sync/atomic`, the other does not.
    OneSideAtomic,
    /// One side holds a lock, the other none.
    OneSideLocked,
    /// Both sides hold locks, but none in common.
    DifferentLocks,
    /// A local variable that a function literal captures.
    CapturedVariable,
    /// Goroutines of one kind that share state.
    Peers,
    /// Nothing guards the location.
    MissingLock,
    /// None any more: both sides hold one lock in the checkout.
    Guarded,
    /// None any more: both sides are atomic in the checkout.
    Atomic,
    /// None any more: the checkout starts the goroutine only after the other access.
    Ordered,
}

impl RaceKind {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::OneSideAtomic => "one-side-atomic",
            Self::OneSideLocked => "one-side-locked",
            Self::DifferentLocks => "different-locks",
            Self::CapturedVariable => "captured-variable",
            Self::Peers => "peers",
            Self::MissingLock => "missing-lock",
            Self::Guarded => "guarded",
            Self::Atomic => "atomic",
            Self::Ordered => "ordered",
        }
    }

    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Map => "a map used by two goroutines without a common lock",
            Self::OneSideAtomic => "one side is atomic, the other is not",
            Self::OneSideLocked => "one side holds a lock, the other does not",
            Self::DifferentLocks => "the two sides hold different locks",
            Self::CapturedVariable => "a captured variable that both sides use",
            Self::Peers => "peers: goroutines of one kind share it without a lock",
            Self::MissingLock => "no lock guards it",
            Self::Guarded => "no longer there, both sides hold one lock in this checkout",
            Self::Atomic => "no longer there, both sides are atomic in this checkout",
            Self::Ordered => "no longer there, this checkout starts the goroutine only after the other access",
        }
    }
}

/// One side of a race that is not about a lifetime, or a candidate for a side that was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaceSide {
    /// `main`, the number, or empty for a candidate.
    pub goroutine: String,
    /// Whether it writes.
    pub write: bool,
    /// Where.
    pub site: Site,
    /// The code's own words.
    pub expression: String,
    /// Locks certainly held there, by name.
    pub locks: Vec<String>,
    /// Why it is listed, for candidates.
    pub why: String,
}

/// A race that is not about a lifetime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsynchronised {
    /// What kind.
    pub kind: RaceKind,
    /// The two sides, in the order of the report.
    pub sides: Vec<RaceSide>,
    /// How to mend it.
    pub fix: String,
}

/// One report, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedReport {
    /// Number in the input, from 1.
    pub id: String,
    /// Title line.
    pub title: String,
    /// Whether it is a panic of the testing package, of a goroutine that used a test that was over.
    pub after_test: bool,
    /// Accesses.
    pub accesses: Vec<ExplainedStack>,
    /// Creation stacks.
    pub created: Vec<ExplainedStack>,
    /// The memory, by name.
    pub location: Option<MemoryLocation>,
    /// What kind of race.
    pub verdict: Verdict,
    /// How certain the verdict is.
    pub confidence: Confidence,
    /// What the verdict assumes.
    pub assumptions: Vec<String>,
    /// The race, where it is not about a lifetime.
    pub race: Option<Unsynchronised>,
    /// What the side whose stack was lost may have been, best first.
    pub candidates: Vec<RaceSide>,
    /// Which test leaked the goroutine.
    pub blame: Option<Blame>,
    /// Id of the first report of the same cause; its own if there is none before it.
    pub group: String,
    /// How many reports of the input have this cause.
    pub count: usize,
    /// Explanations, best first.
    pub explanations: Vec<Finding>,
    /// Remarks for the reader: recoveries that left stale frames, frames not found, drift.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::unnumbered;

    #[test]
    fn closures_have_no_number() {
        assert_eq!(unnumbered("a.b/c.(*T).run.func2.1"), "a.b/c.(*T).run.func");
        assert_eq!(unnumbered("a.b/c.init.0"), "a.b/c.init");
        assert_eq!(unnumbered("gopkg.in/yaml.v2.f.gowrap1"), "gopkg.in/yaml.v2.f.gowrap");
        assert_eq!(unnumbered("a.function1"), "a.function1");
    }
}
