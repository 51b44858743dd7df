//! The next round: a function that is called again and again resets what a goroutine of the last call still uses,
//! because an exit on the way skipped the join.

use std::{collections::hash_map::Entry, sync::OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Assumption, Conflict, JoinPoint, JoinStatus, Relation, Side, SkippedAt},
    domain::{Access, AccessKind, Anchor, Location, SpawnId, Stored},
    fresh::{is_being_made, is_of_a_copy, is_unshared_above, of_new_object},
    joins::path_to_wait,
    obligations::{Obligations, Skip, spawn_ids},
    reach::Reached,
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span},
    resolve::{FuncId, Type},
    syntax::{ExprId, LocalDecl},
};

/// Callers above a skipping function that are looked at; statement and request loops are within a dozen calls.
const MAX_CALLERS_ABOVE: u32 = 14;
/// Callers above a reset that are looked at: a reset is made near the top of the round.
const MAX_RESET_CALLERS: u32 = 3;
/// Distance of a method of the same object that no function in sight calls in the same round.
const PEER_DISTANCE: u32 = 8;
/// Functions looked at on the way up.
const MAX_ANCESTORS: usize = 4_000;
/// Calls from a goroutine's body to an access that is worth naming.
const MAX_ACCESS_DEPTH: u32 = 6;
/// Calls through interfaces from what a variable holds down to the wait: an executor in a variable is of the kind that
/// the function works with; what an executor in a record set in a variable is, nobody there knows.
const MAX_HOLDER_HOPS: u32 = 1;
/// Functions looked at for that; what is not among them counts as one interface further away.
const MAX_HOLDER_FUNCS: usize = 2_000;
/// Goroutines listed for one skip, most certain first.
const MAX_SPAWNS_PER_SKIP: usize = 4;

/// Finds, for every skipped join, the resets that the goroutines left running race with.
pub fn next_rounds(facts: Facts<'_>, obligations: &Obligations) -> Vec<Conflict> {
    let mut groups: Vec<Vec<&Skip>> = Vec::new();
    for skip in &obligations.skips {
        match groups.last_mut() {
            Some(group) if group[0].func == skip.func && group[0].holder == skip.holder => group.push(skip),
            _ => groups.push(vec![skip]),
        }
    }
    let resets = Resets::build(facts);
    groups.into_par_iter().one_by_one().flat_map_iter(|group| of_skip(facts, &resets, &group)).collect()
}

/// Writes that may be resets, by location, with the functions above them.
struct Resets {
    by_location: FxHashMap<Location, Vec<(FuncId, u32)>>,
    /// Callers of the functions that write, with their distance: asked for again and again.
    above: IndexVec<FuncId, OnceLock<Above>>,
}

/// Functions above another one, with their distance.
type Above = Box<[(FuncId, u32)]>;

impl Resets {
    fn build(facts: Facts<'_>) -> Self {
        let cx = facts.cx;
        let funcs: Vec<FuncId> =
            cx.program.funcs().ids().filter(|func| !facts.cx.program.in_test_file(*func)).collect();
        let resets = funcs.into_par_iter().few_at_once().flat_map_iter(|func| {
            let rows = cx.events.of(func).accesses.iter().zip(0_u32..);
            let resets = rows.filter(|(access, _)| is_reset(facts, access) && !of_new_object(facts, access));
            resets.map(move |(access, at)| (access.location, (func, at)))
        });
        let mut by_location: FxHashMap<Location, Vec<(FuncId, u32)>> = FxHashMap::default();
        for (location, row) in resets.collect::<Vec<_>>() {
            by_location.entry(location).or_default().push(row);
        }
        Self { by_location, above: IndexVec::filled(OnceLock::new(), cx.program.funcs().len()) }
    }

    /// Functions above one that writes, with their distance.
    fn above(&self, facts: Facts<'_>, func: FuncId) -> &[(FuncId, u32)] {
        self.above[func].get_or_init(|| ancestors(facts, func, MAX_RESET_CALLERS).into_iter().collect())
    }
}

