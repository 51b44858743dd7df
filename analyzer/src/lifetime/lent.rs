//! What a function was lent, still used by a goroutine when the function has given it back.
//!
//! A function that waits for its goroutine on one way and gives up on another returns what it was called with to its
//! caller, or hands on what it took itself:
//!
//! ```go
//! func (r *Reader) Read(buf []byte) (int, error) {
//!     go func() { n, err := r.from.Read(buf); done <- result{n, err} }()
//!     select {
//!     case got := <-done: return got.n, got.err
//!     case <-time.After(limit): return 0, ErrTimeout // the goroutine goes on filling buf
//!     }
//! }
//! ```
//!
//! Invariant: asked only of goroutines that some way through the function waits for. Absent on purpose: what the caller
//! does next; every conflict says that it is assumed.

use super::{
    after_spawn::{AfterSpawn, Facts},
    conflict::{Conflict, JoinPoint, JoinStatus, Relation, Side, SkippedAt},
    domain::{AccessKind, Exit, Location, SpawnId, Stored},
    domain_local::{Operand, operand},
    handed::root_local,
};
use crate::{
    base::Span,
    resolve::{FuncId, Type},
    source::FileId,
    syntax::{Expr, ExprId, LocalId},
};

/// Conflicts of the goroutines that `func` starts with the end of its call.
pub(super) fn lent(facts: Facts<'_>, func: FuncId, pass: &AfterSpawn) -> Vec<Conflict> {
    pass.joined_somewhere.iter().flat_map(|(id, join)| of_goroutine(facts, func, pass, *id, join)).collect()
}

fn of_goroutine(facts: Facts<'_>, func: FuncId, pass: &AfterSpawn, id: SpawnId, join: &JoinPoint) -> Vec<Conflict> {
    let left = || pass.outlive.iter().filter(|row| row.spawn == id && row.exit != Exit::Panic);
    let Some(first) = left().next() else { return Vec::new() };
    let file = facts.cx.program.funcs()[func].file;
    let at: Vec<SkippedAt> = left().map(|row| SkippedAt { func, exit: row.exit, span: row.span }).collect();
    let mut out: Vec<Conflict> = Vec::new();
    for (body, local, span) in used(facts, func, id) {
        let location = Location::Local(file, local);
        let known = |c: &Conflict| c.spawn == id && c.location == location;
        let Some(given) = given_back(facts, func, file, local, first.span) else { continue };
        if pass.conflicts.iter().chain(&out).any(known) {
            continue;
        }
        let side = |func, span, kind| Side {
            func,
            span,
            kind,
            stored: Stored::Other,
            path: Vec::new(),
            dispatched: 0,
            same_object: true,
        };
        out.push(Conflict {
            spawn: id,
            location,
            element: false,
            inside: side(body, span, AccessKind::Read),
            other: side(func, given, AccessKind::End),
            relation: Relation::AfterSpawn,
            join: JoinStatus::Skipped { join: Some(join.clone()), siblings: Vec::new(), at: at.clone() },
            assumptions: Vec::new(),
            others: Vec::new(),
            evidence: Vec::new(),
        });
    }
    out
}

/// Variables of `func` whose object a body of the goroutine works with: (body, variable, where).
fn used(facts: Facts<'_>, func: FuncId, id: SpawnId) -> Vec<(FuncId, LocalId, Span)> {
    let program = facts.cx.program;
    let reach = &facts.reaches[id];
    let mut out = Vec::new();
    for node in reach.nodes.iter().take_while(|node| node.depth == 0) {
        let file = program.funcs()[node.func].file;
        let syntax = program.facts(file);
        let outer = |local: LocalId| match operand(program, node.func, file, local) {
            Operand::Captured if program.funcs()[func].index == syntax.locals[local].function => Some(local),
            _ => reach.bindings(node).iter().find(|(here, _)| *here == local).map(|row| row.1),
        };
        for row in facts.calls.of(node.func) {
            let Expr::Call { callee, args, .. } = &syntax.exprs[row.call] else { continue };
            let receiver = match &syntax.exprs[*callee] {
                Expr::Select { base, .. } => Some(*base),
                _ => None,
            };
            for operand in receiver.into_iter().chain(args.iter().copied()) {
                let place = program.place(file, operand);
                let Some(local) = root_local(&place).filter(|_| place.steps.is_empty()).and_then(outer) else {
                    continue;
                };
                out.push((node.func, local, syntax.expr_spans[operand]));
            }
        }
    }
    out
}

/// Where `func` gives the object back: at its return to whoever lent it, or by a deferred call of its own.
fn given_back(facts: Facts<'_>, func: FuncId, file: FileId, local: LocalId, exit: Span) -> Option<Span> {
    let program = facts.cx.program;
    let ty = program.local_type(file, local);
    let shared = matches!(program.ty(program.underlying(ty)), Type::Pointer(_) | Type::Slice(_) | Type::Map { .. });
    let key = program.type_key(ty);
    let models = facts.cx.models;
    if !shared || key.is_some_and(|key| models.is_synchronised(key) || models.is_test_handle(key)) {
        return None;
    }
    match operand(program, func, file, local) {
        Operand::Param(_) => Some(exit),
        Operand::Own => {
            let syntax = program.facts(file);
            let is_it = |expr: &ExprId| {
                let place = program.place(file, *expr);
                place.steps.is_empty() && root_local(&place) == Some(local)
            };
            let given = |call: ExprId| matches!(&syntax.exprs[call], Expr::Call { args, .. } if args.iter().any(is_it));
            facts.calls.of(func).iter().find(|row| row.deferred && given(row.call)).map(|row| row.span)
        }
        Operand::Receiver | Operand::Captured => None,
    }
}
