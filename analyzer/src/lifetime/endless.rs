//! Goroutines of a function that never returns: nobody sees them outlive it, and they run all the same.
//!
//! ```go
//! for {
//!     go handle(<-conns)
//! }
//! ```
//!
//! And goroutines that a function starts and waits for, where only goroutines that outlive their start run the function: whoever
//! has not waited for those meets these, too.
//!
//! Invariant: a goroutine that the function waits for in each round is not among the former.

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashSet;

use super::{
    after_spawn::{Facts, Pass},
    domain::SpawnId,
    order::{has_cycle, leading_out},
    running::State,
};
use crate::{
    base::Idx,
    callgraph::{CallKind, CallSite},
    resolve::FuncId,
};

/// Calls from a goroutine's body down to the function that starts further ones.
const MAX_STARTED_BELOW: u32 = 2;

/// Adds to the goroutines that outlive their start those that only they start, waited for by them or not.
pub(super) fn with_started(facts: Facts<'_>, alive: &mut FixedBitSet, lasts: &dyn Fn(SpawnId) -> bool) {
    let sites = &facts.spawns.sites;
    loop {
        let bodies = sites.iter_enumerated().filter(|(id, _)| alive.contains(id.index()));
        let run: FxHashSet<FuncId> = bodies.flat_map(|(_, site)| site.bodies.iter().copied()).collect();
        let started = |id: &SpawnId| {
            let func = sites[*id].func;
            !alive.contains(id.index())
                && lasts(*id)
                && !facts.cx.program.in_test_file(func)
                && only_run_by(facts, func, &run, MAX_STARTED_BELOW)
        };
        let more: Vec<SpawnId> = sites.ids().filter(started).collect();
        if more.is_empty() {
            return;
        }
        alive.extend(more.into_iter().map(Idx::index));
    }
}

/// Whether nobody calls a function but goroutines with these bodies, or what only they call; others may start it, too.
fn only_run_by(facts: Facts<'_>, func: FuncId, bodies: &FxHashSet<FuncId>, depth: u32) -> bool {
    let graph = facts.cx.graph;
    let by_them =
        |site: &CallSite| site.kind == CallKind::Go || depth > 0 && only_run_by(facts, site.func, bodies, depth - 1);
    let callers = graph.callers(func);
    let all = callers.iter().all(|site| by_them(&graph.sites()[*site]));
    all && (bodies.contains(&func) || callers.iter().any(|site| graph.sites()[*site].kind != CallKind::Go))
}

impl Pass<'_> {
    /// The goroutines that may run for ever beside the function: those that run on a way round that no exit can be reached
    /// from, or where it stays for good.
    pub(super) fn endless(&mut self, entry: &[Option<State>]) -> Vec<SpawnId> {
        let events = self.events;
        let leads_out = leading_out(events);
        let mut stays: Vec<(usize, State)> = Vec::new();
        for (at, state) in entry.iter().enumerate() {
            let Some(state) = state.as_ref().filter(|_| !leads_out.contains(at)) else { continue };
            let mut state = state.clone();
            if self.block(at, &mut state) {
                stays.push((at, state));
            }
        }
        let mut out = Vec::new();
        for (goroutine, id) in self.ids.iter().enumerate() {
            let mut on = FixedBitSet::with_capacity(events.blocks.len());
            let runs = |state: &State| state.active.contains(goroutine) && !state.ended.contains(goroutine);
            on.extend(stays.iter().filter(|row| runs(&row.1)).map(|row| row.0));
            if on.ones().any(|at| events.blocks[at].successors.is_empty()) || has_cycle(events, &on) {
                out.push(*id);
            }
        }
        out
    }
}
