//! Functions that never return: every way through them ends the process, the goroutine or in a panic.
//!
//! `must(t, err)` helpers that end in `t.Fatal`, `log.Fatal` wrappers, `unreachable()`. What stands behind a call of one
//! is never reached, and a `select` arm that ends in one is no way around what the other arms wait for.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    domain::Exit,
    events::{Event, EventKind, FuncEvents, Lowering},
    models::Effect,
};
use crate::{
    base::{InPieces, IndexVec},
    callgraph::{CallGraph, Target},
    resolve::{Callee, FuncId, Program, Type},
    syntax::ExprId,
};

impl Lowering<'_> {
    /// What a method does that is called on an interface of which a test handle is one: `FailNow` of somebody's own
    /// `TestingT` does not come back, nor does `Fatal` of a logger with such methods only.
    pub(super) fn of_test_handle(&self, callee: &Callee) -> Option<Effect> {
        let Callee::Interface { interface, method, .. } = callee else { return None };
        let ends = self.models.test_method(method.as_str())?;
        let Type::Interface { methods, complete: true } = self.program.ty(self.program.underlying(*interface)) else {
            return None;
        };
        let known = methods.iter().all(|row| self.models.test_method(row.name.as_str()).is_some());
        (ends && known).then_some(Effect::Goexit)
    }
}

/// Rounds until a helper of a helper of a helper is known not to return.
const MAX_ROUNDS: u32 = 6;

/// Adds to every call of a function that never returns the end it comes to.
pub(super) fn mark(program: &Program, graph: &CallGraph, funcs: &mut IndexVec<FuncId, FuncEvents>) {
    // What does not return, and whether the whole process ends with it.
    let mut known: FxHashMap<FuncId, bool> = FxHashMap::default();
    let mut ids: Vec<FuncId> = funcs.ids().collect();
    for _ in 0..MAX_ROUNDS {
        let ends = |func: FuncId| ended_by(program, graph, &known, func, &funcs[func]).map(|process| (func, process));
        let found: Vec<(FuncId, bool)> = ids.into_par_iter().few_at_once().filter_map(ends).collect();
        if found.is_empty() {
            break;
        }
        // In the next round only those who call them may have become ones.
        let callers = found.iter().flat_map(|(func, _)| graph.callers(*func));
        ids = callers.map(|site| graph.sites()[*site].func).collect();
        known.extend(found);
        ids.retain(|func| !known.contains_key(func));
        ids.sort_unstable();
        ids.dedup();
    }
    if known.is_empty() {
        return;
    }
    funcs.par_iter_mut_enumerated().for_each(|(func, events)| {
        let file = program.funcs()[func].file;
        for block in &mut events.blocks {
            let ends = block.events.iter().enumerate().find_map(|(at, event)| {
                let EventKind::Call(call) = event.kind else { return None };
                Some((at, event.span, never_returns(graph, &known, file, call)?))
            });
            if let Some((at, span, process)) = ends {
                block.events.insert(at + 1, Event { kind: EventKind::Leave { process }, span });
            }
        }
    });
}

/// Whether no way through the function leads to a return although one leads to an end: then, whether all the ends are
/// of the process. A loop without end is none.
fn ended_by(
    program: &Program,
    graph: &CallGraph,
    known: &FxHashMap<FuncId, bool>,
    func: FuncId,
    events: &FuncEvents,
) -> Option<bool> {
    if events.blocks.is_empty() {
        return None;
    }
    let file = program.funcs()[func].file;
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![0];
    seen[0] = true;
    let mut process = None;
    while let Some(at) = work.pop() {
        let block = &events.blocks[at];
        let end = block.events.iter().find_map(|event| match event.kind {
            EventKind::Leave { process } => Some(process),
            EventKind::Call(call) => never_returns(graph, known, file, call),
            // A deferred call may recover.
            _ => None,
        });
        if let Some(whole) = end {
            process = Some(process.unwrap_or(true) && whole);
            continue;
        }
        match block.left {
            Some(Exit::Return | Exit::End) => return None,
            Some(Exit::Panic) => process = Some(false),
            None => {}
        }
        for &next in &block.successors {
            if !seen[next] {
                seen[next] = true;
                work.push(next);
            }
        }
    }
    let defers = events.blocks.iter().flat_map(|block| &block.events);
    let defers = defers.filter(|event| matches!(event.kind, EventKind::Defer { test_end: false, .. })).count();
    process.filter(|_| defers == 0)
}

fn never_returns(
    graph: &CallGraph,
    known: &FxHashMap<FuncId, bool>,
    file: crate::source::FileId,
    call: ExprId,
) -> Option<bool> {
    let site = graph.site_at(file, call)?;
    let callees = graph.sites()[site].targets.callees();
    let mut whole = true;
    for target in callees {
        let Target::Func(func) = target else { return None };
        whole &= *known.get(func)?;
    }
    (!callees.is_empty()).then_some(whole)
}
