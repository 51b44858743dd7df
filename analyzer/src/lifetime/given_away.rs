//! Variables that a function shares with a literal it has given away, which a goroutine started elsewhere runs:
//!
//! ```go
//! calls := 0
//! store.onCheck = func() { calls++ } // the store's loop, long since running, calls it
//! store.check()
//! if calls == 0 { … }
//! ```
//!
//! Invariant: somebody keeps the literal (a field, an element, a callee that does not run it before it returns), the
//! goroutine is not started by a function around the variable (those are [`super::after_spawn`]'s), and the other access
//! stands behind the literal in the text. Absent on purpose: what happened before the literal was made, and what is read or
//! written atomically.

use std::sync::OnceLock;

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    binaries::Binaries,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{Access, AccessKind, Location, SpawnId},
    events::EventKind,
    owner::{joined_before, keys_of},
    reach::access,
    restored::{Reader, readers_above, run_by},
    spawns::Context,
};
use crate::{
    base::{Idx, InPieces, IndexVec},
    resolve::FuncId,
    source::FileId,
    syntax::{Expr, ExprId, FuncIndex, InstrKind, Source},
};

/// Goroutines listed for one variable, nearest first.
const MAX_RUNNERS: usize = 4;

/// Finds variables that a literal of a function uses in a goroutine of somebody else while the function goes on with them.
pub(super) fn used_elsewhere(facts: Facts<'_>, binaries: &Binaries<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let cx = facts.cx;
    let mut started: FxHashMap<FuncId, Vec<SpawnId>> = FxHashMap::default();
    for (id, site) in facts.spawns.sites.iter_enumerated() {
        for &body in site.bodies.iter().filter(|_| alive.contains(id.index())) {
            started.entry(body).or_default().push(id);
        }
    }
    let run = run_by(facts, started.keys().copied());
    let kept = IndexVec::filled(OnceLock::new(), cx.program.sources().files.len());
    let locations = facts.index.locations().into_par_iter().few_at_once();
    let rows = locations.filter(|location| matches!(location, Location::Local(..))).map(|location| {
        let plain = |access: &&Access| {
            !access.atomic && matches!(access.kind, AccessKind::Read | AccessKind::Write | AccessKind::Close)
        };
        let accesses = || facts.index.of(location).iter().map(|row| access(cx, *row)).filter(plain);
        let Some(owner) = owner_of(facts, location) else { return Vec::new() };
        let given = |access: &&Access| access.func != owner && run.contains(access.func.index());
        let file = cx.program.funcs()[owner].file;
        let mut out: Vec<Conflict> = Vec::new();
        for inner in accesses().filter(given) {
            let literal = literal_of(facts, owner, inner.func);
            let behind = |other: &&Access| comes_behind(facts, literal, inner, other);
            let others: Vec<&Access> = accesses().filter(behind).collect();
            let kept =
                || kept[file].get_or_init(|| kept_literals(facts, file)).contains(&cx.program.funcs()[literal].index);
            if others.is_empty() || !kept() {
                continue;
            }
            let linked = cx.program.in_test_file(owner).then(|| binaries.of_test(owner));
            let met = |func: FuncId| linked.is_none_or(|all| all.contains(cx.program.funcs()[func].package.index()));
            let runs = |func: FuncId| run.contains(func.index()) && met(func);
            let above = readers_above(facts, std::iter::once((inner.func, inner.span)), &runs, &started);
            for runner in above {
                let site = &facts.spawns.sites[runner.spawn];
                let own = cx.program.encloses(owner, site.func);
                let listed = out.len() >= MAX_RUNNERS || out.iter().any(|c| c.spawn == runner.spawn);
                if own || listed || !met(site.func) || runner.path.is_empty() {
                    continue;
                }
                let before = joined_before(facts, owner);
                let keys = keys_of(facts, runner.spawn);
                let open = |other: &&&Access| {
                    other.func != owner
                        || !before.get(&other.span).is_some_and(|joined| keys.iter().any(|key| joined.contains(*key)))
                };
                if let Some(other) = others.iter().find(open) {
                    out.push(conflict(location, inner, other, runner));
                }
            }
        }
        out
    });
    rows.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// The function that declares a variable.
fn owner_of(facts: Facts<'_>, location: Location) -> Option<FuncId> {
    let Location::Local(file, local) = location else { return None };
    facts.cx.program.func_of(file, facts.cx.program.facts(file).locals[local].function)
}

/// The literal of the owner that a function is, or stands in.
fn literal_of(facts: Facts<'_>, owner: FuncId, func: FuncId) -> FuncId {
    let around = std::iter::successors(Some(func), |at| facts.cx.program.funcs()[*at].parent);
    around.take_while(|at| *at != owner).last().unwrap_or(func)
}

/// Literals of a file that somebody keeps: in a field or an element, or because who is given them neither runs them before
/// it returns nor waits for anything, which may be that somebody has.
fn kept_literals(facts: Facts<'_>, file: FileId) -> FxHashSet<FuncIndex> {
    let Context { program, graph, models, handed, .. } = facts.cx;
    let syntax = program.facts(file);
    let mut kept = FxHashSet::default();
    let mut keep = |expr: ExprId| {
        if let Expr::FuncLit(literal) = syntax.exprs[expr] {
            kept.insert(literal);
        }
    };
    let funcs = syntax.functions.ids().filter_map(|index| program.func_of(file, index));
    let waits = |func: &FuncId| {
        let mut events = facts.cx.events.of(*func).blocks.iter().flat_map(|block| &block.events);
        events.any(|event| matches!(event.kind, EventKind::Wait { .. }))
    };
    let rows = funcs.flat_map(|func| facts.calls.of(func)).filter(|row| row.targets.iter().any(waits));
    let waiting: FxHashSet<ExprId> = rows.map(|row| row.call).collect();
    for (call, expr) in syntax.exprs.iter_enumerated() {
        match expr {
            Expr::Call { .. } if waiting.contains(&call) => {}
            Expr::Composite { elements, .. } => elements.iter().for_each(|element| keep(element.value)),
            Expr::Call { args, .. } => {
                let literals =
                    args.iter().zip(0_u32..).filter(|(arg, _)| matches!(syntax.exprs[**arg], Expr::FuncLit(_)));
                let unused =
                    literals.filter(|(_, at)| handed.use_at(program, graph, models, file, call, *at).is_none());
                unused.for_each(|(arg, _)| keep(*arg));
            }
            _ => {}
        }
    }
    let bodies = syntax.functions.iter().filter_map(|function| function.body.as_ref());
    for instr in bodies.flat_map(|body| body.blocks.iter()).flat_map(|block| &block.instrs) {
        if let InstrKind::Write { place, source: Source::Value(value) } = instr.kind
            && !matches!(syntax.exprs[place], Expr::Local(_))
        {
            keep(value.expr);
        }
    }
    kept
}

/// Whether an access conflicts with that of the literal, is made outside of it, and stands behind it: what came first was
/// done when the literal was given away.
fn comes_behind(facts: Facts<'_>, literal: FuncId, inner: &Access, other: &Access) -> bool {
    let program = facts.cx.program;
    inner.kind.conflicts(other.kind)
        && !program.encloses(literal, other.func)
        && other.span.start > program.function(literal).span.end
        && !inner.locks.iter().any(|lock| other.locks.contains(lock))
}

fn conflict(location: Location, inner: &Access, other: &Access, runner: Reader) -> Conflict {
    let inside = Side::of(inner, false).reached_by(runner.path, runner.dispatched);
    Conflict {
        element: inner.element && other.element,
        assumptions: vec![Assumption::RunsElsewhere],
        ..Conflict::new(runner.spawn, location, inside, Side::of(other, true), Relation::GivenAway)
    }
}
