//! Rules: each claims the conflicts that are its flaw, and words them. The catalogue of library knowledge.
//!
//! Absent on purpose: tree-sitter, input and output, colours, whether `check` or `explain` is running.

pub mod build;
pub mod catalogue;
mod certainty;
mod claimed;
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
use claimed::Causes;
pub use claimed::Claimed;
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
    Claimed::of(cx, conflict).map(|claimed| claimed.finding(cx))
}

/// Conflicts that are put to the rules together.
const AT_A_TIME: usize = 1024;

/// What an analysis found, one per cause.
pub struct Findings<'c> {
    /// Most certain first, then by place.
    pub worded: Vec<Finding>,
    /// Those less certain than was asked for, of which there are many times more: in no order, and without words.
    pub weaker: Vec<Claimed<'c>>,
}

/// All findings of an analysis; those as certain as `least` have words.
pub fn findings<'l>(lifetimes: &'l Lifetimes<'l>, least: Confidence) -> Findings<'l> {
    let cx = Cx { lifetimes };
    let analysed = |conflict: &&Conflict| {
        let program = lifetimes.program;
        let file = |func| program.sources().files[program.funcs()[func].file].role;
        let own = |func| file(func) == analyzer::source::FileRole::Analysed;
        own(lifetimes.spawns.sites[conflict.spawn].func) || own(conflict.other.func)
    };
    let conflicts: Vec<&Conflict> = lifetimes.conflicts().par_iter().few_at_once().filter(analysed).collect();
    let claimed = |conflict: &&'l Conflict| Claimed::of(&cx, conflict).map(|found| (found.cause(&cx), found));
    let claim_all = |part: &[&'l Conflict]| part.par_iter().few_at_once().filter_map(claimed).collect::<Vec<_>>();
    // Many are of one cause: a part at a time, so that not all are in memory. One part is sorted by causes while the next
    // is claimed.
    let mut causes = Causes::default();
    let mut parts = conflicts.chunks(AT_A_TIME);
    let mut next = parts.next().map(claim_all);
    while let Some(found) = next {
        next = rayon::join(|| causes.add(found), || parts.next().map(claim_all)).1;
    }
    let certain = |claimed: &Claimed<'_>| claimed.confidence >= least;
    let (certain, weaker): (Vec<Claimed<'_>>, Vec<Claimed<'_>>) = causes.claimed.into_iter().partition(certain);
    let mut out: Vec<Finding> = certain.par_iter().few_at_once().map(|claimed| claimed.finding(&cx)).collect();
    // By one thread: several would need room for all of them once more.
    out.sort_by(|a, b| {
        let certain = b.confidence.cmp(&a.confidence);
        certain.then_with(|| (a.place(), &a.spawn, &a.location).cmp(&(b.place(), &b.spawn, &b.location)))
    });
    demote_echoes(&mut out);
    Findings { worded: out, weaker }
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
