//! A caller goes on with an object on which something it called has left goroutines running:
//!
//! ```go
//! func (a *asker) askAll(questions []string) {
//!     for _, q := range questions {
//!         a.question = q // goroutines of the last `ask` may still read it
//!         a.ask()
//!     }
//! }
//! ```
//!
//! [`super::after_spawn`] looks at the function that starts the goroutines, this at one or two callers above it, which may
//! have started it as a goroutine, too. Invariant:
//! both sides reach the object through the receiver or an argument of the call, or through a variable that the called
//! literal captures. Absent on purpose: what a caller *reads* of an object, which is mostly a result that it was told about.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    after_spawn::{AfterSpawn, Facts},
    conflict::{Assumption, Conflict, JoinPoint, JoinStatus, Relation, Side, SkippedAt},
    domain::{Access, AccessKind, Anchor, Exit, Location, Signal, SignalKind, SpawnId, WaitKind},
    domain_local::{Operand, operand},
    events::{Event, EventKind},
    objects::{Bindings, Object},
    order::{Point, gets_to, point_of, points, reachable},
    published::waits_first,
    reach::{Reached, bodies, callees},
    recycled::uses_of,
    running::Outlives,
    waited::{joined_at_end, joined_before},
};
use crate::{
    base::Span,
    resolve::{Callee, FuncId, Place, Root},
    syntax::{ExprId, LocalDecl, LocalId},
};

/// Goroutines that run on an operand of a function when it returns.
#[derive(Clone)]
struct Left {
    spawn: SpawnId,
    /// Operands of the function, and the variables of the starting function that are the same objects.
    objects: Vec<(LocalId, LocalId)>,
    join: JoinStatus,
}

type AllLeft = FxHashMap<FuncId, Vec<Left>>;

/// Finds what callers write, or recycle, of objects that goroutines of their callees still use.
pub(super) fn after_calls(facts: Facts<'_>, passes: &[AfterSpawn]) -> Vec<Conflict> {
    let mut left = AllLeft::default();
    for pass in passes {
        for row in &pass.outlive {
            let func = facts.spawns.sites[row.spawn].func;
            let all = left.entry(func).or_default();
            if !fails(facts, func, row) && all.iter().all(|known| known.spawn != row.spawn) {
                let objects = operands(facts, func).into_iter().chain(captured(facts, row.spawn));
                let objects = objects.map(|local| (local, local)).collect();
                all.push(Left { spawn: row.spawn, objects, join: join_of(facts, pass, row.spawn) });
            }
        }
    }
    left.retain(|_, rows| !rows.is_empty());
    let funcs = || facts.cx.program.funcs().par_ids();
    let above: Vec<(FuncId, Vec<Left>)> = funcs().map(|func| (func, passed_on(facts, func, &left))).collect();
    for (func, rows) in above {
        if !rows.is_empty() {
            left.entry(func).or_default().extend(rows);
        }
    }
    funcs().flat_map_iter(|func| of_caller(facts, func, &left)).collect()
}

/// Whether the function is left with an error or a panic: who gets one does not go on.
fn fails(facts: Facts<'_>, func: FuncId, row: &Outlives) -> bool {
    let events = facts.cx.events.of(func);
    let at = events.blocks.iter().position(|block| block.exit().is_some_and(|(_, span)| span == row.span));
    row.exit == Exit::Panic
        || at.is_some_and(|block| super::partial_joins::under_error(facts.cx.program, func, events, block))
}

/// The receiver and the parameters.
fn operands(facts: Facts<'_>, func: FuncId) -> Vec<LocalId> {
    let function = facts.cx.program.function(func);
    let mut out: Vec<LocalId> = function.signature.params.iter().filter_map(|param| param.local).collect();
    if let crate::syntax::FuncKind::Decl { receiver: Some(receiver), .. } = &function.kind {
        out.extend(receiver.local);
    }
    out
}

