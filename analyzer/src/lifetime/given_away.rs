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

use std::{cell::OnceCell, sync::OnceLock};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    binaries::Binaries,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{Access, AccessKind, Location, SpawnId},
    events::EventKind,
    owner::keys_of,
    reach::access,
    restored::{Reader, readers_above, run_by, started_in},
    spawns::Context,
    waited::joined_before,
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span},
    resolve::FuncId,
    source::FileId,
    syntax::{Body, Expr, ExprId, FuncIndex, InstrKind, Source},
};

/// Goroutines listed for one variable, nearest first.
const MAX_RUNNERS: usize = 4;

/// What the search for one variable needs of all.
struct Search<'a> {
    facts: Facts<'a>,
    binaries: &'a Binaries<'a>,
    /// Goroutines by the functions they start in.
    started: FxHashMap<FuncId, Vec<SpawnId>>,
    /// What they may run.
    run: FixedBitSet,
    /// Literals that are kept, worked out by file where they are asked for.
    kept: IndexVec<FileId, OnceLock<FxHashSet<FuncIndex>>>,
}

/// Finds variables that a literal of a function uses in a goroutine of somebody else while the function goes on with them.
pub(super) fn used_elsewhere(facts: Facts<'_>, binaries: &Binaries<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let started = started_in(facts, |id| alive.contains(id.index()));
    let run = run_by(facts, started.keys().copied());
    let kept = IndexVec::filled(OnceLock::new(), facts.cx.program.sources().files.len());
    let search = Search { facts, binaries, started, run, kept };
    let rows = facts.index.locations().into_par_iter().few_at_once().map(|location| search.of_variable(location));
    rows.collect::<Vec<_>>().into_iter().flatten().collect()
}

impl Search<'_> {
    fn of_variable(&self, location: Location) -> Vec<Conflict> {
        let (facts, program) = (self.facts, self.facts.cx.program);
        let Location::Local(file, local) = location else { return Vec::new() };
        let Some(owner) = program.declaring(file, local) else { return Vec::new() };
        let plain = |access: &&Access| matches!(access.kind, AccessKind::Read | AccessKind::Write | AccessKind::Close);
        let accesses = || facts.index.of(location).iter().map(|row| access(facts.cx, *row)).filter(plain);
        let given = |access: &&Access| access.func != owner && self.run.contains(access.func.index());
        let before = OnceCell::new();
        let mut out: Vec<Conflict> = Vec::new();
        for inner in accesses().filter(given) {
            let literal = literal_of(facts, owner, inner.func);
            let others: Vec<&Access> = accesses().filter(|other| comes_behind(facts, literal, inner, other)).collect();
            if others.is_empty() || !self.is_kept(file, literal) {
                continue;
            }
            for runner in self.runners(owner, inner) {
                if out.len() >= MAX_RUNNERS || out.iter().any(|known| known.spawn == runner.spawn) {
                    continue;
                }
                let before = before.get_or_init(|| joined_before(facts, owner));
                let keys = keys_of(facts, runner.spawn);
                let joined =
                    |span: &Span| before.get(span).is_some_and(|joined| keys.iter().any(|key| joined.contains(*key)));
                let open = others.iter().find(|other| other.func != owner || !joined(&other.span));
                out.extend(open.map(|other| conflict(location, inner, other, runner)));
            }
        }
        out
    }

    /// Goroutines that get to an access of a literal, nearest first, without those that functions around the variable
    /// start; a test meets those of its own binary only.
    fn runners(&self, owner: FuncId, inner: &Access) -> impl Iterator<Item = Reader> {
        let (facts, program) = (self.facts, self.facts.cx.program);
        let test = program.in_test_file(owner);
        let met = move |func: FuncId| !test || self.binaries.has(owner, func);
        let runs = |func: FuncId| self.run.contains(func.index()) && met(func);
        let above = readers_above(facts, std::iter::once((inner.func, inner.span)), &runs, &self.started);
        above.into_iter().filter(move |runner| {
            let starter = facts.spawns.sites[runner.spawn].func;
            !program.encloses(owner, starter) && met(starter)
        })
    }

    fn is_kept(&self, file: FileId, literal: FuncId) -> bool {
        let kept = self.kept[file].get_or_init(|| kept_literals(self.facts, file));
        kept.contains(&self.facts.cx.program.funcs()[literal].index)
    }
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
            Expr::Composite { elements, .. } => {
                syntax.exprs.elements(*elements).iter().for_each(|element| keep(element.value));
            }
            Expr::Call { args, .. } => {
                let args = syntax.exprs.list(*args);
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
    for instr in bodies.flat_map(Body::instrs) {
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
        && !(inner.atomic && other.atomic)
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
