//! State set through a method after the goroutine that reads it was started by another: `c.Start(); c.SetListener(f)`.

use rayon::prelude::*;

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, JoinStatus, Relation, Side},
    domain::{AccessKind, Location, Stored},
    obligations::{Obligations, UseWhileOpen, spawn_ids},
    reach::Reach,
};

/// Calls followed from the method.
const MAX_DEPTH: u32 = 1;

/// Finds writes by methods called on an object whose goroutines may be running.
pub fn set_while_running(facts: Facts<'_>, obligations: &Obligations) -> Vec<Conflict> {
    obligations.uses.par_iter().flat_map_iter(|used| of_use(facts, used)).collect()
}

fn of_use(facts: Facts<'_>, used: &UseWhileOpen) -> Vec<Conflict> {
    let cx = facts.cx;
    let mut out: Vec<Conflict> = Vec::new();
    let Some(row) = facts.calls.at(used.func, used.call) else { return out };
    if row.dispatched {
        return out;
    }
    let (may, _) = facts.joins.of_call(cx, used.func, row);
    let reach = Reach::of_call(cx, facts.calls, used.func, row, MAX_DEPTH);
    for id in spawn_ids(&used.spawns) {
        let site = &facts.spawns.sites[id];
        let ends = site.signals.iter().filter_map(|s| facts.joins.index_of(s.key)).any(|bit| may.contains(bit));
        let Some(anchor) = site.signals.iter().find_map(|s| s.anchor) else { continue };
        if ends {
            // A method that waits is judged as an end of the object.
            continue;
        }
        let running = &facts.reaches[id];
        for (number, node) in reach.nodes.iter().enumerate() {
            for (at, access) in cx.events.of(node.func).accesses.iter().enumerate() {
                let whole = access.kind == AccessKind::Write && !access.element && !access.atomic;
                if !whole || access.stored == Stored::Update || !matches!(access.location, Location::Field(_)) {
                    continue;
                }
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                let found = reach.reached(cx, number, u32::try_from(at).unwrap_or(u32::MAX));
                if found.origin != Some(used.holder) {
                    continue;
                }
                let inside = running.accesses(cx, facts.index.of(access.location)).into_iter().find(|inner| {
                    let node = &running.nodes[inner.node as usize];
                    let row = &cx.events.of(node.func).accesses[inner.row as usize];
                    inner.origin == Some(anchor)
                        && row.depth == access.depth
                        && !row.element
                        && !row.atomic
                        && row.kind.conflicts(access.kind)
                        && !inner.locks.iter().any(|l| found.locks.contains(l))
                        && !closed_behind(facts, running, inner, row.span, id, &reach, access.span)
                });
                let Some(inside) = inside else { continue };
                if out.iter().any(|c| c.spawn == id && c.location == access.location) {
                    continue;
                }
                let inner_node = &running.nodes[inside.node as usize];
                let inner = &cx.events.of(inner_node.func).accesses[inside.row as usize];
                let mut path = vec![(used.func, row.span)];
                path.extend(reach.path(number));
                out.push(Conflict {
                    spawn: id,
                    location: access.location,
                    element: false,
                    inside: Side {
                        func: inner_node.func,
                        span: inner.span,
                        kind: inner.kind,
                        stored: inner.stored,
                        path: running.path(inside.node),
                        dispatched: inner_node.dispatched,
                        same_object: true,
                    },
                    other: Side {
                        func: node.func,
                        span: access.span,
                        kind: access.kind,
                        stored: access.stored,
                        path,
                        dispatched: node.dispatched,
                        same_object: true,
                    },
                    relation: Relation::AfterSpawn,
                    join: JoinStatus::Missing { asked: None },
                    assumptions: vec![Assumption::SameObject],
                });
            }
        }
    }
    out
}

/// Whether the goroutine gets to its access only after the method closed or sent on a channel behind its write.
fn closed_behind(
    facts: Facts<'_>,
    running: &Reach,
    inner: &super::reach::Reached,
    span: crate::base::Span,
    id: super::SpawnId,
    setter: &Reach,
    written: crate::base::Span,
) -> bool {
    let path = running.path(inner.node);
    let (func, span) = path.first().copied().unwrap_or((running.nodes[inner.node as usize].func, span));
    if !facts.spawns.sites[id].bodies.contains(&func) {
        return false;
    }
    let events = facts.cx.events.of(func);
    let order = super::order::Order::build(events, facts.cx.places);
    let Some(&point) = super::order::points(events).get(&span) else { return false };
    let gates = order.gates_at(events, facts.cx.places, point);
    setter.nodes.iter().any(|node| {
        facts.cx.events.of(node.func).blocks.iter().flat_map(|b| &b.events).any(|event| match event.kind {
            super::events::EventKind::Signal { key, .. } => event.span.start > written.start && gates.contains(&key),
            _ => false,
        })
    })
}
