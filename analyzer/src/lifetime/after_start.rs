//! Fields set in a function after a call in it has started, somewhere below, the goroutine that reads them:
//! `c := New(opt); c.listener = f`, or `o := &hook{}; p := newPool(o); o.notify = f`.
//!
//! Which object the goroutine works on is told by what the call is given: the object is its receiver, an argument, its
//! result, or was stored in one of these before. Absent on purpose: methods that set ([`super::published`]).

use fixedbitset::FixedBitSet;
use rayon::prelude::*;

use super::{
    after_call::told,
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{Access, AccessKind, Anchor, Location, Signal, SpawnId, Stored},
    events::EventKind,
    order::{Point, points, reachable, reachable_without},
    origin::mentions,
    owner::keys_of,
    reach::{Reach, Reached, canonical_root},
};
use crate::{
    base::{Idx, Span},
    resolve::{FuncId, Program},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalId, Source},
};

/// Calls from the function down to the one that starts the goroutine: constructors of constructors.
const MAX_START_DEPTH: u32 = 3;
/// Calls on the way from the goroutine's body to its access that dispatch.
const MAX_DISPATCHED: u32 = 3;
/// Calls from the body to the access.
const MAX_ACCESS_DEPTH: u32 = 9;

/// Finds writes behind calls that leave a reader running; `alive` are the goroutines that outlive who starts them.
pub(super) fn set_after_start(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let starters = starters(facts, alive);
    facts.cx.program.funcs().par_ids().flat_map_iter(|func| of_func(facts, func, alive, &starters)).collect()
}

/// Functions that start a goroutine that outlives them, themselves or in what they call.
fn starters(facts: Facts<'_>, alive: &FixedBitSet) -> FixedBitSet {
    let graph = facts.cx.graph;
    let mut known = FixedBitSet::with_capacity(facts.cx.program.funcs().len());
    let mut level: Vec<FuncId> =
        alive.ones().map(|id| facts.spawns.sites[SpawnId::new(id)].func).filter(|f| !known.put(f.index())).collect();
    for _ in 0..MAX_START_DEPTH {
        let callers = level.iter().flat_map(|func| graph.callers(*func)).map(|site| graph.sites()[*site].func);
        level = callers.filter(|func| !known.put(func.index())).collect();
    }
    known
}

fn of_func(facts: Facts<'_>, func: FuncId, alive: &FixedBitSet, starters: &FixedBitSet) -> Vec<Conflict> {
    let cx = facts.cx;
    let file = cx.program.funcs()[func].file;
    let events = cx.events.of(func);
    let mut out: Vec<Conflict> = Vec::new();
    let starts = |row: &&CallRef| {
        let known = |target: &FuncId| starters.contains(target.index());
        !row.deferred && !row.dispatched && row.targets.iter().any(known)
    };
    let sets = |access: &&Access| {
        access.kind == AccessKind::Write
            && !access.element
            && !access.atomic
            && access.stored != Stored::Update
            && matches!(access.location, Location::Field(_))
            && !cx.places.is_of_a_copy(cx.program, file, access)
    };
    let mut calls = facts.calls.of(func).iter().filter(starts).peekable();
    if calls.peek().is_none() {
        return out;
    }
    let writes: Vec<(&Access, LocalId)> = events
        .accesses
        .iter()
        .filter(sets)
        .filter_map(|access| match access.anchor {
            Anchor::Local(local) => Some((access, canonical_root(cx, file, local).unwrap_or(local))),
            Anchor::Global | Anchor::Value => None,
        })
        .collect();
    if writes.is_empty() {
        return out;
    }
    let places = points(events);
    let replaced = Replaced::new(facts, func);
    let behind = |from: Point, to: Point| (from.0 == to.0 && from.1 < to.1) || reachable(events, from.0).contains(to.0);
    for row in calls {
        let Some(&call) = places.get(&row.span) else { continue };
        let later = |write: &&(&Access, LocalId)| {
            let at = places.get(&write.0.span);
            // A loop comes back with other objects.
            write.0.span.start >= row.span.end && at.is_some_and(|at| behind(call, *at))
        };
        let mut later = writes.iter().filter(later).peekable();
        if later.peek().is_none() {
            continue;
        }
        let given = given_to(facts, func, row);
        let started = started_in(facts, func, row, alive);
        for &(write, _) in later.filter(|write| given.contains(&write.1)) {
            let Some(&at) = places.get(&write.span) else { continue };
            if replaced.between(facts, func, &given, ((call, row.span), (at, write))) {
                continue;
            }
            for &id in &started {
                let known = |c: &Conflict| c.spawn == id && c.location == write.location;
                if out.iter().any(known) || is_over(facts, func, id, (row, write.span), &given) {
                    continue;
                }
                let Some(inside) = reader(facts, id, func, write) else { continue };
                out.push(conflict(id, inside, write));
            }
        }
    }
    out
}

