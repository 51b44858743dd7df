//! Waits that the starting function does not show: one side is held up by the other in a callee, or through a third.
//!
//! ```go
//! c.rotating.Lock()
//! group.Go(func() { update, err = c.fetch() }) // fetch takes the lock first
//! check(err)
//! c.rotating.Unlock()
//! ```
//!
//! A lock that is held from before the start until behind the access, a message that a call waits for on a channel it is
//! given, or that somebody sends on one the goroutine gave away, an end that another goroutine hears of and passes on, one that
//! is told only when the function is left, a message that comes out of what is only being returned.
//! Invariant: each is a sign and no proof, for what is found is one of several ways. Absent on purpose: answers to requests
//! ([`super::peers`]), and what is waited for in plain sight ([`super::joins`]).

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Conflict, Relation},
    domain::{Access, Location, SpawnId, SyncKey},
    domain_local::{Operand, operand, returned},
    endings::never_over,
    events::{Event, EventKind, FuncEvents},
    guards::deciding,
    handed::effects_of,
    hidden_order::precedes,
    models::Effect,
    order::{Point, all_events, gates_before, gets_to, point_of, points, reachable_without},
    origin::mentions,
    spawns::Context,
    time_limits::{ended_in, receives_of},
};
use crate::{
    base::Span,
    resolve::{Callee, FuncId},
    syntax::{Body, Comm, Expr, ExprId, Exprs, InstrKind, LocalDecl, LocalId, Terminator},
};

/// Calls from the goroutine, or the starting function, down to where it waits.
const MAX_WAITING_DEPTH: u32 = 2;

/// Whether one side is held up by the other where the starting function does not show it.
pub(super) fn holds_up(facts: Facts<'_>, conflict: &Conflict, other: &Access) -> bool {
    conflict.other.top().0 == facts.spawns.sites[conflict.spawn].func
        && (is_held_since_before(facts, conflict, other)
            || hands_over_what_it_waits_for(facts, conflict)
            || is_told_by_another(facts, conflict)
            || acts_on_an_unknown_object(facts, conflict)
            || is_passed_on(facts, conflict)
            || is_told_by_a_literal(facts, conflict)
            || is_told_by_a_child(facts, conflict)
            || is_told_to_go_on_when_left(facts, conflict)
            || comes_out_of_what_is_returned(facts, conflict))
}

/// Whether the starting function calls, between the start and its access or the start of the other goroutine, a method that
/// may wait for a message, which the goroutine gives behind its access by a method of the same variable: `r.RunUntilStopped()`
/// and `r.Stop()`.
pub(super) fn is_told_in_a_callee(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[conflict.spawn];
    let to = match conflict.relation {
        Relation::AfterSpawn if conflict.other.top().0 == site.func => conflict.other.top().1,
        Relation::Sibling(second) if second != conflict.spawn => facts.spawns.sites[second].span,
        _ => return false,
    };
    let (body, _) = conflict.inside.top();
    if !program.encloses(site.func, body) {
        return false;
    }
    let Some(points) = Points::up_to(facts, conflict, (site.func, to)) else { return false };
    let exprs = &program.facts(program.funcs()[body].file).exprs;
    let keys = |row: &CallRef, what: Given| {
        let mut out = Vec::new();
        let object = row.variable(exprs);
        let targets = row.targets.iter().filter(|_| object.is_some());
        targets.for_each(|target| given(facts, *target, MAX_WAITING_DEPTH, what, &mut out));
        out.into_iter().filter_map(move |key| Some((object?, key))).collect::<Vec<_>>()
    };
    let calls = facts.calls.of(site.func).iter();
    let waits = calls.filter(|row| row.span != site.span && points.comes_between(row));
    let waited: Vec<(LocalId, SyncKey)> = waits.flat_map(|row| keys(row, Given::Waits)).collect();
    if waited.is_empty() {
        return false;
    }
    let behind = |row: &CallRef| points.there.get(&row.span).is_some_and(|at| points.is_behind(*at));
    let mut tells = facts.calls.of(body).iter().filter(|row| row.deferred || behind(row));
    tells.any(|row| keys(row, Given::Signals).iter().any(|told| waited.contains(told)))
}

/// The fields that a function, or what it calls, may signal.
pub(super) fn fields_signalled(facts: Facts<'_>, func: FuncId, out: &mut Vec<SyncKey>) {
    given(facts, func, MAX_WAITING_DEPTH, Given::Signals, out);
}

