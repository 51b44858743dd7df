//! Methods that end or restart an object while a goroutine of that object still uses it.
//!
//! For every goroutine that works for an object (the spawner's receiver, or a variable it shares) each other method of
//! the object's type is asked: does it write, close or end what the goroutine uses, and has it waited for the
//! goroutine by then? Only methods that have a part in the object's life are asked: those that end it by convention,
//! ask the goroutine to stop, wait for a goroutine of the object, or start it again.

use std::cell::OnceCell;

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Assumption, Conflict, JoinPoint, JoinStatus, Relation, Role, Side},
    domain::{AccessKind, Location, SpawnId, SpawnKind, Stored, WaitKind},
    domain_local::{Given, Operand, given, operand},
    events::{Event, EventKind},
    fresh::{is_being_made, is_new, of_new_object, of_other_objects},
    handed::{effects_of, root_local},
    joins::{for_each_wait, path_to_wait},
    models,
    objects::Object,
    order::{gates_before, gets_to, point_of, points, reachable},
    place::Places,
    reach::{Reach, Reached, access},
    waited::{joined_at, joined_at_end, joined_before},
};
use crate::{
    base::{Idx, InPieces, Span},
    callgraph::{CallKind, CallSite},
    resolve::{Callee, FuncId, NamedId, Place, Type},
    syntax::{ExprId, InstrKind, LocalId, Source},
};

/// Calls followed from a method when looking for what it writes.
const MAX_METHOD_DEPTH: u32 = 3;
/// Calls from a goroutine's body to where it listens for a wish that it stops.
const MAX_LISTENING_DEPTH: u32 = 3;

/// What one method does to its receiver.
#[derive(Debug)]
struct Method {
    func: FuncId,
    receiver: LocalId,
    reach: Reach,
    /// Effects on fields of the receiver itself.
    effects: Vec<Effect>,
    /// Channels it closes.
    closes: Vec<Closed>,
    /// Functions it starts goroutines in, itself included.
    spawns: FxHashSet<SpawnId>,
    cancels: Option<Cancelled>,
    /// Timers it stops.
    stops: Vec<(Location, Span)>,
    writes: Vec<(Location, Span)>,
    /// For each of its callers, in their order, the keys certainly waited for before the call.
    joined_by_callers: OnceCell<Vec<Option<FixedBitSet>>>,
}

/// A goroutine that works on an object of a type with methods.
struct Worker {
    id: SpawnId,
    /// The variable that holds the object.
    origin: LocalId,
    /// Numbers of the keys that see its end.
    keys: Vec<usize>,
    /// What it waits for near its body.
    listens: FxHashSet<Location>,
}

impl Worker {
    fn new(facts: Facts<'_>, id: SpawnId, origin: LocalId) -> Self {
        let near = facts.reaches[id].nodes.iter().take_while(|node| node.depth() <= MAX_LISTENING_DEPTH);
        let events = near.flat_map(|node| facts.cx.events.of(node.func).blocks.iter().flat_map(|block| &block.events));
        let waited = events.filter_map(|event| match event.kind {
            EventKind::Wait { key, .. } => Some(key),
            _ => None,
        });
        Self { id, origin, keys: keys_of(facts, id), listens: waited.collect() }
    }
}

#[derive(Debug)]
struct Closed {
    key: Location,
    /// The close itself.
    at: (FuncId, Span),
    /// Where it happens in the method: the close, or the call that leads to it.
    top: Span,
}

/// A call of a kept `cancel`.
#[derive(Debug)]
struct Cancelled {
    /// What keeps it.
    kept: Place,
    /// The call itself.
    at: (FuncId, Span),
    /// Where it happens in the method.
    top: Span,
}

#[derive(Debug)]
struct Effect {
    reached: Reached,
    /// What holds the location, from the receiver on.
    holder: Object,
    /// Keys certainly waited for before it.
    joined: FixedBitSet,
    /// What the method is given and waits for before it.
    waited_for: OnceCell<Vec<Given>>,
}

/// Finds the conflicts between goroutines and the methods of their owners.
///
/// `alive` are the spawn sites whose goroutines may still run when the spawning function returns.
pub fn owner_conflicts(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let mut owners: FxHashMap<NamedId, Vec<(SpawnId, LocalId)>> = FxHashMap::default();
    for id in facts.spawns.sites.ids().filter(|id| alive.contains(id.index())) {
        for (named, origin) in owners_of(facts, id) {
            owners.entry(named).or_default().push((id, origin));
        }
    }
    let mut owners: Vec<(NamedId, Vec<(SpawnId, LocalId)>)> = owners.into_iter().collect();
    owners.sort_by_key(|row| row.0);
    owners.into_par_iter().one_by_one().flat_map_iter(|(named, spawns)| of_type(facts, named, &spawns)).collect()
}

