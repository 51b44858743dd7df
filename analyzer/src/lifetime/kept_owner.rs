//! Owners of goroutines that are kept in a field: one method starts them, another one stops them, but not on every way.
//!
//! ```go
//! func (p *player) load(track []byte) {
//!     p.dec = newDecoder(track)
//!     p.dec.Start()
//! }
//! func (p *player) play() error {
//!     for f := range p.dec.frames {
//!         if f == 0 {
//!             return errNoise // the decoder goes on
//!         }
//!     }
//!     p.dec.Stop()
//!     return nil
//! }
//! ```
//!
//! Part of [`super::obligations`], which knows owners in variables.
//!
//! Invariant: one method alone stops what the field holds, on every way that ends normally, and the way that it leaves out
//! is not chosen by what the object itself knows (`if p.stopped`, `if p.dec == nil`): elsewhere, or asked before, it may
//! have been stopped.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    calls::CallRef,
    domain::{Exit, Location, Stored},
    domain_local::{Operand, operand},
    events::{EventKind, FuncEvents},
    obligations::{Holder, Skip, Solver},
    origin::mentions,
};
use crate::{
    base::{Idx, Span},
    resolve::{FieldId, FuncId, Root, Step},
    syntax::{BlockId, Body, ExprId, LocalId, Terminator},
};

/// A method call on what a field of the receiver holds.
struct OnField {
    func: FuncId,
    receiver: LocalId,
    call: ExprId,
    spawns: FixedBitSet,
}

/// What happens to the owner in one field.
#[derive(Default)]
struct Kept {
    starts: Vec<OnField>,
    stops: Vec<OnField>,
}

