//! Buffers that a method gives out and fills again the next time it is called:
//!
//! ```go
//! func (r *lineReader) next() []byte {
//!     r.buf = append(r.buf[:0], r.lines[0]...) // over what was given out the last time
//!     return r.buf
//! }
//! ```
//!
//! What is given out is good until the next call on the same object, like what a pool gives until it is put back. Part of
//! [`super::after_spawn`].
//!
//! Invariant: a buffer is known by both: it is filled from its beginning, in place, and the method returns it.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    after_spawn::Pass,
    calls::CallRef,
    conflict::{Relation, Side},
    domain::{AccessKind, Location, Stored},
    place::Places,
    reach::Reached,
    running::State,
};
use crate::{
    base::Span,
    resolve::{Builtin, CalleeKind, FuncId, Place, Program, Root, Step},
    source::FileId,
    syntax::{Body, Expr, ExprId, FileFacts, InstrKind, LocalDecl, LocalId, Source, Terminator},
};

/// Calls from a goroutine's body to where it reads what it was given.
const MAX_READER_DEPTH: u32 = 2;

/// Methods that give out a buffer which they fill again, with the field that holds it and where they do.
#[derive(Debug, Default)]
pub(super) struct ReusedBuffers(FxHashMap<FuncId, (Location, Span)>);

impl ReusedBuffers {
    /// Scans all methods.
    pub(super) fn build(program: &Program) -> Self {
        let found = program.funcs().par_ids().filter_map(|func| {
            program.funcs()[func].receiver?;
            let body = program.function(func).body.as_ref()?;
            Some((func, reused_by(program, program.funcs()[func].file, body)?))
        });
        Self(found.collect::<Vec<_>>().into_iter().collect())
    }

    /// The field that a method fills again and gives out, and where it fills it.
    pub(super) fn of(&self, method: FuncId) -> Option<&(Location, Span)> {
        self.0.get(&method)
    }
}

/// The field of the receiver that a body fills from the beginning and gives out.
fn reused_by(program: &Program, file: FileId, body: &Body) -> Option<(Location, Span)> {
    let facts = program.facts(file);
    let filled = body.instrs().find_map(|instr| {
        let InstrKind::Write { place, source: Source::Value(value) } = instr.kind else { return None };
        let args = facts.exprs.args(value.expr)?;
        let appends = program.callee_kind(file, value.expr) == CalleeKind::Builtin(Builtin::Append);
        let held = field_of_receiver(program, file, place).filter(|_| appends)?;
        let Expr::Slice { base, bounds } = &facts.exprs[*args.first()?] else { return None };
        let bounds = facts.exprs.list(*bounds);
        let from_start = bounds.last().is_some_and(|bound| is_zero(&facts.exprs[*bound]));
        (from_start && field_of_receiver(program, file, *base) == Some(held)).then_some((held, instr.span))
    })?;
    let given_out = body.blocks.iter().any(|block| match &block.end {
        Terminator::Return { values } => {
            values.iter().any(|value| field_of_receiver(program, file, unsliced(facts, *value)) == Some(filled.0))
        }
        _ => false,
    });
    given_out.then_some(filled)
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr, Expr::Int(int) if int.value() == 0)
}

/// The field, when an expression is one of the receiver itself.
fn field_of_receiver(program: &Program, file: FileId, expr: ExprId) -> Option<Location> {
    let place = program.place(file, expr);
    let own = matches!(place.root, Root::Local(local)
        if matches!(program.facts(file).locals[local].decl, LocalDecl::Receiver { .. }));
    let fields = place.steps.iter().filter(|step| matches!(step, Step::Field(_))).count();
    let whole = !place.steps.iter().any(|step| matches!(step, Step::Element));
    (own && whole && fields == 1).then(|| Places::location(&place, file)).flatten()
}

impl Pass<'_> {
    /// A call that fills a buffer again while goroutines still read what it gave out before.
    pub(super) fn refills(&mut self, row: &CallRef, state: &State) {
        let [method] = row.targets[..] else { return };
        let Some(&(buffer, at)) = self.facts.cx.places.reused_buffer(method) else { return };
        let Some(object) = self.receiver_of(row) else { return };
        let given: Vec<LocalId> = self.given_by(method, &object);
        for goroutine in state.active.ones().filter(|at| !self.is_subtest(*at)).collect::<Vec<_>>() {
            let Some((reached, kind)) = given.iter().find_map(|local| self.reads_elements(goroutine, *local)) else {
                continue;
            };
            let other = Side { stored: Stored::Update, ..Side::at(method, at, AccessKind::Recycle) };
            let other = other.reached_by(vec![(self.func, row.span)], 0);
            self.add(goroutine, (buffer, false), (reached, kind, true), other, Relation::AfterSpawn);
        }
    }

    fn receiver_of(&self, row: &CallRef) -> Option<Place> {
        let cx = self.facts.cx;
        Some(cx.places.canonical(cx.program, self.file, row.receiver(cx, self.func)?))
    }

    /// Variables of the function that hold what the method gave out for an object.
    fn given_by(&self, method: FuncId, object: &Place) -> Vec<LocalId> {
        let program = self.facts.cx.program;
        let own = program.facts(self.file).locals.iter_enumerated();
        let own = own.filter(|(_, row)| row.function == program.funcs()[self.func].index);
        let given = own.filter(|(_, row)| {
            let LocalDecl::Value(value) = &row.decl else { return false };
            let call = self.facts.calls.at(self.func, value.expr);
            value.component.unwrap_or(0) == 0
                && call
                    .is_some_and(|call| call.targets[..] == [method] && self.receiver_of(call).as_ref() == Some(object))
        });
        given.map(|(local, _)| local).collect()
    }

    /// What a goroutine first does with the elements of a slice of the function.
    fn reads_elements(&self, goroutine: usize, local: LocalId) -> Option<(Reached, AccessKind)> {
        let cx = self.facts.cx;
        let reach = &self.facts.reaches[self.ids[goroutine]];
        let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_READER_DEPTH);
        let mut found = nodes.flat_map(|(node, number)| {
            let rows = cx.events.of(node.func).accesses.iter().zip(0_u32..);
            let elements = rows.filter(|(access, _)| {
                access.element && !access.atomic && matches!(access.location, Location::Local(..))
            });
            elements.map(move |(access, row)| (reach.reached(cx, number, row), access.kind))
        });
        found.find(|(reached, _)| reached.origin == Some(local))
    }
}

/// The slice that an expression is a part of: `buf` of `buf[:n]`.
pub(super) fn unsliced(facts: &FileFacts, expr: ExprId) -> ExprId {
    let mut expr = expr;
    while let Expr::Slice { base, .. } = facts.exprs[expr] {
        expr = base;
    }
    expr
}
