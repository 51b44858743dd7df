//! What keeps a goroutine's `Add` from coming after somebody's `Wait`: a word to the waiter, a handshake with the starter,
//! a count that the goroutine has already, a question under the lock.
//!
//! Invariant: an answer "ordered" names code that is there; that an object is used in one way only is never assumed.

use super::{
    after_spawn::Facts,
    domain::{AccessKind, Location, Signal, SignalKind, SpawnId, SyncKey},
    domain_local::{self, Operand},
    events::{Event, EventKind, FuncEvents},
    guards::{Deciding, deciding, is_true},
    joins::WaitSite,
    order::{Point, gets_to, point_of, reachable_without},
    spawns::passes_always,
};
use crate::{
    base::Span,
    resolve::FuncId,
    syntax::{Expr, InstrKind, LocalId},
};

/// Callers above a wait that are looked for in the function that starts the goroutine.
const MAX_CALLERS_OF_WAIT: u32 = 3;

/// Whether something orders the `Add` of a goroutine's body before the wait, or keeps one of them from happening. The
/// body may have a name of its own for the counter.
pub(super) fn ordered(
    facts: Facts<'_>,
    id: SpawnId,
    (body, add): (FuncId, Span),
    (own, counter): (SyncKey, SyncKey),
    wait: &WaitSite,
) -> bool {
    let told = told_after(facts.cx.events.of(body), add, own);
    told.iter().any(|key| hears(facts, wait.func, *key, wait.span))
        || told.iter().any(|key| shakes_hands(facts, id, *key, counter))
        || is_counted(facts, body, add, (own, counter))
        || joined_first(facts, id, counter, wait)
        || asks_under_the_lock(facts, (body, add), counter, wait)
        || is_told_to_stop(facts, (body, add), wait)
        || is_met_at_its_end(facts, id, (body, add), wait)
}

/// What the goroutine signals after it raised the counter.
fn told_after(events: &FuncEvents, add: Span, counter: SyncKey) -> Vec<SyncKey> {
    let events = events.blocks.iter().flat_map(|block| &block.events);
    let told = events.filter_map(|event| match event.kind {
        EventKind::Signal { key, .. } if key != counter && event.span.start > add.start => Some(key),
        _ => None,
    });
    told.collect()
}

/// Whether the waiting function hears of `key` before it waits.
fn hears(facts: Facts<'_>, waiter: FuncId, key: SyncKey, wait: Span) -> bool {
    let mut events = facts.cx.events.of(waiter).blocks.iter().flat_map(|block| &block.events);
    events
        .any(|event| matches!(event.kind, EventKind::Wait { key: k, .. } if k == key && event.span.start < wait.start))
}

/// Whether the function that starts the goroutine goes on only when it has heard of `key`, itself or in what it calls, and
/// does not wait for the counter before.
fn shakes_hands(facts: Facts<'_>, id: SpawnId, key: SyncKey, counter: SyncKey) -> bool {
    let site = &facts.spawns.sites[id];
    let events = facts.cx.events.of(site.func);
    let Some(start) = point_of(events, site.span) else { return false };
    let waits = |func: FuncId| {
        let events = facts.cx.events.of(func);
        events.blocks.iter().enumerate().any(|(at, block)| {
            let waits = |kind: &EventKind| matches!(kind, EventKind::Wait { key: k, .. } if *k == key);
            block.events.iter().any(|event| waits(&event.kind)) && passes_always(events, at)
        })
    };
    let hears = |kind: &EventKind| match kind {
        EventKind::Wait { key: k, .. } => *k == key,
        EventKind::Call(call) => {
            let targets = facts.calls.at(site.func, *call).map_or(&[][..], |row| &row.targets);
            !targets.is_empty() && targets.iter().all(|target| waits(*target))
        }
        _ => false,
    };
    let waits_first = |kind: &EventKind| matches!(kind, EventKind::Wait { key, .. } if *key == counter);
    every_way_passes(events, start, &hears, &waits_first)
}

