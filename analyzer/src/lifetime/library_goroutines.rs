//! What goroutines of a library do with what they were given: copy a command's output into a buffer, send signals on a
//! channel. Their source is not looked at; rows say what they work on and which call ends that.
//!
//! ```go
//! cmd.Stdout = &out
//! cmd.Start()
//! for !strings.Contains(out.String(), "ready") { … } // the copier writes
//! ```
//!
//! Invariant: a spawn site of that kind has no bodies. Absent on purpose: callbacks, which have (`spawns`).

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Relation, Role, Side},
    domain::{AccessKind, Location, SpawnId, SpawnKind},
    events::EventKind,
    handed::root_local,
    models::{Effect, Models, Operand},
    order::point_of,
    origin::mentions,
    partial_joins::under_error,
    reach::access,
};
use crate::{
    base::{Span, Symbol},
    resolve::{Callee, FuncId, Place, Program, Type},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId, Source},
};

/// What a library's goroutine is known to do.
pub(super) fn work_of(effects: &[Effect]) -> Option<Effect> {
    effects.iter().copied().find(|effect| matches!(effect, Effect::Fills | Effect::SendsOn(_)))
}

/// The function that a call names, and its receiver.
pub(super) fn named(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<(Symbol, Option<Place>)> {
    match program.callee(file, call) {
        Callee::External { key, receiver } => Some((key, receiver)),
        Callee::Func { func, receiver, .. } => Some((program.funcs()[func].key, receiver)),
        Callee::Unknown(_) => method_of_made(program, models, file, call),
        _ => None,
    }
}

/// A method of what a library's function has made, where the source that would tell the type is absent.
fn method_of_made(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<(Symbol, Option<Place>)> {
    let facts = program.facts(file);
    let Expr::Call { callee, .. } = facts.exprs[call] else { return None };
    let Expr::Select { base, name } = facts.exprs[callee] else { return None };
    let Expr::Local(local) = facts.exprs[base] else { return None };
    let LocalDecl::Value(value) = facts.locals[local].decl else { return None };
    let Callee::External { key, .. } = program.callee(file, value.expr) else { return None };
    let made = models.made_by(key)?;
    Some((Symbol::new(&format!("{made}.{name}")), Some(program.place(file, base))))
}

/// Finds uses of what goroutines of libraries work on.
pub(super) fn used_meanwhile(facts: Facts<'_>) -> Vec<Conflict> {
    let mut out = Vec::new();
    for (id, site) in facts.spawns.sites.iter_enumerated() {
        if site.kind != SpawnKind::Library || !site.bodies.is_empty() {
            continue;
        }
        let file = facts.cx.program.funcs()[site.func].file;
        let Some((key, receiver)) = named(facts.cx.program, facts.cx.models, file, site.call) else { continue };
        match work_of(facts.cx.models.effects(key)) {
            Some(Effect::Fills) => out.extend(read_while_filled(facts, id, receiver)),
            Some(Effect::SendsOn(Operand::Arg(at))) => out.extend(closed_under_sender(facts, id, at)),
            _ => {}
        }
    }
    out
}

/// Buffers that the object was given to fill: `cmd.Stdout = &out`.
fn filled(facts: Facts<'_>, func: FuncId, object: LocalId, before: Span) -> Vec<LocalId> {
    let (program, models) = (facts.cx.program, facts.cx.models);
    let file = program.funcs()[func].file;
    let exprs = &program.facts(file).exprs;
    let Some(body) = &program.function(func).body else { return Vec::new() };
    let buffer = |value: ExprId| {
        let local = match exprs[value] {
            Expr::Local(local) => local,
            Expr::AddressOf(inner) => match exprs[inner] {
                Expr::Local(local) => local,
                _ => return None,
            },
            _ => return None,
        };
        let ty = program.local_type(file, local);
        let held = match program.ty(ty) {
            Type::Pointer(held) => *held,
            _ => ty,
        };
        program.type_key(held).filter(|key| models.is_filled(*key)).map(|_| local)
    };
    let given = body.instrs().filter_map(|instr| match instr.kind {
        InstrKind::Write { place, source: Source::Value(value) } if instr.span.start < before.start => {
            let Expr::Select { base, name } = exprs[place] else { return None };
            let own = matches!(exprs[base], Expr::Local(local) if local == object);
            (own && models.fills(name.as_str())).then(|| buffer(value.expr)).flatten()
        }
        _ => None,
    });
    let mut given: Vec<LocalId> = given.collect();
    given.sort_unstable();
    given.dedup();
    given
}

/// Uses of a buffer after the start of what fills it and before anything that may have waited for that.
fn read_while_filled(facts: Facts<'_>, id: SpawnId, receiver: Option<Place>) -> Vec<Conflict> {
    let (cx, site) = (facts.cx, &facts.spawns.sites[id]);
    let program = cx.program;
    let file = program.funcs()[site.func].file;
    let object = receiver.map(|place| cx.places.canonical(program, file, place));
    let Some(object) = object.filter(|place| place.steps.is_empty()).and_then(|place| root_local(&place)) else {
        return Vec::new();
    };
    let buffers = filled(facts, site.func, object, site.span);
    let events = cx.events.of(site.func);
    let Some((block, index)) = point_of(events, site.span).filter(|_| !buffers.is_empty()) else {
        return Vec::new();
    };
    // A call of the project that is given the object may wait; a library's method that is not known to does not.
    let ends = |kind: &EventKind| match kind {
        EventKind::Wait { .. } | EventKind::WaitAll => true,
        EventKind::Call(call) => {
            let on_object = mentions(program, file, *call).contains(&object);
            on_object
                && match (program.callee(file, *call), named(program, cx.models, file, *call)) {
                    (Callee::External { .. }, Some((key, _))) => is_end(facts, key),
                    (Callee::Unknown(_), known) => known.is_some_and(|(key, _)| is_end(facts, key)),
                    _ => true,
                }
        }
        _ => false,
    };
    let mut out: Vec<Conflict> = Vec::new();
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![(block, index + 1)];
    while let Some((at, from)) = work.pop() {
        let mut over = false;
        for event in &events.blocks[at].events[from.min(events.blocks[at].events.len())..] {
            if event.span == site.span {
                continue;
            }
            over = ends(&event.kind);
            if over {
                break;
            }
            let EventKind::Call(call) = event.kind else { continue };
            let used = mentions(program, file, call);
            for &buffer in buffers.iter().filter(|buffer| used.contains(buffer)) {
                let location = Location::Local(file, buffer);
                let failed = under_error(program, site.func, events, at);
                if !failed && out.iter().all(|known| known.location != location) {
                    let inside = Side::at(site.func, site.span, AccessKind::Write);
                    let other = Side::at(site.func, event.span, AccessKind::Read);
                    out.push(conflict(id, location, inside, other, Relation::AfterSpawn));
                }
            }
        }
        for &next in events.blocks[at].successors.iter().filter(|_| !over) {
            if !std::mem::replace(&mut seen[next], true) {
                work.push((next, 0));
            }
        }
    }
    out
}

fn is_end(facts: Facts<'_>, key: Symbol) -> bool {
    facts.cx.models.effects(key).iter().any(|effect| matches!(effect, Effect::WorkEnds(_)))
}

/// A close of the channel that a library sends on, in a function that does not tell it to stop.
fn closed_under_sender(facts: Facts<'_>, id: SpawnId, at: u8) -> Option<Conflict> {
    let (cx, site) = (facts.cx, &facts.spawns.sites[id]);
    let program = cx.program;
    let file = program.funcs()[site.func].file;
    let args = program.facts(file).exprs.args(site.call)?;
    let channel = cx.places.key(program, cx.graph, file, *args.get(usize::from(at))?)?;
    let mut rows = facts.index.of(channel).iter().map(|row| access(cx, *row));
    let closes = |row: &&super::Access| {
        row.kind == AccessKind::Close && !row.element && !stops(facts, row.func) && !program.in_test_file(row.func)
    };
    let close = rows.find(closes)?;
    let relation = match channel {
        Location::Local(..) if close.func == site.func => Relation::AfterSpawn,
        _ => Relation::OwnerMethod { method: close.func, role: Role::Elsewhere },
    };
    let inside = Side::at(site.func, site.span, AccessKind::Send);
    Some(conflict(id, channel, inside, Side::of(close, true), relation))
}

/// Whether the function, or one around it, ends a library's work, whenever that is.
fn stops(facts: Facts<'_>, func: FuncId) -> bool {
    let program = facts.cx.program;
    let around = std::iter::successors(Some(func), |at| program.funcs()[*at].parent);
    around.into_iter().any(|func| {
        let file = program.funcs()[func].file;
        let ends =
            |call: ExprId| named(program, facts.cx.models, file, call).is_some_and(|(key, _)| is_end(facts, key));
        let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
        events.any(|event| match event.kind {
            EventKind::Call(call) | EventKind::Defer { call, .. } => ends(call),
            _ => false,
        })
    })
}

fn conflict(id: SpawnId, location: Location, inside: Side, other: Side, relation: Relation) -> Conflict {
    Conflict { assumptions: vec![Assumption::TakesThatWay], ..Conflict::new(id, location, inside, other, relation) }
}