/// Whether the starting function asks a literal of its own, and gets to its access only for what that says, or for a flag: the
/// literal may have received what the goroutine tells behind its access.
fn is_told_by_a_literal(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let (func, to) = conflict.other.top();
    let Some(points) = Points::new(facts, conflict) else { return false };
    let told: Vec<SyncKey> = all_events(points.inner)
        .filter_map(|(at, event)| match event.kind {
            EventKind::Signal { key: key @ Location::Local(..), .. } if points.is_behind(at) => Some(key),
            _ => None,
        })
        .collect();
    if told.is_empty() || deciding(facts, func, to, &|_| true).is_empty() {
        return false;
    }
    let file = program.funcs()[func].file;
    let hears = |literal: FuncId| {
        let heard = |event: &Event| matches!(event.kind, EventKind::Wait { key, .. } if told.contains(&key));
        program.encloses(func, literal) && all_events(facts.cx.events.of(literal)).any(|(_, event)| heard(event))
    };
    let mut calls = facts.calls.of(func).iter().filter(|row| points.comes_between(row));
    calls.any(|row| row.targets.iter().copied().chain(row.literals(program, file)).any(hears))
}

/// Whether the goroutine always starts others behind its access, and the starting function waits for what they signal.
fn is_told_by_a_child(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let Some(points) = Points::new(facts, conflict) else { return false };
    let (body, _) = conflict.inside.top();
    let always = |id: &&SpawnId| {
        let span = facts.spawns.sites[**id].span;
        let starts = |event: &Event| event.span == span;
        let without = |to: Option<Point>| gets_to(points.inner, points.inside, to, &starts);
        points.there.contains_key(&span) && !without(None) && !without(Some(points.inside))
    };
    let children = facts.spawns.of(body).iter().filter(always);
    let told: Vec<SyncKey> =
        children.flat_map(|id| &facts.spawns.sites[*id].signals).map(|signal| signal.key).collect();
    let waits = |event: &Event| matches!(event.kind, EventKind::Wait { key, .. } if told.contains(&key));
    !told.is_empty()
        && all_events(points.outer).any(|(at, event)| {
            waits(event) && precedes(points.outer, points.start, at) && precedes(points.outer, at, points.other)
        })
}

/// What of a function's events is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Waits,
    Signals,
}

/// The fields that a function, or one it calls, may wait for, or signal.
fn given(facts: Facts<'_>, func: FuncId, depth: u32, what: Given, out: &mut Vec<SyncKey>) {
    let mut seen: FxHashSet<FuncId> = FxHashSet::from_iter([func]);
    let mut work = vec![(func, depth)];
    while let Some((func, depth)) = work.pop() {
        let keys = all_events(facts.cx.events.of(func)).filter_map(|(_, event)| match event.kind {
            EventKind::Wait { key, .. } if what == Given::Waits => Some(key),
            EventKind::Signal { key, .. } if what == Given::Signals => Some(key),
            _ => None,
        });
        out.extend(keys.filter(|key| matches!(key, Location::Field(_))));
        if depth > 0 {
            let below = facts.calls.of(func).iter().flat_map(|row| row.targets.iter().copied());
            work.extend(below.filter(|target| seen.insert(*target)).map(|target| (target, depth - 1)));
        }
    }
    out.sort_unstable();
    out.dedup();
}

/// Whether the starting function holds a lock from before the start until behind its access, and the goroutine takes it on
/// the way to its own.
fn is_held_since_before(facts: Facts<'_>, conflict: &Conflict, other: &Access) -> bool {
    let site = &facts.spawns.sites[conflict.spawn];
    let at_start = facts.cx.events.of(site.func).locks_at(site.call);
    let held: Vec<SyncKey> = at_start.iter().filter(|key| other.locks.contains(key)).copied().collect();
    !held.is_empty()
        && conflict.inside.steps().any(|(func, span)| {
            let events = facts.cx.events.of(func);
            let here = points(events);
            let Some(&to) = here.get(&span) else { return false };
            let before = |span: Span| here.get(&span).is_some_and(|&at| at != to && precedes(events, at, to));
            let calls = facts.calls.of(func).iter().filter(|row| before(row.span));
            calls.flat_map(|row| &row.targets).any(|target| takes(facts, *target, &held, MAX_WAITING_DEPTH))
        })
}