/// Whether the function that starts the goroutines waits for the end of all by another counter, before it calls what waits.
fn joined_first(facts: Facts<'_>, id: SpawnId, counter: SyncKey, wait: &WaitSite) -> bool {
    let site = &facts.spawns.sites[id];
    let ends = |s: &&Signal| s.kind == SignalKind::Done && s.deferred && s.certain && s.key != counter;
    let ended: Vec<SyncKey> = site.signals.iter().filter(ends).map(|signal| signal.key).collect();
    let events = facts.cx.events.of(site.func);
    let Some(start) = point_of(events, site.span).filter(|_| !ended.is_empty()) else { return false };
    let above = super::rounds::ancestors(facts, wait.func, MAX_CALLERS_OF_WAIT);
    let waits = |event: &Event| match event.kind {
        EventKind::Wait { key, .. } => key == counter,
        EventKind::Call(call) => {
            let row = facts.calls.at(site.func, call);
            row.is_some_and(|row| row.targets.iter().any(|target| *target == wait.func || above.contains_key(target)))
        }
        _ => false,
    };
    let joins = |event: &Event| matches!(event.kind, EventKind::Wait { key, .. } if ended.contains(&key));
    let mut waited = false;
    for (block, row) in events.blocks.iter().enumerate() {
        for (index, _) in row.events.iter().enumerate().filter(|(_, event)| waits(event)) {
            waited = true;
            if gets_to(events, start, Some((block, index)), &joins) {
                return false;
            }
        }
    }
    waited
}

/// Whether every way from a point on meets an event that is looked for before the function is left, and before one that
/// comes too early.
pub(super) fn every_way_passes(
    events: &FuncEvents,
    (block, index): Point,
    meets: &dyn Fn(&EventKind) -> bool,
    too_early: &dyn Fn(&EventKind) -> bool,
) -> bool {
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![(block, index + 1)];
    while let Some((at, from)) = work.pop() {
        let row = &events.blocks[at];
        // A block may have no event at all, not even at the point.
        match row.events.iter().skip(from).find(|event| meets(&event.kind) || too_early(&event.kind)) {
            Some(event) if meets(&event.kind) => continue,
            Some(_) => return false,
            None if row.left.is_some() => return false,
            None => {}
        }
        for &next in &row.successors {
            if !std::mem::replace(&mut seen[next], true) {
                work.push((next, 0));
            }
        }
    }
    true
}

/// Whether the goroutine is counted itself by the time it raises the counter: its own `Done` is registered, for which
/// somebody else has raised the counter.
fn is_counted(facts: Facts<'_>, body: FuncId, add: Span, (own, counter): (SyncKey, SyncKey)) -> bool {
    let events = facts.cx.events.of(body);
    let Some((to, at)) = point_of(events, add) else { return false };
    let lowers = |kind: &EventKind| {
        let lowers = |effect: &EventKind| matches!(effect, EventKind::Signal { key, .. } if *key == own);
        matches!(kind, EventKind::Defer { effects, test_end: false, .. } if effects.iter().any(lowers))
    };
    let registered = events.blocks.iter().enumerate().any(|(block, row)| {
        row.events.iter().enumerate().filter(|(_, event)| lowers(&event.kind)).any(|(index, _)| match block == to {
            true => index < at,
            false => to != 0 && (block == 0 || !reachable_without(events, 0, block).contains(to)),
        })
    });
    registered
        && facts.cx.program.funcs().ids().filter(|func| *func != body).any(|func| {
            let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
            events.any(|event| matches!(event.kind, EventKind::Add { key } if key == counter))
        })
}

/// Whether the counter is raised under a lock under which the goroutine has read what the waiter changes, under that lock,
/// before it waits: `if s.closed { return }; s.wg.Add(1)`. A deferred literal waits when all around it is done.
pub(super) fn asks_under_the_lock(
    facts: Facts<'_>,
    (body, add): (FuncId, Span),
    counter: SyncKey,
    wait: &WaitSite,
) -> bool {
    let asking = facts.cx.events.of(body);
    let held = asking.locks_held(add);
    let guarded = |func: FuncId, kind: AccessKind, before: Span| {
        let accesses = facts.cx.events.of(func).accesses.iter();
        let accesses = accesses.filter(move |access| access.kind == kind && access.span.start < before.start);
        accesses
            .filter(|access| !access.element && access.locks.iter().any(|lock| held.contains(lock)))
            .map(|access| access.location)
            .filter(|location| *location != counter)
    };
    let program = facts.cx.program;
    let around = program.funcs()[wait.func].parent.filter(|outer| defers(facts, *outer, wait.func));
    let at_end = Span { start: u32::MAX, end: u32::MAX };
    let before = around.into_iter().flat_map(|outer| guarded(outer, AccessKind::Write, at_end));
    let changed: Vec<Location> = guarded(wait.func, AccessKind::Write, wait.span).chain(before).collect();
    !changed.is_empty() && guarded(body, AccessKind::Read, add).any(|location| changed.contains(&location))
}