/// Stores into variables of a function, as a whole, by block: whoever was given what they held before has another object.
struct Replaced(Vec<(usize, LocalId, Span, Source)>);

impl Replaced {
    fn new(facts: Facts<'_>, func: FuncId) -> Self {
        let program = facts.cx.program;
        let exprs = &program.facts(program.funcs()[func].file).exprs;
        let Some(body) = &program.function(func).body else { return Self(Vec::new()) };
        let instrs =
            body.blocks.iter().enumerate().flat_map(|(at, block)| body.instrs_of(block).iter().map(move |i| (at, i)));
        let stores = instrs.filter_map(|(at, instr)| match instr.kind {
            InstrKind::Write { place, source } => match exprs[place] {
                Expr::Local(local) => Some((at, local, instr.span, source)),
                _ => None,
            },
            _ => None,
        });
        Self(stores.collect())
    }

    /// Whether every way from a call to a write through a variable puts something into the variable that has nothing to do
    /// with what the call was given.
    fn between(
        &self,
        facts: Facts<'_>,
        func: FuncId,
        given: &[LocalId],
        ((from, call), (to, write)): ((Point, Span), (Point, &Access)),
    ) -> bool {
        let Anchor::Local(anchor) = write.anchor else { return false };
        let cx = facts.cx;
        let file = cx.program.funcs()[func].file;
        let related = |local: LocalId| given.contains(&canonical_root(cx, file, local).unwrap_or(local));
        self.0.iter().any(|&(block, local, span, source)| {
            let Source::Value(value) = source else { return false };
            local == anchor
                && call.end <= span.start
                && span.end <= write.span.start
                && gives_another(cx.program, file, value.expr)
                && !mentions(cx.program, file, value.expr).into_iter().any(related)
                && (block == from.0
                    || block == to.0
                    || !reachable_without(cx.events.of(func), from.0, block).contains(to.0))
        })
    }
}

/// Whether an expression is a call or a literal: what is read from elsewhere may be the object of before.
fn gives_another(program: &Program, file: FileId, value: ExprId) -> bool {
    let exprs = &program.facts(file).exprs;
    match exprs[value] {
        Expr::Call { .. } | Expr::Composite { .. } => true,
        Expr::AddressOf(inner) => matches!(exprs[inner], Expr::Composite { .. }),
        _ => false,
    }
}

/// Goroutines started before the call returns that outlive who starts them.
fn started_in(facts: Facts<'_>, func: FuncId, row: &CallRef, alive: &FixedBitSet) -> Vec<SpawnId> {
    let below = Reach::of_call(facts.cx, facts.calls, func, row, MAX_START_DEPTH - 1);
    let nodes = below.nodes.iter().filter(|node| node.dispatched() == 0);
    let started = nodes.flat_map(|node| facts.spawns.of(node.func)).copied();
    let mut started: Vec<SpawnId> = started.filter(|id| alive.contains(id.index())).collect();
    started.sort_unstable();
    started.dedup();
    started
}

/// Variables that a call is given or gives, and those that were stored in them before it.
fn given_to(facts: Facts<'_>, func: FuncId, row: &CallRef) -> Vec<LocalId> {
    let cx = facts.cx;
    let file = cx.program.funcs()[func].file;
    let mentioned = |expr| {
        let found = mentions(cx.program, file, expr).into_iter();
        found.map(|local| canonical_root(cx, file, local).unwrap_or(local))
    };
    let mut given: Vec<LocalId> = mentioned(row.call).collect();
    let Some(body) = &cx.program.function(func).body else { return given };
    let stores: Vec<(Span, LocalId, Source)> = body
        .instrs()
        .filter_map(|instr| match instr.kind {
            InstrKind::Write { place, source } => Some((instr.span, mentioned(place).next()?, source)),
            InstrKind::Define { local, source } => Some((instr.span, local, source)),
            _ => None,
        })
        .collect();
    for (_, into, source) in &stores {
        if matches!(source, Source::Value(value) if value.expr == row.call) {
            given.push(*into);
        }
    }
    loop {
        let before = given.len();
        for (span, into, source) in &stores {
            let Source::Value(value) = source else { continue };
            if span.start < row.span.start && given.contains(into) {
                let more: Vec<LocalId> = mentioned(value.expr).filter(|local| !given.contains(local)).collect();
                given.extend(more);
            }
        }
        if given.len() == before {
            return given;
        }
    }
}

