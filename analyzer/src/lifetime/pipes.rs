//! Pipes as rendezvous: a goroutine writes to one end what its starter reads from the other.
//!
//! Invariant: it counts only where the goroutine makes its access before, or as it begins, to use its end for the last
//! time in its body. That the starter goes on only for what it read is a sign, not known.

use super::{after_spawn::Facts, conflict::Conflict, models::Effect, order::points};
use crate::{
    base::Span,
    resolve::{Callee, FuncId, Program},
    source::FileId,
    syntax::{Body, Expr, ExprId, InstrKind, LocalDecl, LocalId, Source},
};

/// Functions looked into for a library's pipe: a project's own wraps one.
const MAX_PIPE_DEPTH: u32 = 2;

/// Whether the starter hands one end of a pipe to a call between the start and its access, and the goroutine uses the other
/// end only behind its own.
pub(super) fn read_between(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[conflict.spawn];
    let file = program.funcs()[site.func].file;
    let (func, to) = conflict.other.top();
    if func != site.func {
        return false;
    }
    let events = facts.cx.events.of(func);
    let here = points(events);
    let (Some(&start), Some(&end)) = (here.get(&site.span), here.get(&to)) else { return false };
    // From the start on to the access: in a loop that comes back, the access may stand before the start.
    let between = |span: Span| {
        here.get(&span).is_some_and(|&at| {
            let follows = |from: super::order::Point, to: super::order::Point| {
                (from.0 == to.0 && from.1 < to.1) || super::order::reachable(events, from.0).contains(to.0)
            };
            at != start && follows(start, at) && (at == end || follows(at, end))
        })
    };
    let mut given: Vec<LocalId> = Vec::new();
    for row in facts.calls.of(func).iter().filter(|row| !row.deferred && between(row.span)) {
        let Expr::Call { callee, args, .. } = &program.facts(file).exprs[row.call] else { continue };
        let args = program.facts(file).exprs.list(*args);
        let mut operands: Vec<ExprId> = args.to_vec();
        if let Expr::Select { base, .. } = program.facts(file).exprs[*callee] {
            operands.push(base);
        }
        given.extend(operands.iter().filter_map(|expr| match program.facts(file).exprs[*expr] {
            Expr::Local(local) => Some(local),
            _ => None,
        }));
    }
    // The file is read through once, whatever is given.
    let made = given_to(program, file).filter(|(to, ..)| given.contains(to));
    let mut pipes = made.filter(|(_, call, _)| gives_two_ends(facts, file, *call, MAX_PIPE_DEPTH));
    pipes.any(|(_, call, this)| {
        let mut others = given_to(program, file).filter(|(_, of, component)| *of == call && *component != this);
        others.next().is_some_and(|(other, ..)| used_behind(facts, conflict, file, other))
    })
}

/// Variables of a file that are given one of several results of a call, as they are declared or later, and which.
pub(super) fn given_to(program: &Program, file: FileId) -> impl Iterator<Item = (LocalId, ExprId, u16)> {
    let syntax = program.facts(file);
    let declared = syntax.locals.iter_enumerated().filter_map(|(local, row)| match row.decl {
        LocalDecl::Value(value) => Some((local, value)),
        _ => None,
    });
    let bodies = syntax.functions.iter().filter_map(|function| function.body.as_ref());
    let written = bodies.flat_map(Body::instrs).filter_map(|instr| match instr.kind {
        InstrKind::Write { place, source: Source::Value(value) } => match syntax.exprs[place] {
            Expr::Local(local) => Some((local, value)),
            _ => None,
        },
        _ => None,
    });
    declared.chain(written).filter_map(|(local, value)| Some((local, value.expr, value.component?)))
}

/// Whether a call gives the two ends of a pipe: a library's, or a function's that makes one.
fn gives_two_ends(facts: Facts<'_>, file: FileId, call: ExprId, depth: u32) -> bool {
    let program = facts.cx.program;
    let effects = |key| facts.cx.models.effects(key).contains(&Effect::TwoEnds);
    match program.callee(file, call) {
        Callee::External { key, .. } => effects(key),
        Callee::Func { func, .. } => {
            let made = || {
                let file = program.funcs()[func].file;
                program.function(func).signature.results.len() == 2
                    && facts.calls.of(func).iter().any(|row| gives_two_ends(facts, file, row.call, depth - 1))
            };
            effects(program.funcs()[func].key) || depth > 0 && made()
        }
        _ => false,
    }
}

/// Whether every access of the goroutine that conflicts stands in its body before every use of the variable.
fn used_behind(facts: Facts<'_>, conflict: &Conflict, file: FileId, local: LocalId) -> bool {
    let program = facts.cx.program;
    let reach = &facts.reaches[conflict.spawn];
    let site = &facts.spawns.sites[conflict.spawn];
    let (func, _) = conflict.inside.top();
    if !site.bodies.contains(&func) || program.funcs()[func].file != file {
        return false;
    }
    let body = body_span(facts, func);
    let syntax = program.facts(file);
    let uses = syntax.exprs.iter_enumerated().filter(|(_, expr)| matches!(expr, Expr::Local(l) if *l == local));
    let uses = uses.map(|(id, _)| syntax.exprs.span(id)).filter(|used| body.contains(*used));
    let uses: Vec<Span> = uses.collect();
    // A call is made when its operands have been read, whichever stand first.
    let of_one_call = |used: Span, span: Span| {
        facts.calls.of(func).iter().any(|row| row.span.contains(used) && row.span.contains(span))
    };
    let before = |span: Span| uses.iter().all(|used| used.start > span.start || of_one_call(*used, span));
    let accesses = reach.accesses(facts.cx, facts.index.of(conflict.location));
    let mut conflicting = accesses.filter_map(|found| {
        let inner = reach.nodes[found.node as usize].func;
        let access = &facts.cx.events.of(inner).accesses[found.row as usize];
        let top = reach.path(found.node).first().copied().unwrap_or((inner, access.span));
        access.kind.conflicts(conflict.other.kind).then_some(top)
    });
    !uses.is_empty() && conflicting.all(|(top, span)| top == func && before(span))
}

/// From the first to the last event of a function.
fn body_span(facts: Facts<'_>, func: FuncId) -> Span {
    let spans = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events).map(|event| event.span);
    spans
        .reduce(|a, b| Span { start: a.start.min(b.start), end: a.end.max(b.end) })
        .unwrap_or(Span { start: 0, end: 0 })
}