/// A plain store of a new value into a field of an object that the function did not make itself.
pub fn is_reset(facts: Facts<'_>, access: &Access) -> bool {
    let whole =
        access.kind == AccessKind::Write && !access.element && !access.atomic && access.stored != Stored::Update;
    if !whole || !matches!(access.location, Location::Field(_)) {
        return false;
    }
    let Anchor::Local(local) = access.anchor else { return true };
    let program = facts.cx.program;
    let file = program.funcs()[access.func].file;
    let own = program.ty(program.underlying(program.local_type(file, local)));
    if access.depth == 0 && matches!(own, Type::Struct(_)) || facts.cx.places.is_of_a_copy(program, file, access) {
        // A struct in a variable is a copy.
        return false;
    }
    match &program.facts(file).locals[local].decl {
        LocalDecl::Param { .. } | LocalDecl::Receiver { .. } => true,
        LocalDecl::Value(value) => {
            let place = program.place(file, value.expr);
            match place.root {
                crate::resolve::Root::Local(_) | crate::resolve::Root::Global(_) => true,
                // A getter's result lives on; a constructor's or literal's does not.
                crate::resolve::Root::Value(call) => facts.cx.graph.site_at(file, call).is_some_and(|site| {
                    let mut callees = facts.cx.graph.sites()[site].targets.funcs();
                    callees.any(|callee| facts.cx.places.getter(callee).is_some())
                }),
            }
        }
        _ => false,
    }
}

/// Callers of a function with their distance, nearest first.
pub fn ancestors(facts: Facts<'_>, func: FuncId, depth: u32) -> FxHashMap<FuncId, u32> {
    let graph = facts.cx.graph;
    let mut known = FxHashMap::default();
    known.insert(func, 0);
    let mut queue = std::collections::VecDeque::from([func]);
    while let Some(at) = queue.pop_front() {
        let distance = known[&at];
        if distance >= depth || known.len() > MAX_ANCESTORS {
            continue;
        }
        for &site in graph.callers(at) {
            let caller = graph.sites()[site].func;
            if let std::collections::hash_map::Entry::Vacant(slot) = known.entry(caller) {
                slot.insert(distance + 1);
                queue.push_back(caller);
            }
        }
    }
    known
}

/// Calls through interfaces, at least, from a call of `func` down to `target`.
fn hops(facts: Facts<'_>, func: FuncId, call: ExprId, target: FuncId) -> u32 {
    let Some(row) = facts.calls.at(func, call) else { return 0 };
    let mut known: FxHashMap<FuncId, u32> = FxHashMap::default();
    // Breadth first by interfaces: calls of the same number of interfaces go to the front.
    let mut queue = std::collections::VecDeque::new();
    let enter =
        |row: &CallRef, at: u32, known: &mut FxHashMap<FuncId, u32>, queue: &mut std::collections::VecDeque<_>| {
            let distance = at + u32::from(row.dispatched);
            for &next in row.targets.iter().chain(row.handed.iter().map(|h| &h.func)) {
                if known.get(&next).is_none_or(|old| distance < *old) {
                    known.insert(next, distance);
                    if row.dispatched { queue.push_back((next, distance)) } else { queue.push_front((next, distance)) }
                }
            }
        };
    enter(row, 0, &mut known, &mut queue);
    while let Some((at, distance)) = queue.pop_front() {
        if at == target {
            return distance;
        }
        if known[&at] < distance {
            continue;
        }
        if known.len() > MAX_HOLDER_FUNCS {
            return distance + 1;
        }
        for row in facts.calls.of(at) {
            enter(row, distance, &mut known, &mut queue);
        }
    }
    0
}

struct Candidate {
    score: (u32, u32, u32),
    spawn: SpawnId,
    inside: Reached,
    reset: (FuncId, u32),
    round: FuncId,
}