/// Declared types of the objects a goroutine shares with its spawner.
fn owners_of(facts: Facts<'_>, id: SpawnId) -> Vec<(NamedId, LocalId)> {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[id];
    let file = program.funcs()[site.func].file;
    let mut origins: Vec<LocalId> = Vec::new();
    let reach = &facts.reaches[id];
    for (node, number) in reach.nodes.iter().zip(0..).take_while(|(n, _)| n.depth() <= 1) {
        origins.extend(reach.variables(number).map(|(_, there)| there));
        for access in &facts.cx.events.of(node.func).accesses {
            if let super::Anchor::Local(local) = access.anchor {
                origins.push(local);
            }
        }
    }
    origins.sort();
    origins.dedup();
    let visible = |local: &LocalId| {
        let owner = program.facts(file).locals.get(*local).map(|row| row.function);
        owner.is_some_and(|f| program.func_of(file, f).is_some_and(|f| facts.cx.program.encloses(f, site.func)))
    };
    origins
        .into_iter()
        .filter(visible)
        .filter_map(|local| {
            let named = program.named_of(program.local_type(file, local))?;
            (!program.methods_of(named).is_empty()).then_some((named, local))
        })
        .collect()
}

fn of_type(facts: Facts<'_>, named: NamedId, spawns: &[(SpawnId, LocalId)]) -> Vec<Conflict> {
    let program = facts.cx.program;
    let methods: Vec<Method> = program.methods_of(named).iter().filter_map(|&func| method(facts, func)).collect();
    let mut out = Vec::new();
    for &(id, origin) in spawns {
        let worker = Worker::new(facts, id, origin);
        let waits = |m: &Method| worker.keys.iter().any(|key| facts.joins.must(m.func).contains(*key));
        // Whoever starts the object again is expected to have ended it before, and what ends for good has no new start.
        let ends = methods.iter().any(|method| waits(method) || ends_for_good(facts, &worker, method));
        for method in &methods {
            let Some(role) = role(facts, &worker, method) else { continue };
            if role == Role::Restarts
                && (ends && !ends_before_it_starts(facts, &worker, method)
                    || is_new(facts, method.func, method.receiver))
            {
                continue;
            }
            let known = out.len();
            against(facts, &worker, method, role, &mut out);
            if out.len() == known && matches!(role, Role::Named | Role::Asks) {
                out.extend(only_told(facts, &worker, method, role));
            }
        }
    }
    out
}

/// Whether a method closes what the goroutine listens to, which is made with the object and never again.
fn ends_for_good(facts: Facts<'_>, worker: &Worker, method: &Method) -> bool {
    method.closes.iter().any(|closed| {
        let mut made = facts.index.of(closed.key).iter().map(|row| access(facts.cx, *row));
        worker.listens.contains(&closed.key)
            && matches!(closed.key, Location::Field(_))
            && made.all(|access| {
                access.kind != AccessKind::Write || is_being_made(facts, access) || of_new_object(facts, access)
            })
    })
}

/// Whether a method waits for the goroutine of the last time itself before it starts the next one: what it does in front of
/// that, it does beside it.
fn ends_before_it_starts(facts: Facts<'_>, worker: &Worker, method: &Method) -> bool {
    let site = &facts.spawns.sites[worker.id];
    let calls = facts.calls.of(method.func).iter().filter(|row| row.targets.contains(&site.func)).map(|row| row.span);
    let own = (site.func == method.func).then_some(site.span);
    let mut starts = calls.chain(own).peekable();
    let waited = |start: Span| {
        let joined = joined_at(facts, method.func, start);
        // That nothing has been started yet is no wait, and a call that dispatches waits for whatever object.
        let itself = |key: usize| {
            let calls = facts.calls.of(method.func).iter().filter(|row| !row.dispatched && row.span.end <= start.start);
            let own = facts.joins.waits_in(facts.joins.keys()[key], method.func);
            own.iter().any(|wait| wait.span.end <= start.start)
                || calls.into_iter().any(|row| facts.joins.of_call(facts.cx, method.func, row).1.contains(key))
        };
        joined.is_some_and(|joined| worker.keys.iter().any(|key| joined.contains(*key) && itself(*key)))
    };
    starts.peek().is_some() && starts.all(waited)
}

