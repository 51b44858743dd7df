//! Locks that every caller of a function holds: what the name `resetLocked` promises.
//!
//! A greatest fixpoint over the calls: a function without callers, or one that is started in a goroutine, begins with
//! none. A function that is handed to others begins with what they hold where they run it.

use rustc_hash::FxHashMap;

use super::{
    calls::Calls,
    domain::{LockSet, SyncKey},
    domain_local,
    events::EventKind,
    spawns::{Context, Spawns},
};
use crate::{
    base::IndexVec,
    resolve::FuncId,
    syntax::{Expr, ExprId},
};

/// Rounds until what callers of callers hold has come down.
const MAX_ROUNDS: u32 = 5;
/// Times that a function is passed on before it is called.
const MAX_PASSED_ON: u32 = 2;

/// Locks held on entry, by function; empty sets are left out.
pub fn entry_locks(cx: Context<'_>, calls: &Calls, spawns: &Spawns) -> FxHashMap<FuncId, LockSet> {
    let count = cx.program.funcs().len();
    let mut entry: IndexVec<FuncId, Option<LockSet>> = IndexVec::filled(None, count);
    let mut fixed: IndexVec<FuncId, bool> = IndexVec::filled(true, count);
    for func in cx.program.funcs().ids() {
        for row in calls.of(func) {
            row.targets.iter().for_each(|t| fixed[*t] = false);
        }
    }
    for func in cx.program.funcs().ids() {
        calls.of(func).iter().flat_map(|row| &row.handed).for_each(|h| fixed[h.func] = false);
    }
    spawns.sites.iter().flat_map(|site| &site.bodies).for_each(|body| fixed[*body] = true);
    for func in cx.program.funcs().ids().filter(|f| fixed[*f]) {
        entry[func] = Some(LockSet::new());
    }
    for _ in 0..MAX_ROUNDS {
        let mut next: IndexVec<FuncId, Option<LockSet>> = IndexVec::filled(None, count);
        for func in cx.program.funcs().ids() {
            let Some(outer) = &entry[func] else { continue };
            for row in calls.of(func) {
                let mut held = outer.clone();
                for key in cx.events.of(func).locks_at(row.call) {
                    if let Err(at) = held.binary_search(key) {
                        held.insert(at, *key);
                    }
                }
                let mut enter = |target: FuncId, held: &LockSet| match &mut next[target] {
                    _ if fixed[target] => {}
                    None => next[target] = Some(held.clone()),
                    Some(known) => known.retain(|key| held.contains(key)),
                };
                row.targets.iter().for_each(|target| enter(*target, &held));
                if row.handed.is_empty() {
                    continue;
                }
                // What is handed over runs with the locks that the callee holds when it calls its parameter.
                for key in held_where_run(cx, calls, &row.targets, MAX_PASSED_ON) {
                    if let Err(at) = held.binary_search(&key) {
                        held.insert(at, key);
                    }
                }
                row.handed.iter().for_each(|handed| enter(handed.func, &held));
            }
        }
        for func in cx.program.funcs().ids().filter(|f| fixed[*f]) {
            next[func] = Some(LockSet::new());
        }
        if next.as_slice() == entry.as_slice() {
            break;
        }
        entry = next;
    }
    let rows = entry.iter_enumerated().filter_map(|(func, locks)| {
        let locks = locks.clone().filter(|locks| !locks.is_empty())?;
        Some((func, locks))
    });
    rows.collect()
}

/// Locks that all of the functions hold where they call a function parameter of theirs, or what they pass it on to does.
fn held_where_run(cx: Context<'_>, calls: &Calls, callees: &[FuncId], depth: u32) -> LockSet {
    let mut held: Option<LockSet> = None;
    let mut note = |here: LockSet| match &mut held {
        None => held = Some(here),
        Some(known) => known.retain(|key| here.contains(key)),
    };
    for &callee in callees {
        let file = cx.program.funcs()[callee].file;
        let exprs = &cx.program.facts(file).exprs;
        let is_param = |expr: ExprId| match exprs[expr] {
            Expr::Local(local) => domain_local::is_param(cx.program, file, local),
            _ => false,
        };
        for event in cx.events.of(callee).blocks.iter().flat_map(|block| &block.events) {
            let EventKind::Call(call) = event.kind else { continue };
            let Expr::Call { callee: called, .. } = &exprs[call] else { continue };
            let here = || cx.events.of(callee).locks_at(call).iter().copied();
            if is_param(*called) {
                note(here().collect());
                continue;
            }
            let passed_on = |arg: &ExprId| is_param(*arg) && domain_local::may_be_function(cx.program, file, *arg);
            let targets = calls.at(callee, call).filter(|_| depth > 0).map_or(&[][..], |row| &row.targets);
            if !targets.is_empty() && exprs.args(call).is_some_and(|args| args.iter().any(passed_on)) {
                // What a callee gives back is not held where it calls.
                let given_back =
                    |key: &SyncKey| targets.iter().any(|target| cx.events.of(*target).handed_over.contains(key));
                let mut all: LockSet = here().filter(|key| !given_back(key)).collect();
                for key in held_where_run(cx, calls, targets, depth - 1) {
                    if let Err(at) = all.binary_search(&key) {
                        all.insert(at, key);
                    }
                }
                note(all);
            }
        }
    }
    held.unwrap_or_default()
}
