//! Who works with an object next, after it was given back while a goroutine still uses it: the race detector sees that use,
//! not the giving back.
//!
//! ```go
//! func (j *journal) log(line string) {
//!     buf := buffers.Get().(*bytes.Buffer)
//!     buf.Reset()                                  // the next use
//!     buf.WriteString(line)
//!     go func() { j.out.Write(buf.Bytes()) }()
//!     buffers.Put(buf)                             // given back too early
//! }
//! ```
//!
//! What goes back to a pool is used next by whoever takes it out of the same pool: mostly the next call of the function
//! that gave it back. What a function was lent is used next by its caller.
//!
//! Invariant: adds to a conflict's other accesses, and never decides whether there is a conflict.

use super::{
    after_spawn::Facts,
    conflict::{Conflict, JoinStatus, MAX_OTHERS, Relation, Side},
    domain::{Access, AccessKind, Anchor, Location},
    domain_local::{Operand, operand},
    handed::root_local,
    place::Places,
    reach::{Reach, canonical_root},
};
use crate::{
    base::Span,
    resolve::{Callee, FuncId},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId},
};

/// Calls from the function that takes the object out down to its first use.
const MAX_NEXT_USE_DEPTH: u32 = 2;

/// Adds to every conflict of an object that is given back what its next user does first.
pub(super) fn add_next_uses(facts: Facts<'_>, conflicts: &mut [Conflict]) {
    for conflict in conflicts {
        let next = match (conflict.other.kind, &conflict.relation, &conflict.join) {
            (AccessKind::Recycle, ..) => of_recycled(facts, conflict),
            (AccessKind::End, Relation::AfterSpawn, JoinStatus::Skipped { .. }) => of_lent(facts, conflict),
            _ => None,
        };
        let listed = |next: &Side| conflict.others.iter().chain([&conflict.other]).any(|side| side.span == next.span);
        if let Some(next) = next.filter(|next| !listed(next)) {
            conflict.others.truncate(MAX_OTHERS - 1);
            conflict.others.push(next);
        }
    }
}

/// The first use of what is taken out of the place that the object went back to.
fn of_recycled(facts: Facts<'_>, conflict: &Conflict) -> Option<Side> {
    let recycler = &conflict.other;
    let pool = pool_of(facts, recycler.func, recycler.span)?;
    let mut homes: Vec<FuncId> = vec![recycler.func];
    homes.extend(recycler.path.iter().rev().map(|step| step.0));
    homes.into_iter().find_map(|home| {
        let taken = taken_from(facts, home, pool);
        taken.into_iter().find_map(|(object, call)| first_use(facts, conflict, home, object, call))
    })
}

/// Where the object that `func` gives back at a place goes: the pool whose method takes it, or a free list.
fn pool_of(facts: Facts<'_>, func: FuncId, at: Span) -> Option<Location> {
    let cx = facts.cx;
    let file = cx.program.funcs()[func].file;
    let syntax = cx.program.facts(file);
    let mut calls = syntax.exprs.iter_enumerated().filter(|(_, expr)| matches!(expr, Expr::Call { .. }));
    let call = calls.find(|(id, _)| syntax.exprs.span(*id) == at).map(|(id, _)| cx.program.callee(file, id));
    if let Some(Callee::External { receiver: Some(place), .. } | Callee::Func { receiver: Some(place), .. }) = call {
        return Places::location(&cx.places.canonical(cx.program, file, place), file);
    }
    let stored = cx.events.of(func).accesses.iter();
    let stored = stored.filter(|access| access.kind.is_write() || access.kind == AccessKind::Send);
    let mut lists = stored.map(|access| access.location).filter(|location| cx.places.is_free_list(*location));
    lists.next()
}

/// Variables of a function that are declared as what a call takes out of the pool, with the call.
fn taken_from(facts: Facts<'_>, func: FuncId, pool: Location) -> Vec<(LocalId, ExprId)> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let syntax = program.facts(file);
    let own = syntax.locals.iter_enumerated().filter(|(_, row)| row.function == program.funcs()[func].index);
    let taken = own.filter_map(|(local, row)| {
        let LocalDecl::Value(value) = &row.decl else { return None };
        let mut expr = value.expr;
        while let Expr::TypeAssert { base, .. } = &syntax.exprs[expr] {
            expr = *base;
        }
        (value.component.unwrap_or(0) == 0 && takes(facts, func, expr, pool)).then_some((local, expr))
    });
    taken.collect()
}

/// Whether a call takes something out of the pool: a method of the pool, or a function that calls one or reads the list.
fn takes(facts: Facts<'_>, func: FuncId, call: ExprId, pool: Location) -> bool {
    let cx = facts.cx;
    let Some(row) = facts.calls.at(func, call) else { return false };
    let of_pool = |func: FuncId, row: &super::calls::CallRef| {
        let file = cx.program.funcs()[func].file;
        row.receiver(cx, func)
            .is_some_and(|place| Places::location(&cx.places.canonical(cx.program, file, place), file) == Some(pool))
    };
    of_pool(func, row)
        || row.targets.iter().any(|target| {
            let given_back = |span: Span| {
                cx.events.of(*target).accesses.iter().any(|a| a.kind == AccessKind::Recycle && a.span == span)
            };
            facts.calls.of(*target).iter().any(|row| of_pool(*target, row) && !given_back(row.span))
                || cx.places.is_free_list(pool)
                    && cx.events.of(*target).accesses.iter().any(|access| access.location == pool)
        })
}

