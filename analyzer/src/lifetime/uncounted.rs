//! Counters that a goroutine raises which nobody counts: whoever waits may have begun, with nothing counted, before the
//! goroutine gets there. And counters that are lowered before the goroutine that raises them has come so far.
//!
//! A function that raises a counter and lowers it again before it returns counts a piece of work, not its goroutine.
//! Absent on purpose: goroutines that count themselves, and methods that count what they start (`engine`).

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use super::{
    adds,
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{AccessKind, Location, SignalKind, SpawnId, SpawnKind},
    events::EventKind,
    fresh::is_still_new,
    joins::WaitSite,
    late_counts::lowers_at_end,
    order::{point_of, points, reachable},
    owner::keys_of,
    shared::{Joined, MAX_WAITING_CALLERS, waited},
    spawns::passes_always,
};
use crate::{
    base::{Idx, Span},
    resolve::FuncId,
};

/// Calls from the body to where the counter is raised.
const MAX_DEPTH: u32 = 4;
/// Calls on the way there that dispatch: a callback.
const MAX_DISPATCHED: u32 = 1;
/// Goroutines listed for one counter, nearest first.
const MAX_SPAWNS: usize = 8;

/// Where counters are raised.
type Adds = FxHashMap<Location, Vec<(FuncId, Span)>>;

/// Finds counters that are raised while somebody waits, or after they were lowered.
pub(super) fn uncounted_adds(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let mut adds = Adds::default();
    for func in facts.cx.program.funcs().ids() {
        for (key, span, _) in raised_in(facts, func) {
            adds.entry(key).or_default().push((func, span));
        }
    }
    let joined = Joined::new(facts);
    let mut out: Vec<Conflict> = Vec::new();
    for (id, _) in facts.spawns.sites.iter_enumerated() {
        if alive.contains(id.index()) {
            out.extend(of_spawn(facts, id, &adds, &joined));
        }
        out.extend(of_variables(facts, id, &adds, &joined));
        out.extend(lowered_before(facts, id, &adds));
    }
    out.sort_by_key(|conflict| (conflict.location, conflict.inside.path.len(), conflict.spawn));
    let mut listed: FxHashMap<Location, usize> = FxHashMap::default();
    out.retain(|conflict| {
        let count = listed.entry(conflict.location).or_default();
        *count += 1;
        *count <= MAX_SPAWNS
    });
    out
}

/// Counters that a function raises, itself or by starting a goroutine in a group, with the locks it holds there.
fn raised_in(facts: Facts<'_>, func: FuncId) -> Vec<(Location, Span, &[Location])> {
    let events = facts.cx.events.of(func);
    let mut out: Vec<(Location, Span, &[Location])> = Vec::new();
    for event in events.blocks.iter().flat_map(|block| &block.events) {
        if let EventKind::Add { key } = event.kind {
            out.push((key, event.span, events.locks_held(event.span)));
        }
    }
    for site in facts.spawns.of(func).iter().map(|id| &facts.spawns.sites[*id]) {
        let groups = site.signals.iter().filter(|signal| signal.kind == SignalKind::Group && signal.site.0 == func);
        out.extend(groups.map(|signal| (signal.key, site.span, events.locks_at(site.call))));
    }
    out
}

/// Counters of objects that the goroutine raises, near its body, without being counted itself.
fn of_spawn(facts: Facts<'_>, id: SpawnId, adds: &Adds, joined: &Joined) -> Vec<Conflict> {
    let reach = &facts.reaches[id];
    let counted = counted_ends(facts, id, adds);
    let mut out: Vec<Conflict> = Vec::new();
    for (number, node) in
        reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_DEPTH).map(|r| (r.1, r.0))
    {
        if node.dispatched() > MAX_DISPATCHED {
            continue;
        }
        for (key, span, held) in raised_in(facts, node.func) {
            let known = !matches!(key, Location::Field(_)) || out.iter().any(|c: &Conflict| c.location == key);
            if known || is_counted(facts, id, key, adds) || is_of_new_object(facts, node.func, key, span) {
                continue;
            }
            let waits = |wait: &&WaitSite| {
                !waits_itself(facts, id, wait.func)
                    && !facts.cx.program.in_test_file(wait.func)
                    // Who counts and waits works off what it has counted itself.
                    && !raises(adds, key, wait.func)
                    // Under the lock the function that waits has said, or will see, that no more is to come.
                    && !held.iter().any(|lock| locks(facts, wait.func, *lock))
                    && !adds::ordered(facts, id, (node.func, span), (key, key), wait)
                    && !waited(facts, joined, &counted, wait.func, wait.span, MAX_WAITING_CALLERS)
            };
            let Some(wait) = facts.joins.waits(key).iter().find(waits) else { continue };
            let mut inside =
                Side::at(node.func, span, AccessKind::Write).reached_by(reach.path(number), node.dispatched());
            inside.same_object = false;
            let certain = begins_with(facts, id, &inside, key);
            let mut found = conflict(id, key, inside, Side::at(wait.func, wait.span, AccessKind::Read));
            if certain {
                found.assumptions.clear();
            }
            out.push(found);
        }
    }
    out
}