fn of_skip(facts: Facts<'_>, resets: &Resets, group: &[&Skip]) -> Vec<Conflict> {
    let cx = facts.cx;
    let first = group[0];
    let above = ancestors(facts, first.func, MAX_CALLERS_ABOVE);
    let mut spawns: Vec<SpawnId> = group.iter().flat_map(|skip| spawn_ids(&skip.spawns)).collect();
    spawns.sort();
    spawns.dedup();
    let mut rounds: FxHashMap<FuncId, Option<(u32, FuncId)>> = FxHashMap::default();
    let mut candidates: Vec<Candidate> = Vec::new();
    for id in spawns {
        let reach = &facts.reaches[id];
        let mut best: FxHashMap<Location, (u32, Candidate)> = FxHashMap::default();
        let mut starters = None;
        for (number, node) in reach.nodes.iter().enumerate().take_while(|(_, n)| n.depth() <= MAX_ACCESS_DEPTH) {
            for (row, access) in cx.events.of(node.func).accesses.iter().enumerate() {
                if access.atomic || access.element {
                    continue;
                }
                let Some(rows) = resets.by_location.get(&access.location) else { continue };
                // What the goroutine has just made itself is nobody else's.
                let node_number = u32::try_from(number).unwrap_or(u32::MAX);
                if is_of_a_copy(facts, access)
                    || is_being_made(facts, access)
                    || is_unshared_above(facts, reach, node_number, access)
                {
                    continue;
                }
                let mut reached = None;
                for &reset in rows {
                    if reach.contains(reset.0)
                        || !access.kind.conflicts(AccessKind::Write)
                        || initialises(facts, resets, id, access.location, reset.0, &mut starters)
                    {
                        continue;
                    }
                    let round =
                        *rounds.entry(reset.0).or_insert_with(|| common(facts, resets, &above, first.func, reset.0));
                    let Some((distance, round)) = round else { continue };
                    let write = &cx.events.of(reset.0).accesses[reset.1 as usize];
                    let found = reached.get_or_insert_with(|| {
                        let row = u32::try_from(row).unwrap_or(u32::MAX);
                        reach.reached(cx, node_number, row)
                    });
                    if found.locks.iter().any(|l| write.locks.contains(l)) {
                        continue;
                    }
                    let score =
                        (rank(facts, access, write), distance + node.depth() + 2 * node.dispatched(), node.depth());
                    let candidate = Candidate { score, spawn: id, inside: found.clone(), reset, round };
                    match best.entry(access.location) {
                        Entry::Vacant(slot) => {
                            slot.insert((1, candidate));
                        }
                        Entry::Occupied(mut slot) => {
                            let (uses, known) = slot.get_mut();
                            *uses += 1;
                            if candidate.score < known.score {
                                *known = candidate;
                            }
                        }
                    }
                }
            }
        }
        // A location that the goroutine uses often is reset under one of the uses; a reset near the round is one of
        // every round.
        let weight = |uses: u32, c: &Candidate| (2 * c.score.0 + c.score.1).saturating_sub(uses.ilog2());
        let best = best.into_iter().min_by_key(|(location, (uses, c))| (weight(*uses, c), c.score, *location));
        candidates.extend(best.map(|(_, (_, candidate))| candidate));
    }
    let own = group
        .iter()
        .flat_map(|skip| spawn_ids(&skip.spawns))
        .find(|id| facts.spawns.sites[*id].func == first.func && !candidates.iter().any(|c| c.spawn == *id));
    if let Some(id) = own {
        return own_skip(facts, group, id).into_iter().collect();
    }
    candidates.sort_by_key(|c| (c.score, c.spawn));
    candidates.truncate(MAX_SPAWNS_PER_SKIP);
    candidates.into_iter().map(|candidate| conflict(facts, group, candidate)).collect()
}