/// The first thing that a function does with the object, once it has it, that races with the goroutine's access.
fn first_use(facts: Facts<'_>, conflict: &Conflict, home: FuncId, object: LocalId, call: ExprId) -> Option<Side> {
    let cx = facts.cx;
    let file = cx.program.funcs()[home].file;
    let start = cx.program.facts(file).exprs.span(call).end;
    let behind = |span: Span| span.start >= start;
    let rows = || facts.calls.of(home).iter().filter(|row| behind(row.span) && !row.deferred);
    // Where the goroutine reads the variable, what it reads of the object is meant.
    let used = cx.events.of(conflict.inside.func).accesses.iter().find(|access| {
        access.span == conflict.inside.span && matches!(access.location, Location::Field(_)) && !access.atomic
    });
    let location = match conflict.location {
        Location::Local(..) => used.map(|access| access.location),
        location => Some(location),
    };
    let Some(location) = location else {
        // A library's object: it is its methods that change it.
        let is_it = |expr: ExprId| root_of(facts, file, expr) == Some(object);
        let used = rows().filter(|row| row.targets.is_empty() && row.span != conflict.other.span).find(|row| {
            let Expr::Call { callee, args, .. } = &cx.program.facts(file).exprs[row.call] else { return false };
            let args = cx.program.facts(file).exprs.list(*args);
            let receiver = matches!(&cx.program.facts(file).exprs[*callee], Expr::Select { base, .. } if is_it(*base));
            receiver || args.iter().any(|arg| is_it(*arg))
        })?;
        return Some(Side::at(home, used.span, AccessKind::Write));
    };
    let races =
        |access: &Access| access.location == location && !access.atomic && access.kind.conflicts(conflict.inside.kind);
    let own = cx.events.of(home).accesses.iter().filter(|access| races(access) && behind(access.span)).find(|access| {
        let Anchor::Local(local) = access.anchor else { return false };
        local == object || canonical_root(cx, file, local) == Some(object)
    });
    let own = own.map(|access| (access.span, Side::of(access, true)));
    let called = rows().find_map(|row| {
        let reach = Reach::of_call(cx, facts.calls, home, row, MAX_NEXT_USE_DEPTH);
        let found = reach.nodes.iter().zip(0_u32..).find_map(|(node, number)| {
            let accesses = cx.events.of(node.func).accesses.iter().zip(0_u32..);
            let mut racing = accesses.filter(|(access, _)| races(access) && access.kind != AccessKind::Recycle);
            let (access, _) = racing.find(|(_, at)| reach.reached(cx, number, *at).origin == Some(object))?;
            let mut path = vec![(home, row.span)];
            path.extend(reach.path(number));
            Some(Side::of(access, true).reached_by(path, node.dispatched()))
        });
        Some((row.span, found?))
    });
    own.into_iter().chain(called).min_by_key(|(span, _)| span.start).map(|(_, side)| side)
}

/// The variable that an expression is.
fn root_of(facts: Facts<'_>, file: FileId, expr: ExprId) -> Option<LocalId> {
    let program = facts.cx.program;
    let place = facts.cx.places.canonical(program, file, program.place(file, expr));
    root_local(&place).filter(|_| place.steps.is_empty())
}

/// What the first caller that goes on with what it lent does with it.
fn of_lent(facts: Facts<'_>, conflict: &Conflict) -> Option<Side> {
    let program = facts.cx.program;
    let lender = conflict.other.func;
    let Location::Local(file, local) = conflict.location else { return None };
    let Operand::Param(index) = operand(program, lender, file, local) else { return None };
    facts.cx.graph.callers(lender).iter().find_map(|site| {
        let site = &facts.cx.graph.sites()[*site];
        let file = program.funcs()[site.func].file;
        let syntax = program.facts(file);
        let args = syntax.exprs.args(site.expr)?;
        let lent = root_local(&program.place(file, *args.get(index as usize)?))?;
        let end = syntax.exprs.span(site.expr).end;
        let named = syntax.exprs.iter_enumerated().filter(|(_, expr)| matches!(expr, Expr::Local(l) if *l == lent));
        let later = named.map(|(id, _)| syntax.exprs.span(id)).filter(|span| span.start >= end);
        let span = later.min_by_key(|span| span.start)?;
        let body = program.function(site.func).body.as_ref()?;
        let stores = |kind: &InstrKind| {
            matches!(kind, InstrKind::Write { place, .. } if syntax.exprs.span(*place).contains(span))
        };
        let written = body.instrs().any(|instr| stores(&instr.kind));
        Some(Side::at(site.func, span, if written { AccessKind::Write } else { AccessKind::Read }))
    })
}