/// A method that tells the goroutine to stop and returns, whatever the goroutine is still at work on: what that is, is not
/// known, or is no memory of the project's.
fn only_told(facts: Facts<'_>, worker: &Worker, method: &Method, role: Role) -> Option<Conflict> {
    let id = worker.id;
    // One that somebody waits for, if not here, is not waited for here on purpose.
    let awaited = |key: &usize| !facts.joins.waits(facts.joins.keys()[*key]).is_empty();
    let reach = &facts.reaches[id];
    if reach.surely_contains(method.func) || worker.keys.iter().any(awaited) {
        return None;
    }
    // The first place where it listens to that, and what is done to tell it.
    let heard = |func: FuncId, kind: &EventKind| match *kind {
        // What a goroutine tells its own end by is no wish that another one stops.
        EventKind::Wait { key, .. } if facts.joins.index_of(key).is_none() => {
            let closed = method.closes.iter().find(|closed| closed.key == key)?;
            Some((key, closed.at, AccessKind::Close))
        }
        EventKind::Call(call) => {
            let (program, cancelled) = (facts.cx.program, method.cancels.as_ref()?);
            let listens = effects_of(program, facts.cx.models, program.funcs()[func].file, call)
                .contains(&models::Effect::TellsEnd);
            let kept = Places::location(&cancelled.kept, program.funcs()[cancelled.at.0].file)?;
            // The type of a cancel has a name; a plain function may tell anything.
            let Location::Field(field) = kept else { return None };
            let named = program.named_of(program.field(field).ty).is_some();
            (listens && named).then_some((kept, cancelled.at, AccessKind::End))
        }
        _ => None,
    };
    let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_LISTENING_DEPTH);
    let (inside, (location, at, how)) = nodes.into_iter().find_map(|(node, number)| {
        let mut events = facts.cx.events.of(node.func).blocks.iter().flat_map(|block| &block.events);
        events.find_map(|event| {
            let told = heard(node.func, &event.kind)?;
            let side = Side::at(node.func, event.span, AccessKind::Read);
            Some((side.reached_by(reach.path(number), node.dispatched()), told))
        })
    })?;
    Some(Conflict {
        join: status(facts, worker, method),
        assumptions: vec![Assumption::AtWork],
        ..Conflict::new(
            id,
            location,
            inside,
            Side::at(at.0, at.1, how),
            Relation::OwnerMethod { method: method.func, role },
        )
    })
}

