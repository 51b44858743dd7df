//! What a function has certainly waited for: at each of its points, and where it is left.
//!
//! A forward pass over the blocks with the set of keys; where ways meet, what all of them have waited for counts. A way on
//! which there was nothing to wait for takes nothing away from the others. Absent on purpose: which goroutine a key belongs
//! to, and what may be waited for ([`super::joins`]).

use std::{cell::OnceCell, rc::Rc};

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    events::{EventKind, FuncEvents},
    order::circles,
};
use crate::{base::Span, resolve::FuncId};

/// Whether anything is waited for in the function, or said not to have been started.
fn joins(facts: Facts<'_>, func: FuncId) -> bool {
    facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events).any(|event| match event.kind {
        EventKind::Wait { .. } | EventKind::NothingStarted => true,
        EventKind::Call(call) => facts.calls.at(func, call).is_some_and(|row| facts.joins.call_may_wait(row)),
        _ => false,
    })
}

/// Per event (by place), the keys certainly waited for before it; none where the function waits for nothing.
pub(super) fn joined_before(facts: Facts<'_>, func: FuncId) -> FxHashMap<Span, FixedBitSet> {
    let events = facts.cx.events.of(func);
    let mut out: FxHashMap<Span, FixedBitSet> = FxHashMap::default();
    if !joins(facts, func) {
        return out;
    }
    flow(facts, func, events, &mut |span, joined| {
        out.entry(span).and_modify(|known| known.intersect_with(joined)).or_insert_with(|| joined.clone());
    });
    out
}

/// The keys certainly waited for before what happens at one place; `None` where nothing happens or is waited for.
pub(super) fn joined_at(facts: Facts<'_>, func: FuncId, place: Span) -> Option<FixedBitSet> {
    if !joins(facts, func) {
        return None;
    }
    let mut out: Option<FixedBitSet> = None;
    flow(facts, func, facts.cx.events.of(func), &mut |span, joined| {
        if span == place {
            match &mut out {
                Some(known) => known.intersect_with(joined),
                None => out = Some(joined.clone()),
            }
        }
    });
    out
}

/// Keys certainly waited for at every exit, before deferred calls run.
pub(super) fn joined_at_end(facts: Facts<'_>, func: FuncId) -> FixedBitSet {
    if !joins(facts, func) {
        return FixedBitSet::with_capacity(facts.joins.keys().len());
    }
    let events = facts.cx.events.of(func);
    let mut out: Option<FixedBitSet> = None;
    let exits: FxHashSet<Span> = events.blocks.iter().filter_map(|b| b.exit().map(|e| e.1)).collect();
    flow(facts, func, events, &mut |span, joined| {
        if exits.contains(&span) {
            match &mut out {
                Some(known) => known.intersect_with(joined),
                None => out = Some(joined.clone()),
            }
        }
    });
    out.unwrap_or_else(|| FixedBitSet::with_capacity(facts.joins.keys().len()))
}

fn flow(facts: Facts<'_>, func: FuncId, events: &FuncEvents, at: &mut impl FnMut(Span, &FixedBitSet)) {
    if events.blocks.is_empty() {
        return;
    }
    // As in `joins`: on a way on which nothing happened yet there was perhaps nothing to wait for.
    // One more bit than there are keys says so, and another one that there was certainly nothing: `if s.done == nil`.
    // The third says that such a way is among those that meet here.
    let width = facts.joins.keys().len();
    let mut untouched = FixedBitSet::with_capacity(width + 3);
    untouched.insert_range(..width + 1);
    untouched.insert(width + 2);
    let none = FixedBitSet::with_capacity(width);
    let mut entry: Vec<Option<FixedBitSet>> = vec![None; events.blocks.len()];
    entry[0] = Some(untouched.clone());
    let perhaps = |joined: &FixedBitSet| joined.contains(width) && !joined.contains(width + 1);
    let around = OnceCell::new();
    let around = |block: usize| -> Option<Rc<FixedBitSet>> {
        let known: &Vec<_> = around.get_or_init(|| waited_around(facts, func, events));
        known[block].clone()
    };
    let mut work = vec![0];
    while let Some(block) = work.pop() {
        let Some(mut joined) = entry[block].clone() else { continue };
        step(facts, (func, block), events, &mut joined, &around, &mut |_, _| {});
        if is_left(events, block) {
            continue;
        }
        for &next in &events.blocks[block].successors {
            let merged = match &entry[next] {
                None => joined.clone(),
                Some(old) => {
                    let mut merged = old.clone();
                    merged.intersect_with(&joined);
                    merged.set(width + 2, old.contains(width + 2) || joined.contains(width + 2));
                    merged
                }
            };
            if entry[next].as_ref() != Some(&merged) {
                entry[next] = Some(merged);
                work.push(next);
            }
        }
    }
    for (block, joined) in entry.iter_mut().enumerate() {
        let Some(joined) = joined else { continue };
        let at = &mut |span, joined: &FixedBitSet| {
            if perhaps(joined) {
                at(span, &none);
            } else if joined.contains(width + 2) && !joined.is_clear() {
                // The first time round nothing has been waited for yet of what the loop itself waits for.
                let mut joined = joined.clone();
                around(block).iter().for_each(|around| joined.difference_with(around));
                at(span, &joined);
            } else {
                at(span, joined);
            }
        };
        step(facts, (func, block), events, joined, &around, at);
        if let Some((_, span)) = events.blocks[block].exit()
            && !is_left(events, block)
        {
            at(span, joined);
        }
    }
}

