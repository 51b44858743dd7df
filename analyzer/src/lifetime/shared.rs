//! State that any function ends or replaces while a goroutine reads it, told by the field alone.
//!
//! The weakest evidence: which object is meant is not known. It is kept because half of the races that projects fixed
//! reach the state through another object than the goroutine's owner; every finding says what it assumed.

use std::sync::OnceLock;

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Assumption, Conflict, Relation, Role, Side},
    domain::{Access, AccessKind, Index, Location, SpawnId, Stored},
    domain_local::{Operand, operand},
    events::{Event, EventKind},
    fresh::{is_being_made, is_of_a_copy, is_unshared, is_unshared_above, of_new_object},
    handed::effects_of,
    models::Effect,
    objects::accessed,
    obligations::Obligations,
    once::has_run_once,
    order::{gets_to, point_of, points, reachable},
    owner::{called_by_others, started_behind},
    reach::{Reach, access},
    replies,
    rounds::{ancestors, is_reset},
    spawns::Context,
    waited::joined_before,
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span},
    callgraph::{CallKind, CallSite},
    resolve::{FuncId, Step, Type},
    source::FileId,
    syntax::{Expr, ExprId, FuncKind, LocalDecl},
};

/// Calls from the body to the goroutine's access at most.
const MAX_DEPTH: u32 = 9;
/// Callers above a spawn that count as its start.
const MAX_STARTERS: u32 = 3;
/// Calls on the way there that dispatch.
const MAX_DISPATCHED: u32 = 3;
/// Goroutines listed for one location, nearest to their access first.
const MAX_SPAWNS: usize = 24;
/// Among them, starts of one and the same function: a helper that starts it may be called by a hundred tests.
const MAX_OF_ONE_BODY: usize = 6;
/// Callers above an end that may have waited before they call it.
pub(super) const MAX_WAITING_CALLERS: u32 = 2;
/// Calls from a function down to what it does to the same object.
const MAX_OWN_DEPTH: u32 = 2;
/// Calls between `main` and what sets the program up for it.
const MAX_SETUP_CALLERS: u32 = 3;
/// Locations per goroutine at most, nearest first.
const MAX_LOCATIONS: usize = 200;

/// Finds ends and replacements of fields that goroutines use.
pub fn ended_elsewhere(facts: Facts<'_>, alive: &FixedBitSet, obligations: &Obligations) -> Vec<Conflict> {
    // Whether the join of a goroutine that lives for a call is skipped, late or misplaced is asked where it is known
    // for which object.
    let (scoped, suites) = (&obligations.scoped, &obligations.suites);
    let lasting =
        |id: &SpawnId| alive.contains(id.index()) && (!scoped.contains(id.index()) || suites.contains(id.index()));
    let ids: Vec<SpawnId> = facts.spawns.sites.ids().filter(lasting).collect();
    let sends = |access: &Access| access.kind == AccessKind::Send && matches!(access.location, Location::Field(_));
    let known = Known {
        ends: by_location(facts, |access| ends(facts, access)),
        sends: by_location(facts, sends),
        closed_parts: closed_parts(facts),
        closed_replies: replies::closed_before_the_answer(facts),
        joined: Joined::new(facts),
    };
    let mut found: Vec<Candidate> = ids
        .into_par_iter()
        .one_by_one()
        .flat_map_iter(|id| of_spawn(facts, id, suites.contains(id.index()), &known))
        .collect();
    // One cause is one end; the goroutines nearest to the state show it best.
    found.sort_by_key(|candidate| candidate.order(facts));
    let mut kept: Vec<Conflict> = Vec::new();
    // Of one location.
    let mut bodies: Vec<&[FuncId]> = Vec::new();
    for candidate in found {
        if kept.last().is_none_or(|last| last.location != candidate.location) {
            bodies.clear();
        }
        let own = &facts.spawns.sites[candidate.spawn].bodies[..];
        if bodies.len() >= MAX_SPAWNS || bodies.iter().filter(|known| **known == own).count() >= MAX_OF_ONE_BODY {
            continue;
        }
        bodies.push(own);
        kept.push(candidate.conflict(facts));
    }
    kept
}

