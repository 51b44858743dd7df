//! When in its life a goroutine gets to an access: in its first statements, before anything could keep it, or behind a
//! call that comes back only when the goroutine is told to end.
//!
//! What a goroutine does first it has mostly done when the other side has waited for somebody, and what it does when
//! `Serve` has come back it mostly does not do before `Close`. Neither is an order, so neither is silent; both are
//! assumptions of the conflict, to be weighed by others.

use fixedbitset::FixedBitSet;

use super::{
    after_spawn::Facts,
    conflict::{Conflict, JoinStatus, Relation},
    domain::{Location, SignalKind},
    events::{Event, EventKind},
    hidden_order::{precedes, with_callers},
    models::Effect,
    order::{gets_to, is_deferred, point_of, points, reachable},
    origin::mentions,
    owner::plain_func_called,
    reach::{Node, access},
};
use crate::{
    base::{Idx, Span},
    resolve::{Callee, FuncId},
    source::FileId,
    syntax::{Expr, ExprId, LocalDecl, LocalId},
};

/// Functions that wait for something that somebody else does, themselves or in what they call: a message, a counter, or
/// what a loop asks for again and again.
pub(super) struct Awaiters(FixedBitSet);

impl Awaiters {
    pub(super) fn new(facts: Facts<'_>) -> Self {
        Self(with_callers(facts, |func| waits_itself(facts, *func)))
    }

    /// Whether a call may wait.
    fn reached_by(&self, facts: Facts<'_>, func: FuncId, call: ExprId) -> bool {
        is_poll(facts, func, call)
            || facts.calls.at(func, call).is_some_and(|row| row.targets.iter().any(|to| self.0.contains(to.index())))
    }
}

fn waits_itself(facts: Facts<'_>, func: FuncId) -> bool {
    let body = facts.cx.program.function(func).body.as_ref();
    let events = facts.cx.events.of(func);
    events.blocks.iter().flat_map(|block| &block.events).any(|event| match event.kind {
        EventKind::Wait { .. } | EventKind::WaitAll | EventKind::Peer => true,
        EventKind::Sleep => body.is_some_and(|body| events.repeats(&body.loops, event.span)),
        EventKind::Call(call) => is_poll(facts, func, call),
        _ => false,
    })
}

/// Whether a call leaves the program with a function of it: `Eventually`, `Retry`.
fn is_poll(facts: Facts<'_>, func: FuncId, call: ExprId) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Some(args) = program.facts(file).exprs.args(call) else { return false };
    let given = args.iter().any(|arg| matches!(program.facts(file).exprs[*arg], Expr::FuncLit(_)));
    given && matches!(program.callee(file, call), Callee::External { .. })
}

/// Whether all that the goroutine does with the location it does in its first statements, and the spawning function gets
/// to its own access only behind something that it waits for.
pub(super) fn only_at_its_start(facts: Facts<'_>, awaiters: &Awaiters, conflict: &Conflict) -> bool {
    let site = &facts.spawns.sites[conflict.spawn];
    let (func, to) = conflict.other.top();
    let [body] = site.bodies[..] else { return false };
    // Who waits for the goroutine on another way waits here for a time to be over.
    let missing = matches!(conflict.join, JoinStatus::Missing { .. });
    if !missing || func != site.func || conflict.inside.func != body {
        return false;
    }
    let at_start = |span: Span| is_at_start(facts, awaiters, body, span);
    let all = match conflict.relation {
        Relation::TestEnd => uses_of_test(facts, conflict, body).into_iter().all(|used| used.is_some_and(at_start)),
        Relation::AfterSpawn => {
            let reach = &facts.reaches[conflict.spawn];
            let found = reach.accesses(facts.cx, facts.index.of(conflict.location));
            let rows = found.map(|found| (reach.nodes[found.node as usize].func, found.row));
            rows.map(|row| access(facts.cx, row))
                .filter(|inner| inner.element == conflict.element && inner.kind.conflicts(conflict.other.kind))
                .all(|inner| inner.func == body && at_start(inner.span))
        }
        _ => false,
    };
    all && waits_between(facts, awaiters, func, site.span, to)
}

