//! Counters that the starting function raises behind the start: the goroutine that waits may be past its wait, the one
//! that is counted may be done. And pieces of work that are counted where a goroutine may already wait for the last.
//!
//! ```go
//! go func() { wg.Wait(); close(lines) }()
//! wg.Add(1) // too late for the goroutine above
//! go read(stdout)
//! ```
//!
//! Invariant: the raise of a counter conflicts only with what it can come after. Absent on purpose: goroutines that raise
//! counters themselves (`engine`, [`super::uncounted`]).

use rustc_hash::FxHashMap;

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{AccessKind, Location, Signal, SignalKind, SpawnId, SpawnSite, SyncKey, WaitKind},
    events::{EventKind, FuncEvents},
    order::{Order, Point, point_of, points, reachable},
    spawns::blocks_in_cycle,
};
use crate::{base::Span, callgraph::CallKind, resolve::FuncId, syntax::InstrKind};

/// Calls from a goroutine's body to its wait.
const MAX_DEPTH: u32 = 5;

/// Finds counters that are raised behind the start of who waits for them, or of who lowers them.
pub(super) fn raised_behind(facts: Facts<'_>) -> Vec<Conflict> {
    let mut out: Vec<Conflict> = Vec::new();
    for (id, site) in facts.spawns.sites.iter_enumerated() {
        let events = facts.cx.events.of(site.func);
        let raises: Vec<(SyncKey, Span)> = raises(events).collect();
        if raises.is_empty() {
            continue;
        }
        let here = points(events);
        let Some(&start) = here.get(&site.span) else { continue };
        for &(key, span) in &raises {
            let Some(&raise) = here.get(&span) else { continue };
            let known = |c: &Conflict| c.spawn == id && c.location == key;
            let behind = comes_behind(events, start, raise);
            if !behind && !follows(start, raise) || out.iter().any(known) {
                continue;
            }
            let add = (site.func, span);
            let waits = behind.then(|| waits_already(facts, id, key, add)).flatten();
            out.extend(waits.or_else(|| lowered_before(facts, id, key, add, &raises)));
        }
    }
    out
}

/// Counters raised by the function itself.
fn raises(events: &FuncEvents) -> impl Iterator<Item = (SyncKey, Span)> + '_ {
    events.blocks.iter().flat_map(|block| &block.events).filter_map(|event| match event.kind {
        EventKind::Add { key } => Some((key, event.span)),
        _ => None,
    })
}

/// Whether a point can come after another of the same call, and not before it: no loop leads back.
fn comes_behind(events: &FuncEvents, from: Point, to: Point) -> bool {
    let back = reachable(events, to.0).contains(from.0);
    !back && (from.0 == to.0 && from.1 < to.1 || reachable(events, from.0).contains(to.0))
}

/// Whether a point follows another in every round of a loop: what it does for the first round comes too late for it.
fn follows(from: Point, to: Point) -> bool {
    from.0 == to.0 && from.1 < to.1
}

/// Whether the function itself lowers the counter: what it has counted before keeps everyone waiting until then.
fn lowers_itself(events: &FuncEvents, key: SyncKey) -> bool {
    events.blocks.iter().flat_map(|block| &block.events).any(|event| match &event.kind {
        EventKind::Defer { effects, .. } => effects.iter().any(|effect| lowers(effect, key)),
        kind => lowers(kind, key),
    })
}

/// Whether the function lowers the counter when it is left.
pub(super) fn lowers_at_end(events: &FuncEvents, key: SyncKey) -> bool {
    events.blocks.iter().flat_map(|block| &block.events).any(|event| match &event.kind {
        EventKind::Defer { effects, test_end: false, .. } => effects.iter().any(|effect| lowers(effect, key)),
        _ => false,
    })
}

fn lowers(kind: &EventKind, key: SyncKey) -> bool {
    matches!(kind, EventKind::Signal { key: k, .. } if *k == key)
}

