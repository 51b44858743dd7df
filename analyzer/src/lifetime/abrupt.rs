//! Calls that may not come back although the process goes on: an explicit `panic` below that somebody above recovers
//! from, or the end of the goroutine (`runtime.Goexit`, `t.FailNow`). What stands after such a call, and is not
//! deferred, is skipped.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;

use super::{
    calls::{CallRef, Calls},
    events::EventKind,
    spawns::Context,
};
use crate::{
    base::Idx,
    resolve::{Builtin, CalleeKind, FuncId, Program},
    syntax::{Expr, InstrKind, Terminator},
};

/// Calls between the one that does not come back and the `panic`. Deeper ones are the business of the callee.
const MAX_PANIC_DEPTH: u32 = 2;
/// Callers above that are searched for a `recover`.
const MAX_RECOVER_CALLERS: u32 = 4;

/// Functions that panic, end their goroutine, or recover.
#[derive(Debug)]
pub struct Abrupt {
    panics: FixedBitSet,
    ends: FixedBitSet,
    recovers: FixedBitSet,
}

impl Abrupt {
    /// Looks at each function once.
    pub fn build(cx: Context<'_>) -> Self {
        let count = cx.program.funcs().len();
        let mut found = Self {
            panics: FixedBitSet::with_capacity(count),
            ends: FixedBitSet::with_capacity(count),
            recovers: FixedBitSet::with_capacity(count),
        };
        let rows = cx.program.funcs().par_ids().filter_map(|func| {
            let body = cx.program.function(func).body.as_ref()?;
            let panics = body.blocks.iter().any(|block| matches!(block.end, Terminator::Panic(_)));
            let mut events = cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
            let ends = events.any(|event| matches!(event.kind, EventKind::Leave { process: false }));
            Some((func, panics, ends, recovers(cx.program, func)))
        });
        for (func, panics, ends, recovers) in rows.collect::<Vec<_>>() {
            found.panics.set(func.index(), panics);
            found.ends.set(func.index(), ends);
            if recovers {
                // `recover` stands in a literal that the recovering function defers, or in one it defers by name.
                let outer = cx.program.funcs()[func].parent.unwrap_or(func);
                found.recovers.insert(outer.index());
                let callers = cx.graph.callers(func).iter().map(|site| cx.graph.sites()[*site].func);
                callers.for_each(|caller| found.recovers.insert(caller.index()));
            }
        }
        found
    }

    /// Whether a call of `func` may end without coming back, in a program that goes on.
    pub fn may_not_return(&self, cx: Context<'_>, calls: &Calls, func: FuncId, row: &CallRef) -> bool {
        if row.dispatched || row.targets.len() != 1 {
            return false;
        }
        below(calls, row, &self.ends) || below(calls, row, &self.panics) && self.recovered_above(cx, func)
    }

    fn recovered_above(&self, cx: Context<'_>, func: FuncId) -> bool {
        let mut level = vec![func];
        for _ in 0..=MAX_RECOVER_CALLERS {
            if level.iter().any(|func| self.recovers.contains(func.index())) {
                return true;
            }
            let callers = level.iter().flat_map(|func| cx.graph.callers(*func));
            level = callers.map(|site| cx.graph.sites()[*site].func).collect();
            level.sort();
            level.dedup();
        }
        false
    }
}

/// Whether the callee, or what it calls by name, is in the set.
fn below(calls: &Calls, row: &CallRef, set: &FixedBitSet) -> bool {
    let mut level: Vec<FuncId> = row.targets.to_vec();
    for _ in 0..MAX_PANIC_DEPTH {
        if level.iter().any(|func| set.contains(func.index())) {
            return true;
        }
        let rows =
            level.iter().flat_map(|func| calls.of(*func)).filter(|row| !row.dispatched && row.targets.len() == 1);
        level = rows.flat_map(|row| row.targets.iter().copied()).collect();
    }
    false
}

/// Whether a function calls `recover`.
pub(super) fn recovers(program: &Program, func: FuncId) -> bool {
    let file = program.funcs()[func].file;
    let exprs = &program.facts(file).exprs;
    let Some(body) = &program.function(func).body else { return false };
    body.instrs().any(|instr| match instr.kind {
        InstrKind::Call(call) => match &exprs[call] {
            Expr::Call { callee, .. } => {
                matches!(&exprs[*callee], Expr::Name(name) if name.as_str() == "recover")
                    && program.callee_kind(file, call) == CalleeKind::Builtin(Builtin::Recover)
            }
            _ => false,
        },
        _ => false,
    })
}
