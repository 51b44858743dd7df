//! The spawning function goes on: what it accesses while its goroutine runs, and what its goroutines do to each other.
//!
//! A forward pass over the function with the set of goroutines that may be running. A wait for a goroutine's
//! completion signal ends it; a wait for an earlier signal orders what came before that signal; what the goroutine
//! does only after it waited for a signal of the function is ordered too.

use std::cell::OnceCell;

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    alternatives::Heard,
    body::{Body, waiting_loops},
    calls::{CallRef, Calls},
    conflict::{Assumption, Conflict, JoinPoint, JoinStatus, MAX_OTHERS, Relation, Side, SkippedAt},
    domain::{Access, AccessKind, Anchor, Exit, Location, SignalKind, SpawnId, WaitKind},
    events::{EventKind, FuncEvents},
    handed::functions_of,
    iterations::{of_another_element, of_other_iterations},
    joins::Joins,
    order::{Point, point_of},
    other_starts::results_of_helper,
    reach::{AccessIndex, Reach, Reached, Reaches},
    running::{Outlives, State, receive, union},
    siblings::timer_of,
    spawns::{Context, Spawns},
};
use crate::{
    base::Span,
    resolve::FuncId,
    source::FileId,
    syntax::{Expr, ExprId, LocalId},
};

/// Calls followed from the spawning function when looking for its accesses.
const MAX_CALL_DEPTH: u32 = 2;

/// What all conflict searches read.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Program, graph, models, events.
    pub cx: Context<'a>,
    /// Calls.
    pub calls: &'a Calls,
    /// Spawn sites.
    pub spawns: &'a Spawns,
    /// Who waits for what.
    pub joins: &'a Joins,
    /// What each goroutine may execute.
    pub reaches: Reaches<'a>,
    /// Accesses by location.
    pub index: &'a AccessIndex,
}

/// What the pass found about one function.
#[derive(Debug, Default)]
pub struct AfterSpawn {
    /// Conflicts between the function (or what it calls) and its goroutines.
    pub conflicts: Vec<Conflict>,
    /// Spawn sites whose goroutines may still run when the function is left.
    pub outlive: Vec<Outlives>,
    /// Spawn sites whose goroutines may still run while the function goes on for ever.
    pub endless: Vec<SpawnId>,
    /// Spawn sites that some way through the function waits for.
    pub joined_somewhere: Vec<(SpawnId, JoinPoint)>,
}

impl AfterSpawn {
    /// Where some way through the function waits for the goroutines of a site.
    pub fn joined(&self, id: SpawnId) -> Option<&JoinPoint> {
        self.joined_somewhere.iter().find(|(known, _)| *known == id).map(|(_, join)| join)
    }
}

/// Runs the pass over `func`.
pub fn after_spawn(facts: Facts<'_>, func: FuncId) -> AfterSpawn {
    let ids = facts.spawns.of(func);
    let events = facts.cx.events.of(func);
    if ids.is_empty() || events.blocks.is_empty() {
        return AfterSpawn::default();
    }
    Pass {
        facts,
        func,
        file: facts.cx.program.funcs()[func].file,
        events,
        ids,
        bodies: ids.iter().map(|id| Body::new(facts, *id)).collect(),
        errors: ids.iter().map(|id| results_of_helper(facts, *id)).collect(),
        talks: ids.iter().map(|_| OnceCell::new()).collect(),
        timers: ids.iter().map(|id| timer_of(facts, *id)).collect(),
        out: AfterSpawn::default(),
        seen: FxHashMap::default(),
        waiting_loops: waiting_loops(facts, func, events),
        reporting: false,
        ways: super::ways::Answers::default(),
    }
    .run()
}

/// How the function gets to an access.
struct Way<'a> {
    /// Calls down to it.
    path: &'a [(FuncId, Span)],
    /// How many of them have several callees.
    dispatched: u32,
    /// Whether it stands in another function, and not in a literal that runs in place.
    called: bool,
}