/// A goroutine whose first work is to wait for a counter that is raised behind its start.
fn waits_already(facts: Facts<'_>, id: SpawnId, key: SyncKey, add: (FuncId, Span)) -> Option<Conflict> {
    let site = &facts.spawns.sites[id];
    if lowers_itself(facts.cx.events.of(site.func), key) {
        return None;
    }
    let wait = site.bodies.iter().find_map(|body| Some((*body, first_wait(facts, *body, key)?)))?;
    let inside = Side::at(wait.0, wait.1, AccessKind::Read);
    Some(conflict(id, key, inside, Side::at(add.0, add.1, AccessKind::Write), wait))
}

/// The wait for the counter that a body begins with: nothing that takes time comes before.
fn first_wait(facts: Facts<'_>, body: FuncId, key: SyncKey) -> Option<Span> {
    let entry = facts.cx.events.of(body).blocks.first()?;
    let at = entry.events.iter().position(|event| !takes_no_time(&event.kind))?;
    let wait = &entry.events[at];
    let own = matches!(wait.kind, EventKind::Wait { key: k, how: WaitKind::Group } if k == key);
    let source = facts.cx.program.function(body).body.as_ref()?;
    let mut begins = source.instrs_of(source.blocks.iter().next()?).iter();
    let talks = |kind: &InstrKind| matches!(kind, InstrKind::Receive(_) | InstrKind::Send { .. });
    let talked = begins.any(|instr| talks(&instr.kind) && instr.span.start < wait.span.start);
    (own && !talked && !blocks_in_cycle(facts.cx.events.of(body), 0)).then_some(wait.span)
}

fn takes_no_time(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(_) | EventKind::Defer { .. } | EventKind::Fresh(_) | EventKind::Spawn(_))
}

/// A goroutine that lowers a counter which nobody has raised by the time it starts.
fn lowered_before(
    facts: Facts<'_>,
    id: SpawnId,
    key: SyncKey,
    add: (FuncId, Span),
    raises: &[(SyncKey, Span)],
) -> Option<Conflict> {
    let site = &facts.spawns.sites[id];
    let events = facts.cx.events.of(site.func);
    let signal = site.signals.iter().find(|signal| signal.key == key && signal.kind == SignalKind::Done)?;
    let here = points(events);
    let start = *here.get(&site.span)?;
    let counts_it = |raise: &(SyncKey, Span)| {
        let at = here.get(&raise.1).copied();
        raise.0 == key && at.is_none_or(|at| !comes_behind(events, start, at) && !follows(start, at))
    };
    // Each raise behind the start may be for the goroutine that is started behind it.
    let others = facts.spawns.of(site.func).iter().filter(|other| **other != id).map(|id| &facts.spawns.sites[*id]);
    let counts_another = |other: &SpawnSite| {
        let at = here.get(&other.span).copied();
        other.signals.iter().any(|signal| signal.key == key) && at.is_none_or(|at| comes_behind(events, start, at))
    };
    if raises.iter().any(counts_it)
        || others.into_iter().any(counts_another)
        || raised_by_callers(facts, site.func, key)
        || lowers_itself(events, key)
        || waits_for_starter(facts, site, signal, add.1)
    {
        return None;
    }
    let wait = signal.site;
    let inside = Side::at(wait.0, wait.1, AccessKind::Write);
    Some(conflict(id, key, inside, Side::at(add.0, add.1, AccessKind::Write), wait))
}

/// Whether a caller raises the counter, perhaps for the goroutine.
fn raised_by_callers(facts: Facts<'_>, func: FuncId, key: SyncKey) -> bool {
    let graph = facts.cx.graph;
    let mut callers = graph.callers(func).iter().map(|site| graph.sites()[*site].func);
    callers.any(|caller| caller != func && raises(facts.cx.events.of(caller)).any(|raise| raise.0 == key))
}