impl Solver<'_> {
    /// Exits of methods that leave goroutines running whose owner a field holds, and which they stop on other ways.
    pub(super) fn kept(&self) -> Vec<Skip> {
        let found: Vec<(FieldId, bool, OnField)> =
            self.cx.program.funcs().par_ids().flat_map_iter(|func| self.on_fields(func)).collect();
        let mut fields: FxHashMap<FieldId, Kept> = FxHashMap::default();
        for (field, stops, row) in found {
            let kept = fields.entry(field).or_default();
            if stops { kept.stops.push(row) } else { kept.starts.push(row) }
        }
        let mut skips: Vec<Skip> = Vec::new();
        let mut fields: Vec<(FieldId, Kept)> = fields.into_iter().collect();
        fields.sort_by_key(|(field, _)| *field);
        for (field, kept) in fields {
            skips.extend(self.left_out(field, &kept));
        }
        skips
    }

    /// Calls of a method that start, or stop, goroutines of what a field of its receiver holds.
    fn on_fields(&self, func: FuncId) -> Vec<(FieldId, bool, OnField)> {
        let program = self.cx.program;
        if program.funcs()[func].receiver.is_none() || program.in_test_file(func) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for row in self.calls.of(func) {
            let Some((receiver, field)) = self.field_called(func, row) else { continue };
            let on = |spawns| OnField { func, receiver, call: row.call, spawns };
            let started = row.targets.iter().flat_map(|target| self.leaked(*target));
            let mut starts = FixedBitSet::with_capacity(self.spawns.sites.len());
            started.filter(|leak| leak.holder == Holder::Receiver).for_each(|leak| starts.union_with(&leak.spawns));
            if !starts.is_clear() {
                out.push((field, false, on(starts)));
            }
            if self.joins.call_may_wait(row) {
                let (may, _) = self.joins.of_call(self.cx, func, row);
                let mut stops = FixedBitSet::with_capacity(self.spawns.sites.len());
                may.ones().for_each(|bit| stops.union_with(&self.by_key[bit]));
                if !stops.is_clear() {
                    out.push((field, true, on(stops)));
                }
            }
        }
        out
    }

    /// The receiver and the field, when a call is `r.field.M(…)`.
    fn field_called(&self, func: FuncId, row: &CallRef) -> Option<(LocalId, FieldId)> {
        let program = self.cx.program;
        let file = self.file(func);
        let place = self.cx.places.canonical(program, file, row.receiver(self.cx, func)?);
        let Root::Local(local) = place.root else { return None };
        let mut fields = place.steps.iter().filter(|step| !matches!(step, Step::Deref));
        let (Some(Step::Field(field)), None) = (fields.next(), fields.next()) else { return None };
        (operand(program, func, file, local) == Operand::Receiver).then_some((local, *field))
    }

    fn left_out(&self, field: FieldId, kept: &Kept) -> Vec<Skip> {
        let funcs: FxHashSet<FuncId> = kept.stops.iter().map(|row| row.func).collect();
        let Some(stop) = kept.stops.first().filter(|_| funcs.len() == 1) else { return Vec::new() };
        let mut spawns = stop.spawns.clone();
        let mut started = FixedBitSet::with_capacity(spawns.len());
        // Each start has an owner of its own.
        let anew = |row: &&OnField| {
            let mut accesses = self.cx.events.of(row.func).accesses.iter();
            accesses.any(|a| a.location == Location::Field(field) && a.kind.is_write() && a.stored == Stored::Fresh)
        };
        let starts = kept.starts.iter().filter(|row| row.func != stop.func).filter(anew);
        starts.for_each(|row| started.union_with(&row.spawns));
        spawns.intersect_with(&started);
        let events = self.cx.events.of(stop.func);
        let Some(body) = self.cx.program.function(stop.func).body.as_ref().filter(|_| !spawns.is_clear()) else {
            return Vec::new();
        };
        let calls: Vec<ExprId> = kept.stops.iter().map(|row| row.call).collect();
        let skipping = skipping(events, &calls);
        let ends = |block: usize| events.blocks[block].exit().filter(|(exit, _)| *exit != Exit::Panic);
        let stopped = (0..events.blocks.len()).any(|at| ends(at).is_some() && !skipping.contains(at));
        if !stopped {
            return Vec::new();
        }
        let mut skips = Vec::new();
        for at in skipping.ones() {
            let Some((exit @ Exit::Return, span)) = ends(at) else { continue };
            if !self.asks_the_object(stop, body, events, at) {
                skips.push(Skip {
                    func: stop.func,
                    holder: stop.receiver,
                    opened_by: stop.call,
                    spawns: spawns.clone(),
                    exit,
                    span,
                    discharged_by: calls.iter().map(|call| (stop.func, *call)).collect(),
                    waited_at: Vec::<Span>::new(),
                    iteration: false,
                });
            }
        }
        skips
    }

    /// Whether what decides for the way to an exit is something that the receiver knows.
    fn asks_the_object(&self, stop: &OnField, body: &Body, events: &FuncEvents, exit: usize) -> bool {
        let program = self.cx.program;
        let file = self.file(stop.func);
        let before = |at: usize| (0..events.blocks.len()).filter(move |b| events.blocks[*b].successors.contains(&at));
        let mut at = exit;
        for _ in 0..events.blocks.len() {
            let mut ways = before(at);
            // Several ways in, or none: nothing in particular decides.
            let (Some(only), None) = (ways.next(), ways.next()) else { return true };
            if let Some(block) = body.blocks.get(BlockId::new(only))
                && let Terminator::If { condition, .. } = block.end
            {
                return mentions(program, file, condition).contains(&stop.receiver);
            }
            if events.blocks[only].successors.len() > 1 {
                // A `select` or `switch`.
                return false;
            }
            at = only;
        }
        true
    }
}

/// Blocks that are reached, to their end, without any of the calls.
fn skipping(events: &FuncEvents, calls: &[ExprId]) -> FixedBitSet {
    let stops = |at: usize| {
        events.blocks[at].events.iter().any(|event| match &event.kind {
            EventKind::Call(call) | EventKind::Defer { call, .. } => calls.contains(call),
            EventKind::Leave { .. } => true,
            _ => false,
        })
    };
    let mut seen = FixedBitSet::with_capacity(events.blocks.len());
    let mut work = vec![0];
    while let Some(at) = work.pop() {
        if at < events.blocks.len() && !seen.contains(at) && !stops(at) {
            seen.insert(at);
            work.extend(events.blocks[at].successors.iter().copied());
        }
    }
    seen
}
