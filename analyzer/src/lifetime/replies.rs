//! Channels for an answer that whoever asked closes without having waited for it.
//!
//! ```go
//! answer := make(chan error, 1)
//! defer close(answer)
//! select {
//! case s.requests <- request{answer}:
//! case <-ctx.Done():
//!     return ctx.Err()
//! }
//! select {
//! case err := <-answer:
//!     return err
//! case <-ctx.Done(): // the worker still sends
//!     return ctx.Err()
//! }
//! ```

use rustc_hash::FxHashMap;

use super::{
    after_spawn::Facts,
    domain::{Access, AccessKind, Exit, Location},
    events::EventKind,
    order::{is_deferred, point_of},
};
use crate::{
    base::Span,
    resolve::{FieldId, FuncId, Type},
    source::FileId,
    syntax::{ElementKey, Expr, ExprId, LocalDecl, LocalId},
};

/// Closes of variables' channels that were handed over in a field, by that field, where a way to the close receives no
/// answer.
pub(super) fn closed_before_the_answer(facts: Facts<'_>) -> FxHashMap<Location, Vec<(FuncId, u32)>> {
    let program = facts.cx.program;
    let mut out: FxHashMap<Location, Vec<(FuncId, u32)>> = FxHashMap::default();
    for func in program.funcs().ids() {
        for (row, at) in facts.cx.events.of(func).accesses.iter().zip(0_u32..) {
            let Location::Local(file, local) = row.location else { continue };
            if row.kind != AccessKind::Close || !matches!(program.facts(file).locals[local].decl, LocalDecl::Value(_)) {
                continue;
            }
            for (field, span) in handed_over(facts, func, file, local) {
                if gives_up(facts, row, span) {
                    out.entry(Location::Field(field)).or_default().push((func, at));
                }
            }
        }
    }
    out
}

/// Fields of literals in the function that get the variable, with the places of the literals.
fn handed_over(facts: Facts<'_>, func: FuncId, file: FileId, local: LocalId) -> Vec<(FieldId, Span)> {
    let program = facts.cx.program;
    let source = program.facts(file);
    let within = program.function(func).span;
    let is_it = |value: ExprId| matches!(source.exprs[value], Expr::Local(found) if found == local);
    let mut out = Vec::new();
    for (literal, expr) in source.exprs.iter_enumerated() {
        let Expr::Composite { elements, .. } = expr else { continue };
        if !within.contains(source.exprs.span(literal)) {
            continue;
        }
        let elements = source.exprs.elements(*elements).iter();
        for (at, element) in elements.enumerate().filter(|(_, element)| is_it(element.value)) {
            let ty = program.underlying(program.expr_type(file, literal));
            let Type::Struct(fields) = program.ty(ty) else { continue };
            let field = match &element.key {
                Some(ElementKey::Name { name, .. }) => fields.iter().find(|field| program.field(**field).name == *name),
                Some(ElementKey::Expr(_)) => None,
                None => fields.get(at),
            };
            out.extend(field.map(|field| (*field, source.exprs.span(literal))));
        }
    }
    out
}

/// Whether a way from where the channel is handed over leads to its close without a receive from it.
fn gives_up(facts: Facts<'_>, close: &Access, handed: Span) -> bool {
    let events = facts.cx.events.of(close.func);
    let starts = events.blocks.iter().enumerate().find_map(|(block, row)| {
        let at = row.events.iter().position(|event| event.span.contains(handed))?;
        Some((block, at))
    });
    let Some(start) = starts else { return false };
    let deferred = point_of(events, close.span).is_some_and(|at| is_deferred(events, at));
    let waits = |kind: &EventKind| matches!(kind, EventKind::Wait { key, .. } if *key == close.location);
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![(start.0, start.1 + 1)];
    while let Some((at, from)) = work.pop() {
        let row = &events.blocks[at];
        let rest = &row.events[from..];
        let closes = rest.iter().position(|event| !deferred && event.span == close.span);
        match rest.iter().position(|event| waits(&event.kind)) {
            Some(wait) if closes.is_none_or(|close| wait < close) => continue,
            _ if closes.is_some() => return true,
            _ => {}
        }
        if deferred && matches!(row.left, Some(Exit::Return | Exit::End)) {
            return true;
        }
        for &next in &row.successors {
            if !std::mem::replace(&mut seen[next], true) {
                work.push((next, 0));
            }
        }
    }
    false
}