fn method(facts: Facts<'_>, func: FuncId) -> Option<Method> {
    let cx = facts.cx;
    let function = cx.program.function(func);
    let crate::syntax::FuncKind::Decl { receiver: Some(declared), .. } = &function.kind else { return None };
    let receiver = declared.local?;
    let reach = Reach::of_func(cx, facts.calls, func, MAX_METHOD_DEPTH);
    let mut out = Method {
        func,
        receiver,
        reach: Reach::default(),
        effects: Vec::new(),
        closes: Vec::new(),
        spawns: FxHashSet::default(),
        cancels: None,
        stops: Vec::new(),
        writes: Vec::new(),
        joined_by_callers: OnceCell::new(),
    };
    let before = joined_before(facts, func);
    let at_end = joined_at_end(facts, func);
    let mut inside: FxHashMap<FuncId, FxHashMap<Span, FixedBitSet>> = FxHashMap::default();
    for (node, number) in reach.nodes.iter().zip(0_u32..) {
        // A literal of the method has its receiver, too: `s.locked(func() { … })`.
        // What a library is given it may call later, unless it runs it once and waits for that: `s.once.Do(func() { … })`.
        let run_here = || {
            let path = reach.path(number);
            let first = path.first().map(|step| step.1);
            let file = cx.program.funcs()[func].file;
            let once =
                |row: &CallRef| effects_of(cx.program, cx.models, file, row.call).contains(&models::Effect::Once);
            let runs = |row: &CallRef| !row.targets.is_empty() || once(row);
            facts.calls.of(func).iter().any(|row| Some(row.span) == first && runs(row))
        };
        let literal = node.depth() > 0 && node.func != func && cx.program.encloses(func, node.func) && run_here();
        let bound = node.depth() == 0 || literal || reach.bindings(number).any(|(_, there)| there.root == receiver);
        if !bound {
            continue;
        }
        let events = cx.events.of(node.func);
        let way = reach.path(number).first().map(|step| step.1);
        // What is done to a part of the object is asked of the part.
        let whole = node.depth() == 0 || literal || reach.variables(number).any(|(_, there)| there == receiver);
        if whole {
            out.spawns.extend(facts.spawns.of(node.func));
        }
        for event in events.blocks.iter().filter(|_| whole).flat_map(|b| &b.events) {
            let top = way.unwrap_or(event.span);
            match &event.kind {
                EventKind::Signal { key, kind: super::SignalKind::Close } => {
                    out.closes.push(Closed { key: *key, at: (node.func, event.span), top });
                }
                EventKind::Timer { key, runs: false } => out.stops.push((*key, top)),
                EventKind::Call(call) if out.cancels.is_none() => {
                    out.cancels = kept_cancel(facts, node.func, *call).map(|kept| Cancelled {
                        kept,
                        at: (node.func, event.span),
                        top,
                    });
                }
                _ => {}
            }
        }
        for (row, access) in events.accesses.iter().enumerate() {
            if !matches!(access.location, Location::Field(_)) {
                continue;
            }
            // What an end of the object reads matters where a goroutine writes it.
            if access.kind == AccessKind::Read
                && (node.depth() > 0 || access.element || access.atomic || !is_written(facts, access.location))
            {
                continue;
            }
            let reached = reach.reached(cx, number, u32::try_from(row).unwrap_or(u32::MAX));
            let Some(holder) = reach.holder_of(cx, &reached).filter(|holder| holder.root == receiver) else { continue };
            if access.kind == AccessKind::Write {
                out.writes.push((access.location, access.span));
            }
            let top = way.unwrap_or(access.span);
            let mut joined = match before.get(&top) {
                Some(joined) => joined.clone(),
                None => at_end.clone(),
            };
            if node.depth() > 0 {
                join_inside(facts, &reach, number, access.span, &mut inside, &mut joined);
            }
            out.effects.push(Effect { reached, holder, joined, waited_for: OnceCell::new() });
        }
    }
    out.spawns.extend(started_inside(facts, &out.spawns));
    out.reach = reach;
    Some(out)
}

/// Goroutines that goroutines start, near their bodies: they begin with the same call.
fn started_inside(facts: Facts<'_>, spawns: &FxHashSet<SpawnId>) -> Vec<SpawnId> {
    let mut spawns: Vec<SpawnId> = spawns.iter().copied().collect();
    spawns.sort_unstable();
    let inside = spawns.iter().flat_map(|id| {
        let nodes = facts.reaches[*id].nodes.iter().take_while(|node| node.depth() <= MAX_METHOD_DEPTH);
        nodes.filter(|node| node.dispatched() == 0).flat_map(|node| facts.spawns.of(node.func)).copied()
    });
    inside.collect()
}

/// Whether anything but a constructor writes the location.
fn is_written(facts: Facts<'_>, location: Location) -> bool {
    facts.index.of(location).iter().map(|row| access(facts.cx, *row)).any(|access| {
        access.kind == AccessKind::Write && !access.atomic && !access.element && !is_being_made(facts, access)
    })
}

/// Adds the keys that are certainly waited for inside the called functions before the access; `known` keeps what was
/// worked out of each.
fn join_inside(
    facts: Facts<'_>,
    reach: &Reach,
    node: u32,
    span: Span,
    known: &mut FxHashMap<FuncId, FxHashMap<Span, FixedBitSet>>,
    joined: &mut FixedBitSet,
) {
    let mut span = span;
    let mut at = node;
    loop {
        let here = &reach.nodes[at as usize];
        let before = known.entry(here.func).or_insert_with(|| joined_before(facts, here.func));
        if let Some(before) = before.get(&span) {
            joined.union_with(before);
        }
        let Some((parent, call)) = here.parent() else { return };
        span = call;
        at = parent;
    }
}

/// What keeps the function value that a call runs, if its type is a plain `func()`: how `cancel` is kept.
fn kept_cancel(facts: Facts<'_>, func: FuncId, call: ExprId) -> Option<Place> {
    let program = facts.cx.program;
    let value = plain_func_called(facts, func, call)?;
    let place = program.place(program.funcs()[func].file, value);
    (!place.steps.is_empty()).then_some(place)
}