/// Whether the goroutine gets to its signal only when the starting function has said something behind the raise.
fn waits_for_starter(facts: Facts<'_>, site: &SpawnSite, signal: &Signal, add: Span) -> bool {
    let cx = facts.cx;
    let gates = site.bodies.iter().flat_map(|body| {
        let events = cx.events.of(*body);
        let order = Order::build(events, cx.places);
        let own = signal.site.0 == *body && !signal.deferred;
        match point_of(events, signal.site.1).filter(|_| own) {
            Some(point) => order.gates_at(events, cx.places, point),
            None => order.gates_at_end(events, cx.places),
        }
    });
    let gates: Vec<SyncKey> = gates.collect();
    let mut told = cx.events.of(site.func).blocks.iter().flat_map(|block| &block.events);
    told.any(|event| {
        event.span.start > add.start
            && matches!(event.kind, EventKind::Signal { key, .. } if gates.contains(&key) && key != signal.key)
    })
}

/// Pieces of work that are counted, where a goroutine may be past its wait for the last one: `func (s *S) Do() {
/// s.wg.Add(1); defer s.wg.Done(); … }`, called by whom it pleases.
pub(super) fn work_while_waited_for(facts: Facts<'_>) -> Vec<Conflict> {
    let program = facts.cx.program;
    let mut pieces: FxHashMap<SyncKey, Vec<(FuncId, Span)>> = FxHashMap::default();
    for func in program.funcs().ids().filter(|func| !program.in_test_file(*func)) {
        let events = facts.cx.events.of(func);
        let own = raises(events).filter(|(key, _)| matches!(key, Location::Field(_)) && lowers_at_end(events, *key));
        own.for_each(|(key, span)| pieces.entry(key).or_default().push((func, span)));
    }
    let mut out: Vec<Conflict> = Vec::new();
    for (id, _) in facts.spawns.sites.iter_enumerated().filter(|_| !pieces.is_empty()) {
        let reach = &facts.reaches[id];
        for (node, number) in reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_DEPTH) {
            if node.dispatched() > 0 || program.in_test_file(node.func) {
                continue;
            }
            for event in facts.cx.events.of(node.func).blocks.iter().flat_map(|block| &block.events) {
                let EventKind::Wait { key, how: WaitKind::Group } = event.kind else { continue };
                let Some(rows) = pieces.get(&key) else { continue };
                let late = rows.iter().find(|(func, span)| {
                    let held = facts.cx.events.of(*func).locks_held(*span);
                    *func != node.func
                        && !program.encloses(*func, node.func)
                        && !reach.contains(*func)
                        && called_from_elsewhere(facts, id, *func)
                        && !held.iter().any(|lock| super::uncounted::locks(facts, node.func, *lock))
                });
                let Some(&(func, span)) = late else { continue };
                let inside = Side::at(node.func, event.span, AccessKind::Read).reached_by(reach.path(number), 0);
                let mut found =
                    conflict(id, key, inside, Side::at(func, span, AccessKind::Write), (node.func, event.span));
                found.assumptions.extend([Assumption::SameObject, Assumption::CalledAgain]);
                out.push(found);
            }
        }
    }
    // The nearest goroutine shows it best.
    out.sort_by_key(|found| (found.location, found.inside.path.len(), found.spawn));
    out.dedup_by_key(|found| found.location);
    out
}

/// Whether somebody calls the function who is not part of the goroutine, or whom nobody here knows.
fn called_from_elsewhere(facts: Facts<'_>, id: SpawnId, func: FuncId) -> bool {
    let graph = facts.cx.graph;
    let callers: Vec<_> = graph.callers(func).iter().map(|site| &graph.sites()[*site]).collect();
    callers.is_empty() || callers.iter().any(|site| site.kind == CallKind::Go || !facts.reaches[id].contains(site.func))
}

fn conflict(id: SpawnId, location: Location, inside: Side, other: Side, wait: (FuncId, Span)) -> Conflict {
    Conflict {
        assumptions: vec![Assumption::TakesThatWay],
        ..Conflict::new(id, location, inside, other, Relation::AddRacesWait { wait })
    }
}