/// Keys waited for in the loops that each block is part of; `None` where it is part of none that waits.
fn waited_around(facts: Facts<'_>, func: FuncId, events: &FuncEvents) -> Vec<Option<Rc<FixedBitSet>>> {
    let circles = circles(events);
    let mut waited: FxHashMap<usize, FixedBitSet> = FxHashMap::default();
    for (block, circle) in events.blocks.iter().zip(&circles) {
        let Some(circle) = *circle else { continue };
        for keys in block.events.iter().filter_map(|event| waited_by(facts, func, &event.kind)) {
            waited.entry(circle).or_default().union_with(&keys);
        }
    }
    let waited: FxHashMap<usize, Rc<FixedBitSet>> = waited.into_iter().map(|(at, keys)| (at, Rc::new(keys))).collect();
    circles.iter().map(|circle| waited.get(&(*circle)?).cloned()).collect()
}

/// The keys that an event certainly waits for, if it may wait for any.
fn waited_by(facts: Facts<'_>, func: FuncId, event: &EventKind) -> Option<FixedBitSet> {
    match *event {
        EventKind::Wait { key, how } => {
            let mut ended = FixedBitSet::with_capacity(facts.joins.keys().len());
            ended.extend(facts.joins.ended_by(key, how));
            Some(ended)
        }
        EventKind::Call(call) => {
            let row = facts.calls.at(func, call).filter(|row| facts.joins.call_may_wait(row))?;
            let (may, must) = facts.joins.of_call(facts.cx, func, row);
            (!may.is_clear()).then_some(must)
        }
        _ => None,
    }
}

/// Whether the goroutine ends within the block: what the source goes on with does not happen.
fn is_left(events: &FuncEvents, block: usize) -> bool {
    events.blocks[block].events.iter().any(|event| matches!(event.kind, EventKind::Leave { .. }))
}

fn step(
    facts: Facts<'_>,
    (func, block): (FuncId, usize),
    events: &FuncEvents,
    joined: &mut FixedBitSet,
    around: &dyn Fn(usize) -> Option<Rc<FixedBitSet>>,
    at: &mut impl FnMut(Span, &FixedBitSet),
) {
    let width = facts.joins.keys().len();
    let touch = |joined: &mut FixedBitSet| {
        if joined.contains(width) {
            joined.clear();
        }
        // What the loop waits for further down has not been waited for when something happens in its first round.
        if joined.contains(width + 2) {
            around(block).iter().for_each(|around| joined.difference_with(around));
        }
        joined.set(width + 2, false);
    };
    for event in &events.blocks[block].events {
        at(event.span, joined);
        match &event.kind {
            EventKind::Spawn(_) | EventKind::Signal { .. } | EventKind::Add { .. } => touch(joined),
            EventKind::NothingStarted => {
                // Where the ways meet again, one that waits counts, and one on which nothing happened does not.
                joined.insert_range(..width);
                joined.set(width + 1, joined.contains(width));
            }
            kind => {
                if let Some(waited) = waited_by(facts, func, kind) {
                    touch(joined);
                    joined.union_with(&waited);
                }
            }
        }
    }
}