/// A conflict before it is known whether it is kept: of a hundred thousand few are, and a whole one has ten times the size.
struct Candidate {
    spawn: SpawnId,
    location: Location,
    /// Whether elements of the location are meant.
    element: bool,
    /// The node of what the goroutine reaches, with the row of its function's accesses.
    inside: (u32, u32),
    /// The other access.
    other: (FuncId, u32),
}

impl Candidate {
    fn order(&self, facts: Facts<'_>) -> (Location, u32, u32, SpawnId) {
        let node = &facts.reaches[self.spawn].nodes[self.inside.0 as usize];
        (self.location, node.dispatched(), node.depth(), self.spawn)
    }

    fn conflict(&self, facts: Facts<'_>) -> Conflict {
        let (reach, (number, row)) = (&facts.reaches[self.spawn], self.inside);
        let node = &reach.nodes[number as usize];
        let other = access(facts.cx, self.other);
        Conflict {
            element: self.element,
            assumptions: vec![Assumption::SameObject],
            ..Conflict::new(
                self.spawn,
                self.location,
                Side::of(access(facts.cx, (node.func, row)), false).reached_by(reach.path(number), node.dispatched()),
                Side::of(other, false),
                Relation::OwnerMethod { method: other.func, role: Role::Elsewhere },
            )
        }
    }
}

/// What is found once for all goroutines.
struct Known {
    ends: FxHashMap<Location, Vec<(FuncId, u32)>>,
    sends: FxHashMap<Location, Vec<(FuncId, u32)>>,
    /// Channels that are elements of a field, and are closed as such: `for _, c := range s.clients { close(c) }`.
    closed_parts: FxHashMap<Location, Vec<(FuncId, u32)>>,
    /// Channels for an answer, by the field in which they are handed over, closed by who may not have waited for it.
    closed_replies: FxHashMap<Location, Vec<(FuncId, u32)>>,
    joined: Joined,
}

/// What is certainly waited for before each event of a function, worked out where it is asked for.
pub(super) struct Joined(IndexVec<FuncId, OnceLock<FxHashMap<Span, FixedBitSet>>>);

impl Joined {
    pub(super) fn new(facts: Facts<'_>) -> Self {
        Self(IndexVec::filled(OnceLock::new(), facts.cx.program.funcs().len()))
    }

    fn before(&self, facts: Facts<'_>, func: FuncId, span: Span) -> Option<&FixedBitSet> {
        let waits = !facts.joins.may(func).is_clear();
        waits.then(|| self.0[func].get_or_init(|| joined_before(facts, func)).get(&span)).flatten()
    }
}

/// The accesses that are `meant`, in the order of the index.
fn by_location(facts: Facts<'_>, meant: impl Fn(&Access) -> bool + Sync) -> FxHashMap<Location, Vec<(FuncId, u32)>> {
    let rows = facts.index.locations().into_par_iter().few_at_once().map(|location| {
        let rows = facts.index.of(location).iter().copied();
        (location, rows.filter(|row| meant(access(facts.cx, *row))).collect::<Vec<_>>())
    });
    rows.filter(|(_, rows)| !rows.is_empty()).collect::<Vec<_>>().into_iter().collect()
}

/// Whether one of the keys is waited for before a place of a function, or before each call of the function.
pub(super) fn waited(
    facts: Facts<'_>,
    joined: &Joined,
    keys: &[usize],
    func: FuncId,
    span: Span,
    callers: u32,
) -> bool {
    if keys.is_empty() {
        return false;
    }
    let here = joined.before(facts, func, span);
    if here.is_some_and(|waited| keys.iter().any(|key| waited.contains(*key))) {
        return true;
    }
    let graph = facts.cx.graph;
    let sites = graph.callers(func);
    if sites.is_empty() && callers > 0 {
        // `wg.Wait(); s.once.Do(func() { close(s.c) })`
        return run_once(facts, func).is_some_and(|(func, span)| waited(facts, joined, keys, func, span, callers - 1));
    }
    callers > 0
        && sites.iter().all(|site| {
            let site = &graph.sites()[*site];
            waited(facts, joined, keys, site.func, site.span, callers - 1)
        })
}