/// Where the goroutine uses the running test, in terms of its body; nothing where that is not known.
fn uses_of_test(facts: Facts<'_>, conflict: &Conflict, body: FuncId) -> Vec<Option<Span>> {
    let reach = &facts.reaches[conflict.spawn];
    let of_node = |(node, number): (&Node, u32)| {
        let top = reach.path(number).first().copied();
        let used = |event: &&Event| matches!(event.kind, EventKind::UsesTest { .. });
        let events = facts.cx.events.of(node.func).blocks.iter().flat_map(|block| &block.events);
        let at = |event: &Event| match top {
            Some((func, span)) => (func == body).then_some(span),
            None => Some(event.span),
        };
        events.filter(used).map(at).collect::<Vec<_>>()
    };
    reach.nodes.iter().zip(0_u32..).flat_map(of_node).collect()
}

/// Whether a place of a goroutine's body is come to before anything there may wait.
fn is_at_start(facts: Facts<'_>, awaiters: &Awaiters, body: FuncId, span: Span) -> bool {
    let events = facts.cx.events.of(body);
    let Some((0, index)) = point_of(events, span) else { return false };
    !reachable(events, 0).contains(0)
        && !events.blocks[0].events[..index].iter().any(|event| match event.kind {
            EventKind::Wait { .. } | EventKind::WaitAll | EventKind::Sleep | EventKind::Lock { .. } => true,
            EventKind::Signal { kind, .. } => kind == SignalKind::Send,
            EventKind::Call(call) => takes_time(facts, awaiters, body, call),
            _ => false,
        })
}

/// Whether a call may take a while: it waits, or it leaves the program with something to work on.
fn takes_time(facts: Facts<'_>, awaiters: &Awaiters, func: FuncId, call: ExprId) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Callee::External { key, .. } = program.callee(file, call) else {
        return awaiters.reached_by(facts, func, call);
    };
    let at_once = facts.cx.models.effects(key).iter().any(|effect| {
        use Effect::{ComesWithEnd, ComesWithLimit, Lasts, NeedsTest};
        matches!(effect, NeedsTest { .. } | ComesWithEnd | ComesWithLimit | Lasts { .. })
    });
    let given = matches!(&program.facts(file).exprs[call], Expr::Call { args, .. } if !args.is_empty());
    given && !at_once
}

/// Whether every way from one place of a function to another, or to where it is left, meets something that waits.
fn waits_between(facts: Facts<'_>, awaiters: &Awaiters, func: FuncId, from: Span, to: Span) -> bool {
    let events = facts.cx.events.of(func);
    let here = points(events);
    let Some(&from) = here.get(&from) else { return false };
    let end = here.get(&to).copied();
    let stops = |event: &Event| match event.kind {
        EventKind::Wait { .. } | EventKind::WaitAll | EventKind::Peer | EventKind::Leave { .. } => true,
        EventKind::Call(call) => awaiters.reached_by(facts, func, call),
        _ => false,
    };
    !gets_to(events, from, end, &stops)
}