/// The function value that a call in `func` runs, if its type is a plain `func()`.
pub(super) fn plain_func_called(facts: Facts<'_>, func: FuncId, call: ExprId) -> Option<ExprId> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Callee::Value(value) = program.callee(file, call) else { return None };
    let ty = program.underlying(program.expr_type(file, value));
    matches!(program.ty(ty), Type::Func { params, results, .. } if params.is_empty() && results.is_empty())
        .then_some(value)
}

fn role(facts: Facts<'_>, worker: &Worker, method: &Method) -> Option<Role> {
    let id = worker.id;
    let program = facts.cx.program;
    let key = program.funcs()[method.func].key.as_str();
    let name = key.rsplit('.').next().unwrap_or("");
    let itself = facts.reaches[id].surely_contains(method.func);
    if itself && !called_by_others(facts, id, method.func) {
        // What only the goroutine itself runs is its own business.
        return None;
    }
    if facts.cx.models.ends_object(name) {
        return Some(Role::Named);
    }
    if itself {
        return asked(facts, worker, method).map(|_| Role::Asks);
    }
    if method.spawns.contains(&id) {
        // What the starting method closes behind the start is the work it hands out, not a wish that it stops.
        return Some(Role::Restarts);
    }
    if asked(facts, worker, method).is_some() {
        return Some(Role::Asks);
    }
    let waits = facts.cx.events.of(method.func).blocks.iter().flat_map(|b| &b.events).any(|event| {
        matches!(event.kind, EventKind::Wait { key: Location::Field(_), how: WaitKind::Group | WaitKind::Range })
    });
    waits.then_some(Role::Joins)
}

/// Whether somebody who is not part of the goroutine calls the function.
pub(super) fn called_by_others(facts: Facts<'_>, id: SpawnId, func: FuncId) -> bool {
    let graph = facts.cx.graph;
    let mut callers = graph.callers(func).iter().map(|site| &graph.sites()[*site]);
    callers.any(|site| !facts.reaches[id].contains(site.func) && !comes_before_the_start(facts, id, site))
}

/// Whether a call of the starting function is made when the goroutine has not been started, and is not going to be: what
/// stands in front of the `go`, or in the other branch.
fn comes_before_the_start(facts: Facts<'_>, id: SpawnId, call: &CallSite) -> bool {
    let site = &facts.spawns.sites[id];
    let events = facts.cx.events.of(site.func);
    let points = || Some((point_of(events, site.span)?, point_of(events, call.span)?));
    call.func == site.func && points().is_some_and(|(start, call)| !gets_to(events, start, Some(call), &|_| false))
}

/// Where the method asks the goroutine to stop: closes a channel it waits on, calls a kept cancel function, or stops the
/// timer whose callback it is.
fn asked(facts: Facts<'_>, worker: &Worker, method: &Method) -> Option<(FuncId, Span)> {
    // What it has made itself nobody listens to yet: `s.done = make(chan struct{}); close(s.done)` says that all is over.
    let made = |closed: &Closed| {
        facts.cx.events.of(closed.at.0).accesses.iter().any(|access| {
            access.kind == AccessKind::Write
                && access.stored == Stored::Fresh
                && access.location == closed.key
                && access.span.end <= closed.at.1.start
        })
    };
    let closes = method.closes.iter().find(|closed| worker.listens.contains(&closed.key) && !made(closed));
    let closed = closes.map(|closed| closed.top);
    let stopped = || {
        let timer = timer_of(facts, worker.id)?;
        method.stops.iter().find(|(key, _)| *key == timer).map(|(_, top)| *top)
    };
    closed.or_else(|| method.cancels.as_ref().map(|row| row.top)).or_else(stopped).map(|span| (method.func, span))
}

/// The field that holds the timer of a callback: stopping it asks, as the callback may be running.
fn timer_of(facts: Facts<'_>, id: SpawnId) -> Option<Location> {
    let (program, site) = (facts.cx.program, &facts.spawns.sites[id]);
    let file = program.funcs()[site.func].file;
    let body = program.function(site.func).body.as_ref().filter(|_| site.kind == SpawnKind::Timer)?;
    body.instrs().find_map(|instr| match instr.kind {
        InstrKind::Write { place, source: Source::Value(value) } if value.expr == site.call => {
            Places::location(&program.place(file, place), file)
        }
        _ => None,
    })
}