/// Whether the function has waited, between the start and the write, for the goroutine: itself, or by a call of
/// something that the start was given.
fn is_over(facts: Facts<'_>, func: FuncId, id: SpawnId, (start, write): (&CallRef, Span), given: &[LocalId]) -> bool {
    let cx = facts.cx;
    let file = cx.program.funcs()[func].file;
    let keys = keys_of(facts, id);
    let told = told(facts, func, id, start.call, Signal::ends_body);
    let between = |span: Span| span.start >= start.span.end && span.end <= write.start;
    let mut events = cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    let itself = events.any(|event| match event.kind {
        EventKind::Wait { key, how } if between(event.span) => {
            told.contains(&key) && facts.joins.counts(key, how)
                || facts.joins.ended_by(key, how).any(|bit| keys.contains(&bit))
        }
        EventKind::WaitAll => between(event.span),
        _ => false,
    });
    itself
        || facts.calls.of(func).iter().filter(|row| !row.deferred && between(row.span)).any(|row| {
            let (_, must) = facts.joins.of_call(cx, func, row);
            let related = || {
                let mut all = mentions(cx.program, file, row.call).into_iter();
                all.any(|local| given.contains(&canonical_root(cx, file, local).unwrap_or(local)))
            };
            keys.iter().any(|key| must.contains(*key)) && related()
        })
}

/// The first access that conflicts with the write: of the goroutine, or of one that it starts.
fn reader(facts: Facts<'_>, id: SpawnId, func: FuncId, write: &Access) -> Option<Side> {
    let running = &facts.reaches[id];
    let side = |id: SpawnId, inside: &Reached| {
        let node = &facts.reaches[id].nodes[inside.node as usize];
        let inner = &facts.cx.events.of(node.func).accesses[inside.row as usize];
        Side::of(inner, false).reached_by(facts.reaches[id].path(inside.node), node.dispatched())
    };
    if let Some(inside) = reader_of(facts, id, func, write) {
        return Some(side(id, &inside));
    }
    let nodes = running.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_START_DEPTH);
    nodes.filter(|(node, _)| node.dispatched() == 0).find_map(|(node, number)| {
        facts.spawns.of(node.func).iter().filter(|inner| **inner != id).find_map(|inner| {
            let inside = side(*inner, &reader_of(facts, *inner, func, write)?);
            let mut path = running.path(number);
            path.push((node.func, facts.spawns.sites[*inner].span));
            path.extend(inside.path.iter().copied());
            let dispatched = inside.dispatched;
            Some(inside.reached_by(path, dispatched))
        })
    })
}

/// The goroutine's own first access that conflicts with the write.
fn reader_of(facts: Facts<'_>, id: SpawnId, func: FuncId, write: &Access) -> Option<Reached> {
    let cx = facts.cx;
    let running = &facts.reaches[id];
    if running.surely_contains(func) {
        return None;
    }
    running.accesses(cx, facts.index.of(write.location)).find(|found| {
        let node = &running.nodes[found.node as usize];
        let inner = &cx.events.of(node.func).accesses[found.row as usize];
        node.dispatched() <= MAX_DISPATCHED
            && node.depth() <= MAX_ACCESS_DEPTH
            && !inner.element
            && !inner.atomic
            && inner.kind.conflicts(write.kind)
            && !found.locks.iter().any(|lock| write.locks.contains(lock))
            && !super::fresh::is_being_made(facts, inner)
            && !super::fresh::is_unshared(facts, inner)
            && !super::fresh::is_of_a_copy(facts, inner)
    })
}

fn conflict(id: SpawnId, inside: Side, write: &Access) -> Conflict {
    Conflict {
        assumptions: vec![Assumption::SameObject],
        ..Conflict::new(id, write.location, inside, Side::of(write, false), Relation::AfterSpawn)
    }
}