/// The call that runs a literal where it stands, if it is given to one that runs it once.
fn run_once(facts: Facts<'_>, literal: FuncId) -> Option<(FuncId, Span)> {
    let Context { program, models, .. } = facts.cx;
    let around = program.funcs()[literal].parent?;
    let file = program.funcs()[around].file;
    let runs = |row: &&CallRef| {
        row.handed.iter().any(|handed| handed.func == literal)
            && effects_of(program, models, file, row.call).contains(&Effect::Once)
    };
    facts.calls.of(around).iter().find(runs).map(|row| (around, row.span))
}

/// The field that holds a channel, or (`true`) of which it is an element.
fn field_of_channel(facts: Facts<'_>, file: FileId, channel: ExprId) -> Option<(Location, bool)> {
    let program = facts.cx.program;
    let place = |expr| facts.cx.places.canonical(program, file, program.place(file, expr));
    let (place, ranged) = match program.facts(file).exprs[channel] {
        Expr::Local(local) => match program.facts(file).locals[local].decl {
            LocalDecl::RangeValue { over } => (place(over), true),
            _ => (place(channel), false),
        },
        _ => (place(channel), false),
    };
    match (place.steps.last()?, ranged) {
        (Step::Field(field), _) => Some((Location::Field(*field), ranged)),
        (Step::Element, false) => match place.steps[..] {
            [.., Step::Field(field), Step::Element] => Some((Location::Field(field), true)),
            _ => None,
        },
        _ => None,
    }
}

/// Closes of channels that are elements of a field, by the field.
fn closed_parts(facts: Facts<'_>) -> FxHashMap<Location, Vec<(FuncId, u32)>> {
    let mut out: FxHashMap<Location, Vec<(FuncId, u32)>> = FxHashMap::default();
    for func in facts.cx.program.funcs().ids() {
        let file = facts.cx.program.funcs()[func].file;
        for (row, at) in facts.cx.events.of(func).accesses.iter().zip(0_u32..) {
            if row.kind == AccessKind::Close
                && let Some((field, true)) = field_of_channel(facts, file, row.expr)
            {
                out.entry(field).or_default().push((func, at));
            }
        }
    }
    out
}

/// A channel that a goroutine's body knows by a variable and others by the field that keeps it.
struct Kept {
    body: FuncId,
    /// The row of the body's access.
    row: usize,
    field: Location,
    /// Whether it is an element of the field.
    element: bool,
}

/// Channels that a goroutine sends on or closes, which it is given as an argument or captures.
fn kept_channels(facts: Facts<'_>, id: SpawnId) -> Vec<Kept> {
    let (cx, site) = (facts.cx, &facts.spawns.sites[id]);
    let file = cx.program.funcs()[site.func].file;
    let mut out: Vec<Kept> = Vec::new();
    for &(body, at, argument) in &site.arguments {
        let params = &cx.program.function(body).signature.params;
        let Some(param) = params.get(at as usize).and_then(|param| param.local) else { continue };
        let given = Location::Local(cx.program.funcs()[body].file, param);
        let accesses = &cx.events.of(body).accesses;
        let sends = |row: &Access| row.kind == AccessKind::Send && row.location == given;
        let Some(row) = accesses.iter().position(sends) else { continue };
        let Some((field, element)) = field_of_channel(facts, file, argument) else { continue };
        out.push(Kept { body, row, field, element });
    }
    for &body in &site.bodies {
        let file = cx.program.funcs()[body].file;
        for (row, access) in cx.events.of(body).accesses.iter().enumerate() {
            let Location::Local(_, local) = access.location else { continue };
            let captured = matches!(access.kind, AccessKind::Send | AccessKind::Close)
                && operand(cx.program, body, file, local) == Operand::Captured;
            let key = captured.then(|| cx.places.key(cx.program, cx.graph, file, access.expr)).flatten();
            if let Some(field @ Location::Field(_)) = key {
                // Who closes an element of a field closes it in its turn.
                let elements = if access.kind == AccessKind::Send { &[false, true][..] } else { &[false] };
                out.extend(elements.iter().map(|element| Kept { body, row, field, element: *element }));
            }
        }
    }
    out
}