/// Whether everyone who calls the method has waited for the goroutine before.
fn joined_by_callers(facts: Facts<'_>, id: SpawnId, method: &Method, keys: &[usize]) -> bool {
    let graph = facts.cx.graph;
    let callers = graph.callers(method.func);
    if keys.is_empty() || callers.is_empty() {
        return false;
    }
    let joined = method.joined_by_callers.get_or_init(|| {
        let sites = callers.iter().map(|site| &graph.sites()[*site]);
        sites.map(|site| joined_at(facts, site.func, site.span)).collect()
    });
    callers.iter().zip(joined).all(|(site, joined)| {
        joined.as_ref().is_some_and(|joined| keys.iter().any(|key| joined.contains(*key)))
            || waits_in_each_round(facts, id, &graph.sites()[*site], keys)
    })
}

/// Whether whoever calls a method has made the object itself, and waits, on every way from a call that starts the goroutine
/// to the call of the method, for one of its keys.
fn waits_in_each_round(facts: Facts<'_>, id: SpawnId, site: &CallSite, keys: &[usize]) -> bool {
    let program = facts.cx.program;
    let (func, file) = (site.func, program.funcs()[site.func].file);
    let object = |row: &CallRef| {
        let place = facts.cx.places.canonical(program, file, row.receiver(facts.cx, func)?);
        place.steps.is_empty().then(|| root_local(&place)).flatten()
    };
    let Some(end) = facts.calls.at(func, site.expr) else { return false };
    let Some(made) = object(end).filter(|local| operand(program, func, file, *local) == Operand::Own) else {
        return false;
    };
    let starts = |row: &&CallRef| object(row) == Some(made) && row.targets.contains(&facts.spawns.sites[id].func);
    let starts: Vec<Span> = facts.calls.of(func).iter().filter(starts).map(|row| row.span).collect();
    let events = facts.cx.events.of(func);
    let here = points(events);
    let Some(&to) = here.get(&end.span) else { return false };
    let waits = |event: &Event| match event.kind {
        EventKind::Call(call) => facts.calls.at(func, call).is_some_and(|row| {
            object(row) == Some(made) && {
                let must = facts.joins.of_call(facts.cx, func, row).1;
                keys.iter().any(|key| must.contains(*key))
            }
        }),
        _ => false,
    };
    let gets_there = |from: &Span| here.get(from).is_none_or(|&from| gets_to(events, from, Some(to), &waits));
    !starts.is_empty() && !starts.iter().any(gets_there)
}

/// Whether the method runs only in goroutines that this one starts behind the access.
pub(super) fn started_behind(facts: Facts<'_>, method: FuncId, (func, span): (FuncId, Span)) -> bool {
    let started = |site: &SpawnId| facts.spawns.sites[*site].bodies.contains(&method);
    // Asked of every pair of accesses: most functions start nothing.
    if !facts.spawns.of(func).iter().any(started) {
        return false;
    }
    let mut sites = facts.spawns.sites.iter().filter(|site| site.bodies.contains(&method));
    let events = facts.cx.events.of(func);
    let here = points(events);
    let behind = |start: Span| match (here.get(&span), here.get(&start)) {
        (Some(from), Some(to)) => {
            (from.0 == to.0 && from.1 < to.1 || reachable(events, from.0).contains(to.0))
                && !reachable(events, to.0).contains(from.0)
        }
        _ => false,
    };
    let mut callers = facts.cx.graph.callers(method).iter().map(|site| &facts.cx.graph.sites()[*site]);
    let handed = |call: &CallSite| {
        let runs = |site: &super::SpawnSite| site.bodies.contains(&method) && site.bodies.contains(&call.func);
        call.kind == CallKind::Go || facts.spawns.sites.iter().any(runs)
    };
    sites.all(|site| site.func == func && behind(site.span)) && callers.all(handed)
}

