//! Rules: each claims the conflicts that are its flaw, and words them. The catalogue of library knowledge.
//!
//! Absent on purpose: tree-sitter, input and output, colours, whether `check` or `explain` is running.

pub mod build;
pub mod catalogue;
mod certainty;
pub mod explain;
pub mod finding;
mod fix;
mod recovers;
pub mod reproduce;
pub mod rule;

mod captured_variable_outlives;
mod close_without_join;
mod global_restored_under_goroutine;
mod goroutine_outlives_reset;
mod join_after_write;
mod join_covers_another_goroutine;
mod join_skipped_on_path;
mod published_after_spawn;
mod recycled_while_used;
mod signal_before_last_access;
mod stop_channel_remade;
mod test_outlived;
mod timer_callback_outlives;
mod waitgroup_add_races_wait;

use analyzer::{
    base::InPieces,
    lifetime::{Lifetimes, conflict::Conflict},
};
use build::Claimed;
use finding::{AccessSide, Site};
pub use finding::{Confidence, Finding, RuleId};
use rayon::prelude::*;
pub use rule::{Cx, Rule, RuleMeta, Wording};
use rustc_hash::FxHashMap;

/// All rules. A conflict belongs to the first that claims it, so the special ones stand before the general ones.
pub const RULES: &[&dyn Rule] = &[
    &test_outlived::TestOutlived,
    &waitgroup_add_races_wait::WaitgroupAddRacesWait,
    &timer_callback_outlives::TimerCallbackOutlives,
    &recycled_while_used::RecycledWhileUsed,
    &global_restored_under_goroutine::GlobalRestoredUnderGoroutine,
    &signal_before_last_access::SignalBeforeLastAccess,
    &stop_channel_remade::StopChannelRemade,
    &captured_variable_outlives::CapturedVariableOutlives,
    &join_skipped_on_path::JoinSkippedOnPath,
    &join_after_write::JoinAfterWrite,
    &join_covers_another_goroutine::JoinCoversAnotherGoroutine,
    &published_after_spawn::PublishedAfterSpawn,
    &close_without_join::CloseWithoutJoin,
    &goroutine_outlives_reset::GoroutineOutlivesReset,
];

/// The finding of the first rule that claims the conflict.
pub fn claim(cx: &Cx<'_>, conflict: &Conflict) -> Option<Finding> {
    claim_from(cx, conflict, Confidence::Low).map(|claimed| claimed.quoted(cx))
}

/// The same, without words where it is less certain than `worded`.
fn claim_from(cx: &Cx<'_>, conflict: &Conflict, worded: Confidence) -> Option<Claimed> {
    RULES.iter().find_map(|rule| {
        let confidence = rule.detect(cx, conflict)?;
        let wording = (confidence >= worded).then(|| {
            let mut wording = rule.word(cx, conflict);
            if wording.fix.edits.is_empty() {
                wording.fix.edits = fix::edits(cx, conflict);
            }
            wording
        });
        Some(cx.claimed(rule.meta().id, conflict, confidence, wording))
    })
}

/// Conflicts that are put to the rules together.
const AT_A_TIME: usize = 1024;

/// What an analysis found, one per cause.
pub struct Findings {
    /// Most certain first, then by place.
    pub worded: Vec<Finding>,
    /// Those less certain than was asked for, of which there are many times more: in no order, without message, fix,
    /// witness, assumptions and what accesses quote.
    pub weaker: Vec<Finding>,
}

/// All findings of an analysis; those as certain as `least` have words.
pub fn findings(lifetimes: &Lifetimes<'_>, least: Confidence) -> Findings {
    let cx = Cx { lifetimes };
    let analysed = |conflict: &&Conflict| {
        let program = lifetimes.program;
        let file = |func| program.sources().files[program.funcs()[func].file].role;
        let own = |func| file(func) == analyzer::source::FileRole::Analysed;
        own(lifetimes.spawns.sites[conflict.spawn].func) || own(conflict.other.func)
    };
    let conflicts: Vec<&Conflict> = lifetimes.conflicts().par_iter().few_at_once().filter(analysed).collect();
    let claimed = |conflict: &&Conflict| claim_from(&cx, conflict, least).map(|found| (cause(&found.finding), found));
    let claim_all = |part: &[&Conflict]| part.par_iter().few_at_once().filter_map(claimed).collect::<Vec<_>>();
    // Many are of one cause: a part at a time, so that not all are in memory with all their words. One part is sorted by
    // causes while the next is claimed.
    let mut causes = Causes::default();
    let mut parts = conflicts.chunks(AT_A_TIME);
    let mut next = parts.next().map(claim_all);
    while let Some(found) = next {
        next = rayon::join(|| causes.add(found), || parts.next().map(claim_all)).1;
    }
    let Causes { mut findings, rows } = causes;
    drop(rows);
    let certain = findings.extract_if(.., |claimed| claimed.finding.confidence >= least);
    let mut out: Vec<Finding> = certain.map(|claimed| claimed.quoted(&cx)).collect();
    let weaker = findings.into_iter().map(|claimed| claimed.finding).collect();
    // By one thread: several would need room for all of them once more.
    out.sort_by(|a, b| {
        let certain = b.confidence.cmp(&a.confidence);
        certain.then_with(|| (a.place(), &a.spawn, &a.location).cmp(&(b.place(), &b.spawn, &b.location)))
    });
    demote_echoes(&mut out);
    Findings { worded: out, weaker }
}

