//! Functions that return only when every goroutine started so far is over, because of what they call: helpers around a
//! check for leaked goroutines.
//!
//! Their callers wait, too. Invariant: a function counts only when every way to its return waits.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    adds::every_way_passes,
    events::{Event, EventKind, FuncEvents},
};
use crate::{
    base::IndexVec,
    callgraph::{CallGraph, Target},
    resolve::{FuncId, Program},
    source::FileId,
    syntax::ExprId,
};

/// Rounds until a helper of a helper is known to wait for all.
const MAX_ROUNDS: u32 = 4;

/// Adds the wait to every call, deferred ones included, of a function that waits for all.
pub(super) fn mark(program: &Program, graph: &CallGraph, funcs: &mut IndexVec<FuncId, FuncEvents>) {
    let itself = |events: &FuncEvents| {
        let mut all = events.blocks.iter().flat_map(|block| &block.events);
        all.any(|event| matches!(event.kind, EventKind::WaitAll))
    };
    let mut ids: Vec<FuncId> = funcs.par_ids().filter(|func| itself(&funcs[*func])).collect();
    for _ in 0..MAX_ROUNDS {
        let waits = |event: &EventKind| matches!(event, EventKind::WaitAll);
        let always = |events: &FuncEvents| {
            let first = events.blocks.first().and_then(|block| block.events.first());
            first.is_some_and(|event| waits(&event.kind)) || every_way_passes(events, (0, 0), &waits, &|_| false)
        };
        let known: FxHashSet<FuncId> = ids.into_iter().filter(|func| always(&funcs[*func])).collect();
        let callers = known.iter().flat_map(|func| graph.callers(*func));
        let mut above: Vec<FuncId> = callers.map(|site| graph.sites()[*site].func).collect();
        above.sort_unstable();
        above.dedup();
        for func in &above {
            add(graph, program.funcs()[*func].file, &known, &mut funcs[*func]);
        }
        ids = above;
    }
}

/// Adds the wait to the calls of one function that run nothing but `known` ones.
fn add(graph: &CallGraph, file: FileId, known: &FxHashSet<FuncId>, events: &mut FuncEvents) {
    let waits = |call: ExprId| {
        let callees = graph.site_at(file, call).map_or(&[][..], |site| graph.sites()[site].targets.callees());
        !callees.is_empty() && callees.iter().all(|to| matches!(to, Target::Func(func) if known.contains(func)))
    };
    for block in &mut events.blocks {
        let mut at = 0;
        while at < block.events.len() {
            let Event { kind, span } = &mut block.events[at];
            match kind {
                EventKind::Defer { call, effects, .. } if waits(*call) => effects.push(EventKind::WaitAll),
                EventKind::Call(call) if waits(*call) => {
                    let event = Event { kind: EventKind::WaitAll, span: *span };
                    block.events.insert(at + 1, event);
                    at += 1;
                }
                _ => {}
            }
            at += 1;
        }
    }
}
