//! Goroutines that get to their access only when the starting function has made its own: it lets them go on behind it.
//!
//! ```go
//! queue, got := NewQueue(), false
//! go func() { <-queue.Out(); got = true }()
//! if got { t.Fatal("got what nobody has put in") }
//! queue.In() <- 1
//! ```
//!
//! Invariant: what is found is a sign and no proof; that the goroutine waits for a *key* which the function signals later is
//! known for certain, and asked elsewhere ([`super::order`]). Here what it waits for has two names, or stands in a callee.

use rustc_hash::FxHashSet;

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Conflict, Side},
    domain::{Location, SyncKey},
    events::{Event, EventKind},
    hidden_order::{Waiters, key_of, precedes},
    hidden_waits::fields_signalled,
    models::Effect,
    order::{KeySet, Order, Point, all_events, gates_before, gets_to, points, reachable_without},
    origin::mentions,
    owner::plain_func_called,
};
use crate::{base::Span, resolve::FuncId, syntax::LocalId};

/// Whether the spawning function lets held goroutines go on only behind its own access, and this goroutine may be one: it
/// gets to its access by a call that may wait.
pub(super) fn is_held_back(facts: Facts<'_>, waiters: &Waiters, conflict: &Conflict) -> bool {
    lets_go(facts, waiters, conflict)
        || waits_for_a_later_call(facts, conflict)
        || blocks_on_what_is_left_alone(facts, conflict)
}

/// Whether a call that lets held goroutines go on, by its row or as a plain function of a test, comes only behind the access.
fn lets_go(facts: Facts<'_>, waiters: &Waiters, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let func = facts.spawns.sites[conflict.spawn].func;
    let (at, other) = conflict.other.top();
    let Side { func: body, span, .. } = &conflict.inside;
    if at != func || !conflict.inside.path.is_empty() {
        return false;
    }
    let events = cx.events.of(func);
    let here = points(events);
    let Some(&from) = here.get(&other) else { return false };
    let later = |span: Span| here.get(&span).is_some_and(|&at| at != from && precedes(events, from, at));
    let test = cx.program.in_test_file(func);
    let releases = |row: &&CallRef| {
        let key = key_of(facts, func, row);
        key.is_some_and(|key| cx.models.effects(key).contains(&Effect::LetsGo))
            || test && !row.deferred && plain_func_called(facts, func, row.call).is_some()
    };
    if !facts.calls.of(func).iter().filter(releases).any(|row| later(row.span)) {
        return false;
    }
    let events = cx.events.of(*body);
    let there = points(events);
    let Some(&access) = there.get(span) else { return false };
    facts.calls.of(*body).iter().any(|row| {
        waiters.reached_by(row) && there.get(&row.span).is_some_and(|&at| at != access && precedes(events, at, access))
    })
}

/// Whether the goroutine, on every way to its access, waits on an object of the starting function, which has nothing to do with
/// the object from the start to its own access and calls it behind that.
fn blocks_on_what_is_left_alone(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[conflict.spawn];
    let ((func, to), (body, from)) = (conflict.other.top(), conflict.inside.top());
    if func != site.func || !program.encloses(func, body) {
        return false;
    }
    let blocked = objects_waited_on(facts, (body, from));
    if blocked.is_empty() {
        return false;
    }
    let file = program.funcs()[func].file;
    let events = facts.cx.events.of(func);
    let here = points(events);
    let (Some(&start), Some(&to)) = (here.get(&site.span), here.get(&to)) else { return false };
    blocked.into_iter().any(|(object, waited)| {
        // In the next iteration it is another one.
        let anew = |event: &Event| matches!(event.kind, EventKind::Fresh(local) if local == object);
        let about = |row: &&CallRef| row.span != site.span && mentions(program, file, row.call).contains(&object);
        let calls = || facts.calls.of(func).iter().filter(about).filter_map(|row| Some((row, *here.get(&row.span)?)));
        let comes = |from: Point, to: Point| from != to && gets_to(events, from, Some(to), &anew);
        let between = |at: Point| at == to || comes(start, at) && comes(at, to);
        let lets_go = |row: &CallRef| {
            waited.is_empty() || {
                let mut told = Vec::new();
                row.targets.iter().for_each(|target| fields_signalled(facts, *target, &mut told));
                told.iter().any(|key| waited.contains(key))
            }
        };
        calls().any(|(row, at)| (row.deferred || comes(to, at)) && lets_go(row))
            && !calls().any(|(row, at)| !row.deferred && between(at))
    })
}

