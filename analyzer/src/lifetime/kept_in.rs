//! Which field, list or map keeps the channels and counters that a function makes, where others know them by that name.
//!
//! ```go
//! done := make(chan struct{})
//! waiting = append(waiting, done) // or: s := &server{done: done}
//! go func() { defer close(done); work() }()
//! // …
//! for _, done := range waiting { <-done }
//! ```
//!
//! Invariant: a variable has a keeper only if it holds what the function itself has just made, and is kept in one place only.
//! Absent on purpose: which element is meant, and of a field which object's; all of one list count as one (see
//! [`super::place::Places::location`]), and so do those of one field.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::{
    resolve::{Builtin, CalleeKind, FieldId, Program, Type},
    source::FileId,
    syntax::{Body, ElementKey, Expr, ExprId, FileFacts, InstrKind, LocalDecl, LocalId, Source},
};

/// Where the value of a variable is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    /// In the place that the expression names, or among the elements of the list or map that it does.
    At(ExprId),
    /// In the field of a struct literal.
    Field(FieldId),
}

/// Per variable of a file what keeps its value.
pub(super) type Keepers = FxHashMap<LocalId, Keeper>;

/// Keepers as they are found; `None` where there are several.
#[derive(Default)]
struct Kept(FxHashMap<LocalId, Option<Keeper>>);

impl Kept {
    fn note(&mut self, local: LocalId, keeper: Keeper) {
        match self.0.entry(local) {
            Entry::Vacant(slot) => {
                slot.insert(Some(keeper));
            }
            Entry::Occupied(mut slot) => {
                slot.insert(None);
            }
        }
    }
}

/// Finds the keepers of all variables of a file.
pub(super) fn keepers(program: &Program, file: FileId) -> Keepers {
    let facts = program.facts(file);
    // What is waited for all at once is waited for by the list, whatever field has it, too.
    let (mut lists, mut fields) = (Kept::default(), Kept::default());
    for instr in facts.functions.iter().filter_map(|function| function.body.as_ref()).flat_map(Body::instrs) {
        let InstrKind::Write { place, source: Source::Value(value) } = &instr.kind else { continue };
        match (&facts.exprs[*place], &facts.exprs[value.expr]) {
            (Expr::Index { base, .. }, Expr::Local(local)) => lists.note(*local, Keeper::At(*base)),
            (Expr::Select { .. }, Expr::Local(local)) => fields.note(*local, Keeper::At(*place)),
            (_, Expr::Call { args, spread: false, .. }) if appends(program, file, value.expr) => {
                for arg in facts.exprs.list(*args).iter().skip(1) {
                    if let Expr::Local(local) = facts.exprs[*arg] {
                        lists.note(local, Keeper::At(*place));
                    }
                }
            }
            _ => {}
        }
    }
    for (literal, expr) in facts.exprs.iter_enumerated() {
        let Expr::Composite { elements, .. } = expr else { continue };
        for element in facts.exprs.elements(*elements) {
            if let (Some(ElementKey::Name { name, .. }), Expr::Local(local)) =
                (&element.key, &facts.exprs[element.value])
                && is_made_here(program, file, facts, *local)
                && let Type::Struct(all) = program.ty(program.underlying(program.expr_type(file, literal)))
                && let Some(field) = all.iter().find(|field| program.field(**field).name == *name)
            {
                fields.note(*local, Keeper::Field(*field));
            }
        }
    }
    let fields = fields.0.into_iter().filter(|(local, _)| !lists.0.contains_key(local)).collect::<Vec<_>>();
    let kept = lists.0.into_iter().chain(fields).filter_map(|(local, keeper)| Some((local, keeper?)));
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