pub(super) struct Pass<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) func: FuncId,
    pub(super) file: FileId,
    pub(super) events: &'a FuncEvents,
    pub(super) ids: &'a [SpawnId],
    pub(super) bodies: Vec<Body>,
    /// Variables that the calls which start goroutines, and wait for a time, give their results to.
    pub(super) errors: Vec<Vec<LocalId>>,
    /// Channels and counters that each goroutine has to do with.
    pub(super) talks: Vec<OnceCell<FxHashSet<Location>>>,
    /// The variables that hold the timers of callbacks.
    timers: Vec<Option<Location>>,
    out: AfterSpawn,
    /// Conflicts found, by goroutine, location and relation: the first in source order stays.
    seen: FxHashMap<(SpawnId, Location, bool, bool), usize>,
    /// Loops that wait: head, block behind, blocks inside. `for range n { <-done }` stands for as many receives as
    /// there are goroutines; that it may run no times at all is not the way to look at it.
    pub(super) waiting_loops: Vec<(usize, usize, FixedBitSet)>,
    reporting: bool,
    /// Whether values of variables allow that the function gets to a place with a goroutine running.
    pub(super) ways: super::ways::Answers,
}

impl Pass<'_> {
    fn run(mut self) -> AfterSpawn {
        let count = self.events.blocks.len();
        let mut entry: Vec<Option<State>> = vec![None; count];
        entry[0] = Some(State {
            active: FixedBitSet::with_capacity(self.ids.len()),
            ended: FixedBitSet::with_capacity(self.ids.len()),
            received: vec![Vec::new(); self.ids.len()],
            ..State::default()
        });
        let mut back: Vec<Option<State>> = vec![None; count];
        let mut work = vec![0];
        let mut visits = 0;
        while let Some(at) = work.pop() {
            visits += 1;
            if visits > 32 * count {
                break;
            }
            let Some(mut state) = entry[at].clone() else { continue };
            if !self.block(at, &mut state) {
                continue;
            }
            let exit = self.waiting_loops.iter().find(|l| l.0 == at).map(|l| l.1);
            let whole = state;
            for (way, &next) in self.events.blocks[at].successors.iter().enumerate() {
                let state = self.on_way(at, way, &whole);
                if Some(next) == exit {
                    // Left after at least one iteration.
                    let Some(mut again) = back[at].clone() else { continue };
                    self.block(at, &mut again);
                    again.has_heard_all(at);
                    match &mut entry[next] {
                        None => {
                            entry[next] = Some(again);
                            work.push(next);
                        }
                        Some(old) => {
                            if old.merge(&again) {
                                work.push(next);
                            }
                        }
                    }
                    continue;
                }
                if self.waiting_loops.iter().any(|l| l.0 == next && l.2.contains(at)) {
                    match &mut back[next] {
                        None => {
                            back[next] = Some(state.clone());
                            work.push(next);
                        }
                        Some(old) => {
                            if old.merge(&state) {
                                work.push(next);
                            }
                        }
                    }
                }
                match &mut entry[next] {
                    None => {
                        entry[next] = Some(state.clone());
                        work.push(next);
                    }
                    Some(old) => {
                        if old.merge(&state) {
                            work.push(next);
                        }
                    }
                }
            }
        }
        self.out.endless = self.endless(&entry);
        self.reporting = true;
        for (at, state) in entry.iter().enumerate() {
            let Some(mut state) = state.clone() else { continue };
            let alive = self.block(at, &mut state);
            if alive && let Some((exit, span)) = self.events.blocks[at].exit() {
                self.exit(&mut state, exit, span);
            }
        }
        self.skipped_status();
        self.out
    }

    /// Applies the events of one block; the answer is whether its end is reached.
    pub(super) fn block(&mut self, at: usize, state: &mut State) -> bool {
        let (events, facts) = (self.events, self.facts);
        for (index, event) in events.blocks[at].events.iter().enumerate() {
            match &event.kind {
                EventKind::Spawn(call) => self.spawned(*call, state),
                EventKind::Call(call) => {
                    self.call(*call, event.span, state, (at, index));
                    self.spawned(*call, state);
                }
                EventKind::Defer { .. } => {
                    if let Err(place) = state.deferred.binary_search(&(at, index)) {
                        state.deferred.insert(place, (at, index));
                    }
                }
                EventKind::Wait { key, how } => self.wait(*key, *how, event.span, state, false),
                EventKind::Timer { key, runs: false } => union(&mut state.stopped, &[*key]),
                EventKind::Timer { key, runs: true } => state.stopped.retain(|stopped| stopped != key),
                EventKind::WaitAll => state.active.clear(),
                EventKind::Sleep if facts.spawns.runs_joined(self.func) => state.active.clear(),
                EventKind::Signal { key, kind } => {
                    union(&mut state.signalled, &[*key]);
                    if *kind == SignalKind::Send && !self.is_unbuffered(*key) {
                        self.slot_taken(*key, event.span, state);
                    }
                    if *kind == SignalKind::Send {
                        self.rendezvous(*key, state);
                    }
                }
                EventKind::Access(row) => {
                    let access = &events.accesses[*row as usize];
                    if access.atomic {
                        let since: Vec<_> = state.active.ones().map(|goroutine| (goroutine, access.location)).collect();
                        union(&mut state.atomics, &since);
                    } else if self.reporting {
                        self.check(access, &[], state);
                    }
                }
                EventKind::Fresh(local) => {
                    for goroutine in state.active.ones() {
                        if !state.fresh.contains(&(goroutine, *local)) {
                            state.fresh.push((goroutine, *local));
                        }
                    }
                    state.fresh.sort_unstable();
                    state.signalled.retain(|key| *key != Location::Local(self.file, *local));
                }
                EventKind::Leave { process } => {
                    if !process && self.reporting {
                        self.exit(state, Exit::Panic, event.span);
                    }
                    return false;
                }
                _ => {}
            }
        }
        true
    }

    /// A send without a buffer ends only when the goroutine receives: what it did before that is ordered.
    fn rendezvous(&self, key: Location, state: &mut State) {
        if self.is_unbuffered(key) {
            for goroutine in state.active.ones() {
                receive(&mut state.received[goroutine], (key, WaitKind::Receive));
            }
        }
    }

    pub(super) fn is_unbuffered(&self, key: Location) -> bool {
        self.facts.cx.places.is_unbuffered(key)
    }

    fn spawned(&mut self, call: ExprId, state: &mut State) {
        let Some(id) = self.facts.spawns.at(self.file, call) else { return };
        let Some(goroutine) = self.ids.iter().position(|known| *known == id) else { return };
        if self.reporting && !self.is_subtest(goroutine) {
            for other in state.active.ones().filter(|at| !self.is_subtest(*at)).collect::<Vec<_>>() {
                self.siblings(goroutine, other, state);
            }
        }
        state.active.insert(goroutine);
        state.ended.set(goroutine, false);
        state.received[goroutine].clear();
        state.fresh.retain(|(g, _)| *g != goroutine);
        state.atomics.retain(|(g, _)| *g != goroutine);
        state.hearing.retain(|(_, g)| *g != goroutine);
    }

    pub(super) fn wait(&mut self, key: Location, how: WaitKind, span: Span, state: &mut State, all: bool) {
        let facts = self.facts;
        for &implied in facts.joins.implied_by(key, how) {
            // Who goes over all of a channel has waited for its close.
            let ranged = facts.joins.waits(implied).iter().any(|wait| wait.how == WaitKind::Range);
            let how = if ranged { WaitKind::Range } else { WaitKind::Group };
            self.wait_for(implied, how, span, state, true);
        }
        self.wait_for(key, how, span, state, all);
    }

    /// `all` says that the wait is known to stand for one of each goroutine.
    fn wait_for(&mut self, key: Location, how: WaitKind, span: Span, state: &mut State, all: bool) {
        let facts = self.facts;
        if self.is_unbuffered(key) {
            // Whoever sends goes on only now.
            union(&mut state.signalled, &[key]);
        }
        for goroutine in state.active.ones().collect::<Vec<_>>() {
            let id = self.ids[goroutine];
            let site = &facts.spawns.sites[id];
            // One receive, where a loop starts many.
            let of_one = site.in_loop && how == WaitKind::Receive && !self.hears_all(site.span, span);
            let end = site.signals.iter().find(|s| {
                s.key == key
                    && s.ends_body()
                    && facts.joins.counts(key, how)
                    && (all || s.kind != SignalKind::Send || !of_one)
            });
            let one_by_one = end.filter(|s| s.kind == SignalKind::Send && site.in_loop && !all);
            let in_loop = one_by_one.and_then(|_| self.hears_one_by_one(site.span, span));
            let ends = end.is_some();
            let early = ends && self.bodies[goroutine].goes_on_after(facts, key, how);
            if ends && !early {
                match in_loop {
                    Some(head) => state.hears_in(head, goroutine),
                    None => state.active.remove(goroutine),
                }
                self.note_join(id, key, span);
            } else {
                if ends {
                    self.note_join(id, key, span);
                    state.ended.insert(goroutine);
                }
                let sent = |s: &super::Signal| s.key == key && s.kind == SignalKind::Send;
                if all || !of_one || !site.signals.iter().any(sent) {
                    receive(&mut state.received[goroutine], (key, how));
                }
            }
        }
    }

    /// A call that waits for `key` on some of its ways, until a time is over as it may be.
    fn may_wait(&mut self, key: Location, span: Span, state: &State) {
        for goroutine in state.active.ones().collect::<Vec<_>>() {
            let id = self.ids[goroutine];
            if self.facts.spawns.sites[id].signals.iter().any(|s| s.key == key && s.ends_body()) {
                self.note_join(id, key, span);
            }
        }
    }

    fn note_join(&mut self, id: SpawnId, key: Location, span: Span) {
        let join = JoinPoint::at(key, self.func, span);
        if self.reporting && self.out.joined(id).is_none() {
            self.out.joined_somewhere.push((id, join));
        }
    }

    fn call(&mut self, call: ExprId, span: Span, state: &mut State, _at: Point) {
        if state.active.is_clear() {
            return;
        }
        let facts = self.facts;
        let Some(row) = facts.calls.at(self.func, call) else { return };
        let Expr::Call { callee, args, .. } = &facts.cx.program.facts(self.file).exprs[call] else { return };
        let args = facts.cx.program.facts(self.file).exprs.list(*args);
        self.asks(args, state);
        if let (Expr::FuncLit(_), Some(&literal)) =
            (&facts.cx.program.facts(self.file).exprs[*callee], row.targets.first())
            && self.reporting
        {
            return self.literal(literal, span, state);
        }
        if self.reporting {
            self.refills(row, state);
        }
        if self.reporting && facts.spawns.at(self.file, call).is_none() {
            let reach = Reach::of_call(facts.cx, facts.calls, self.func, row, MAX_CALL_DEPTH);
            for (node, reached) in reach.nodes.iter().enumerate() {
                let accesses = &facts.cx.events.of(reached.func).accesses;
                for (at, access) in accesses.iter().enumerate() {
                    let node = u32::try_from(node).unwrap_or(u32::MAX);
                    let found = reach.reached(facts.cx, node, u32::try_from(at).unwrap_or(u32::MAX));
                    self.check_called(access, &found, &reach, span, state);
                }
            }
        }
        let (may, must) = facts.joins.of_call(facts.cx, self.func, row);
        for bit in may.ones().filter(|bit| !must.contains(*bit)) {
            self.may_wait(facts.joins.keys()[bit], span, state);
        }
        for bit in must.ones() {
            let key = facts.joins.keys()[bit];
            self.wait(key, WaitKind::Group, span, state, true);
        }
        for &target in row.targets.iter().chain(row.handed.iter().map(|h| &h.func)) {
            for event in facts.cx.events.of(target).blocks.iter().flat_map(|b| &b.events) {
                if let EventKind::Signal { key, .. } = event.kind {
                    union(&mut state.signalled, &[key]);
                }
            }
        }
    }

    /// The function is left: deferred calls run, last registered first.
    fn exit(&mut self, state: &mut State, exit: Exit, span: Span) {
        for &(block, index) in state.deferred.clone().iter().rev() {
            let event = &self.events.blocks[block].events[index];
            let EventKind::Defer { call, effects, test_end } = &event.kind else { continue };
            if *test_end {
                self.test_end_call(*call, event.span, state);
                continue;
            }
            for effect in effects {
                match effect {
                    EventKind::Wait { key, how } => self.wait(*key, *how, event.span, state, true),
                    EventKind::Access(row) => {
                        let access = &self.events.accesses[*row as usize];
                        self.check(access, &[], state);
                    }
                    EventKind::WaitAll => state.active.clear(),
                    _ => {}
                }
            }
            self.deferred_call(*call, event.span, state);
        }
        if self.facts.spawns.runs_joined(self.func) {
            return;
        }
        for goroutine in state.active.ones().filter(|g| !state.ended.contains(*g)) {
            let received = state.received[goroutine].clone();
            self.out.outlive.push(Outlives { spawn: self.ids[goroutine], exit, span, received });
        }
    }

    /// A function registered for the test's end: what it waits for is over before the test is.
    fn test_end_call(&mut self, call: ExprId, span: Span, state: &mut State) {
        let facts = self.facts;
        let Some(args) = facts.cx.program.facts(self.file).exprs.args(call) else { return };
        for arg in args {
            for handed in functions_of(facts.cx.program, facts.cx.graph, facts.cx.places, self.file, *arg) {
                for bit in facts.joins.must(handed.func).ones() {
                    self.wait(facts.joins.keys()[bit], WaitKind::Group, span, state, true);
                }
            }
        }
    }

    /// A deferred literal runs in order: its waits come before the accesses behind them.
    fn deferred_call(&mut self, call: ExprId, span: Span, state: &mut State) {
        let facts = self.facts;
        let Some(row) = facts.calls.at(self.func, call) else { return };
        let literal = row.targets.iter().copied().find(|t| facts.cx.program.funcs()[*t].parent == Some(self.func));
        let Some(literal) = literal else { return self.call(call, span, state, (0, 0)) };
        self.literal(literal, span, state);
    }

    /// What a literal called at `span` does, in order.
    fn literal(&mut self, literal: FuncId, span: Span, state: &mut State) {
        let facts = self.facts;
        let events = facts.cx.events.of(literal);
        let mut deferred = Vec::new();
        for block in &events.blocks {
            for event in &block.events {
                match &event.kind {
                    EventKind::Wait { key, how } => self.wait(*key, *how, event.span, state, true),
                    EventKind::Signal { key, kind } => {
                        union(&mut state.signalled, &[*key]);
                        if *kind == SignalKind::Send {
                            self.rendezvous(*key, state);
                        }
                    }
                    EventKind::Access(row) => {
                        let access = &events.accesses[*row as usize];
                        self.check(access, &[(self.func, span)], state);
                    }
                    EventKind::Call(inner) => {
                        if let Some(row) = facts.calls.at(literal, *inner) {
                            if self.reporting {
                                self.called((literal, row), &[(self.func, span)], state);
                            }
                            let (_, must) = facts.joins.of_call(facts.cx, literal, row);
                            for bit in must.ones() {
                                let key = facts.joins.keys()[bit];
                                self.wait(key, WaitKind::Group, event.span, state, true);
                            }
                        }
                    }
                    EventKind::Defer { call, effects, .. } => deferred.push((*call, effects)),
                    _ => {}
                }
            }
        }
        for (call, effects) in deferred.into_iter().rev() {
            for effect in effects {
                if let EventKind::Wait { key, how } = effect {
                    self.wait(*key, *how, span, state, true);
                }
            }
            let targets = facts.calls.at(literal, call).map(|row| row.targets.clone()).unwrap_or_default();
            for &target in targets.iter().filter(|t| facts.cx.program.funcs()[**t].parent == Some(literal)) {
                self.literal(target, span, state);
            }
        }
    }

    /// What a call's callees access; it stands in the function before it.
    fn called(&mut self, (func, row): (FuncId, &CallRef), above: &[(FuncId, Span)], state: &State) {
        let facts = self.facts;
        let reach = Reach::of_call(facts.cx, facts.calls, func, row, MAX_CALL_DEPTH);
        for (node, reached) in reach.nodes.iter().enumerate() {
            for at in 0..facts.cx.events.of(reached.func).accesses.len() {
                let access = &facts.cx.events.of(reached.func).accesses[at];
                let node = u32::try_from(node).unwrap_or(u32::MAX);
                let found = reach.reached(facts.cx, node, u32::try_from(at).unwrap_or(u32::MAX));
                let span = above.first().map_or(row.span, |step| step.1);
                self.check_called(access, &found, &reach, span, state);
            }
        }
    }

    /// An access of the function itself (or of a literal of its own) against all goroutines that may run.
    fn check(&mut self, access: &Access, path: &[(FuncId, Span)], state: &State) {
        let origin = self.origin(access);
        if origin.is_some() || matches!(access.location, Location::Global(_)) {
            self.against(access, origin, Way { path, dispatched: 0, called: false }, &access.locks, state);
        }
    }

    fn origin(&self, access: &Access) -> Option<LocalId> {
        let Anchor::Local(local) = access.anchor else { return None };
        let place =
            crate::resolve::Place { root: crate::resolve::Root::Local(local), steps: smallvec::SmallVec::new() };
        let place = self.facts.cx.places.canonical(self.facts.cx.program, self.file, place);
        match (place.steps.is_empty(), place.root) {
            (true, crate::resolve::Root::Local(root)) => Some(root),
            _ => None,
        }
    }

    /// An access in something the function calls, only to objects known to be shared: writes, and reads of what the goroutine
    /// sets first.
    fn check_called(&mut self, access: &Access, found: &Reached, reach: &Reach, span: Span, state: &State) {
        let local = matches!(access.location, Location::Local(..));
        let read = access.kind == AccessKind::Read && matches!(access.location, Location::Field(_)) && !access.atomic;
        if (!access.kind.is_write() && !local && !read) || access.kind == AccessKind::End {
            // Ending what a goroutine works on is also how it is asked to stop; that is judged per owner.
            return;
        }
        if found.origin.is_none() && !matches!(access.location, Location::Global(_)) {
            return;
        }
        let mut path = vec![(self.func, span)];
        path.extend(reach.path(found.node));
        let dispatched = reach.nodes[found.node as usize].dispatched();
        let waited = self.waited_in_literal(access, span, state);
        let way = Way { path: &path, dispatched, called: true };
        self.against(access, found.origin, way, &found.locks, waited.as_ref().unwrap_or(state));
    }

    fn against(
        &mut self,
        access: &Access,
        origin: Option<LocalId>,
        Way { path, dispatched, called }: Way<'_>,
        locks: &[Location],
        state: &State,
    ) {
        // A variable of a function that both sides call: each call has its own.
        let own = matches!(access.location, Location::Local(file, local) if !self.declares(file, local));
        let recycles = access.kind == AccessKind::Recycle;
        if own && !recycles {
            return;
        }
        // The first call is made by the function itself.
        let below = path.iter().skip(1).map(|step| step.0);
        if !recycles && !path.is_empty() && self.of_another_call(access.location, below.chain([access.func])) {
            return;
        }
        for goroutine in state.active.ones() {
            let fresh = |local: LocalId| state.fresh.binary_search(&(goroutine, local)).is_ok();
            if let Location::Local(_, local) = access.location
                && fresh(local)
            {
                continue;
            }
            if origin.is_some_and(fresh) {
                continue;
            }
            if self.timers[goroutine].is_some_and(|timer| state.stopped.contains(&timer) && self.starts_timer(timer)) {
                // Stopped before it ran, or nobody would set it going again.
                continue;
            }
            let object = origin.filter(|_| recycles);
            let used = |object| Some((self.uses_recycled(goroutine, object, access, locks, state)?, false));
            let top = path.first().map_or(access.span, |step| step.1);
            let same = || self.conflicting(goroutine, access, origin, locks, state, Some(top));
            let found = (!own).then(same).flatten().or_else(|| object.and_then(used));
            let Some((inside, counted)) = found else { continue };
            let read = access.kind == AccessKind::Read && matches!(access.location, Location::Field(_));
            if called && read && !self.is_set_first(goroutine, &inside.0) {
                continue;
            }
            if !self.may_come_to(goroutine, access, top)
                || self.through_one_once(goroutine, &inside.0, (path, (access.func, access.span)), top)
            {
                continue;
            }
            let other = Side::of(access, true).reached_by(path.to_vec(), dispatched);
            let reach = &self.facts.reaches[self.ids[goroutine]];
            let func = reach.nodes[inside.0.node as usize].func;
            let inner = &self.facts.cx.events.of(func).accesses[inside.0.row as usize];
            let early = self.early(goroutine, &inside.0, inner.span, state);
            // A channel handed over goes by the name it has here; an object that is recycled by what is used of it.
            let here = matches!(access.kind, AccessKind::Close | AccessKind::Send);
            let location = if here { access.location } else { inner.location };
            let known = self.out.conflicts.len();
            self.add(goroutine, (location, access.element), inside, other, Relation::AfterSpawn);
            if let Some(conflict) = self.out.conflicts.get_mut(known).filter(|_| counted) {
                conflict.assumptions.push(Assumption::CountTellsNothing);
            }
            if let (Some(early), Some(conflict)) = (early, self.out.conflicts.last_mut())
                && conflict.join == (JoinStatus::Missing { asked: None })
                && conflict.location == location
            {
                conflict.join = early;
            }
        }
    }

    /// The goroutine's first access that conflicts with `access`, which the function makes at `to`, and is not ordered with
    /// it; and whether as many receives as there are goroutines may order them.
    pub(super) fn conflicting(
        &self,
        goroutine: usize,
        access: &Access,
        origin: Option<LocalId>,
        locks: &[Location],
        state: &State,
        to: Option<Span>,
    ) -> Option<((Reached, AccessKind, bool), bool)> {
        let facts = self.facts;
        let id = self.ids[goroutine];
        let reach = &facts.reaches[id];
        let subtest = self.is_subtest(goroutine);
        if subtest && !Self::is_seen_late(access) {
            return None;
        }
        let mut counted = None;
        // A goroutine with one of several bodies, or with none known, shares what cannot be told.
        for reached in reach.accesses(facts.cx, &self.listed(reach, access)) {
            let func = reach.nodes[reached.node as usize].func;
            let inner = &facts.cx.events.of(func).accesses[reached.row as usize];
            if !inner.kind.conflicts(access.kind)
                || inner.element != access.element
                || !inner.index.may_meet(access.index)
                || (inner.atomic && access.atomic)
                || reached.locks.iter().any(|l| locks.contains(l))
                || self.inherits(goroutine, inner, locks)
                || of_other_iterations(facts, id, (&reached, inner), access)
            {
                continue;
            }
            let same_object = match access.location {
                Location::Local(..) | Location::Global(_) => true,
                Location::Field(_) => {
                    reached.origin.is_some() && reached.origin == origin && inner.depth == access.depth
                        || self.is_of_one_holder(reach, &reached, access)
                }
            };
            let calls = || reach.path(reached.node).into_iter().map(|step| step.0).chain([func]);
            if !same_object
                || of_another_element(facts, id, (reached.origin, origin), access)
                || self.of_another_call(access.location, calls())
                || self.before_pause(goroutine, reach, &reached, inner.span)
            {
                continue;
            }
            if self.is_ordered(goroutine, &reached, inner, access, state, to.is_none()) {
                continue;
            }
            match to.map_or(Heard::No, |to| self.heard(goroutine, &reached, inner, access, to)) {
                Heard::Yes => {}
                Heard::Counted => counted = counted.or(Some(((reached, inner.kind, same_object), true))),
                // What a subtest stores first is its own.
                Heard::No if subtest && inner.kind != AccessKind::Read => return None,
                Heard::No => return Some(((reached, inner.kind, same_object), false)),
            }
        }
        counted
    }

    pub(super) fn is_deferred(&self, func: FuncId, point: Point) -> bool {
        super::order::is_deferred(self.facts.cx.events.of(func), point)
    }

    pub(super) fn add(
        &mut self,
        goroutine: usize,
        (location, element): (Location, bool),
        (reached, kind, same_object): (Reached, AccessKind, bool),
        other: Side,
        relation: Relation,
    ) {
        let facts = self.facts;
        let id = self.ids[goroutine];
        let sibling = matches!(relation, Relation::Sibling(_));
        let key = (id, location, other.kind.is_write(), sibling);
        if let Some(&known) = self.seen.get(&key) {
            let known: &mut Conflict = &mut self.out.conflicts[known];
            let listed = known.others.iter().chain([&known.other]).any(|side| side.span == other.span);
            if !listed && known.others.len() < MAX_OTHERS {
                known.others.push(other);
            }
            return;
        }
        self.seen.insert(key, self.out.conflicts.len());
        let reach = &facts.reaches[id];
        let node = &reach.nodes[reached.node as usize];
        let inner = &facts.cx.events.of(node.func).accesses[reached.row as usize];
        let mut assumptions = Vec::new();
        if node.dispatched() > 0 || other.dispatched > 0 {
            assumptions.push(Assumption::OneOfManyCallees);
        }
        if element {
            assumptions.push(Assumption::SameElement);
        }
        let inside = Side {
            func: node.func,
            span: inner.span,
            kind,
            stored: inner.stored,
            path: reach.path(reached.node).into(),
            dispatched: node.dispatched(),
            same_object,
        };
        self.out.conflicts.push(Conflict {
            element,
            assumptions,
            ..Conflict::new(id, location, inside, other, relation)
        });
    }

    /// Whether a test that passes makes the other access, and joins only then: what a failing one skips is another matter.
    fn passes_by(&self, conflict: &Conflict) -> bool {
        let (func, span) = conflict.other.top();
        let here = point_of(self.events, span);
        func == self.func
            && here.is_some_and(|point| !self.is_deferred(func, point))
            && self.facts.cx.program.in_test_file(func)
            && !super::failing::fails_anyway(self.facts, &conflict.other)
    }

    /// Fills in the join status once it is known which goroutines are joined on some way.
    fn skipped_status(&mut self) {
        let late: Vec<bool> = self.out.conflicts.iter().map(|conflict| self.passes_by(conflict)).collect();
        for (conflict, late) in self.out.conflicts.iter_mut().zip(late) {
            if matches!(conflict.join, JoinStatus::SignalledEarly(..)) {
                continue;
            }
            let Some((_, join)) = self.out.joined_somewhere.iter().find(|(id, _)| *id == conflict.spawn) else {
                continue;
            };
            let at: Vec<SkippedAt> = self
                .out
                .outlive
                .iter()
                .filter(|row| row.spawn == conflict.spawn)
                .map(|row| SkippedAt { func: self.func, exit: row.exit, span: row.span })
                .collect();
            let failing = late && at.iter().all(|row| row.exit == Exit::Panic);
            conflict.join = if at.is_empty() || failing {
                JoinStatus::Late(join.clone())
            } else {
                JoinStatus::around(Some(join), at)
            };
        }
    }
}
