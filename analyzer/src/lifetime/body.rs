//! Order inside a goroutine's body, and loops that wait.

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use super::{
    after_spawn::Facts,
    domain::{Location, Signal, SignalKind, SpawnId, WaitKind},
    events::{EventKind, FuncEvents},
    order::{Order, Point, points},
    reach::{Reach, Reached},
};
use crate::{
    base::{Idx, Span},
    resolve::FuncId,
    syntax::Loop,
};

/// Order facts of a goroutine's body.
pub struct Body {
    orders: Vec<(FuncId, Order, FxHashMap<Span, Point>)>,
}

impl Body {
    /// Computes the facts of every body of a spawn site.
    pub fn new(facts: Facts<'_>, id: SpawnId) -> Self {
        let bodies = &facts.spawns.sites[id].bodies;
        let orders = bodies.iter().map(|&body| {
            let events = facts.cx.events.of(body);
            let mut order = Order::build(events, facts.cx.places);
            let file = facts.cx.program.funcs()[body].file;
            let known = &facts.spawns.sites[id].signals;
            for (block, row) in events.blocks.iter().enumerate().filter(|_| !known.is_empty()) {
                for (index, event) in row.events.iter().enumerate() {
                    let EventKind::Call(call) = event.kind else { continue };
                    let given = facts.cx.signals_of_call(file, call).into_iter();
                    // What a callback sends of what the body closes is work, and a flag is no end that a call gives.
                    let own = |s: &Signal| known.iter().any(|own| own.key == s.key && own.kind == s.kind);
                    let certain = given.filter(|s| s.certain && s.kind != SignalKind::Flag && own(s));
                    certain.for_each(|signal| order.also_signals(events, signal.key, signal.kind, (block, index)));
                }
            }
            order.also_named(&|key| facts.cx.key_outside(&facts.spawns.sites[id], body, key));
            (body, order, points(events))
        });
        Self { orders: orders.collect() }
    }

    /// Whether a body does something after its signal on `key` that ends a wait of that kind.
    pub fn goes_on_after(&self, facts: Facts<'_>, key: Location, how: WaitKind) -> bool {
        self.orders.iter().any(|(body, order, _)| {
            let blocks = &facts.cx.events.of(*body).blocks;
            blocks.iter().enumerate().any(|(block, row)| {
                row.events.iter().enumerate().any(|(index, event)| {
                    let matters =
                        matches!(event.kind, EventKind::Access(_) | EventKind::Call(_) | EventKind::Defer { .. });
                    let deferred = matches!(event.kind, EventKind::Defer { .. });
                    matters && order.may_follow((block, index), deferred, key, how)
                })
            })
        })
    }

    /// The point of the body at which something reached happens, or under which call it does.
    pub fn point(&self, reach: &Reach, reached: &Reached, span: Span) -> Option<(&FuncId, &Order, Point)> {
        let path = reach.path(reached.node);
        let (func, span) = path.first().copied().unwrap_or((reach.nodes[reached.node as usize].func, span));
        let (func, order, points) = self.orders.iter().find(|row| row.0 == func)?;
        Some((func, order, *points.get(&span)?))
    }
}

/// Loops of a function with a wait inside: head, block behind, blocks inside.
pub fn waiting_loops(facts: Facts<'_>, func: FuncId, events: &FuncEvents) -> Vec<(usize, usize, FixedBitSet)> {
    let Some(body) = &facts.cx.program.function(func).body else { return Vec::new() };
    let mut out = Vec::new();
    for row in &body.loops {
        let (head, exit) = (row.head.index(), row.exit.index());
        let inside = inside_of(body, row, events);
        let waits = |block: usize| {
            events.blocks[block].events.iter().any(|e| match e.kind {
                EventKind::Wait { how, .. } => how != WaitKind::Range,
                EventKind::Signal { kind, .. } => kind == SignalKind::Send,
                _ => false,
            })
        };
        let back = inside.ones().any(|b| b != head && events.blocks[b].successors.contains(&head));
        // The way out of the head has a block of its own where a `break` leads to the same place.
        let split = |next: usize| next >= body.blocks.len() && events.blocks[next].successors[..] == [exit];
        let exit = events.blocks[head].successors.iter().copied().find(|next| *next == exit || split(*next));
        if let Some(exit) = exit.filter(|_| back && inside.ones().any(waits)) {
            out.push((head, exit, inside));
        }
    }
    out
}

/// The blocks of a loop, its head included: those between the head and a way back to it that neither leaves the loop nor
/// goes round one that stands around it.
fn inside_of(body: &crate::syntax::Body, row: &Loop, events: &FuncEvents) -> FixedBitSet {
    let (head, exit) = (row.head.index(), row.exit.index());
    let around = body.loops.iter().filter(|outer| outer.span != row.span && outer.span.contains(row.span));
    let mut beyond: Vec<usize> = around.map(|outer| outer.head.index()).collect();
    beyond.push(exit);
    let mut inside = FixedBitSet::with_capacity(events.blocks.len());
    let mut work = vec![head];
    while let Some(at) = work.pop() {
        if !inside.put(at) {
            work.extend(events.blocks[at].successors.iter().copied().filter(|next| !beyond.contains(next)));
        }
    }
    // Of those, the ones that come back.
    let mut back = FixedBitSet::with_capacity(events.blocks.len());
    back.insert(head);
    loop {
        let more: Vec<usize> = inside
            .ones()
            .filter(|at| !back.contains(*at) && events.blocks[*at].successors.iter().any(|next| back.contains(*next)))
            .collect();
        if more.is_empty() {
            return back;
        }
        more.into_iter().for_each(|at| back.insert(at));
    }
}
