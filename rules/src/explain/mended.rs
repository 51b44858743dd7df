//! Reports of races that the checkout has no longer, without a join: both sides hold one lock or are atomic by now, or
//! what changes the state comes before the start of the goroutine by now.
//!
//! Invariant: the report is of another revision. Of this one it would be the proof that neither helps.

use analyzer::{
    lifetime::{Location, LockSet},
    locate::{LocatedAccess, LocatedReport, Locator, SharedPlace},
    report::{GoroutineRef, RaceReport},
    resolve::FuncId,
};

use super::covered::{Known, places};
use crate::rule::Cx;

/// Why the race is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mended {
    /// Both sides hold it.
    Guarded(Location),
    /// Both sides are atomic.
    Atomic,
    /// The function starts the goroutine only behind the other access; in the report's revision it did so before.
    Ordered(FuncId),
}

/// Whether the checkout has the race no longer.
pub(super) fn mended(
    cx: &Cx<'_>,
    locator: &Locator<'_>,
    report: &RaceReport,
    located: &LocatedReport,
    shared: &SharedPlace,
) -> Option<Mended> {
    if !located.moved() {
        return None;
    }
    let locks = locks_held(locator, report, located, shared)?;
    if let Some(lock) = common_lock(cx, shared.location, &locks) {
        return Some(Mended::Guarded(lock));
    }
    if shared.first.atomic && shared.second.atomic {
        return Some(Mended::Atomic);
    }
    let sides = [(0, &shared.second), (1, &shared.first)];
    sides.into_iter().find_map(|(index, other)| ordered(cx, locator, report, located, index, other))
}

/// The locks of the two sides; `None` if one side is lost.
pub(super) fn locks_held(
    locator: &Locator<'_>,
    report: &RaceReport,
    located: &LocatedReport,
    shared: &SharedPlace,
) -> Option<[LockSet; 2]> {
    let ([first, second, ..], [a, b, ..]) = (&report.accesses[..], &located.accesses[..]) else { return None };
    Some([locator.locks(a, first, &shared.first), locator.locks(b, second, &shared.second)])
}

/// A lock that both sides hold on the one object they share: it stands beside the location, or there is only one of it.
pub(super) fn common_lock(cx: &Cx<'_>, location: Location, locks: &[LockSet; 2]) -> Option<Location> {
    let program = cx.lifetimes.program;
    let owner = |location: Location| match location {
        Location::Field(field) => program.field(field).owner,
        Location::Global(_) | Location::Local(..) => None,
    };
    let same_object = |lock: &&Location| match lock {
        Location::Field(_) => owner(**lock).is_some() && owner(**lock) == owner(location),
        Location::Global(_) => true,
        Location::Local(..) => matches!(location, Location::Local(..)),
    };
    locks[0].iter().filter(|lock| locks[1].contains(lock)).find(same_object).copied()
}

/// The function that both the other access and the start of the goroutine come out of, when it makes the access first
/// where it was the other way round in the report.
fn ordered(
    cx: &Cx<'_>,
    locator: &Locator<'_>,
    report: &RaceReport,
    located: &LocatedReport,
    index: usize,
    other: &LocatedAccess,
) -> Option<Mended> {
    let GoroutineRef::Id(id) = report.accesses[index].goroutine else { return None };
    let at = report.creations.iter().position(|creation| creation.goroutine == id)?;
    let started = Known { stack: &report.creations[at].stack, located: &located.creations[at] };
    let roots = locator.roots(&report.accesses[index].stack, &located.accesses[index]);
    let spawn = locator.spawn(started.stack, started.located, &roots)?;
    let site = &cx.lifetimes.spawns.sites[spawn];
    let used = Known { stack: &report.accesses[1 - index].stack, located: &located.accesses[1 - index] };
    let starts = places(cx, locator, started, 0, (site.func, site.span));
    let uses = places(cx, locator, used, other.frame + 1, (other.func, other.span));
    let (func, access, start) = uses.iter().find_map(|(func, span)| {
        let start = starts.iter().find(|start| start.0 == *func)?;
        Some((*func, *span, start.1))
    })?;
    // The report may have met elsewhere: what it called itself then may be called by another function by now.
    let rows = |of: Known<'_>| {
        let rows = of.stack.frames.iter().zip(&of.located.frames).zip(&of.located.stale);
        let rows = rows
            .filter(|(_, stale)| !**stale)
            .filter_map(|((frame, found), _)| Some((found.as_ref()?.func, frame.line)));
        rows.collect::<Vec<(FuncId, u32)>>()
    };
    let (used, started) = (rows(used), rows(started));
    let was_behind = used.iter().find_map(|(func, line)| {
        let start = started.iter().find(|start| start.0 == *func)?;
        Some(*line > start.1)
    })?;
    let comes_first = access.end <= start.start;
    let body = cx.lifetimes.program.function(func).body.as_ref()?;
    let again = body.loops.iter().any(|row| row.span.contains(access) && row.span.contains(start));
    // What is deferred comes last, wherever it stands.
    let deferred = cx.lifetimes.calls.of(func).iter().any(|row| row.deferred && row.span.contains(access));
    (was_behind && comes_first && !again && !deferred).then_some(Mended::Ordered(func))
}