/// Whether a function runs a literal of its own when it is left.
fn defers(facts: Facts<'_>, func: FuncId, literal: FuncId) -> bool {
    let runs = |call| facts.calls.at(func, call).is_some_and(|row| row.targets.contains(&literal));
    facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events).any(|event| match event.kind {
        EventKind::Defer { call, test_end: false, .. } => runs(call),
        _ => false,
    })
}

/// Whether the goroutine stops raising the counter when it gets a message that the waiter sends before it waits:
/// `if stopping { continue }; p.wg.Add(1)`, with a variable of its own that is set for good.
fn is_told_to_stop(facts: Facts<'_>, (body, add): (FuncId, Span), wait: &WaitSite) -> bool {
    let all = |func: FuncId| facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    let heard = |key: SyncKey| all(body).any(|event| matches!(event.kind, EventKind::Wait { key: k, .. } if k == key));
    let told = all(wait.func).any(|event| match event.kind {
        EventKind::Signal { key, kind: SignalKind::Send } => event.span.start < wait.span.start && heard(key),
        _ => false,
    });
    told && deciding(facts, body, add, &|_| true).into_iter().any(|row| is_unset_flag(facts, body, row))
}

/// Whether the waiter sends, before it waits, over a channel without a buffer from which the goroutine receives only when it
/// is done with counting.
fn is_met_at_its_end(facts: Facts<'_>, id: SpawnId, (body, add): (FuncId, Span), wait: &WaitSite) -> bool {
    let site = &facts.spawns.sites[id];
    let events = facts.cx.events.of(body);
    let Some(to) = point_of(events, add) else { return false };
    let receives = |key: SyncKey| {
        events.blocks.iter().enumerate().any(|(block, row)| {
            row.events.iter().enumerate().any(|(index, event)| match event.kind {
                EventKind::Wait { key: own, .. } => {
                    facts.cx.key_outside(site, body, own) == key
                        && !gets_to(events, (block, index), Some(to), &|_| false)
                }
                _ => false,
            })
        })
    };
    let mut told = facts.cx.events.of(wait.func).blocks.iter().flat_map(|block| &block.events);
    told.any(|event| match event.kind {
        EventKind::Signal { key, kind: SignalKind::Send } => {
            event.span.start < wait.span.start && facts.cx.places.is_unbuffered(key) && receives(key)
        }
        _ => false,
    })
}

/// Whether a condition asks that a variable is not set which the function itself sets, and never takes back.
fn is_unset_flag(facts: Facts<'_>, func: FuncId, deciding: Deciding) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let exprs = &program.facts(file).exprs;
    let (asked, set) = deciding.asked(exprs);
    let Expr::Local(flag) = exprs[asked] else { return false };
    !set && domain_local::operand(program, func, file, flag) == Operand::Own && is_set_for_good(facts, func, flag)
}

/// Whether all that the function assigns to a variable is `true`.
fn is_set_for_good(facts: Facts<'_>, func: FuncId, flag: LocalId) -> bool {
    let program = facts.cx.program;
    let exprs = &program.facts(program.funcs()[func].file).exprs;
    let Some(body) = &program.function(func).body else { return false };
    let instrs = body.instrs();
    let mut stored = instrs.filter_map(|instr| match instr.kind {
        InstrKind::Write { place, source } if matches!(exprs[place], Expr::Local(local) if local == flag) => {
            Some(source)
        }
        _ => None,
    });
    let sets = |source| is_true(exprs, source);
    stored.next().is_some_and(sets) && stored.all(sets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime::{
        Exit,
        events::{BlockEvents, Event},
    };

    #[test]
    fn ways_go_through_blocks_without_events() {
        let waits = |kind: &EventKind| matches!(kind, EventKind::WaitAll);
        for (kind, passes) in [(EventKind::WaitAll, true), (EventKind::Sleep, false)] {
            let mut events = FuncEvents::default();
            events.blocks.push(BlockEvents { successors: [1].into_iter().collect(), ..BlockEvents::default() });
            let (event, left) = (Event { kind, span: Span::default() }, Some(Exit::Return));
            events.blocks.push(BlockEvents { events: [event].into_iter().collect(), left, ..BlockEvents::default() });
            assert_eq!(every_way_passes(&events, (0, 0), &waits, &|_| false), passes);
        }
    }
}