/// A goroutine that the function itself starts and leaves running on one way: what it writes, or what others write
/// that it reads, in any other function.
fn own_skip(facts: Facts<'_>, group: &[&Skip], id: SpawnId) -> Option<Conflict> {
    let cx = facts.cx;
    let first = group[0];
    let reach = &facts.reaches[id];
    for (number, node) in reach.nodes.iter().enumerate().take_while(|(_, n)| n.depth() <= 2) {
        for (row, inner) in cx.events.of(node.func).accesses.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let found = reach.reached(cx, number, u32::try_from(row).unwrap_or(u32::MAX));
            let shared = matches!(inner.location, Location::Field(_)) && found.origin.is_some();
            if inner.atomic || !shared || is_of_a_copy(facts, inner) || is_being_made(facts, inner) {
                continue;
            }
            let other = facts.index.of(inner.location).iter().find(|r| {
                let other = super::reach::access(cx, **r);
                !reach.contains(other.func)
                    && other.func != first.func
                    && !other.atomic
                    && other.kind.conflicts(inner.kind)
                    && other.stored != Stored::Update
                    && !other.locks.iter().any(|l| found.locks.contains(l))
                    && (other.kind == AccessKind::Write || inner.kind == AccessKind::Write)
                    && !is_constructor_write(facts, other)
                    && !is_of_a_copy(facts, other)
            });
            let Some(other) = other else { continue };
            let other = super::reach::access(cx, *other);
            return Some(Conflict {
                element: inner.element,
                join: skipped_join(facts, group, id),
                assumptions: vec![Assumption::SameObject],
                ..Conflict::new(
                    id,
                    inner.location,
                    Side::of(inner, true).reached_by(reach.path(number), node.dispatched()),
                    Side::of(other, false),
                    Relation::AfterSpawn,
                )
            });
        }
    }
    None
}

/// Whether a write goes to an object that the function made itself.
fn is_constructor_write(facts: Facts<'_>, access: &Access) -> bool {
    access.kind == AccessKind::Write && !is_reset(facts, &Access { element: false, ..access.clone() })
}

/// Whether the write belongs to the start of the goroutine's own owner: each owner is started once, and what its
/// `start` sets is not the state of the next round.
fn initialises(
    facts: Facts<'_>,
    resets: &Resets,
    id: SpawnId,
    location: Location,
    reset: FuncId,
    starters: &mut Option<FxHashMap<FuncId, u32>>,
) -> bool {
    let Location::Field(field) = location else { return false };
    let program = facts.cx.program;
    let site = &facts.spawns.sites[id];
    let file = program.funcs()[site.func].file;
    let anchors = site.signals.iter().filter_map(|s| s.anchor);
    let mut types = anchors.filter_map(|local| {
        program.facts(file).locals.get(local)?;
        program.named_of(program.local_type(file, local))
    });
    let owner = program.field(field).owner;
    if owner.is_none() || !types.any(|named| Some(named) == owner) {
        return false;
    }
    let starters = starters.get_or_insert_with(|| ancestors(facts, site.func, MAX_RESET_CALLERS));
    resets.above(facts, reset).iter().any(|(func, _)| starters.contains_key(func))
}

/// Prefers resets of whole context objects (a pointer to a struct replaced by a new one) to those of plain values.
fn rank(facts: Facts<'_>, _access: &Access, write: &Access) -> u32 {
    let Location::Field(field) = write.location else { return 9 };
    let program = facts.cx.program;
    let pointer = matches!(program.ty(program.underlying(program.field(field).ty)), Type::Pointer(_));
    match (pointer, write.stored) {
        (true, Stored::Fresh) => 0,
        (true, Stored::Other) => 1,
        (true, _) => 2,
        (false, Stored::Fresh | Stored::Cleared) => 3,
        (false, _) => 4,
    }
}

