//! Accesses that only a run which has failed by then makes: what is read for the report of a failure, what is stored when
//! somebody has panicked or a test was told of an error, what is done on the way to the end of the process.
//!
//! Such a race is there, and mostly not worth a bug: an assumption of the conflict, to be weighed by others. Invariant: of a
//! side with several accesses, all are of that kind.

use super::{
    abrupt::recovers,
    after_spawn::Facts,
    conflict::{Conflict, Relation, Side},
    domain::{AccessKind, Exit, Location, SpawnKind},
    events::{Event, EventKind},
    guards::deciding,
    handed::effects_of,
    models::Effect,
    order::{all_events, comes_to, point_of},
    partial_joins::{is_error, under_error},
    reach::access,
    spawns::Context,
};
use crate::{
    base::Span,
    resolve::{Builtin, CalleeKind, FuncId},
    syntax::{BinaryOp, Expr, ExprId, InstrKind, Literal, LocalDecl, Source},
};

/// Blocks of a function that recovers: it is deferred, and reports what it has got. A longer one does other work.
const MAX_RECOVERING_BLOCKS: usize = 24;

/// Whether one of the two sides is there only in a run that has failed.
pub(super) fn only_when_failed(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let others = || [&conflict.other].into_iter().chain(&conflict.others);
    let panicked = |side: &Side| after_panic(facts, side.func, side.span);
    if others().all(|side| fails_anyway(facts, side)) || others().all(panicked) {
        return true;
    }
    let is_one = |(func, span): (FuncId, Span)| {
        after_panic(facts, func, span)
            || ends_the_process(facts, func, span)
            || is_told_of_an_error(facts, conflict, func, span)
            || is_read_for_a_report(facts, conflict, func, span)
            || comes_back_failed(facts, func, span)
    };
    let first = (conflict.inside.func, conflict.inside.span);
    // Of a test's handle the first use is looked for, and who has it reads the variable before it calls.
    let all = || conflict.relation == Relation::TestEnd || accesses_inside(facts, conflict).into_iter().all(is_one);
    is_one(first) && all()
}

/// The accesses of the goroutine that conflict with the other side.
fn accesses_inside(facts: Facts<'_>, conflict: &Conflict) -> Vec<(FuncId, Span)> {
    let reach = &facts.reaches[conflict.spawn];
    let found = reach.accesses(facts.cx, facts.index.of(conflict.location));
    let rows = found.filter_map(|found| {
        let func = reach.nodes[found.node as usize].func;
        let inner = access(facts.cx, (func, found.row));
        let meets = inner.element == conflict.element && inner.kind.conflicts(conflict.other.kind);
        meets.then_some((func, inner.span))
    });
    rows.collect()
}

/// Whether a place is come to only where `recover` has given something: `if r := recover(); r != nil { … }`.
fn after_panic(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    let program = facts.cx.program;
    // Only a literal that somebody defers, or a function that is deferred by name, can: both are short.
    let body = program.function(func).body.as_ref();
    if body.is_none_or(|body| body.blocks.len() > MAX_RECOVERING_BLOCKS) || !recovers(program, func) {
        return false;
    }
    let file = program.funcs()[func].file;
    let syntax = program.facts(file);
    let recovered = |expr: ExprId| {
        let call = match syntax.exprs[expr] {
            Expr::Local(local) => match &syntax.locals[local].decl {
                LocalDecl::Value(value) => value.expr,
                _ => return false,
            },
            _ => expr,
        };
        matches!(syntax.exprs[call], Expr::Call { .. })
            && program.callee_kind(file, call) == CalleeKind::Builtin(Builtin::Recover)
    };
    let asks = |condition: ExprId| match syntax.exprs[condition] {
        Expr::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } => recovered(left) || recovered(right),
        _ => false,
    };
    deciding(facts, func, span, &asks).into_iter().any(|row| match syntax.exprs[row.condition] {
        Expr::Binary { op, .. } => row.holds == (op == BinaryOp::NotEqual),
        _ => false,
    })
}

/// Whether a test's goroutine stores an error, or reads, only where it was told of one, which a test that passes mostly is not.
fn is_told_of_an_error(facts: Facts<'_>, conflict: &Conflict, func: FuncId, span: Span) -> bool {
    let goes_on = matches!(conflict.relation, Relation::AfterSpawn | Relation::Sibling(_));
    let Location::Local(file, local) = conflict.location else { return false };
    let program = facts.cx.program;
    if !goes_on || !program.in_test_file(func) {
        return false;
    }
    let events = facts.cx.events.of(func);
    let told = || point_of(events, span).is_some_and(|(block, _)| under_error(program, func, events, block));
    let made = || is_made_of_a_message(facts, func, span) && !deciding(facts, func, span, &|_| true).is_empty();
    match conflict.inside.kind {
        AccessKind::Write => is_error(program, file, local) && (told() || made()),
        AccessKind::Read => reads_what_is_meant(facts, conflict) && told(),
        _ => false,
    }
}