/// Whether a function, or one it calls, takes one of the locks.
fn takes(facts: Facts<'_>, func: FuncId, held: &[SyncKey], depth: u32) -> bool {
    all_events(facts.cx.events.of(func))
        .any(|(_, event)| matches!(&event.kind, EventKind::Lock { key } if held.contains(key)))
        || depth > 0
            && facts
                .calls
                .of(func)
                .iter()
                .any(|row| row.targets.iter().any(|target| takes(facts, *target, held, depth - 1)))
}

/// The accesses of a conflict, and the start, as points of the starting function and of the goroutine's.
struct Points<'a> {
    outer: &'a FuncEvents,
    inner: &'a FuncEvents,
    here: FxHashMap<Span, Point>,
    there: FxHashMap<Span, Point>,
    start: Point,
    other: Point,
    inside: Point,
}

impl<'a> Points<'a> {
    fn new(facts: Facts<'a>, conflict: &Conflict) -> Option<Self> {
        Self::up_to(facts, conflict, conflict.other.top())
    }

    /// The same with another place of the starting function for its access.
    fn up_to(facts: Facts<'a>, conflict: &Conflict, (func, to): (FuncId, Span)) -> Option<Self> {
        let (body, from) = conflict.inside.top();
        let (outer, inner) = (facts.cx.events.of(func), facts.cx.events.of(body));
        let (here, there) = (points(outer), points(inner));
        let start = *here.get(&facts.spawns.sites[conflict.spawn].span)?;
        let (other, inside) = (*here.get(&to)?, *there.get(&from)?);
        Some(Self { outer, inner, here, there, start, other, inside })
    }

    /// Whether the starting function makes a call between the start and its access.
    fn comes_between(&self, row: &CallRef) -> bool {
        let at = self.here.get(&row.span).filter(|_| !row.deferred);
        at.is_some_and(|&at| {
            at != self.other && precedes(self.outer, self.start, at) && precedes(self.outer, at, self.other)
        })
    }

    /// Whether a point of the goroutine's function may come behind its access.
    fn is_behind(&self, at: Point) -> bool {
        at != self.inside && precedes(self.inner, self.inside, at)
    }
}

/// Whether the starting function, before its access, hands a channel to a call that waits for a message on it, which the
/// goroutine sends behind its own access.
fn hands_over_what_it_waits_for(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let Some(points) = Points::new(facts, conflict) else { return false };
    let said = |local: LocalId| {
        all_events(points.inner).any(|(at, event)| match event.kind {
            EventKind::Signal { key: Location::Local(_, told), .. } => told == local && points.is_behind(at),
            _ => false,
        })
    };
    let (func, _) = conflict.other.top();
    let syntax = program.facts(program.funcs()[func].file);
    facts.calls.of(func).iter().filter(|row| points.comes_between(row)).any(|row| {
        let args = syntax.exprs.args(row.call).unwrap_or_default();
        args.iter().zip(0_u32..).any(|(arg, number)| {
            matches!(syntax.exprs[*arg], Expr::Local(local) if said(local))
                && row.targets.iter().any(|target| waits_for_parameter(facts, *target, number, MAX_WAITING_DEPTH))
        })
    })
}

/// Whether a function, or one it hands the channel on to, waits for a message on the parameter of that number.
fn waits_for_parameter(facts: Facts<'_>, func: FuncId, number: u32, depth: u32) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let is_meant = |local: LocalId| operand(program, func, file, local) == Operand::Param(number);
    let waits = |event: &Event| match event.kind {
        EventKind::Wait { key: Location::Local(of, local), .. } => of == file && is_meant(local),
        _ => false,
    };
    let syntax = program.facts(file);
    all_events(facts.cx.events.of(func)).any(|(_, event)| waits(event))
        || depth > 0
            && facts.calls.of(func).iter().any(|row| {
                let args = syntax.exprs.args(row.call).unwrap_or_default();
                args.iter().zip(0_u32..).any(|(arg, at)| {
                    matches!(syntax.exprs[*arg], Expr::Local(local) if is_meant(local))
                        && row.targets.iter().any(|target| waits_for_parameter(facts, *target, at, depth - 1))
                })
            })
}

