//! State that any function ends or replaces while a goroutine reads it, told by the field alone.
//!
//! The weakest evidence: which object is meant is not known. It is kept because half of the races that projects fixed
//! reach the state through another object than the goroutine's owner; every finding says what it assumed.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, JoinStatus, Relation, Role, Side},
    domain::{Access, AccessKind, Location, SpawnId, Stored},
    owner::joined_before,
    reach::access,
    rounds::{ancestors, is_reset},
};
use crate::{
    base::{Idx, Span},
    resolve::FuncId,
};

/// Calls from the body to the goroutine's access at most.
const MAX_DEPTH: u32 = 5;
/// Callers above a spawn that count as its start.
const MAX_STARTERS: u32 = 3;
/// Locations per goroutine at most, nearest first.
const MAX_LOCATIONS: usize = 40;

/// Finds ends and replacements of fields that goroutines use.
pub fn ended_elsewhere(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let ids: Vec<SpawnId> = facts.spawns.sites.ids().filter(|id| alive.contains(id.index())).collect();
    let joined = joined_at_ends(facts);
    ids.into_par_iter().flat_map_iter(|id| of_spawn(facts, id, &joined)).collect()
}

type Joined = FxHashMap<FuncId, FxHashMap<Span, FixedBitSet>>;

/// What is certainly waited for before each event, for the functions that have something to end.
fn joined_at_ends(facts: Facts<'_>) -> Joined {
    let cx = facts.cx;
    let funcs: Vec<FuncId> = cx.program.funcs().ids().collect();
    let rows: Vec<(FuncId, FxHashMap<Span, FixedBitSet>)> = funcs
        .into_par_iter()
        .filter(|func| cx.events.of(*func).accesses.iter().any(|a| ends(facts, a)))
        .filter(|func| !facts.joins.may(*func).is_clear())
        .map(|func| (func, joined_before(facts, func)))
        .collect();
    rows.into_iter().collect()
}

fn ends(facts: Facts<'_>, access: &Access) -> bool {
    if !matches!(access.location, Location::Field(_)) || access.element || access.atomic {
        return false;
    }
    match access.kind {
        AccessKind::Close | AccessKind::End => true,
        AccessKind::Write => access.stored != Stored::Update && is_reset(facts, access),
        AccessKind::Read | AccessKind::Send | AccessKind::Recycle => false,
    }
}

fn of_spawn(facts: Facts<'_>, id: SpawnId, joined: &Joined) -> Vec<Conflict> {
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    let reach = &facts.reaches[id];
    let signals = site.signals.iter().filter(|s| s.ends_body());
    let keys: Vec<usize> = signals.filter_map(|s| facts.joins.index_of(s.key)).collect();
    if site.signals.iter().any(|s| s.ends_body() && !facts.joins.waits(s.key).is_empty()) {
        // Somebody waits for it: whether that is skipped, late or misplaced is asked where it is known for which object.
        return Vec::new();
    }
    let starters = ancestors(facts, site.func, MAX_STARTERS);
    let mut seen: FxHashSet<Location> = FxHashSet::default();
    let mut out: Vec<Conflict> = Vec::new();
    for (number, node) in reach.nodes.iter().enumerate().take_while(|(_, n)| n.depth <= MAX_DEPTH) {
        if node.dispatched > 1 {
            continue;
        }
        for (row, inner) in cx.events.of(node.func).accesses.iter().enumerate() {
            if out.len() >= MAX_LOCATIONS {
                return out;
            }
            let plain = matches!(inner.location, Location::Field(_)) && !inner.atomic && !inner.element;
            if !plain || seen.contains(&inner.location) {
                continue;
            }
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let found = reach.reached(cx, number, u32::try_from(row).unwrap_or(u32::MAX));
            let other = facts.index.of(inner.location).iter().map(|r| access(cx, *r)).find(|other| {
                let waited = joined.get(&other.func).and_then(|spans| spans.get(&other.span));
                ends(facts, other)
                    && other.kind.conflicts(inner.kind)
                    && !reach.contains(other.func)
                    && !starters.contains_key(&other.func)
                    && !other.locks.iter().any(|l| found.locks.contains(l))
                    && !waited.is_some_and(|w| keys.iter().any(|key| w.contains(*key)))
            });
            let Some(other) = other else { continue };
            seen.insert(inner.location);
            out.push(Conflict {
                spawn: id,
                location: inner.location,
                element: false,
                inside: Side {
                    func: node.func,
                    span: inner.span,
                    kind: inner.kind,
                    stored: inner.stored,
                    path: reach.path(number),
                    dispatched: node.dispatched,
                    same_object: false,
                },
                other: Side {
                    func: other.func,
                    span: other.span,
                    kind: other.kind,
                    stored: other.stored,
                    path: Vec::new(),
                    dispatched: 0,
                    same_object: false,
                },
                relation: Relation::OwnerMethod { method: other.func, role: Role::Elsewhere },
                join: JoinStatus::Missing { asked: None },
                assumptions: vec![Assumption::SameObject],
            });
        }
    }
    out
}
