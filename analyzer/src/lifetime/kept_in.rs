//! Which list or map keeps the channels and counters that a function makes one by one, and waits for later all at once.
//!
//! ```go
//! done := make(chan struct{})
//! waiting = append(waiting, done)
//! go func() { defer close(done); work() }()
//! // …
//! for _, done := range waiting { <-done }
//! ```
//!
//! Invariant: a variable has a keeper only if it holds what the function itself has just made, and is kept in one place only.
//! Absent on purpose: which element is meant; all of one list count as one (see [`super::place::Places::location`]).

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::{
    resolve::{Builtin, CalleeKind, Program},
    source::FileId,
    syntax::{Body, Expr, ExprId, FileFacts, InstrKind, LocalDecl, LocalId, Source},
};

/// Per variable of a file the list or map that it is put into.
pub(super) type Keepers = FxHashMap<LocalId, ExprId>;

/// Finds the keepers of all variables of a file.
pub(super) fn keepers(program: &Program, file: FileId) -> Keepers {
    let facts = program.facts(file);
    let mut found: FxHashMap<LocalId, Option<ExprId>> = FxHashMap::default();
    let mut note = |local: LocalId, keeper: ExprId| match found.entry(local) {
        Entry::Vacant(slot) => {
            slot.insert(Some(keeper));
        }
        Entry::Occupied(mut slot) => {
            slot.insert(None);
        }
    };
    for instr in facts.functions.iter().filter_map(|function| function.body.as_ref()).flat_map(Body::instrs) {
        let InstrKind::Write { place, source: Source::Value(value) } = &instr.kind else { continue };
        match (&facts.exprs[*place], &facts.exprs[value.expr]) {
            (Expr::Index { base, .. }, Expr::Local(local)) => note(*local, *base),
            (_, Expr::Call { args, spread: false, .. }) if appends(program, file, value.expr) => {
                for arg in facts.exprs.list(*args).iter().skip(1) {
                    if let Expr::Local(local) = facts.exprs[*arg] {
                        note(local, *place);
                    }
                }
            }
            _ => {}
        }
    }
    let kept = found.into_iter().filter_map(|(local, keeper)| Some((local, keeper?)));
    kept.filter(|(local, _)| is_made_here(program, file, facts, *local)).collect()
}

fn appends(program: &Program, file: FileId, call: ExprId) -> bool {
    matches!(program.callee_kind(file, call), CalleeKind::Builtin(Builtin::Append))
}

/// Whether a variable begins as something that nobody else has: `make(…)`, `new(T)`, `&T{…}`.
fn is_made_here(program: &Program, file: FileId, facts: &FileFacts, local: LocalId) -> bool {
    let LocalDecl::Value(value) = &facts.locals[local].decl else { return false };
    value.component.is_none()
        && match &facts.exprs[value.expr] {
            Expr::Call { .. } => {
                let callee = program.callee_kind(file, value.expr);
                matches!(callee, CalleeKind::Builtin(Builtin::Make | Builtin::New))
            }
            Expr::AddressOf(inner) => matches!(facts.exprs[*inner], Expr::Composite { .. }),
            _ => false,
        }
}