/// Whether the goroutine of a test gets to its access when a call has come back that works with something which the test
/// ends behind its own access only: `err = server.Serve(listener)`. Before that it comes back only if it fails.
pub(super) fn is_told_later(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[conflict.spawn];
    let (func, to) = conflict.other.top();
    let (body, span) = conflict.inside.top();
    // Who waits on another way, and not here, says itself that the call may not be back; who waits later has ended it first.
    let local = matches!(conflict.location, Location::Local(..));
    let in_time = match conflict.join {
        JoinStatus::Missing { .. } => true,
        // Of many goroutines the first may be over when the last is started.
        JoinStatus::Late(_) => !site.in_loop,
        _ => false,
    };
    if !local || !in_time || func != site.func || !site.bodies.contains(&body) || !program.in_test_file(func) {
        return false;
    }
    let with = works_with(facts, body, span);
    if with.is_empty() {
        return false;
    }
    let events = facts.cx.events.of(func);
    let here = points(events);
    let Some(&other) = here.get(&to) else { return false };
    let mut later = false;
    for at in enders_of(facts, conflict, &with) {
        match at {
            // In a literal that runs when all is over.
            None => later = true,
            Some(span) => {
                let Some(&point) = here.get(&span) else { continue };
                let deferred = is_deferred(events, point);
                if !deferred && precedes(events, point, other) {
                    return false;
                }
                later |= deferred || precedes(events, other, point);
            }
        }
    }
    later
}

/// Variables of the functions around a goroutine's body that calls work with which have come back when the goroutine gets
/// to a place.
fn works_with(facts: Facts<'_>, body: FuncId, to: Span) -> Vec<LocalId> {
    let program = facts.cx.program;
    let file = program.funcs()[body].file;
    let events = facts.cx.events.of(body);
    let Some((block, index)) = point_of(events, to) else { return Vec::new() };
    let calls = events.blocks[block].events[..index].iter().filter_map(|event| match event.kind {
        EventKind::Call(call) => Some(call),
        _ => None,
    });
    let mut with: Vec<LocalId> = calls.flat_map(|call| mentions(program, file, call)).collect();
    with.retain(|local| {
        let test =
            program.type_key(program.local_type(file, *local)).is_some_and(|key| facts.cx.models.is_test_handle(key));
        let outer = program.func_of(file, program.facts(file).locals[*local].function) != Some(body);
        outer && !test
    });
    with
}

/// Calls that end one of the variables: in the spawning function with their place, or in a literal of it that is no
/// goroutine.
fn enders_of(facts: Facts<'_>, conflict: &Conflict, with: &[LocalId]) -> Vec<Option<Span>> {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[conflict.spawn];
    let file = program.funcs()[site.func].file;
    let syntax = program.facts(file);
    let literals = syntax.functions.ids().filter_map(|index| program.func_of(file, index));
    let literals = literals.filter(|id| program.funcs()[*id].parent == Some(site.func));
    let literals = literals.filter(|id| !facts.reaches[conflict.spawn].contains(*id));
    let ends = |func: FuncId, call: ExprId| {
        let Expr::Call { callee, args, .. } = &syntax.exprs[call] else { return false };
        let args = syntax.exprs.list(*args);
        if let Some(cancel) = plain_func_called(facts, func, call) {
            return cancels_one_of(facts, file, cancel, with);
        }
        let Expr::Select { base, name } = &syntax.exprs[*callee] else { return false };
        let of = |expr: ExprId| mentions(program, file, expr).iter().any(|local| with.contains(local));
        facts.cx.models.begins_with_ender(name.as_str()) && (of(*base) || args.iter().any(|arg| of(*arg)))
    };
    let mut out = Vec::new();
    for (func, own) in [(site.func, true)].into_iter().chain(literals.map(|func| (func, false))) {
        for row in facts.calls.of(func) {
            if ends(func, row.call) {
                out.push(own.then_some(row.span));
            }
        }
    }
    out
}

/// Whether a function value came with one of the variables: `ctx, cancel := context.WithCancel(parent)`.
fn cancels_one_of(facts: Facts<'_>, file: FileId, cancel: ExprId, with: &[LocalId]) -> bool {
    let syntax = facts.cx.program.facts(file);
    let Expr::Local(cancel) = syntax.exprs[cancel] else { return false };
    let made = |local: LocalId| match &syntax.locals[local].decl {
        LocalDecl::Value(value) if value.component.is_some() => Some(value.expr),
        _ => None,
    };
    made(cancel).is_some_and(|call| with.iter().any(|local| made(*local) == Some(call)))
}