/// Whether the goroutine, whatever comes, counts itself instead of being counted: `go func() { wg.Add(1); defer wg.Done();
/// … }()`. A test mostly sees that it is at work before it ends anything.
fn begins_with(facts: Facts<'_>, id: SpawnId, add: &Side, key: Location) -> bool {
    let program = facts.cx.program;
    let always = |(func, span): (FuncId, Span)| {
        let events = facts.cx.events.of(func);
        point_of(events, span).is_some_and(|(block, _)| passes_always(events, block))
    };
    !program.in_test_file(facts.spawns.sites[id].func)
        && add.dispatched == 0
        && lowers_at_end(facts.cx.events.of(add.func), key)
        && add.steps().all(always)
}

/// Counters in variables of the function that starts the goroutine, which raises them for others while that function may
/// already wait: `go func() { for job := range jobs { wg.Add(1); go work(job) } }(); wg.Wait()`.
fn of_variables(facts: Facts<'_>, id: SpawnId, adds: &Adds, joined: &Joined) -> Vec<Conflict> {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[id];
    let events = facts.cx.events.of(site.func);
    let mut out: Vec<Conflict> = Vec::new();
    for &body in &site.bodies {
        for (own, span, _) in raised_in(facts, body) {
            let key = facts.cx.key_outside(site, body, own);
            let Location::Local(file, local) = key else { continue };
            let declared = program.funcs()[site.func].index == program.facts(file).locals[local].function;
            let counted = site.signals.iter().any(|signal| signal.key == key);
            // Who counts and waits works off what it has counted itself.
            if !declared || counted || raises(adds, key, site.func) || out.iter().any(|c| c.location == key) {
                continue;
            }
            let here = points(events);
            let Some(&start) = here.get(&site.span) else { continue };
            let comes_later = |wait: &WaitSite| {
                let at = here.get(&wait.span);
                at.is_some_and(|at| at.0 == start.0 && at.1 > start.1 || reachable(events, start.0).contains(at.0))
            };
            let mut waits = facts.joins.waits_in(key, site.func).iter().filter(|wait| comes_later(wait));
            let wait = waits.find(|wait| {
                !adds::ordered(facts, id, (body, span), (own, key), wait)
                    && !waited(facts, joined, &keys_of(facts, id), wait.func, wait.span, 0)
            });
            let Some(wait) = wait else { continue };
            let inside = Side::at(body, span, AccessKind::Write);
            out.push(conflict(id, key, inside, Side::at(wait.func, wait.span, AccessKind::Read)));
        }
    }
    out
}

/// Whether the counter is part of an object that the function makes itself: nobody waits for it yet.
fn is_of_new_object(facts: Facts<'_>, func: FuncId, key: Location, span: Span) -> bool {
    facts.cx.key_anchor(func, key, span).is_some_and(|local| is_still_new(facts, func, local, span))
}

/// Whether only the goroutine gets to the function, so that it waits for what it has raised itself.
fn waits_itself(facts: Facts<'_>, id: SpawnId, waiter: FuncId) -> bool {
    let (reach, graph) = (&facts.reaches[id], facts.cx.graph);
    let callers = graph.callers(waiter).iter().map(|site| graph.sites()[*site].func);
    reach.surely_contains(waiter)
        && !callers.into_iter().any(|caller| !reach.contains(caller) && !facts.cx.program.in_test_file(caller))
}