/// Whether the starting function, before its access, waits for something on a channel that the goroutine hands to a call,
/// which may keep it to send there: it does not receive from it itself.
fn is_told_by_another(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let ((func, to), (body, _)) = (conflict.other.top(), conflict.inside.top());
    let outer = facts.cx.events.of(func);
    let Some(end) = point_of(outer, to) else { return false };
    let awaited =
        all_events(outer).filter(|(at, _)| precedes(outer, *at, end)).filter_map(|(_, event)| match event.kind {
            EventKind::Wait { key: Location::Local(_, local), .. } => Some(local),
            _ => None,
        });
    let awaited: Vec<LocalId> = awaited.collect();
    let file = program.funcs()[body].file;
    let syntax = program.facts(file);
    let keeps = |row: &CallRef, number: u32| {
        let listens = |target: &FuncId| waits_for_parameter(facts, *target, number, MAX_WAITING_DEPTH);
        !matches!(program.callee(file, row.call), Callee::Builtin(_)) && !row.targets.iter().any(listens)
    };
    !awaited.is_empty()
        && facts.calls.of(body).iter().any(|row| {
            let args = syntax.exprs.args(row.call).unwrap_or_default();
            let channel = |arg: &ExprId| matches!(syntax.exprs[*arg], Expr::Local(local) if awaited.contains(&local));
            args.iter().zip(0_u32..).any(|(arg, number)| channel(arg) && keeps(row, number))
        })
}

/// Whether the goroutine, behind its access, and the starting function, before its own, call methods of one object of a
/// package without source: `screen.Kill()` may be what `screen.Run()` waits for. Of the standard library it is known.
fn acts_on_an_unknown_object(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let ((func, _), (body, _)) = (conflict.other.top(), conflict.inside.top());
    let Some(points) = Points::new(facts, conflict).filter(|_| program.encloses(func, body)) else { return false };
    // What a package without source gives out is of a type that is not known.
    let file = program.funcs()[func].file;
    let exprs = &program.facts(file).exprs;
    let foreign = |key: &str| key.split('/').next().is_some_and(|host| key.contains('/') && host.contains('.'));
    let object = |row: &CallRef| {
        let Expr::Call { callee, .. } = exprs[row.call] else { return None };
        let Expr::Select { base, .. } = exprs[callee] else { return None };
        let Expr::Local(local) = exprs[base] else { return None };
        let made = facts.cx.places.initial(program, file, local).filter(|_| row.targets.is_empty())?;
        match program.callee(file, made) {
            Callee::External { key, .. } => foreign(key.as_str()).then_some(local),
            _ => None,
        }
    };
    let behind = |row: &&CallRef| points.there.get(&row.span).is_some_and(|at| points.is_behind(*at));
    let told: Vec<LocalId> = facts.calls.of(body).iter().filter(behind).filter_map(object).collect();
    let mut between = facts.calls.of(func).iter().filter(|row| points.comes_between(row)).filter_map(object);
    !told.is_empty() && between.any(|object| told.contains(&object))
}

/// Whether the goroutine gets to its access only when something is over that the starting function ends when it is left.
fn is_told_to_go_on_when_left(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let ((func, to), (body, from)) = (conflict.other.top(), conflict.inside.top());
    let deferred = || facts.calls.of(func).iter().filter(|row| row.deferred);
    if !site.bodies.contains(&body) || deferred().any(|row| row.span == to) {
        return false;
    }
    let syntax = cx.program.facts(cx.program.funcs()[func].file);
    let ended: Vec<LocalId> = deferred().filter_map(|row| ended_by(facts, func, row.call)).collect();
    if ended.is_empty() {
        return false;
    }
    let handed = site.arguments.iter().filter(|(to, _, expr)| {
        *to == body && matches!(syntax.exprs[*expr], Expr::Local(local) if ended.contains(&local))
    });
    let file = cx.program.funcs()[body].file;
    let params = handed.flat_map(|(_, number, _)| {
        let is_it = move |local: &LocalId| operand(cx.program, body, file, *local) == Operand::Param(*number);
        cx.program.facts(file).locals.ids().filter(is_it)
    });
    let captured = ended.iter().copied().filter(|_| cx.program.encloses(func, body));
    let names: Vec<LocalId> = params.chain(captured).collect();
    let events = cx.events.of(body);
    let Some((block, _)) = point_of(events, from) else { return false };
    let hears = receives_of(facts, body, &names);
    hears.iter().enumerate().filter_map(|(at, heard)| heard.map(|heard| (at, heard))).any(|(at, heard)| {
        if at == block { heard <= from.start } else { !reachable_without(events, 0, at).contains(block) }
    })
}