/// Whether the goroutine, on every way to its access, waits for a message on a channel of an object, and of what the function
/// calls only what stands behind its own access may send one.
fn waits_for_a_later_call(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let site = &facts.spawns.sites[conflict.spawn];
    let ((func, to), (body, _)) = (conflict.other.top(), conflict.inside.top());
    if func != site.func || !site.bodies.contains(&body) {
        return false;
    }
    let gates: Vec<SyncKey> = conflict
        .inside
        .steps()
        .flat_map(|(func, span)| {
            let gates = gates_before(facts.cx.events.of(func), facts.cx.places, span).unwrap_or_default();
            gates.into_iter().filter(|key| matches!(key, Location::Field(_)))
        })
        .collect();
    if gates.is_empty() {
        return false;
    }
    let events = facts.cx.events.of(func);
    let here = points(events);
    let (Some(&start), Some(&to)) = (here.get(&site.span), here.get(&to)) else { return false };
    let mut told: Vec<(SyncKey, Point)> = Vec::new();
    for row in facts.calls.of(func).iter().filter(|row| row.span != site.span) {
        let Some(&at) = here.get(&row.span) else { continue };
        let mut keys = Vec::new();
        row.targets.iter().for_each(|target| fields_signalled(facts, *target, &mut keys));
        told.extend(keys.into_iter().filter(|key| gates.contains(key)).map(|key| (key, at)));
    }
    gates.iter().any(|gate| {
        let mut of = told.iter().filter(|row| row.0 == *gate).map(|row| row.1).peekable();
        of.peek().is_some() && of.all(|at| at != to && !precedes(events, at, to) && precedes(events, start, at))
    })
}

/// Variables of other functions on whose objects a goroutine's function waits before it gets to a place, whatever way it takes,
/// and which of their fields for; none where it receives from what the object gives.
fn objects_waited_on(facts: Facts<'_>, (body, to): (FuncId, Span)) -> Vec<(LocalId, Vec<SyncKey>)> {
    let program = facts.cx.program;
    let syntax = program.facts(program.funcs()[body].file);
    let own = program.funcs()[body].index;
    let events = facts.cx.events.of(body);
    let here = points(events);
    let Some(&to) = here.get(&to) else { return Vec::new() };
    let always = |at: Point| {
        if at.0 == to.0 { at.1 < to.1 } else { at.0 == 0 || !reachable_without(events, 0, at.0).contains(to.0) }
    };
    let received = |span: Span| {
        all_events(events).any(|(_, event)| matches!(event.kind, EventKind::Wait { .. }) && event.span.contains(span))
    };
    let mut known = FxHashSet::default();
    let rows = facts.calls.of(body).iter().filter(|row| !row.deferred);
    let waits = rows.filter_map(|row| {
        let local = row.variable(&syntax.exprs)?;
        let must = row.targets.iter().flat_map(|target| waited_in_any_case(facts, *target));
        let fields: Vec<SyncKey> = must.filter(|key| matches!(key, Location::Field(_))).collect();
        let meant = syntax.locals[local].function != own && (!fields.is_empty() || received(row.span));
        let new = meant && here.get(&row.span).is_some_and(|at| always(*at)) && known.insert((local, fields.clone()));
        new.then_some((local, fields))
    });
    waits.collect()
}

/// What a function itself has waited for when it returns, whatever way it takes.
fn waited_in_any_case(facts: Facts<'_>, func: FuncId) -> KeySet {
    let events = facts.cx.events.of(func);
    let waits = |event: &Event| matches!(event.kind, EventKind::Wait { .. });
    if !all_events(events).any(|(_, event)| waits(event)) {
        return KeySet::new();
    }
    Order::build(events, facts.cx.places).gates_at_end(events, facts.cx.places)
}
