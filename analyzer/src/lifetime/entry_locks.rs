//! Locks that every caller of a function holds: what the name `resetLocked` promises.
//!
//! A greatest fixpoint over the calls: a function without callers, or one that is started in a goroutine or handed to
//! others, begins with none.

use rustc_hash::FxHashMap;

use super::{
    calls::Calls,
    domain::LockSet,
    spawns::{Context, Spawns},
};
use crate::{base::IndexVec, resolve::FuncId};

/// Rounds until what callers of callers hold has come down.
const MAX_ROUNDS: u32 = 5;

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
        calls.of(func).iter().flat_map(|row| &row.handed).for_each(|h| fixed[h.func] = true);
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
                for &target in row.targets.iter().filter(|t| !fixed[**t]) {
                    match &mut next[target] {
                        None => next[target] = Some(held.clone()),
                        Some(known) => known.retain(|key| held.contains(key)),
                    }
                }
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