/// What a call ends that came with the function it calls, if nothing else can end it.
fn ended_by(facts: Facts<'_>, func: FuncId, call: ExprId) -> Option<LocalId> {
    let Context { program, models, places, .. } = facts.cx;
    let file = program.funcs()[func].file;
    let syntax = program.facts(file);
    let Expr::Call { callee, .. } = syntax.exprs[call] else { return None };
    let Expr::Local(end) = syntax.exprs[callee] else { return None };
    let LocalDecl::Value(made) = &syntax.locals[end].decl else { return None };
    let parent = syntax.exprs.args(made.expr)?.first()?;
    let uses = syntax.exprs.iter().filter(|expr| matches!(expr, Expr::Local(local) if *local == end)).count();
    let alone = uses == 1
        && effects_of(program, models, file, made.expr).contains(&Effect::ComesWithEnd)
        && never_over(program, models, places, file, *parent);
    let object =
        |decl: &LocalDecl| matches!(decl, LocalDecl::Value(v) if v.expr == made.expr && v.component == Some(0));
    let mut locals = syntax.locals.iter_enumerated();
    locals.find(|(_, row)| alone && object(&row.decl)).map(|(local, _)| local)
}

/// Whether the goroutine ends something when it is over, a further goroutine of the same function uses that, and the
/// function waits for the latter.
fn is_passed_on(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let siblings = || facts.spawns.of(site.func).iter().filter(|id| **id != conflict.spawn);
    if siblings().next().is_none() {
        return false;
    }
    let ended: Vec<LocalId> = site.bodies.iter().flat_map(|body| ended_in(facts, *body)).collect();
    !ended.is_empty()
        && siblings().any(|id| {
            let sibling = &facts.spawns.sites[*id];
            let hears = |func: &FuncId| {
                let file = cx.program.funcs()[*func].file;
                let mut calls = facts.calls.of(*func).iter();
                calls.any(|row| mentions(cx.program, file, row.call).iter().any(|local| ended.contains(local)))
            };
            let told = |event: &Event| match event.kind {
                EventKind::Wait { key, .. } => sibling.signals.iter().any(|signal| signal.key == key),
                _ => false,
            };
            sibling.bodies.iter().any(hears) && all_events(cx.events.of(site.func)).any(|(_, event)| told(event))
        })
}

/// Whether the other side is the `return` of an object out of which the goroutine first receives something: nobody has it
/// who could send.
fn comes_out_of_what_is_returned(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let ((func, to), (body, from)) = (conflict.other.top(), conflict.inside.top());
    let returned = returned(cx.program, func).filter(|(at, _)| at.contains(to)).map(|(_, local)| local);
    let returned: Vec<LocalId> = returned.collect();
    if returned.is_empty() {
        return false;
    }
    let file = cx.program.funcs()[body].file;
    let (syntax, function) = (cx.program.facts(file), cx.program.function(body));
    let Some(gates) = gates_before(cx.events.of(body), cx.places, from) else { return false };
    function.body.iter().flat_map(receives).any(|receive| {
        let Expr::Receive(channel) = syntax.exprs[receive] else { return false };
        let owner = owner_of(&syntax.exprs, channel);
        owner.is_some_and(|owner| returned.contains(&owner))
            && cx.places.key(cx.program, cx.graph, file, channel).is_some_and(|key| gates.contains(&key))
    })
}

/// What is received in a body, as a statement or by an arm.
fn receives(body: &Body) -> impl Iterator<Item = ExprId> {
    let alone = body.instrs().filter_map(|instr| match instr.kind {
        InstrKind::Receive(receive) => Some(receive),
        _ => None,
    });
    let arms = body.blocks.iter().filter_map(|block| match &block.end {
        Terminator::Select { arms } => Some(arms),
        _ => None,
    });
    alone.chain(arms.flatten().filter_map(|arm| match arm.comm {
        Comm::Receive(receive) => Some(receive),
        _ => None,
    }))
}

/// The local variable whose field, or field of a field, an expression is.
fn owner_of(exprs: &Exprs, expr: ExprId) -> Option<LocalId> {
    let Expr::Select { base, .. } = exprs[expr] else { return None };
    match exprs[base] {
        Expr::Local(local) => Some(local),
        _ => owner_of(exprs, base),
    }
}