/// Variables of the functions around the literal that starts a goroutine, which the goroutine uses.
fn captured(facts: Facts<'_>, id: SpawnId) -> Vec<LocalId> {
    let program = facts.cx.program;
    let func = facts.spawns.sites[id].func;
    let mut out: Vec<LocalId> = Vec::new();
    if program.funcs()[func].parent.is_none() {
        return out;
    }
    let file = program.funcs()[func].file;
    for node in facts.reaches[id].nodes.iter().filter(|node| program.encloses(func, node.func)) {
        let used =
            facts.cx.events.of(node.func).accesses.iter().filter_map(|access| match (access.location, access.anchor) {
                (Location::Local(_, local), _) | (_, Anchor::Local(local)) => Some(local),
                _ => None,
            });
        let outer = |local: &LocalId| {
            let owner = program.func_of(file, program.facts(file).locals[*local].function);
            owner.is_some_and(|owner| owner != func && program.encloses(owner, func))
        };
        out.extend(used.filter(outer));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// What is known, where the goroutine starts, about the join: skipped on some way, or a receive of one result of many.
fn join_of(facts: Facts<'_>, pass: &AfterSpawn, id: SpawnId) -> JoinStatus {
    let site = &facts.spawns.sites[id];
    if let Some(join) = pass.joined(id) {
        let rows = pass.outlive.iter().filter(|row| row.spawn == id);
        let at = rows.map(|row| SkippedAt { func: site.func, exit: row.exit, span: row.span });
        return JoinStatus::around(Some(join), at);
    }
    let mut all = facts.cx.events.of(site.func).blocks.iter().flat_map(|block| &block.events);
    let other = all.find_map(|event| match event.kind {
        EventKind::Wait { key, how: WaitKind::Receive } if site.signals.iter().any(|s| s.key == key) => {
            Some(JoinPoint::at(key, site.func, event.span))
        }
        _ => None,
    });
    other.map_or(JoinStatus::Missing { asked: None }, JoinStatus::OtherGoroutine)
}

/// Numbers of the keys that see the end of a goroutine: one result of many goroutines tells of one of them.
fn keys_of(facts: Facts<'_>, id: SpawnId) -> impl Iterator<Item = usize> {
    let site = &facts.spawns.sites[id];
    let one_of_many = |signal: &Signal| site.in_loop && signal.kind == SignalKind::Send;
    let signals = site.signals.iter().filter(move |signal| signal.ends_body() && !one_of_many(signal));
    signals.filter_map(move |signal| facts.joins.index_of(signal.key))
}

/// What the callees of a function leave running on the function's own operands.
fn passed_on(facts: Facts<'_>, func: FuncId, left: &AllLeft) -> Vec<Left> {
    let mut out: Vec<Left> = Vec::new();
    let mut at_end = None;
    let file = facts.cx.program.funcs()[func].file;
    let own = |local: LocalId| !matches!(operand(facts.cx.program, func, file, local), Operand::Own);
    for (_, known) in openings(facts, func, left) {
        let objects: Vec<(LocalId, LocalId)> = known.objects.iter().copied().filter(|(here, _)| own(*here)).collect();
        let joined = at_end.get_or_insert_with(|| joined_at_end(facts, func));
        let ended = keys_of(facts, known.spawn).any(|key| joined.contains(key));
        if !objects.is_empty() && !ended && out.iter().all(|other| other.spawn != known.spawn) {
            out.push(Left { objects, ..known });
        }
    }
    out
}

/// A call, or a `go` statement, that leaves goroutines running.
#[derive(Clone, Copy)]
struct Opening {
    span: Span,
    call: ExprId,
    dispatched: bool,
}

/// Calls and starts of a function that leave goroutines running, their objects in terms of the function.
fn openings<'a>(facts: Facts<'a>, func: FuncId, left: &'a AllLeft) -> impl Iterator<Item = (Opening, Left)> + 'a {
    let rows = facts.calls.of(func).iter().filter(|row| !row.deferred);
    let calls = rows.flat_map(move |row| {
        let known = |target: &FuncId| left.contains_key(target);
        let any = row.targets.iter().any(known) || row.handed.iter().any(|handed| known(&handed.func));
        let at = facts.calls.row(func, row.call).filter(|_| any);
        let targets = at.into_iter().flat_map(move |at| callees(facts.cx, facts.calls, func).of_call(at));
        let opening = Opening { span: row.span, call: row.call, dispatched: row.dispatched };
        targets.flat_map(move |(target, bindings)| {
            of_callee(facts, func, left, target, &bindings.collect::<Bindings>())
                .into_iter()
                .map(move |left| (opening, left))
        })
    });
    // Who waits for a goroutine has not waited for those that it has started.
    let sites = facts.spawns.of(func).iter().map(move |id| &facts.spawns.sites[*id]);
    let started =
        sites.filter(move |site| site.bodies.iter().any(|body| left.contains_key(body))).flat_map(move |site| {
            let opening = Opening { span: site.span, call: site.call, dispatched: false };
            bodies(facts.cx, site).flat_map(move |(body, bindings)| {
                of_callee(facts, func, left, body, &bindings).into_iter().map(move |left| (opening, left))
            })
        });
    calls.chain(started)
}

/// What a callee of a function leaves running on objects of the function.
fn of_callee(
    facts: Facts<'_>,
    func: FuncId,
    left: &AllLeft,
    target: FuncId,
    bindings: &[(LocalId, Object)],
) -> Vec<Left> {
    let rows = left.get(&target).into_iter().flatten().filter(|row| facts.spawns.sites[row.spawn].func != func);
    let rows = rows.filter_map(|known| {
        let file = |func: FuncId| facts.cx.program.funcs()[func].file;
        let there = |(here, origin): &(LocalId, LocalId)| match bindings.iter().find(|row| row.0 == *here) {
            Some((_, there)) => Some((there.as_variable()?, *origin)),
            // What a literal captures is the same variable for the function around it.
            None => {
                let same_file = file(target) == file(func);
                let captures = || operand(facts.cx.program, target, file(func), *here) == Operand::Captured;
                (same_file && captures()).then_some((*here, *origin))
            }
        };
        let objects: Vec<(LocalId, LocalId)> = known.objects.iter().filter_map(there).collect();
        (!objects.is_empty()).then(|| Left { objects, ..known.clone() })
    });
    rows.collect()
}

fn of_caller(facts: Facts<'_>, func: FuncId, left: &AllLeft) -> Vec<Conflict> {
    let cx = facts.cx;
    let events = cx.events.of(func);
    let mut out: Vec<Conflict> = Vec::new();
    let mut places = None;
    let mut before = None;
    for (opening, known) in openings(facts, func, left) {
        let reach = &facts.reaches[known.spawn];
        if reach.contains(func) {
            continue;
        }
        let places = places.get_or_insert_with(|| points(events));
        let Some(&start) = places.get(&opening.span) else { continue };
        let later = reachable(events, start.0);
        let before = before.get_or_insert_with(|| joined_before(facts, func));
        for (access, point, deferred) in accesses(facts, func) {
            let Some(object) = object_of(facts, func, access) else { continue };
            let Some((_, origin)) = known.objects.iter().find(|(here, _)| *here == object) else { continue };
            let comes_after = deferred || later.contains(point.0) || (point.0 == start.0 && point.1 > start.1);
            let again = access.span.start < opening.span.start;
            if !comes_after
                || (again && !deferred && declared_within(facts, func, object, opening.span))
                || before
                    .get(&access.span)
                    .is_some_and(|joined| keys_of(facts, known.spawn).any(|k| joined.contains(k)))
                || out.iter().any(|c| c.spawn == known.spawn && c.other.span == access.span)
                || waits_between(facts, func, known.spawn, &opening, access.span)
            {
                continue;
            }
            let Some(inside) = conflicting(facts, known.spawn, *origin, access) else { continue };
            out.push(conflict(facts, func, opening, &known, &inside, access));
        }
    }
    out
}

/// Accesses of a function with their points, and whether they are deferred.
fn accesses<'a>(facts: Facts<'a>, func: FuncId) -> impl Iterator<Item = (&'a Access, Point, bool)> {
    let events = facts.cx.events.of(func);
    events.blocks.iter().enumerate().flat_map(move |(block, row)| {
        row.events.iter().enumerate().flat_map(move |(index, event)| {
            let (own, deferred): (&[EventKind], bool) = match &event.kind {
                EventKind::Defer { effects, .. } => (effects, true),
                kind => (std::slice::from_ref(kind), false),
            };
            own.iter().filter_map(move |kind| match kind {
                EventKind::Access(row) => Some((&events.accesses[*row as usize], (block, index), deferred)),
                _ => None,
            })
        })
    })
}

/// The variable of the function through which an object is written or recycled, or which is accessed itself.
fn object_of(facts: Facts<'_>, func: FuncId, access: &Access) -> Option<LocalId> {
    if let Location::Local(_, local) = access.location
        && !access.atomic
        && matches!(access.kind, AccessKind::Read | AccessKind::Write | AccessKind::Close)
    {
        return Some(local);
    }
    let written = access.kind == AccessKind::Write && matches!(access.location, Location::Field(_));
    if access.atomic || !(written || access.kind == AccessKind::Recycle) {
        return None;
    }
    let Anchor::Local(local) = access.anchor else { return None };
    let program = facts.cx.program;
    let place = Place { root: Root::Local(local), steps: SmallVec::new() };
    let place = facts.cx.places.canonical(program, program.funcs()[func].file, place);
    match (place.steps.is_empty(), place.root) {
        (true, Root::Local(root)) => Some(root),
        _ => None,
    }
}

/// Whether the variable is declared in the innermost loop around a place: the next iteration has another object.
fn declared_within(facts: Facts<'_>, func: FuncId, local: LocalId, at: Span) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    operand(program, func, file, local) == Operand::Own
        && program.facts(file).locals[local].loop_scope.is_some_and(|scope| scope.span.contains(at))
}

/// Whether the function waits, between the call and the access as they stand in the text, for anything that the goroutine
/// signals or that the call gave it to wait for, or calls what may.
fn waits_between(facts: Facts<'_>, func: FuncId, id: SpawnId, opening: &Opening, access: Span) -> bool {
    let (program, call) = (facts.cx.program, opening.span);
    let keys = told(facts, func, id, opening.call, |_| true);
    let given = |key: &Location| match *key {
        Location::Local(file, local) => {
            matches!(&program.facts(file).locals[local].decl, LocalDecl::Value(value) if value.expr == opening.call)
        }
        _ => false,
    };
    let between = |span: Span| access.start < call.start || (span.start > call.start && span.start < access.start);
    let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    let waits = events.any(|event| match &event.kind {
        EventKind::Wait { key, .. } => between(event.span) && (given(key) || keys.contains(key)),
        EventKind::WaitAll | EventKind::NothingStarted => between(event.span),
        _ => false,
    });
    waits
        || facts.calls.of(func).iter().filter(|row| row.span != call && between(row.span)).any(|row| {
            facts.joins.call_may_wait(row) && {
                let (may, _) = facts.joins.of_call(facts.cx, func, row);
                keys.iter().filter_map(|key| facts.joins.index_of(*key)).any(|key| may.contains(key))
            }
        })
}

/// Whether every way of the function from the call that starts the goroutine to an access waits for the goroutine's end, by a
/// channel of its own that it gave.
pub(super) fn has_heard_its_end(
    facts: Facts<'_>,
    func: FuncId,
    id: SpawnId,
    (call, expr): (Span, ExprId),
    access: Span,
) -> bool {
    let events = facts.cx.events.of(func);
    let keys = told(facts, func, id, expr, Signal::ends_body);
    let waits = |event: &Event| matches!(event.kind, EventKind::Wait { key, how } if keys.contains(&key) && facts.joins.counts(key, how));
    match (point_of(events, call), point_of(events, access)) {
        (Some(from), Some(to)) => !gets_to(events, from, Some(to), &waits),
        _ => false,
    }
}

/// What the goroutine tells by its signals, those that are `meant`, in terms of the function that starts it and of that
/// function's caller: `open(done)` closes the caller's own channel.
pub(super) fn told(
    facts: Facts<'_>,
    func: FuncId,
    id: SpawnId,
    call: ExprId,
    meant: fn(&Signal) -> bool,
) -> SmallVec<[Location; 4]> {
    let (cx, site) = (facts.cx, &facts.spawns.sites[id]);
    let file = cx.program.funcs()[func].file;
    let signals = || site.signals.iter().filter(|signal| meant(signal));
    let mut keys: SmallVec<[Location; 4]> = signals().map(|signal| signal.key).collect();
    if let Callee::Func { func: callee, receiver, .. } = cx.program.callee(file, call)
        && callee == site.func
    {
        let args = cx.program.facts(file).exprs.args(call).unwrap_or(&[]);
        // One message of many tells of no end.
        let counts = |signal: &&Signal| {
            matches!(signal.kind, SignalKind::Done | SignalKind::Group)
                || facts.joins.counts(signal.key, WaitKind::Receive)
        };
        let outside = signals().filter(counts).filter_map(|signal| {
            cx.in_terms_of_caller(*signal, callee, file, receiver.as_ref(), args).map(|signal| signal.key)
        });
        keys.extend(outside);
    }
    keys
}

/// What the goroutine first does with the object that conflicts with the access, before anything it waits for.
fn conflicting(facts: Facts<'_>, id: SpawnId, origin: LocalId, access: &Access) -> Option<Reached> {
    let cx = facts.cx;
    let reach = &facts.reaches[id];
    // A channel is the same under the name that it has where the goroutine starts.
    let location = match access.location {
        Location::Local(..) if access.kind == AccessKind::Close => {
            Location::Local(cx.program.funcs()[facts.spawns.sites[id].func].file, origin)
        }
        location => location,
    };
    let candidates = match access.kind {
        AccessKind::Recycle => uses_of(facts, id, origin, access.func),
        _ => reach.accesses(cx, facts.index.of(location)).collect(),
    };
    candidates.into_iter().find(|reached| {
        let node = &reach.nodes[reached.node as usize];
        let inner = &cx.events.of(node.func).accesses[reached.row as usize];
        let same = access.kind == AccessKind::Recycle
            || (inner.depth == access.depth
                && inner.element == access.element
                && inner.index.may_meet(access.index)
                && inner.kind.conflicts(access.kind));
        let variable = matches!(inner.location, Location::Local(..)) && inner.location == location;
        (variable || reached.origin == Some(origin))
            && same
            && !inner.atomic
            && !reached.locks.iter().any(|lock| access.locks.contains(lock))
            && !waits_first(facts, reach, reached, inner.span, id)
    })
}

fn conflict(
    facts: Facts<'_>,
    func: FuncId,
    opening: Opening,
    left: &Left,
    inside: &Reached,
    access: &Access,
) -> Conflict {
    let reach = &facts.reaches[left.spawn];
    let node = &reach.nodes[inside.node as usize];
    let inner = &facts.cx.events.of(node.func).accesses[inside.row as usize];
    let mut assumptions = Vec::new();
    if node.dispatched() > 0 || opening.dispatched {
        assumptions.push(Assumption::OneOfManyCallees);
    }
    if inner.element {
        assumptions.push(Assumption::SameElement);
    }
    Conflict {
        element: inner.element && access.kind != AccessKind::Recycle,
        join: left.join.clone(),
        assumptions,
        ..Conflict::new(
            left.spawn,
            inner.location,
            Side::of(inner, true).reached_by(reach.path(inside.node), node.dispatched()),
            Side { func, dispatched: u32::from(opening.dispatched), ..Side::of(access, true) },
            Relation::AfterCall { call: (func, opening.span) },
        )
    }
}
