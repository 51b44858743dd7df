//! Functions that are queued: sent on a channel, from which a worker takes and calls them.
//!
//! ```go
//! func (p *pool) submit(job func()) { p.jobs <- job }
//! func (p *pool) work() {
//!     defer p.workers.Done()
//!     for job := range p.jobs {
//!         job()
//!     }
//! }
//! ```
//!
//! Whoever calls `submit` goes on while its argument waits in the queue or runs. Who waits for the workers waits for it.
//! Invariant: the worker is a goroutine, and the function that sends waits for nothing behind the send. Absent on purpose:
//! queues that are slices, and functions that other functions take out of the queue for the worker.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    domain::SyncKey,
    events::{EventKind, Events, FuncEvents},
    handed::param_of,
    order::{Point, point_of, reachable},
    place::Places,
};
use crate::{
    base::{Span, Symbol},
    callgraph::{CallGraph, CallKind},
    resolve::{FuncId, Program},
    source::FileId,
    syntax::{Body, Comm, ElementKey, Expr, ExprId, InstrKind, LocalDecl, LocalId, Terminator},
};

/// Calls from the worker's body to the function that takes from the queue.
const MAX_WORKER_DEPTH: u32 = 2;

/// A channel, and the field of what is sent that holds the function, where it is not the function itself.
type Queue = (SyncKey, Option<Symbol>);

/// What is known of the program.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) program: &'a Program,
    pub(super) graph: &'a CallGraph,
    pub(super) places: &'a Places,
    pub(super) events: &'a Events,
}

/// Parameters that their function queues, each with the goroutine that will run it.
pub(super) fn queued_parameters(sources: Sources<'_>) -> Vec<((FuncId, u32), FuncId)> {
    let funcs = sources.program.funcs();
    let taken = funcs.par_ids().flat_map_iter(|func| sources.takes(func));
    let mut workers: FxHashMap<Queue, FuncId> = FxHashMap::default();
    for (queue, worker) in taken.collect::<Vec<_>>() {
        workers.entry(queue).or_insert(worker);
    }
    if workers.is_empty() {
        return Vec::new();
    }
    funcs.par_ids().flat_map_iter(|func| sources.queues(func, &workers)).collect()
}

impl Sources<'_> {
    fn body(&self, func: FuncId) -> Option<&Body> {
        self.program.function(func).body.as_ref()
    }

    /// Queues from which the function takes functions to call, with the goroutine it is part of.
    fn takes(&self, func: FuncId) -> Vec<(Queue, FuncId)> {
        let file = self.program.funcs()[func].file;
        let exprs = &self.program.facts(file).exprs;
        let Some(body) = self.body(func) else { return Vec::new() };
        let calls = body.instrs().filter_map(|instr| match instr.kind {
            InstrKind::Call(call) | InstrKind::Go(call) => Some(call),
            _ => None,
        });
        let queues = calls.filter_map(|call| {
            let Expr::Call { callee, .. } = &exprs[call] else { return None };
            match &exprs[*callee] {
                Expr::Local(local) => Some((self.received_from(file, *local)?, None)),
                Expr::Select { base, name } => {
                    let Expr::Local(local) = exprs[*base] else { return None };
                    Some((self.received_from(file, local)?, Some(*name)))
                }
                _ => None,
            }
        });
        let queues: Vec<Queue> = queues.collect();
        match queues.is_empty() {
            true => Vec::new(),
            false => self
                .worker(func, MAX_WORKER_DEPTH)
                .into_iter()
                .flat_map(|w| queues.iter().map(move |q| (*q, w)))
                .collect(),
        }
    }

    /// The channel that a variable was received from.
    fn received_from(&self, file: FileId, local: LocalId) -> Option<SyncKey> {
        let facts = self.program.facts(file);
        let channel = match &facts.locals[local].decl {
            LocalDecl::RangeKey { over } if self.places.is_channel(self.program, file, *over) => *over,
            LocalDecl::Value(value) if value.component.unwrap_or(0) == 0 => match facts.exprs[value.expr] {
                Expr::Receive(channel) => channel,
                _ => return None,
            },
            _ => return None,
        };
        self.places.key(self.program, self.graph, file, channel)
    }

    /// The goroutine that a function is, or is called by.
    fn worker(&self, func: FuncId, depth: u32) -> Option<FuncId> {
        let callers = self.graph.callers(func).iter().map(|site| &self.graph.sites()[*site]);
        let callers: Vec<_> = callers.collect();
        if callers.iter().any(|site| site.kind == CallKind::Go) {
            return Some(func);
        }
        let above = depth.checked_sub(1)?;
        callers.iter().find_map(|site| self.worker(site.func, above))
    }

    /// Parameters that the function puts into one of the queues before it returns, with nothing to wait for behind.
    fn queues(&self, func: FuncId, workers: &FxHashMap<Queue, FuncId>) -> Vec<((FuncId, u32), FuncId)> {
        let file = self.program.funcs()[func].file;
        let Some(body) = self.body(func) else { return Vec::new() };
        let mut out = Vec::new();
        for (channel, value, span) in sends(body) {
            for (field, value) in self.sent(file, value) {
                let Some(param) = param_of(self.program, self.places, file, value) else { continue };
                let key = self.places.key(self.program, self.graph, file, channel);
                let Some(worker) = key.and_then(|key| workers.get(&(key, field))) else { continue };
                let events = self.events.of(func);
                if point_of(events, span).is_some_and(|at| !waits_behind(events, at)) {
                    out.push((param, *worker));
                }
            }
        }
        out
    }

    /// What is sent: the value, or what stands in the fields of the struct that it is.
    fn sent(&self, file: FileId, value: ExprId) -> Vec<(Option<Symbol>, ExprId)> {
        let exprs = &self.program.facts(file).exprs;
        let value = match exprs[value] {
            Expr::AddressOf(inner) => inner,
            _ => value,
        };
        match &exprs[value] {
            Expr::Composite { elements, .. } => {
                let named = exprs.elements(*elements).iter().filter_map(|element| match element.key {
                    Some(ElementKey::Name { name, .. }) => Some((Some(name), element.value)),
                    _ => None,
                });
                named.collect()
            }
            _ => vec![(None, value)],
        }
    }
}

/// Whether something is waited for behind a point.
fn waits_behind(events: &FuncEvents, (block, index): Point) -> bool {
    let waits = |kind: &EventKind| matches!(kind, EventKind::Wait { .. } | EventKind::WaitAll);
    let after = reachable(events, block);
    events.blocks[block].events[index..].iter().any(|event| waits(&event.kind))
        || after.ones().any(|at| events.blocks[at].events.iter().any(|event| waits(&event.kind)))
}

/// Sends of a function: channel, value, place.
fn sends(body: &Body) -> Vec<(ExprId, ExprId, Span)> {
    let mut out = Vec::new();
    for block in body.blocks.iter() {
        for instr in body.instrs_of(block) {
            if let InstrKind::Send { channel, value } = instr.kind {
                out.push((channel, value, instr.span));
            }
        }
        if let Terminator::Select { arms } = &block.end {
            out.extend(arms.iter().filter_map(|arm| match arm.comm {
                Comm::Send { channel, value } => Some((channel, value, arm.span)),
                _ => None,
            }));
        }
    }
    out
}
