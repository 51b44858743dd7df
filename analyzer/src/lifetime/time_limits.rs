//! Objects with a time limit that a goroutine ends when it is over: who waits for the end has waited for the goroutine,
//! unless the time was over first.
//!
//! ```go
//! running, done := context.WithTimeout(parent, limit)
//! go func() { defer done(); total = work() }()
//! <-running.Done()
//! return total
//! ```
//!
//! Invariant: every way from the start to the other access receives the end, and nobody else ends the object. What cannot
//! end by itself is known better ([`super::endings`]). Outside of tests the end of the parent is waited for, too: it is
//! another matter.

use super::{
    after_spawn::Facts,
    conflict::Conflict,
    endings::{ender_of, never_over, told_of},
    events::EventKind,
    handed::effects_of,
    models::Effect,
    order::point_of,
    pipes::given_to,
};
use crate::{
    base::Idx,
    resolve::FuncId,
    syntax::{Comm, Expr, ExprId, InstrKind, LocalDecl, LocalId, Terminator},
};

/// Whether the starting function gets to its access only when it has received the end of something that the goroutine ends.
pub(super) fn tells_the_end(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let (func, to) = conflict.other.top();
    if func != site.func {
        return false;
    }
    let ended: Vec<LocalId> = site.bodies.iter().flat_map(|body| ended_in(facts, *body)).collect();
    if ended.is_empty() {
        return false;
    }
    let events = cx.events.of(func);
    let (Some(from), Some(end)) = (point_of(events, site.span), point_of(events, to)) else { return false };
    let hears = receives_of(facts, func, &ended);
    let heard = |block: usize, after: u32, before: u32| {
        hears.get(block).copied().flatten().is_some_and(|at| at == 0 || at >= after && at < before)
    };
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![(from.0, site.span.end)];
    while let Some((at, after)) = work.pop() {
        let reaches = at == end.0 && (at != from.0 || after == 0 || end.1 > from.1);
        let before = if reaches { to.start } else { u32::MAX };
        let leaves = || events.blocks[at].events.iter().any(|event| matches!(event.kind, EventKind::Leave { .. }));
        if heard(at, after, before) {
            continue;
        }
        if reaches {
            return false;
        }
        if leaves() {
            continue;
        }
        for &next in &events.blocks[at].successors {
            if !std::mem::replace(&mut seen[next], true) {
                work.push((next, 0));
            }
        }
    }
    hears.iter().any(Option::is_some)
}

/// Where a block of a function receives the end of one of the objects, by the place of its first receive; an arm of a
/// `select` begins with its own.
pub(super) fn receives_of(facts: Facts<'_>, func: FuncId, ended: &[LocalId]) -> Vec<Option<u32>> {
    let (program, models) = (facts.cx.program, facts.cx.models);
    let file = program.funcs()[func].file;
    let Some(body) = &program.function(func).body else { return Vec::new() };
    let tells = |receive: ExprId| match program.facts(file).exprs[receive] {
        Expr::Receive(channel) => told_of(program, models, file, channel).is_some_and(|object| ended.contains(&object)),
        _ => false,
    };
    let mut hears: Vec<Option<u32>> = vec![None; body.blocks.len()];
    for (number, block) in body.blocks.iter().enumerate() {
        for instr in body.instrs_of(block) {
            if let InstrKind::Receive(receive) = instr.kind
                && tells(receive)
            {
                hears[number].get_or_insert(instr.span.start);
            }
        }
        if let Terminator::Select { arms } = &block.end {
            for arm in arms {
                if let Comm::Receive(receive) = arm.comm
                    && tells(receive)
                {
                    hears[arm.block.index()] = Some(0);
                }
            }
        }
    }
    hears
}

/// Objects of the functions around that a goroutine's body ends: by the function that came with them.
pub(super) fn ended_in(facts: Facts<'_>, body: FuncId) -> Vec<LocalId> {
    let program = facts.cx.program;
    let file = program.funcs()[body].file;
    let syntax = program.facts(file);
    let calls = facts.calls.of(body).iter().filter_map(|row| match &syntax.exprs[row.call] {
        Expr::Call { callee, .. } => match syntax.exprs[*callee] {
            Expr::Local(local) => Some(local),
            _ => None,
        },
        _ => None,
    });
    let test = program.in_test_file(body);
    let lasts = |parent: ExprId| never_over(program, facts.cx.models, facts.cx.places, file, parent);
    let comes = |effect: &Effect| matches!(effect, Effect::ComesWithEnd | Effect::ComesWithLimit);
    let makes = |call: ExprId| effects_of(program, facts.cx.models, file, call).iter().any(comes);
    let object = |end: LocalId| {
        // Whoever else ends it says nothing of this goroutine.
        let ender = ender_of(program, facts.cx.models, facts.cx.places, (file, end));
        if ender != Some(program.funcs()[body].index) {
            return None;
        }
        let made = given_to(program, file).filter(|(to, ..)| *to == end);
        let made: Vec<ExprId> = made.map(|(_, call, _)| call).collect();
        let first = made.first().copied().filter(|_| made.iter().all(|call| makes(*call)))?;
        let (object, ..) = given_to(program, file).find(|(_, call, component)| (*call, *component) == (first, 0))?;
        // `ctx, cancel = context.WithCancel(ctx)` goes on from what the variable began with.
        let from = |parent: ExprId| match (&syntax.exprs[parent], &syntax.locals[object].decl) {
            (Expr::Local(local), LocalDecl::Value(began)) if *local == object => lasts(began.expr),
            _ => lasts(parent),
        };
        let parent = |call: &ExprId| syntax.exprs.args(*call).and_then(|args| args.first().copied());
        (test || made.iter().all(|call| parent(call).is_some_and(from))).then_some(object)
    };
    calls.filter_map(object).collect()
}