/// The nearest function that reaches both a skipping function (whose callers are given) and the reset.
fn common(
    facts: Facts<'_>,
    resets: &Resets,
    above: &FxHashMap<FuncId, u32>,
    skipping: FuncId,
    reset: FuncId,
) -> Option<(u32, FuncId)> {
    let found = resets.above(facts, reset).iter().filter(|(func, _)| !facts.cx.program.in_test_file(*func));
    let found = found.filter_map(|&(func, distance)| Some((above.get(&func)? + distance, func))).min();
    // Methods of one object that nobody in sight calls in a row are called in a row by its users.
    let receiver = |func: FuncId| facts.cx.program.funcs()[func].receiver;
    let peers = receiver(skipping).is_some() && receiver(skipping) == receiver(reset);
    found.or_else(|| peers.then_some((PEER_DISTANCE, reset)))
}

/// The join that a skip skips, through the first call that reaches it.
pub fn skipped_join(facts: Facts<'_>, group: &[&Skip], spawn: SpawnId) -> JoinStatus {
    let first = group[0];
    let mut siblings: Vec<(FuncId, Span)> = Vec::new();
    let mut join = None;
    let signals = &facts.spawns.sites[spawn].signals;
    let mut calls: Vec<_> = group.iter().flat_map(|skip| &skip.discharged_by).copied().collect();
    calls.sort();
    calls.dedup();
    for (caller, call) in calls {
        let Some(row) = facts.calls.at(caller, call) else { continue };
        // Several signals may be seen: the one that is waited for nearest to the call is the one meant.
        let ways = signals.iter().filter(|s| s.ends_body()).filter_map(|signal| {
            let path = path_to_wait(facts.joins, facts.calls, row, signal.key);
            let last = *path.last()?;
            let wait = facts.joins.waits_in(signal.key, last).first()?;
            Some(JoinPoint { key: signal.key, func: last, span: wait.span, reached_by: path.into() })
        });
        let found = ways.min_by_key(|join| join.reached_by.len());
        if let Some(found) = found {
            siblings.push((caller, row.span));
            join.get_or_insert(found);
        }
    }
    for span in group.iter().flat_map(|skip| &skip.waited_at) {
        let key = signals.iter().find(|s| s.ends_body() && facts.joins.index_of(s.key).is_some()).map(|s| s.key);
        if let (Some(key), None) = (key, &join) {
            join = Some(JoinPoint::at(key, first.func, *span));
        }
        if !siblings.contains(&(first.func, *span)) {
            siblings.push((first.func, *span));
        }
    }
    let at = group
        .iter()
        .filter(|skip| skip.spawns.contains(spawn.index()))
        .map(|skip| SkippedAt { func: skip.func, exit: skip.exit, span: skip.span })
        .collect();
    JoinStatus::Skipped { join, siblings: siblings.into(), at }
}

fn conflict(facts: Facts<'_>, group: &[&Skip], candidate: Candidate) -> Conflict {
    let cx = facts.cx;
    let first = group[0];
    let reach = &facts.reaches[candidate.spawn];
    let node = &reach.nodes[candidate.inside.node as usize];
    let inner = &cx.events.of(node.func).accesses[candidate.inside.row as usize];
    let write = &cx.events.of(candidate.reset.0).accesses[candidate.reset.1 as usize];
    let mut assumptions = vec![Assumption::CalledAgain, Assumption::SameObject];
    if node.dispatched() > 0 {
        assumptions.push(Assumption::OneOfManyCallees);
    }
    let join = skipped_join(facts, group, candidate.spawn);
    if let JoinStatus::Skipped { join: Some(point), .. } = &join {
        let calls = group.iter().flat_map(|skip| &skip.discharged_by);
        if calls.map(|(func, call)| hops(facts, *func, *call, point.func)).min().unwrap_or(0) > MAX_HOLDER_HOPS {
            assumptions.push(Assumption::HoldsThatKind);
        }
    }
    Conflict {
        join,
        assumptions,
        ..Conflict::new(
            candidate.spawn,
            write.location,
            Side::of(inner, false).reached_by(reach.path(candidate.inside.node), node.dispatched()),
            Side::of(write, false),
            Relation::NextRound { round: Some(candidate.round), holder: first.holder },
        )
    }
}
