//! Conditions that decide whether a point of a function is reached, and flags that let one side in only.
//!
//! Invariant: a condition counts only when one of its ways, and not the other, leads to the point.

use super::{
    after_spawn::Facts,
    conflict::{Conflict, Side},
    domain::{Access, AccessKind, Location},
    order::{point_of, reachable_without},
};
use crate::{
    base::Span,
    resolve::FuncId,
    syntax::{Expr, ExprId, Terminator},
};

/// A condition that decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deciding {
    /// The condition.
    pub(super) condition: ExprId,
    /// Whether the point is reached where it holds.
    pub(super) holds: bool,
}

/// The conditions of `func`, of those that are `asked` about, that decide whether what stands at `span` is reached.
pub(super) fn deciding(facts: Facts<'_>, func: FuncId, span: Span, asked: &dyn Fn(ExprId) -> bool) -> Vec<Deciding> {
    let events = facts.cx.events.of(func);
    let Some(body) = &facts.cx.program.function(func).body else { return Vec::new() };
    let Some((at, _)) = point_of(events, span) else { return Vec::new() };
    let mut out = Vec::new();
    for (number, block) in body.blocks.iter().enumerate() {
        let Terminator::If { condition, .. } = block.end else { continue };
        if !asked(condition) {
            continue;
        }
        let leads = |way: &usize| *way == at || reachable_without(events, *way, number).contains(at);
        let mut ways = events.blocks[number].successors.iter();
        match (ways.next().map(leads), ways.next().map(leads)) {
            (Some(true), Some(false)) => out.push(Deciding { condition, holds: true }),
            (Some(false), Some(true)) => out.push(Deciding { condition, holds: false }),
            _ => {}
        }
    }
    out
}

/// A flag that is set by whoever finds it unset, in words that must be the same for both sides.
#[derive(PartialEq, Eq)]
struct OnceFlag<'a> {
    flag: Location,
    method: &'a str,
    values: Vec<&'a str>,
}

/// Whether both sides of a conflict come behind one flag that only the first to set it gets past:
/// `if !s.closed.CompareAndSwap(0, 1) { return }`.
pub(super) fn one_gets_in(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let inside = once_flags(facts, &conflict.inside);
    !inside.is_empty() && once_flags(facts, &conflict.other).iter().any(|flag| inside.contains(flag))
}

/// The flags that a side, and the functions on the way to it, are the first to set.
fn once_flags<'a>(facts: Facts<'a>, side: &Side) -> Vec<OnceFlag<'a>> {
    let steps = side.path.iter().copied().chain([(side.func, side.span)]);
    steps.flat_map(|(func, span)| once_flags_at(facts, func, span)).collect()
}

fn once_flags_at(facts: Facts<'_>, func: FuncId, span: Span) -> Vec<OnceFlag<'_>> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let syntax = program.facts(file);
    let accesses = &facts.cx.events.of(func).accesses;
    if !accesses.iter().any(|access| access.atomic && access.kind == AccessKind::Write) {
        return Vec::new();
    }
    let text = &program.sources().files[file].text;
    let mut out = Vec::new();
    let inner = |condition: ExprId| match syntax.exprs[condition] {
        Expr::Not(inner) => inner,
        _ => condition,
    };
    let sets = |access: &Access, expr| access.atomic && access.kind == AccessKind::Write && access.expr == expr;
    let is_set = |condition| accesses.iter().any(|access| sets(access, inner(condition)));
    for Deciding { condition, holds } in deciding(facts, func, span, &is_set) {
        let (asked, set) = match syntax.exprs[condition] {
            Expr::Not(inner) => (inner, !holds),
            _ => (condition, holds),
        };
        let Expr::Call { callee, args, .. } = &syntax.exprs[asked] else { continue };
        let Some(access) = accesses.iter().find(|access| sets(access, asked)) else { continue };
        let method = syntax.expr_spans[*callee].of(text).rsplit('.').next().unwrap_or_default();
        // What a swap gives back is the value before: the first finds the flag unset, or set where it is taken back.
        let first = set || !method.starts_with("Compare");
        let plain = |arg: &&ExprId| !matches!(syntax.exprs[**arg], Expr::AddressOf(_));
        let mut values: Vec<&str> = args.iter().filter(plain).map(|arg| syntax.expr_spans[*arg].of(text)).collect();
        if !method.starts_with("Compare") {
            values.push(if set { "true" } else { "false" });
        }
        if first {
            out.push(OnceFlag { flag: access.location, method, values });
        }
    }
    out
}