/// Whether the method waits, before it gets to the effect, for what it is given, and everyone who calls it gives it a key
/// of the goroutine.
fn joined_by_argument(facts: Facts<'_>, method: &Method, effect: &Effect, span: Span, keys: &[usize]) -> bool {
    let (cx, file) = (facts.cx, facts.cx.program.funcs()[method.func].file);
    let given = effect.waited_for.get_or_init(|| {
        let events = cx.events.of(method.func);
        let span = method.reach.path(effect.reached.node).first().map_or(span, |step| step.1);
        let Some(gates) = gates_before(events, cx.places, span) else { return Vec::new() };
        let given_as = |key: &Location| match key {
            Location::Local(_, local) => given(cx.program, method.func, file, *local),
            _ => None,
        };
        let mut found: Vec<Given> = gates.iter().filter_map(given_as).collect();
        // A loop over all of them is no gate, as it may have nothing to go over; then there is nothing to wait for either.
        let all = events.blocks.iter().flat_map(|block| &block.events).filter(|event| event.span.end <= span.start);
        for event in all {
            for_each_wait(&event.kind, &mut |key, _| found.extend(given_as(&key).filter(|given| given.rest)));
        }
        found
    });
    let callers = cx.graph.callers(method.func);
    !given.is_empty()
        && !callers.is_empty()
        && callers.iter().all(|site| {
            let site = &cx.graph.sites()[*site];
            let bits = |given: &Given| facts.joins.bits_of_arguments(cx, site.func, site.expr, *given);
            given.iter().flat_map(bits).any(|bit| keys.contains(&bit))
        })
}

/// Numbers of the keys that see the end of a goroutine.
pub(super) fn keys_of(facts: Facts<'_>, id: SpawnId) -> Vec<usize> {
    let signals = facts.spawns.sites[id].signals.iter().filter(|s| s.ends_body());
    signals.filter_map(|s| facts.joins.index_of(s.key)).collect()
}

fn against(facts: Facts<'_>, worker: &Worker, method: &Method, role: Role, out: &mut Vec<Conflict>) {
    let cx = facts.cx;
    let Worker { id, origin, keys, .. } = worker;
    let (id, origin) = (*id, *origin);
    let site = &facts.spawns.sites[id];
    let reach = &facts.reaches[id];
    let mut seen: FxHashSet<Location> = FxHashSet::default();
    let file = cx.program.funcs()[site.func].file;
    if joined_by_callers(facts, id, method, keys) || of_other_objects(facts, (file, origin), method.func) {
        return;
    }
    let what = |effect: &Effect| {
        let func = method.reach.nodes[effect.reached.node as usize].func;
        &cx.events.of(func).accesses[effect.reached.row as usize]
    };
    // A goroutine that may end the object itself is at work while others do.
    let itself = reach.surely_contains(method.func);
    let waits = keys.iter().any(|key| facts.joins.may(method.func).contains(*key));
    // What it changes says more than what it only reads.
    let (reads, changes): (Vec<&Effect>, Vec<&Effect>) =
        method.effects.iter().partition(|effect| what(effect).kind == AccessKind::Read);
    // Who looks first and then waits looks too early.
    let ends = matches!(role, Role::Named | Role::Asks) && !itself || role == Role::Joins && waits;
    // The same for all effects, and only some ask.
    let (stops, join) = (OnceCell::new(), OnceCell::new());
    for effect in changes.into_iter().chain(reads.into_iter().filter(|_| ends)) {
        let node = &method.reach.nodes[effect.reached.node as usize];
        let access = what(effect);
        // Code that the goroutine runs itself is guarded against its other callers, or it is another story.
        let own = reach.surely_contains(node.func) && !itself;
        // Who ends what the goroutine works on and then waits for it stops it that way.
        let stopped_that_way = itself && access.kind == AccessKind::End && waits;
        if own
            || stopped_that_way
            || seen.contains(&access.location)
            || keys.iter().any(|key| effect.joined.contains(*key))
        {
            continue;
        }
        let top = method.reach.path(effect.reached.node).first().map_or(access.span, |step| step.1);
        // Who first asks the goroutine of the last time to stop is called again and again.
        let again = || stops.get_or_init(|| asked(facts, worker, method)).is_some_and(|(_, at)| at.start < top.start);
        // What counts on is of every start; what stores something new belongs to one.
        if role == Role::Restarts && access.stored == Stored::Update {
            continue;
        }
        if joined_by_argument(facts, method, effect, access.span, keys) {
            continue;
        }
        let inside = reach.accesses(cx, facts.index.of(access.location)).find(|found| {
            let inner_node = &reach.nodes[found.node as usize];
            let inner = &cx.events.of(inner_node.func).accesses[found.row as usize];
            reach.holder_of(cx, found).is_some_and(|holder| holder.root == origin && holder.way == effect.holder.way)
                && inner.element == access.element
                && inner.kind.conflicts(access.kind)
                && (access.kind != AccessKind::Read || inner.kind == AccessKind::Write)
                && !(inner.atomic && access.atomic)
                && !(itself && method.reach.contains(inner_node.func))
                && !found.locks.iter().any(|l| effect.reached.locks.contains(l))
                && !started_behind(facts, method.func, (inner_node.func, inner.span))
                && !waits_for_method(facts, id, found, inner.span, method, (node.func, access.span), top)
        });
        let Some(inside) = inside else { continue };
        seen.insert(access.location);
        let inner_node = &reach.nodes[inside.node as usize];
        let inner = &cx.events.of(inner_node.func).accesses[inside.row as usize];
        let mut assumptions = Vec::new();
        if inner_node.dispatched() > 0 || node.dispatched() > 0 {
            assumptions.push(Assumption::OneOfManyCallees);
        }
        if role == Role::Named {
            assumptions.push(Assumption::EnderByName);
        }
        // Who stores something new first, and has it closed later, makes it.
        if role == Role::Restarts || role == Role::Asks && access.stored == Stored::Fresh && !again() {
            assumptions.push(Assumption::CalledAgain);
        }
        if itself {
            assumptions.push(Assumption::EndedByOthers);
        }
        let mut path = method.reach.path(effect.reached.node);
        path.truncate(usize::try_from(MAX_METHOD_DEPTH).unwrap_or(usize::MAX));
        out.push(Conflict {
            element: access.element,
            join: join.get_or_init(|| status(facts, worker, method)).clone(),
            assumptions,
            ..Conflict::new(
                id,
                access.location,
                Side::of(inner, true).reached_by(reach.path(inside.node), inner_node.dispatched()),
                Side::of(access, true).reached_by(path, node.dispatched()),
                Relation::OwnerMethod { method: method.func, role },
            )
        });
    }
    debug_assert!(site.kind != SpawnKind::Go || method.receiver.index() < usize::MAX);
}