/// Channels that a goroutine knows by a variable and sends on, where others close the field they are of; and the other way
/// round.
fn closed_under_senders(
    facts: Facts<'_>,
    id: SpawnId,
    keys: &[usize],
    starters: &FxHashMap<FuncId, u32>,
    known: &Known,
) -> Vec<Candidate> {
    let cx = facts.cx;
    let mut out: Vec<Candidate> = Vec::new();
    for Kept { body, row, field, element } in kept_channels(facts, id) {
        let own = &cx.events.of(body).accesses[row];
        let others = match (own.kind, element) {
            (AccessKind::Send, true) => &known.closed_parts,
            (AccessKind::Send, false) => &known.ends,
            _ => &known.sends,
        };
        let other = others.get(&field).into_iter().flatten().find(|other| {
            let other = access(cx, **other);
            matches!(other.kind, AccessKind::Close | AccessKind::Send)
                && own.kind.conflicts(other.kind)
                && (!facts.reaches[id].surely_contains(other.func) || called_by_others(facts, id, other.func))
                && (!starters.contains_key(&other.func)
                    || closes_in_a_later_round(facts, starters, other)
                    || comes_after_start(facts, id, starters, other))
                && !own.locks.iter().any(|lock| other.locks.contains(lock))
                && !waited(facts, &known.joined, keys, other.func, other.span, MAX_WAITING_CALLERS)
        });
        let Some(&other) = other.filter(|_| out.iter().all(|known| known.location != field)) else { continue };
        let Some(node) = facts.reaches[id].nodes.iter().position(|node| node.func == body) else { continue };
        out.push(Candidate { spawn: id, location: field, element, inside: numbers(node, row), other });
    }
    out
}

fn is_map_field(facts: Facts<'_>, location: Location) -> bool {
    let Location::Field(field) = location else { return false };
    let program = facts.cx.program;
    matches!(program.ty(program.underlying(program.field(field).ty)), Type::Map { .. })
}

fn ends(facts: Facts<'_>, access: &Access) -> bool {
    // A channel, or an object that is closed, is the same in a copy of the struct that holds it.
    let ended = matches!(access.kind, AccessKind::Close | AccessKind::End);
    if access.atomic || !ended && is_of_a_copy(facts, access) {
        return false;
    }
    if access.element {
        // A map is changed as a whole, whatever the key: the runtime ends the process when it notices.
        return access.kind == AccessKind::Write
            && access.index == Index::Whole
            && is_map_field(facts, access.location);
    }
    if matches!(access.location, Location::Global(_)) {
        // Tests put globals back; that is another rule.
        return access.kind == AccessKind::Write
            && access.stored != Stored::Update
            && !facts.cx.program.in_test_file(access.func)
            && !sets_the_program_up(facts, access.func, MAX_SETUP_CALLERS);
    }
    if !matches!(access.location, Location::Field(_)) {
        return false;
    }
    match access.kind {
        AccessKind::Close | AccessKind::End => true,
        AccessKind::Write => {
            access.stored != Stored::Update
                && is_reset(facts, access)
                && !is_never_called(facts, access)
                && !of_new_object(facts, access)
                && !is_unshared(facts, access)
        }
        AccessKind::Read | AccessKind::Send | AccessKind::Recycle => false,
    }
}

/// Whether nobody calls a method that sets its receiver as a whole: generated code has many.
fn is_never_called(facts: Facts<'_>, access: &Access) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[access.func].file;
    let exprs = &program.facts(file).exprs;
    let of_receiver = |pointer: ExprId| match exprs[pointer] {
        Expr::Local(local) => operand(program, access.func, file, local) == Operand::Receiver,
        _ => false,
    };
    matches!(exprs[access.expr], Expr::Deref(pointer) if of_receiver(pointer))
        && facts.cx.graph.callers(access.func).is_empty()
}

/// Whether a function runs only once, when the program starts: `main`, `init`, and what only these call.
fn sets_the_program_up(facts: Facts<'_>, func: FuncId, callers: u32) -> bool {
    let Context { program, graph, events, .. } = facts.cx;
    match program.function(func).kind {
        FuncKind::Decl { name, receiver: None, .. } if matches!(name.as_str(), "init" | "main") => true,
        FuncKind::VarInit => true,
        FuncKind::Literal { .. } => false,
        FuncKind::Decl { .. } => {
            let sites = graph.callers(func);
            let once = |site: &CallSite| {
                let body = program.function(site.func).body.as_ref();
                site.kind == CallKind::Call
                    && !body.is_some_and(|body| events.of(site.func).repeats(&body.loops, site.span))
                    && sets_the_program_up(facts, site.func, callers - 1)
            };
            callers > 0 && !sites.is_empty() && sites.iter().all(|site| once(&graph.sites()[*site]))
        }
    }
}