/// Whether who starts the goroutine counts it, a helper that is given a function to run included: somebody raised the
/// counter before the start, and it is lowered when the goroutine is over.
fn is_counted(facts: Facts<'_>, id: SpawnId, key: Location, adds: &Adds) -> bool {
    let site = &facts.spawns.sites[id];
    let helpers = facts.calls.at(site.func, site.call).filter(|_| site.kind == SpawnKind::Wrapper);
    let started = helpers.into_iter().flat_map(|row| row.targets.iter().flat_map(|helper| facts.spawns.of(*helper)));
    lowers_for_itself(facts, id, key, adds)
        || started.into_iter().any(|inside| lowers_for_itself(facts, *inside, key, adds))
}

/// Whether the goroutine lowers the counter for itself: somebody raised it before the start.
fn lowers_for_itself(facts: Facts<'_>, id: SpawnId, key: Location, adds: &Adds) -> bool {
    let site = &facts.spawns.sites[id];
    let before = |add: &(FuncId, Span)| add.0 == site.func && add.1.start < site.span.start;
    let raised = adds.get(&key).is_some_and(|adds| adds.iter().any(before));
    site.signals.iter().any(|signal| signal.key == key && (raised || !raises(adds, key, signal.site.0)))
}

/// What is told at the goroutine's end to who waits for it, without counters that only the goroutine itself raises: nobody
/// waits by them for a goroutine that has not come so far.
fn counted_ends(facts: Facts<'_>, id: SpawnId, adds: &Adds) -> Vec<usize> {
    let (site, reach) = (&facts.spawns.sites[id], &facts.reaches[id]);
    let by_itself = |key: Location| {
        adds.get(&key).is_some_and(|adds| adds.iter().all(|add| add.0 != site.func && reach.contains(add.0)))
    };
    let mut keys = keys_of(facts, id);
    keys.retain(|key| !by_itself(facts.joins.keys()[*key]));
    keys
}

/// Whether the function raises the counter.
fn raises(adds: &Adds, key: Location, func: FuncId) -> bool {
    adds.get(&key).is_some_and(|adds| adds.iter().any(|add| add.0 == func))
}

/// Whether the function takes the lock.
pub(super) fn locks(facts: Facts<'_>, func: FuncId, lock: Location) -> bool {
    let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    events.any(|event| matches!(event.kind, EventKind::Lock { key } if key == lock))
}

/// A counter that only the goroutine raises, which then waits for it, and that others lower who do not wait for the
/// goroutine to come so far.
fn lowered_before(facts: Facts<'_>, id: SpawnId, adds: &Adds) -> Vec<Conflict> {
    let cx = facts.cx;
    let program = cx.program;
    let site = &facts.spawns.sites[id];
    let mut out: Vec<Conflict> = Vec::new();
    for &body in &site.bodies {
        let events = || cx.events.of(body).blocks.iter().flat_map(|block| &block.events);
        for event in events() {
            let EventKind::Add { key: key @ Location::Local(file, local) } = event.kind else { continue };
            let waits = events().any(|e| matches!(e.kind, EventKind::Wait { key: k, .. } if k == key));
            let owner = program.facts(file).locals[local].function;
            let alone = adds.get(&key).is_some_and(|adds| adds.iter().all(|add| add.0 == body));
            if !waits || !alone || program.funcs()[body].index == owner {
                continue;
            }
            let literals = program.facts(file).functions.ids().filter_map(|index| program.func_of(file, index));
            let done = literals.filter(|func| !facts.cx.program.encloses(body, *func)).find_map(|func| {
                let mut all = cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
                let lowers = |kind: &EventKind| {
                    matches!(kind, EventKind::Signal { key: k, kind: SignalKind::Done } if *k == key)
                };
                let found = all.find(|event| match &event.kind {
                    EventKind::Defer { effects, .. } => effects.iter().any(lowers),
                    kind => lowers(kind),
                });
                found.map(|event| (func, event.span))
            });
            let Some((func, span)) = done.filter(|done| !facts.reaches[id].contains(done.0)) else { continue };
            let inside = Side::at(body, event.span, AccessKind::Write);
            out.push(conflict(id, key, inside, Side::at(func, span, AccessKind::Write)));
        }
    }
    out
}

fn conflict(id: SpawnId, location: Location, inside: Side, other: Side) -> Conflict {
    let wait = (other.func, other.span);
    Conflict {
        assumptions: vec![Assumption::TakesThatWay],
        ..Conflict::new(id, location, inside, other, Relation::AddRacesWait { wait })
    }
}
