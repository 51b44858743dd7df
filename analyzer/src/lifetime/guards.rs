//! Conditions that decide whether a point of a function is reached, and flags that let one side in only.
//!
//! Invariant: a condition counts only when one of its ways, and not the other, leads to the point.

use super::{
    after_spawn::Facts,
    conflict::{Conflict, Side},
    domain::{Access, AccessKind, Location},
    order::{point_of, reachable_without},
    place::Places,
    reach::access,
};
use crate::{
    base::{IndexVec, Span},
    resolve::FuncId,
    syntax::{Expr, ExprId, InstrKind, Source, Terminator},
};

/// A condition that decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deciding {
    /// The condition.
    pub(super) condition: ExprId,
    /// Whether the point is reached where it holds.
    pub(super) holds: bool,
}

impl Deciding {
    /// What is asked, without `!`, and whether it is so where the point is reached.
    pub(super) fn asked(self, exprs: &IndexVec<ExprId, Expr>) -> (ExprId, bool) {
        match exprs[self.condition] {
            Expr::Not(inner) => (inner, !self.holds),
            _ => (self.condition, self.holds),
        }
    }
}

/// What a condition asks, without `!`.
pub(super) fn bare(exprs: &IndexVec<ExprId, Expr>, condition: ExprId) -> ExprId {
    Deciding { condition, holds: true }.asked(exprs).0
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

/// Calls from where a flag is set to where the goroutine is started.
const MAX_STARTER_DEPTH: u32 = 2;

/// Whether the other side happens only where a flag says that nothing was started: `if !e.started { close(e.results) }`,
/// where who starts the goroutine sets the flag.
pub(super) fn nothing_started(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let mut flags = conflict.other.steps().flat_map(|(func, span)| {
        let file = program.funcs()[func].file;
        let exprs = &program.facts(file).exprs;
        let of_field = |condition: ExprId| matches!(exprs[bare(exprs, condition)], Expr::Select { .. });
        let rows = deciding(facts, func, span, &of_field).into_iter().map(|row| row.asked(exprs));
        let fields: Vec<Location> = rows
            .filter(|(_, set)| !set)
            .filter_map(|(asked, _)| Places::location(&program.place(file, asked), file))
            .filter(|location| matches!(location, Location::Field(_)))
            .collect();
        fields
    });
    let starter = facts.spawns.sites[conflict.spawn].func;
    flags.any(|flag| {
        let writes = facts.index.of(flag).iter().map(|row| access(facts.cx, *row));
        let mut sets = writes.filter(|write| write.kind == AccessKind::Write && sets_true(facts, write));
        sets.any(|write| calls_down_to(facts, write.func, starter, MAX_STARTER_DEPTH))
    })
}

fn sets_true(facts: Facts<'_>, write: &Access) -> bool {
    let program = facts.cx.program;
    let exprs = &program.facts(program.funcs()[write.func].file).exprs;
    let Some(body) = &program.function(write.func).body else { return false };
    body.instrs().any(|instr| match instr.kind {
        InstrKind::Write { source, .. } => instr.span == write.span && is_true(exprs, source),
        _ => false,
    })
}

/// Whether what is stored is `true`.
pub(super) fn is_true(exprs: &IndexVec<ExprId, Expr>, source: Source) -> bool {
    match source {
        Source::Value(value) => matches!(&exprs[value.expr], Expr::Name(name) if name.as_str() == "true"),
        _ => false,
    }
}

/// Whether a function is the other, or calls it within a few steps.
fn calls_down_to(facts: Facts<'_>, from: FuncId, to: FuncId, depth: u32) -> bool {
    let calls = || facts.calls.of(from).iter().flat_map(|row| &row.targets);
    from == to || depth > 0 && calls().any(|target| calls_down_to(facts, *target, to, depth - 1))
}

/// The flags that a side, and the functions on the way to it, are the first to set.
fn once_flags<'a>(facts: Facts<'a>, side: &Side) -> Vec<OnceFlag<'a>> {
    side.steps().flat_map(|(func, span)| once_flags_at(facts, func, span)).collect()
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
    let sets = |access: &Access, expr| access.atomic && access.kind == AccessKind::Write && access.expr == expr;
    // What a variable keeps that is set once, or the expression itself.
    let kept = |expr: ExprId| match syntax.exprs[expr] {
        Expr::Local(local) => facts.cx.places.initial(program, file, local).unwrap_or(expr),
        _ => expr,
    };
    let is_set = |condition| {
        let asked = kept(bare(&syntax.exprs, condition));
        accesses.iter().any(|access| sets(access, asked))
    };
    for (asked, set) in deciding(facts, func, span, &is_set).into_iter().map(|row| row.asked(&syntax.exprs)) {
        let asked = kept(asked);
        let Expr::Call { callee, args, .. } = &syntax.exprs[asked] else { continue };
        let args = syntax.exprs.list(*args);
        let Some(access) = accesses.iter().find(|access| sets(access, asked)) else { continue };
        let method = syntax.exprs.span(*callee).of(text).rsplit('.').next().unwrap_or_default();
        // What a swap gives back is the value before: the first finds the flag unset, or set where it is taken back.
        let first = set || !method.starts_with("Compare");
        let plain = |arg: &&ExprId| !matches!(syntax.exprs[**arg], Expr::AddressOf(_));
        let mut values: Vec<&str> = args.iter().filter(plain).map(|arg| syntax.exprs.span(*arg).of(text)).collect();
        if !method.starts_with("Compare") {
            values.push(if set { "true" } else { "false" });
        }
        if first {
            out.push(OnceFlag { flag: access.location, method, values });
        }
    }
    out
}