fn of_spawn(facts: Facts<'_>, id: SpawnId, suite: bool, known: &Known) -> Vec<Candidate> {
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    let reach = &facts.reaches[id];
    let signals = site.signals.iter().filter(|s| s.ends_body());
    let keys: Vec<usize> = signals.filter_map(|s| facts.joins.index_of(s.key)).collect();
    let starters = ancestors(facts, site.func, MAX_STARTERS);
    let mut seen: FxHashSet<Location> = FxHashSet::default();
    let mut out = closed_under_senders(facts, id, &keys, &starters, known);
    seen.extend(out.iter().map(|candidate| candidate.location));
    for (number, node) in reach.nodes.iter().enumerate().take_while(|(_, n)| n.depth() <= MAX_DEPTH) {
        if node.dispatched() > MAX_DISPATCHED {
            continue;
        }
        for (row, inner) in cx.events.of(node.func).accesses.iter().enumerate() {
            if out.len() >= MAX_LOCATIONS {
                return out;
            }
            let shared = matches!(inner.location, Location::Field(_) | Location::Global(_));
            let map = inner.element && is_map_field(facts, inner.location);
            let plain = shared && !inner.atomic && (map || !inner.element);
            if !plain || seen.contains(&inner.location) {
                continue;
            }
            // Who closes a channel that others send on ends it, too.
            let sends = known.sends.get(&inner.location).filter(|_| inner.kind == AccessKind::Close);
            let replies = known.closed_replies.get(&inner.location).filter(|_| inner.kind == AccessKind::Send);
            let ends = known.ends.get(&inner.location).into_iter().chain(sends).chain(replies);
            let mut ends = ends.flatten().peekable();
            if ends.peek().is_none() {
                continue;
            }
            if is_being_made(facts, inner) || of_new_object(facts, inner) || is_unshared(facts, inner) {
                continue;
            }
            let inside = numbers(number, row);
            // Who has a copy of the struct has the same object in it, but another variable that holds it.
            let copy = is_of_a_copy(facts, inner) || is_a_kept_channel(facts, inner);
            let found = reach.reached(cx, inside.0, inside.1);
            let other = ends.find(|other| {
                let other = access(cx, **other);
                // What ends with the suite is joined by then; what is replaced before is not what the join is for.
                (!suite || other.kind == AccessKind::Write && !other.element)
                    && other.element == inner.element
                    && other.kind.conflicts(inner.kind)
                    && !(copy && other.kind == AccessKind::Write)
                    && (!reach.surely_contains(other.func) || closed_by_others(facts, id, other))
                    && !is_its_own(facts, id, inner, other)
                    && (!starters.contains_key(&other.func)
                        || closes_in_a_later_round(facts, &starters, other)
                        || comes_after_start(facts, id, &starters, other))
                    && !other.locks.iter().any(|l| found.locks.contains(l))
                    && !waited(facts, &known.joined, &keys, other.func, other.span, MAX_WAITING_CALLERS)
                    && !in_different_structs(facts, inner, other)
                    && !has_run_once(facts, (inner.func, inner.span), other.func)
                    && !started_behind(facts, other.func, (inner.func, inner.span))
            });
            // Most have no other side, which is asked first.
            let Some(&other) = other.filter(|_| !is_unshared_above(facts, reach, inside.0, inner)) else { continue };
            let location = inner.location;
            seen.insert(location);
            out.push(Candidate { spawn: id, location, element: inner.element, inside, other });
        }
    }
    out
}

/// Whether a channel is sent on, or closed, that a variable has kept from its field: what the field holds by then is another
/// matter.
fn is_a_kept_channel(facts: Facts<'_>, access: &Access) -> bool {
    let program = facts.cx.program;
    let exprs = &program.facts(program.funcs()[access.func].file).exprs;
    matches!(access.kind, AccessKind::Send | AccessKind::Close) && matches!(exprs[access.expr], Expr::Local(_))
}

