//! Free lists that a project keeps by hand instead of a pool of a library:
//!
//! ```go
//! func (s *sender) get() *packet {
//!     if n := len(s.free); n > 0 {
//!         p := s.free[n-1]
//!         s.free = s.free[:n-1]
//!         return p
//!     }
//!     return &packet{}
//! }
//! ```
//!
//! Invariant: a slice or channel counts only when some function returns what it takes out of it and, on another way, a
//! new object. Whoever puts an object in then gives it up. A queue has no such function.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{domain::Location, place::Places};
use crate::{
    resolve::{Builtin, CalleeKind, Program},
    source::FileId,
    syntax::{Body, Expr, ExprId, InstrKind, LocalDecl, Source, Terminator},
};

/// The slices and channels that are free lists.
#[derive(Debug, Default)]
pub(super) struct FreeLists(FxHashSet<Location>);

impl FreeLists {
    /// Scans all functions.
    pub(super) fn build(program: &Program) -> Self {
        let found = program.funcs().par_ids().flat_map_iter(|func| {
            let body = program.function(func).body.as_ref();
            body.map(|body| lists_of(program, program.funcs()[func].file, body)).unwrap_or_default()
        });
        Self(found.collect::<Vec<_>>().into_iter().collect())
    }

    /// Whether what is put there is given up.
    pub(super) fn contains(&self, location: Location) -> bool {
        self.0.contains(&location)
    }
}

/// The free lists that a function takes from.
fn lists_of(program: &Program, file: FileId, body: &Body) -> Vec<Location> {
    let returned = || {
        body.blocks.iter().filter_map(|block| match &block.end {
            Terminator::Return { values } => values.first().copied(),
            _ => None,
        })
    };
    if !returned().any(|value| is_new(program, file, value)) {
        return Vec::new();
    }
    let taken = returned().filter_map(|value| taken_from(program, file, value));
    taken.filter_map(|(list, shrinks)| (!shrinks || is_shortened(program, file, body, list)).then_some(list)).collect()
}

/// What a value was taken out of, and whether something is left to take away: a receive takes it by itself.
fn taken_from(program: &Program, file: FileId, value: ExprId) -> Option<(Location, bool)> {
    let facts = program.facts(file);
    let (from, shrinks) = match &facts.exprs[origin(program, file, value)?] {
        Expr::Index { base, .. } => (*base, true),
        Expr::Receive(channel) => (*channel, false),
        _ => return None,
    };
    let location = Places::location(&program.place(file, from), file)?;
    (!matches!(location, Location::Local(..))).then_some((location, shrinks))
}

/// What a value is, or what the variable was declared as.
fn origin(program: &Program, file: FileId, value: ExprId) -> Option<ExprId> {
    let facts = program.facts(file);
    let Expr::Local(local) = facts.exprs[value] else { return Some(value) };
    declared_as(&facts.locals[local].decl)
}

fn declared_as(decl: &LocalDecl) -> Option<ExprId> {
    match decl {
        LocalDecl::Value(value) if value.component.unwrap_or(0) == 0 => Some(value.expr),
        _ => None,
    }
}

/// Whether the function takes the end, or the beginning, off the slice.
fn is_shortened(program: &Program, file: FileId, body: &Body, list: Location) -> bool {
    let facts = program.facts(file);
    let of = |expr: ExprId| Places::location(&program.place(file, expr), file) == Some(list);
    body.instrs().any(|instr| match instr.kind {
        InstrKind::Write { place, source: Source::Value(value) } => {
            matches!(facts.exprs[value.expr], Expr::Slice { base, .. } if of(base)) && of(place)
        }
        _ => false,
    })
}

/// Whether a value is a new object: `&T{…}`, `new(T)`, `make(…)`, or a variable that was declared so.
fn is_new(program: &Program, file: FileId, value: ExprId) -> bool {
    let facts = program.facts(file);
    let Some(value) = origin(program, file, value) else { return false };
    match &facts.exprs[value] {
        Expr::AddressOf(inner) => matches!(facts.exprs[*inner], Expr::Composite { .. }),
        Expr::Call { .. } => {
            matches!(program.callee_kind(file, value), CalleeKind::Builtin(Builtin::New | Builtin::Make))
        }
        _ => false,
    }
}
