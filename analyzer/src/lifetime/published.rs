//! State set through a method after the goroutine that reads it was started by another: `c.Start(); c.SetListener(f)`.

use rayon::prelude::*;

use super::{
    after_call::has_heard_its_end,
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{Access, AccessKind, Anchor, Location, Stored},
    obligations::{Obligations, UseWhileOpen, spawn_ids},
    order::gates_before,
    reach::{Reach, canonical_root},
};
use crate::{
    base::InPieces,
    resolve::FuncId,
    syntax::{Expr, ExprId, InstrKind, LocalId, Source, Terminator},
};

/// Calls followed from the method.
const MAX_DEPTH: u32 = 1;

/// Finds writes by methods called on an object whose goroutines may be running.
pub fn set_while_running(facts: Facts<'_>, obligations: &Obligations) -> Vec<Conflict> {
    obligations.uses.par_iter().one_by_one().flat_map_iter(|used| of_use(facts, used)).collect()
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
                let inside = running.accesses(cx, facts.index.of(access.location)).find(|inner| {
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
                    assumptions: vec![Assumption::SameObject],
                    ..Conflict::new(
                        id,
                        access.location,
                        Side::of(inner, true).reached_by(running.path(inside.node), inner_node.dispatched()),
                        Side::of(access, true).reached_by(path, node.dispatched()),
                        Relation::AfterSpawn,
                    )
                });
            }
        }
    }
    out
}

/// Finds fields set on an object by whoever got it from the constructor that started its goroutine:
/// `l := lex(input); l.verbose = true`.
pub fn set_after_construction(facts: Facts<'_>) -> Vec<Conflict> {
    facts.spawns.sites.par_ids().flat_map_iter(|id| of_constructor(facts, id)).collect()
}

fn of_constructor(facts: Facts<'_>, id: super::SpawnId) -> Vec<Conflict> {
    let cx = facts.cx;
    let program = cx.program;
    let constructor = facts.spawns.sites[id].func;
    let mut out: Vec<Conflict> = Vec::new();
    for object in returned_locals(facts, constructor) {
        for &call in cx.graph.callers(constructor) {
            let call = &cx.graph.sites()[call];
            let Some(local) = holder_of(facts, call.func, call.expr) else { continue };
            for access in &cx.events.of(call.func).accesses {
                let set = access.kind == AccessKind::Write
                    && !access.element
                    && !access.atomic
                    && access.depth == 0
                    && is_local(facts, access, local)
                    && matches!(access.location, Location::Field(_))
                    && access.span.start >= call.span.end;
                if !set
                    || out.iter().any(|c| c.location == access.location)
                    || has_heard_its_end(facts, call.func, id, (call.span, call.expr), access.span)
                {
                    continue;
                }
                let running = &facts.reaches[id];
                let inside = running.accesses(cx, facts.index.of(access.location)).find(|inner| {
                    let func = running.nodes[inner.node as usize].func;
                    let row = &cx.events.of(func).accesses[inner.row as usize];
                    inner.origin == Some(object)
                        && row.depth == 0
                        && !row.element
                        && !row.atomic
                        && row.kind.conflicts(access.kind)
                        && !inner.locks.iter().any(|l| access.locks.contains(l))
                        && !waits_first(facts, running, inner, row.span, id)
                });
                let Some(inside) = inside else { continue };
                let node = &running.nodes[inside.node as usize];
                let inner = &cx.events.of(node.func).accesses[inside.row as usize];
                out.push(Conflict::new(
                    id,
                    access.location,
                    Side::of(inner, true).reached_by(running.path(inside.node), node.dispatched()),
                    Side { func: call.func, ..Side::of(access, true) },
                    Relation::AfterSpawn,
                ));
            }
        }
    }
    debug_assert!(out.iter().all(|c| program.funcs().get(c.other.func).is_some()));
    out
}

/// Whether an access goes through the variable, or another name of it.
fn is_local(facts: Facts<'_>, access: &Access, local: LocalId) -> bool {
    let Anchor::Local(anchor) = access.anchor else { return false };
    let file = facts.cx.program.funcs()[access.func].file;
    anchor == local || canonical_root(facts.cx, file, anchor) == Some(local)
}

/// Variables of the function that a `return` hands out as they are.
pub(super) fn returned_locals(facts: Facts<'_>, func: FuncId) -> Vec<LocalId> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Some(body) = &program.function(func).body else { return Vec::new() };
    let mut out = Vec::new();
    for block in body.blocks.iter() {
        let Terminator::Return { values } = &block.end else { continue };
        for value in values {
            if let Expr::Local(local) = program.facts(file).exprs[*value]
                && !out.contains(&local)
            {
                out.push(local);
            }
        }
    }
    out
}

/// The variable that a function keeps the result of a call in.
pub(super) fn holder_of(facts: Facts<'_>, func: FuncId, call: ExprId) -> Option<LocalId> {
    let body = facts.cx.program.function(func).body.as_ref()?;
    body.instrs().find_map(|instr| match instr.kind {
        InstrKind::Define { local, source: Source::Value(value) } => {
            (value.expr == call && value.component.unwrap_or(0) == 0).then_some(local)
        }
        _ => None,
    })
}

/// Whether the goroutine waits for something before it gets to its access: perhaps for the object to be ready.
pub(super) fn waits_first(
    facts: Facts<'_>,
    running: &Reach,
    inner: &super::reach::Reached,
    span: crate::base::Span,
    id: super::SpawnId,
) -> bool {
    let path = running.path(inner.node);
    let (func, span) = path.first().copied().unwrap_or((running.nodes[inner.node as usize].func, span));
    if !facts.spawns.sites[id].bodies.contains(&func) {
        return true;
    }
    let gates = gates_before(facts.cx.events.of(func), facts.cx.places, span);
    gates.is_none_or(|gates| !gates.is_empty())
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
    let Some(gates) = gates_before(facts.cx.events.of(func), facts.cx.places, span) else { return false };
    setter.nodes.iter().any(|node| {
        facts.cx.events.of(node.func).blocks.iter().flat_map(|b| &b.events).any(|event| match event.kind {
            super::events::EventKind::Signal { key, .. } => event.span.start > written.start && gates.contains(&key),
            _ => false,
        })
    })
}