/// Findings so far, one per cause, in the order in which the causes were met.
#[derive(Default)]
struct Causes {
    findings: Vec<Claimed>,
    rows: FxHashMap<(String, String), usize>,
}

impl Causes {
    /// Adds findings with their causes: of one cause the most certain is kept, with the accesses of all.
    fn add(&mut self, found: Vec<((String, String), Claimed)>) {
        for (cause, mut found) in found {
            match self.rows.entry(cause) {
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(self.findings.len());
                    if self.findings.len() == self.findings.capacity() {
                        // Rows are large, and twice as many are rarely needed.
                        self.findings.reserve_exact(AT_A_TIME.max(self.findings.len() / 4));
                    }
                    found.shrink_to_fit();
                    self.findings.push(found);
                }
                std::collections::hash_map::Entry::Occupied(slot) => {
                    let known = &mut self.findings[*slot.get()];
                    let mut worse = found;
                    let better = |a: &Finding, b: &Finding| {
                        a.confidence > b.confidence || a.confidence == b.confidence && rank(a) < rank(b)
                    };
                    if better(&worse.finding, &known.finding) {
                        std::mem::swap(known, &mut worse);
                    }
                    known.add_accesses(worse);
                }
            }
        }
    }
}

/// What one end does to many goroutines is one defect: the goroutine with the shortest way to it shows it best, and the
/// others are listed a step lower.
fn demote_echoes(findings: &mut [Finding]) {
    let cause = |f: &Finding| {
        let end = f.accesses.iter().find(|access| access.side == AccessSide::Other);
        // One exit without the join is one defect, too, whatever the object behind it may have started.
        let skipped = f.join.skipped_at.first().map(|(site, _)| site.clone());
        (f.location.clone(), skipped.or_else(|| end.map(|access| access.site.clone())))
    };
    let certain = |f: &&Finding| f.confidence == Confidence::High;
    let mut best: FxHashMap<_, (usize, Site)> = FxHashMap::default();
    for finding in findings.iter().filter(certain) {
        let shown = (finding.witness.len(), finding.spawn.clone());
        let known = best.entry(cause(finding)).or_insert_with(|| shown.clone());
        if shown < *known {
            *known = shown;
        }
    }
    for finding in findings.iter_mut() {
        let echo = certain(&&*finding)
            && best.get(&cause(finding)).is_some_and(|known| *known != (finding.witness.len(), finding.spawn.clone()));
        if echo {
            finding.confidence = Confidence::Medium;
            finding
                .assumptions
                .push("the same defect is reported for another goroutine, which shows it better".to_owned());
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
}

/// All accesses of one location by one goroutine under one missing join are one finding.
fn cause(found: &Finding) -> (String, String) {
    let what = match found.join.skipped_at.first() {
        Some((skip, _)) => format!("{}:{}:{}", skip.file, skip.line, found.location.name),
        None => format!("{}.{}", found.location.package, found.location.name),
    };
    (started(found), what)
}

/// What tells goroutines apart: where they start, unless ten tests start the same function.
fn started(finding: &Finding) -> String {
    let literal = finding.goroutine.rsplit('.').next().is_some_and(|last| last.starts_with("func"));
    if finding.spawn.file.ends_with("_test.go") {
        if !literal && !finding.goroutine.is_empty() {
            return finding.goroutine.clone();
        }
        // `go func() { s.Start() }()` in ten tests is one start, too.
        let inside = finding.accesses.iter().find(|access| access.side == AccessSide::Goroutine);
        if let Some(inside) = inside.filter(|access| !access.site.file.ends_with("_test.go")) {
            return format!("test:{}", inside.site.function);
        }
    }
    format!("{}:{}:{}", finding.spawn.file, finding.spawn.line, finding.goroutine)
}

/// The order of rules, for two findings of one cause.
fn rank(finding: &Finding) -> usize {
    RULES.iter().position(|rule| rule.meta().id == finding.rule).unwrap_or(RULES.len())
}

/// A rule by its id.
pub fn rule(id: &str) -> Option<&'static dyn Rule> {
    RULES.iter().copied().find(|rule| rule.meta().id.0 == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_of_rules_is_sound() {
        let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.meta().id.0).collect();
        for rule in RULES {
            let meta = rule.meta();
            assert!(meta.id.0.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", meta.id);
            assert!(!meta.summary.is_empty() && meta.docs.contains("```go"), "{}", meta.id);
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }
}