/// Whether the goroutine gets to the access only after the method closed a channel behind its own access.
fn waits_for_method(
    facts: Facts<'_>,
    id: SpawnId,
    found: &Reached,
    span: Span,
    method: &Method,
    written: (FuncId, Span),
    top: Span,
) -> bool {
    let reach = &facts.reaches[id];
    let path = reach.path(found.node);
    let (func, span) = path.first().copied().unwrap_or((reach.nodes[found.node as usize].func, span));
    // Places are compared within one function: in the method, or where both happen in one call.
    let later = |closed: &&Closed| match closed.top == top && closed.at.0 == written.0 {
        true => closed.at.1.start > written.1.start,
        false => closed.top.start > top.start,
    };
    let after: Vec<Location> = method.closes.iter().filter(later).map(|closed| closed.key).collect();
    if after.is_empty() || !facts.spawns.sites[id].bodies.contains(&func) {
        return false;
    }
    let gates = gates_before(facts.cx.events.of(func), facts.cx.places, span);
    gates.is_some_and(|gates| gates.iter().any(|key| after.contains(key)))
}

/// What is known about the join when a method conflicts: it comes later, it is another goroutine's, or there is none.
fn status(facts: Facts<'_>, worker: &Worker, method: &Method) -> JoinStatus {
    let may = facts.joins.may(method.func);
    let direct = |key: Location| {
        let wait = facts.joins.waits_in(key, method.func).first()?;
        Some(JoinPoint::at(key, wait.func, wait.span))
    };
    let point = |bit: usize| {
        let key = facts.joins.keys()[bit];
        let direct = direct(key);
        if direct.is_some() {
            return direct;
        }
        facts.calls.of(method.func).iter().find_map(|row| {
            let path = path_to_wait(facts.joins, facts.calls, row, key);
            let last = *path.last()?;
            let wait = facts.joins.waits_in(key, last).first()?;
            Some(JoinPoint { key, func: last, span: wait.span, reached_by: path.into() })
        })
    };
    if let Some(join) = worker.keys.iter().filter(|bit| may.contains(**bit)).find_map(|bit| point(*bit)) {
        return JoinStatus::Late(join);
    }
    let asked = asked(facts, worker, method);
    // Below the method thousands of others may be waited for: only its own waits say who is meant.
    let keys = may.ones().map(|bit| facts.joins.keys()[bit]);
    match keys.filter(|key| matches!(key, Location::Field(_))).find_map(direct) {
        Some(join) => JoinStatus::OtherGoroutine(join),
        None => JoinStatus::Missing { asked },
    }
}