/// Whether the other access is what the goroutine does to the object itself, where another kind of object would have other
/// code: in the same function, or in one that it calls and that nobody else runs.
fn is_its_own(facts: Facts<'_>, id: SpawnId, inner: &Access, other: &Access) -> bool {
    let below = || Reach::of_func(facts.cx, facts.calls, inner.func, MAX_OWN_DEPTH).surely_contains(other.func);
    other.func == inner.func
        || facts.reaches[id].contains(other.func) && !called_by_others(facts, id, other.func) && below()
}

/// Whether a channel is closed by a function that others call, too: of a field they have the same channel.
fn closed_by_others(facts: Facts<'_>, id: SpawnId, other: &Access) -> bool {
    other.kind == AccessKind::Close && called_by_others(facts, id, other.func)
}

/// Numbers of rows of tables that have fewer than four thousand million.
fn numbers(node: usize, row: usize) -> (u32, u32) {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    (number(node), number(row))
}

/// Whether a loop starts the goroutine, somewhere below, in one round and closes the channel in another.
fn closes_in_a_later_round(facts: Facts<'_>, starters: &FxHashMap<FuncId, u32>, other: &Access) -> bool {
    if other.kind != AccessKind::Close {
        return false;
    }
    let events = facts.cx.events.of(other.func);
    let here = points(events);
    let Some(closes) = here.get(&other.span) else { return false };
    let in_one_loop = |at: usize| reachable(events, at).contains(closes.0) && reachable(events, closes.0).contains(at);
    let mut starts =
        facts.calls.of(other.func).iter().filter(|row| row.targets.iter().any(|f| starters.contains_key(f)));
    starts.any(|row| here.get(&row.span).is_some_and(|at| at.0 != closes.0 && in_one_loop(at.0)))
}

/// Whether a function that starts the goroutine, itself or somewhere below, goes on to send on a channel or to close it:
/// further down, in the same round of a loop or in a later one. A channel is the same in all that hold it, and of a package
/// variable, which it may replace, there is one; of fields that
/// are written there, those of the goroutine's own objects are [`super::after_spawn`]'s, others are mostly another's.
fn comes_after_start(facts: Facts<'_>, id: SpawnId, starters: &FxHashMap<FuncId, u32>, other: &Access) -> bool {
    let replaced = other.kind == AccessKind::Write && matches!(other.location, Location::Global(_));
    if !replaced && !matches!(other.kind, AccessKind::Close | AccessKind::Send) {
        return false;
    }
    let events = facts.cx.events.of(other.func);
    // What is made anew on the way is another's. The next round of a loop closes what this one has started a sender for.
    let closes = other.kind == AccessKind::Close;
    let made_again = |event: &Event| match event.kind {
        EventKind::Access(row) => {
            let access = &events.accesses[row as usize];
            access.kind == AccessKind::Write && access.location == other.location
        }
        _ => false,
    };
    let Some(to) = point_of(events, other.span) else { return false };
    let follows = |start: Span| {
        (closes || start.start < other.span.start || other.span.contains(start))
            && point_of(events, start).is_some_and(|from| gets_to(events, from, Some(to), &made_again))
    };
    let site = &facts.spawns.sites[id];
    if other.func == site.func {
        return follows(site.span);
    }
    let nearer = |func: &FuncId| starters.get(func).is_some_and(|steps| *steps < starters[&other.func]);
    facts.calls.of(other.func).iter().any(|row| row.targets.iter().any(nearer) && follows(row.span))
}

/// Whether the two accesses go to a part of two different fields: an embedded struct is another one in each type.
fn in_different_structs(facts: Facts<'_>, inner: &Access, other: &Access) -> bool {
    let program = facts.cx.program;
    let around = |access: &Access| {
        if access.depth == 0 {
            return None;
        }
        let mut place = accessed(program, access);
        while matches!(place.steps.last(), Some(Step::Element)) {
            place.steps.pop();
        }
        let [.., Step::Field(field), Step::Field(last)] = place.steps[..] else { return None };
        if Location::Field(last) != access.location {
            return None;
        }
        matches!(program.ty(program.underlying(program.field(field).ty)), Type::Struct(_)).then_some(field)
    };
    match (around(inner), around(other)) {
        (Some(one), Some(two)) => one != two,
        _ => false,
    }
}
