//! Waiting without a channel or counter: a loop that goes on until a variable says so, and whoever changes it.
//!
//! `for !done { cond.Wait() }` and `for pending > 0 { mu.Unlock(); time.Sleep(d); mu.Lock() }` end only when another
//! goroutine changed the variable under the same lock (or, for an atomic, changed it at all): the end of the loop comes
//! after what that goroutine did before the change. The loop becomes a wait and the change a signal, both on the
//! variable's location. Invariant: only variables that some loop waits for get events.
//!
//! Absent on purpose: `sync.Cond` itself. Its `Wait` may return at any time; what is waited for is the condition.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    domain::{AccessKind, Location, SignalKind, WaitKind},
    events::{Event, EventKind, FuncEvents},
};
use crate::{
    base::{Idx, IndexVec, Span},
    resolve::{FuncId, Program},
    syntax::{BinaryOp, Body, Expr, ExprId, FileFacts, Loop, Terminator},
};

/// Adds the waits and signals to the events of all functions.
pub(super) fn mark(program: &Program, funcs: &mut IndexVec<FuncId, FuncEvents>) {
    let rows: Vec<Vec<Waiting>> = funcs.par_ids().map(|func| waiting(program, func, &funcs[func])).collect();
    let mut waited: FxHashSet<Location> = FxHashSet::default();
    for (func, rows) in program.funcs().ids().zip(rows) {
        for Waiting { exit, span, location } in rows {
            waited.insert(location);
            let wait = EventKind::Wait { key: location, how: WaitKind::Receive };
            funcs[func].blocks[exit].events.insert(0, Event { kind: wait, span });
        }
    }
    if waited.is_empty() {
        return;
    }
    funcs.par_iter_mut_enumerated().for_each(|(_, events)| signal(events, &waited));
}

/// A loop that waits: the block behind it, its condition, and what the condition reads.
struct Waiting {
    exit: usize,
    span: Span,
    location: Location,
}

fn waiting(program: &Program, func: FuncId, events: &FuncEvents) -> Vec<Waiting> {
    let Some(body) = &program.function(func).body else { return Vec::new() };
    if body.loops.is_empty() || events.accesses.is_empty() {
        return Vec::new();
    }
    let facts = program.facts(program.funcs()[func].file);
    let mut out = Vec::new();
    for row in &body.loops {
        let Some(span) = condition(facts, body, row) else { continue };
        let (head, exit) = (row.head.index(), row.exit.index());
        let ways_in = events.blocks.iter().filter(|block| block.successors.contains(&exit)).count();
        if ways_in != 1 || !events.blocks[head].successors.contains(&exit) {
            continue;
        }
        for event in &events.blocks[head].events {
            let EventKind::Access(access) = event.kind else { continue };
            let access = &events.accesses[access as usize];
            let guarded = access.atomic || !access.locks.is_empty();
            if guarded && !access.element && access.kind == AccessKind::Read && span.contains(access.span) {
                out.push(Waiting { exit, span, location: access.location });
            }
        }
    }
    out
}

/// Where the condition of a loop stands, if its end says that all of the condition has changed: not for `a && b`.
fn condition(facts: &FileFacts, body: &Body, row: &Loop) -> Option<Span> {
    fn split(facts: &FileFacts, expr: ExprId) -> bool {
        match &facts.exprs[expr] {
            Expr::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => true,
            Expr::Binary { left, right, .. } => split(facts, *left) || split(facts, *right),
            Expr::Not(inner) => split(facts, *inner),
            _ => false,
        }
    }
    let Terminator::If { condition, .. } = body.blocks[row.head].end else { return None };
    (!split(facts, condition)).then(|| facts.exprs.span(condition))
}

/// Adds a signal behind every guarded write of what is waited for.
fn signal(events: &mut FuncEvents, waited: &FxHashSet<Location>) {
    let FuncEvents { blocks, accesses, .. } = events;
    let signals = |event: &Event| {
        let EventKind::Access(row) = event.kind else { return None };
        let access = &accesses[row as usize];
        let changes = access.kind == AccessKind::Write && !access.element;
        let guarded = access.atomic || !access.locks.is_empty();
        (changes && guarded && waited.contains(&access.location)).then_some(access.location)
    };
    for block in blocks {
        if !block.events.iter().any(|event| signals(event).is_some()) {
            continue;
        }
        let old = std::mem::take(&mut block.events);
        for event in old {
            let signal = signals(&event);
            let span = event.span;
            block.events.push(event);
            if let Some(key) = signal {
                block.events.push(Event { kind: EventKind::Signal { key, kind: SignalKind::Flag }, span });
            }
        }
    }
}
