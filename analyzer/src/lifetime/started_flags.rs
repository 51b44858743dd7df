//! Flags that say whether a goroutine runs: whoever starts it sets one, and the goroutine takes it back when it is over.
//!
//! `if s.running { <-s.done }` waits on every way on which there is something to wait for. Invariant: the flag is set only
//! where a goroutine is started right behind, and what takes it back does nothing more but signal.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    domain::{AccessKind, Location},
    events::{Event, EventKind, FuncEvents},
    order::reachable,
    place::Places,
};
use crate::{
    base::{Idx, IndexVec, Span},
    resolve::{Basic, FieldId, FuncId, Program, Type},
    syntax::{Expr, ExprId, InstrKind, LocalDecl, Source, Terminator},
};

/// Marks the ways on which such a flag is not set: nothing was started there, or it is over.
pub(super) fn mark(program: &Program, places: &Places, funcs: &mut IndexVec<FuncId, FuncEvents>) {
    let written: Vec<Vec<(FieldId, Change)>> =
        funcs.par_ids().map(|func| changes(program, func, &funcs[func])).collect();
    let mut flags: FxHashMap<FieldId, (bool, bool)> = FxHashMap::default();
    for (field, change) in written.into_iter().flatten() {
        let (starts, fits) = flags.entry(field).or_insert((false, true));
        *starts |= change == Change::Starts;
        *fits &= change != Change::Other;
    }
    flags.retain(|_, (starts, fits)| *starts && *fits);
    if flags.is_empty() {
        return;
    }
    funcs.par_iter_mut_enumerated().for_each(|(func, events)| {
        let Some(body) = &program.function(func).body else { return };
        for (at, block) in body.blocks.iter().enumerate() {
            let Terminator::If { condition, then, otherwise } = block.end else { continue };
            let Some((field, set)) = asked(program, places, func, condition) else { continue };
            if flags.contains_key(&field) {
                let way = if set { otherwise } else { then };
                let event = Event { kind: EventKind::NothingStarted, span: block.end_span };
                events.on_the_way(at, way.index(), event);
            }
        }
    });
}

/// What a write of `true` or `false` to a field comes with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It is set, and a goroutine is started right behind.
    Starts,
    /// It is taken back, and nothing else is done but signals.
    Ends,
    Other,
}

fn changes(program: &Program, func: FuncId, events: &FuncEvents) -> Vec<(FieldId, Change)> {
    let file = program.funcs()[func].file;
    let facts = program.facts(file);
    let Some(body) = &program.function(func).body else { return Vec::new() };
    let mut out = Vec::new();
    for (at, block) in body.blocks.iter().enumerate() {
        for instr in body.instrs_of(block) {
            let InstrKind::Write { place, source } = instr.kind else { continue };
            let Expr::Select { .. } = facts.exprs[place] else { continue };
            let Some(Location::Field(field)) = Places::location(&program.place(file, place), file) else { continue };
            let ty = program.underlying(program.field(field).ty);
            if !matches!(program.ty(ty), Type::Basic(Basic::Bool)) {
                continue;
            }
            let stored = match source {
                Source::Value(value) if value.component.is_none() => match &facts.exprs[value.expr] {
                    Expr::Name(name) => name.as_str(),
                    _ => "",
                },
                _ => "",
            };
            let behind = || events.blocks[at].events.iter().filter(|event| event.span.start > instr.span.start);
            let change = match stored {
                "true" if behind().any(|event| matches!(event.kind, EventKind::Spawn(_))) => Change::Starts,
                "false" if only_signals(events, at, instr.span) => Change::Ends,
                _ => Change::Other,
            };
            out.push((field, change));
        }
    }
    out
}

/// Whether nothing happens behind a place of a block but unlocking and signals.
fn only_signals(events: &FuncEvents, block: usize, span: Span) -> bool {
    let quiet = |event: &Event| match event.kind {
        EventKind::Access(row) => {
            let access = &events.accesses[row as usize];
            access.kind == AccessKind::Close
                || access.kind == AccessKind::Read && !access.element
                || access.span == span
        }
        EventKind::Unlock { .. } | EventKind::Signal { .. } => true,
        _ => false,
    };
    let mut behind = events.blocks[block].events.iter().filter(|event| event.span.start > span.start);
    behind.all(quiet) && reachable(events, block).ones().all(|next| events.blocks[next].events.iter().all(quiet))
}

/// The field that a condition asks about, and whether it is set where the condition holds.
fn asked(program: &Program, places: &Places, func: FuncId, condition: ExprId) -> Option<(FieldId, bool)> {
    let file = program.funcs()[func].file;
    let facts = program.facts(file);
    match &facts.exprs[condition] {
        Expr::Not(inner) => asked(program, places, func, *inner).map(|(field, set)| (field, !set)),
        Expr::Local(local) if !places.is_reassigned(file, *local) => match &facts.locals[*local].decl {
            LocalDecl::Value(value) if value.component.is_none() => match facts.exprs[value.expr] {
                Expr::Select { .. } => asked(program, places, func, value.expr),
                _ => None,
            },
            _ => None,
        },
        Expr::Select { .. } => match Places::location(&program.place(file, condition), file) {
            Some(Location::Field(field)) => Some((field, true)),
            _ => None,
        },
        _ => None,
    }
}