/// Whether a test's goroutine reads for the report of a failure only: every way on says that the test has failed.
fn is_read_for_a_report(facts: Facts<'_>, conflict: &Conflict, func: FuncId, span: Span) -> bool {
    conflict.relation != Relation::TestEnd
        && facts.cx.program.in_test_file(func)
        && reads_what_is_meant(facts, conflict)
        && says_that_it_failed(facts, func, span)
}

/// Whether the goroutine reads, and not a variable of a loop, which is not meant to be another one in a report, either. Paused
/// subtests see the last one all the same, and say but a wrong number.
fn reads_what_is_meant(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let of_loop = match conflict.location {
        Location::Local(file, local) => facts.cx.program.facts(file).locals[local].is_of_header(),
        _ => false,
    };
    let paused = facts.spawns.sites[conflict.spawn].kind == SpawnKind::Subtest;
    conflict.inside.kind == AccessKind::Read && (paused || !of_loop)
}

/// Whether a place is behind a call that comes back only when it has failed.
fn comes_back_failed(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    let Context { program, models, events, .. } = facts.cx;
    let file = program.funcs()[func].file;
    let lasting = |event: &Event| match event.kind {
        EventKind::Call(call) => effects_of(program, models, file, call).contains(&Effect::LastsForEver),
        _ => false,
    };
    let events = events.of(func);
    let Some(to) = point_of(events, span) else { return false };
    all_events(events).any(|(_, event)| lasting(event)) && !comes_to(events, (0, 0), Some(to), &lasting)
}

/// Whether what is stored at a place comes of a call that is given a text: `fmt.Errorf("…")`.
fn is_made_of_a_message(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    let program = facts.cx.program;
    let syntax = program.facts(program.funcs()[func].file);
    let Some(body) = &program.function(func).body else { return false };
    body.instrs().any(|instr| match instr.kind {
        InstrKind::Write { source: Source::Value(value), .. } if instr.span == span => {
            match &syntax.exprs[value.expr] {
                Expr::Call { args, .. } => {
                    let first = syntax.exprs.list(*args).first();
                    first.is_some_and(|arg| matches!(syntax.exprs[*arg], Expr::Literal(Literal::String(_))))
                }
                _ => false,
            }
        }
        _ => false,
    })
}

/// Whether every way from a place on ends the process.
fn ends_the_process(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    let events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    if !events.into_iter().any(|event| matches!(event.kind, EventKind::Leave { process: true })) {
        return false;
    }
    every_way_ends(facts, func, span, &|event| match event.kind {
        EventKind::Leave { process } => Some(process),
        _ => None,
    })
}

/// Whether every way from an access of a test on ends the test, or says that it has failed: it reads for the report.
pub(super) fn fails_anyway(facts: Facts<'_>, side: &Side) -> bool {
    let (func, span) = side.top();
    facts.cx.program.in_test_file(func) && says_that_it_failed(facts, func, span)
}

/// Whether every way from a place on ends the test, or says that it has failed.
fn says_that_it_failed(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    every_way_ends(facts, func, span, &|event| {
        matches!(event.kind, EventKind::Leave { .. } | EventKind::UsesTest { fails: true }).then_some(true)
    })
}

/// Whether every way from a place on comes to an event that `ends` it, or panics; there is one.
fn every_way_ends(facts: Facts<'_>, func: FuncId, span: Span, ends: &dyn Fn(&Event) -> Option<bool>) -> bool {
    let events = facts.cx.events.of(func);
    let Some((block, index)) = point_of(events, span) else { return false };
    let mut ended = false;
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![(block, index)];
    while let Some((at, from)) = work.pop() {
        let row = &events.blocks[at];
        match row.events[from..].iter().find_map(ends) {
            Some(true) => {
                ended = true;
                continue;
            }
            Some(false) => return false,
            None => {}
        }
        match row.left {
            Some(Exit::Return | Exit::End) => return false,
            Some(Exit::Panic) => ended = true,
            None => {}
        }
        for &next in &row.successors {
            if !seen[next] {
                seen[next] = true;
                work.push((next, 0));
            }
        }
    }
    ended
}
