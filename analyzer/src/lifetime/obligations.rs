//! Obligations: after a call that may leave goroutines running on an object, someone must call the object's joiner.
//!
//! Bottom-up over the call graph every function gets its *leaks*: goroutines that may still run when it returns, by
//! the operand that holds the object whose method waits for them. A function that holds the object in a variable of
//! its own is where the obligation ends: an exit with the obligation open, where another path of the same function
//! discharges it, is a [`Skip`].
//!
//! Absent on purpose: which state the goroutine shares with whom. That is a question for `conflicts`.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    abrupt::Abrupt,
    calls::{CallRef, Calls},
    domain::{Exit, Location, SpawnId},
    events::{EventKind, FuncEvents, NilTest},
    handed::root_local,
    joins::{Joins, gives_up},
    levels::Levels,
    origin::{derives, ranges_over},
    partial_joins::{self, PartialJoins},
    spawns::{Context, Spawns},
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span, Worklist},
    resolve::{FuncId, Place},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId, Source},
};

/// Rounds over one strongly connected component; see `joins`.
const MAX_ROUNDS: u32 = 6;

/// Who holds the object whose method joins, in terms of a function's operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// The receiver.
    Receiver,
    /// A parameter.
    Param(u32),
    /// The first result.
    Result,
}

/// Goroutines that may still run when a function returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Who holds their owner.
    pub holder: Holder,
    /// The spawn sites, as a set over [`SpawnId`].
    pub spawns: FixedBitSet,
    /// Those of them that may run although the function returns an error.
    pub failing: FixedBitSet,
}

/// An exit that leaves goroutines running although another path of the same function joins them.
#[derive(Clone, Debug)]
pub struct Skip {
    /// The function.
    pub func: FuncId,
    /// The variable that holds the owner.
    pub holder: LocalId,
    /// The call (or `go` statement) after which the goroutines may run.
    pub opened_by: ExprId,
    /// The goroutines left running here that another path joins.
    pub spawns: FixedBitSet,
    /// How and where the function (or the iteration) is left.
    pub exit: Exit,
    /// The `return`, `continue`, … .
    pub span: Span,
    /// Calls on other paths that join them: of this function, or of others that open the same.
    pub discharged_by: Vec<(FuncId, ExprId)>,
    /// Waits on other paths of the function itself that join them.
    pub waited_at: Vec<Span>,
    /// Whether only the iteration is left.
    pub iteration: bool,
}

/// A call on an object whose goroutines may run.
#[derive(Clone, Debug)]
pub struct UseWhileOpen {
    /// The function that calls.
    pub func: FuncId,
    /// The variable that holds the owner.
    pub holder: LocalId,
    /// The call.
    pub call: ExprId,
    /// The goroutines.
    pub spawns: FixedBitSet,
}

/// Leaks and skips of all functions.
#[derive(Debug)]
pub struct Obligations {
    /// Calls on objects whose goroutines may run, in order of functions.
    pub uses: Vec<UseWhileOpen>,
    leaks: IndexVec<FuncId, Vec<Leak>>,
    /// Skips, in order of functions and places.
    pub skips: Vec<Skip>,
    /// Goroutines that the function which holds their owner in a variable joins: they live for a call, not for the program.
    pub scoped: FixedBitSet,
    /// Those of them that only tests hold: they live for a suite, while its tests do what they like.
    pub suites: FixedBitSet,
}

impl Obligations {
    /// Computes leaks bottom-up, then the skips.
    pub fn build(cx: Context<'_>, spawns: &Spawns, calls: &Calls, joins: &Joins, levels: &Levels) -> Self {
        let mut by_key = vec![FixedBitSet::with_capacity(spawns.sites.len()); joins.keys().len()];
        for (id, site) in spawns.sites.iter_enumerated() {
            for signal in site.signals.iter().filter(|s| s.ends_body()) {
                if let Some(bit) = joins.index_of(signal.key) {
                    by_key[bit].insert(id.index());
                }
            }
        }
        let mut solver = Solver {
            cx,
            spawns,
            calls,
            joins,
            partial: PartialJoins::build(cx, calls, joins),
            abrupt: Abrupt::build(cx),
            by_key,
            leaks: IndexVec::filled(Vec::new(), cx.program.funcs().len()),
        };
        let mut flows: Vec<Option<Flow>> = (0..cx.program.funcs().len()).map(|_| None).collect();
        for level in levels.iter() {
            let found: Vec<Flow> = level.single.par_iter().few_at_once().map(|&func| solver.flow(func)).collect();
            for (&func, flow) in level.single.iter().zip(found) {
                solver.leaks[func].clone_from(&flow.leaks);
                if levels.is_settled(func) {
                    flows[func.index()] = Some(flow);
                }
            }
            for &component in &level.several {
                let leaks = |solver: &Solver<'_>, func| solver.flow(func).leaks;
                levels.settle(component, MAX_ROUNDS, &mut solver, leaks, |solver, func, leaks| {
                    let news = solver.leaks[func] != leaks;
                    solver.leaks[func] = leaks;
                    news
                });
            }
        }
        // Once more where a callee has learned something since.
        let flows: Vec<Flow> = flows
            .into_par_iter()
            .few_at_once()
            .enumerate()
            .map(|(at, flow)| flow.unwrap_or_else(|| solver.flow(FuncId::new(at))))
            .collect();
        let mut skips = Vec::new();
        let mut uses = Vec::new();
        let mut openings = Vec::new();
        let mut scoped = FixedBitSet::with_capacity(spawns.sites.len());
        let mut suites = scoped.clone();
        for flow in flows {
            skips.extend(flow.skips);
            uses.extend(flow.uses);
            openings.extend(flow.openings);
            if flow.of_test { suites.union_with(&flow.scoped) } else { scoped.union_with(&flow.scoped) }
        }
        skips.extend(solver.forgotten(&openings));
        skips.extend(solver.kept());
        skips.sort_by_key(|skip| (skip.func, skip.holder, skip.span));
        skips.dedup_by(|a, b| (a.func, a.holder, a.span, &a.spawns) == (b.func, b.holder, b.span, &b.spawns));
        suites.difference_with(&scoped);
        scoped.union_with(&suites);
        Self { leaks: solver.leaks, skips, uses, scoped, suites }
    }

    /// What `func` leaves running.
    pub fn leaks(&self, func: FuncId) -> &[Leak] {
        &self.leaks[func]
    }
}

pub(super) struct Solver<'a> {
    pub(super) cx: Context<'a>,
    pub(super) spawns: &'a Spawns,
    pub(super) calls: &'a Calls,
    pub(super) joins: &'a Joins,
    pub(super) partial: PartialJoins,
    pub(super) abrupt: Abrupt,
    /// Spawn sites whose end each key signals.
    pub(super) by_key: Vec<FixedBitSet>,
    leaks: IndexVec<FuncId, Vec<Leak>>,
}

/// What one pass over a function found.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) leaks: Vec<Leak>,
    pub(super) skips: Vec<Skip>,
    pub(super) uses: Vec<UseWhileOpen>,
    pub(super) scoped: FixedBitSet,
    /// Whether the function stands in a test file.
    pub(super) of_test: bool,
    pub(super) openings: Vec<Opening>,
}

/// An object with goroutines that a function got from a call, keeps to itself, and joins at some exit or at none.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) func: FuncId,
    pub(super) item: Item,
    /// Calls that join, meant to.
    pub(super) joined_by: Vec<ExprId>,
    /// Exits with goroutines left running, where nothing in the function joins any.
    pub(super) left_open: Vec<(Exit, Span)>,
}

/// An obligation of one function: goroutines that one call may start on one variable's object.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) opened_by: ExprId,
    pub(super) span: Span,
    pub(super) holder: LocalId,
    pub(super) spawns: FixedBitSet,
    /// Those that may run although the call returned an error.
    pub(super) failing: FixedBitSet,
    /// The object is what the call returned, so an error beside it means there is none.
    pub(super) result_of: bool,
}

/// What joins an item's goroutines on some path.
#[derive(Debug)]
pub(super) struct Discharged {
    pub(super) spawns: FixedBitSet,
    pub(super) calls: Vec<ExprId>,
    pub(super) waits: Vec<Span>,
}

/// What holds at one point: per item the goroutines that may run, and the deferred calls registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) open: Vec<FixedBitSet>,
    /// Goroutines that only a callee with a way around its join has joined.
    pub(super) half: Vec<FixedBitSet>,
    pub(super) deferred: FixedBitSet,
}

/// A call that may not come back.
pub(super) struct Peril {
    /// Which obligation is open there.
    pub(super) item: usize,
    /// The call.
    pub(super) span: Span,
    /// Goroutines that may run, and that no deferred call joins.
    pub(super) open: FixedBitSet,
}

/// What one call joins.
struct Kill {
    /// Goroutines.
    joined: FixedBitSet,
    /// The items whose goroutines they can be.
    items: FixedBitSet,
    /// Goroutines that the callee does not join on every way.
    partly: FixedBitSet,
}

impl State {
    /// Adds what holds on another way; whether that was news.
    fn merge(&mut self, other: &Self) -> bool {
        let mut news = false;
        let mut unite = |mine: &mut FixedBitSet, theirs: &FixedBitSet| {
            if !theirs.is_subset(mine) {
                mine.union_with(theirs);
                news = true;
            }
        };
        for (mine, theirs) in self.open.iter_mut().zip(&other.open).chain(self.half.iter_mut().zip(&other.half)) {
            unite(mine, theirs);
        }
        unite(&mut self.deferred, &other.deferred);
        news
    }
}

impl Solver<'_> {
    pub(super) fn leaked(&self, func: FuncId) -> &[Leak] {
        &self.leaks[func]
    }

    pub(super) fn file(&self, func: FuncId) -> FileId {
        self.cx.program.funcs()[func].file
    }

    /// One forward pass over `func`: its leaks, and the exits that skip a join.
    fn flow(&self, func: FuncId) -> Flow {
        let events = self.cx.events.of(func);
        let items = self.items(func, events);
        if items.is_empty() {
            return Flow::default();
        }
        let mut uses: Vec<UseWhileOpen> = Vec::new();
        let file = self.file(func);
        let rows = self.calls.of(func);
        let mut all = FixedBitSet::with_capacity(self.spawns.sites.len());
        items.iter().for_each(|item| all.union_with(&item.spawns));
        let kills: FxHashMap<ExprId, Kill> =
            rows.iter().filter_map(|row| Some((row.call, self.kills_of_call(func, row, &items, &all)?))).collect();
        let empty = State {
            open: items.iter().map(|item| FixedBitSet::with_capacity(item.spawns.len())).collect(),
            half: items.iter().map(|item| FixedBitSet::with_capacity(item.spawns.len())).collect(),
            deferred: FixedBitSet::with_capacity(rows.len()),
        };
        let mut entry: Vec<Option<State>> = vec![None; events.blocks.len()];
        entry[0] = Some(empty);
        let mut work = Worklist::of(events.blocks.len(), 0);
        let mut outs: Vec<Option<State>> = vec![None; events.blocks.len()];
        let mut discharged: Vec<Discharged> = items
            .iter()
            .map(|item| Discharged {
                spawns: FixedBitSet::with_capacity(item.spawns.len()),
                calls: Vec::new(),
                waits: Vec::new(),
            })
            .collect();
        while let Some(at) = work.pop() {
            let Some(mut state) = entry[at].clone() else { continue };
            let mut dead = false;
            for event in &events.blocks[at].events {
                match &event.kind {
                    EventKind::Call(call) | EventKind::Spawn(call) => {
                        self.note_use(func, *call, &items, &state, &mut uses);
                        if let Some(kill) = kills.get(call) {
                            self.kill(&mut state, kill, &items, &mut discharged, *call);
                        }
                        for (item, open) in items.iter().zip(&mut state.open) {
                            if item.opened_by == *call {
                                open.union_with(&item.spawns);
                            }
                        }
                    }
                    EventKind::Defer { call, .. } => {
                        if let Ok(row) = rows.binary_search_by_key(call, |row| row.call) {
                            state.deferred.insert(row);
                        }
                    }
                    EventKind::Wait { key, how } => {
                        for bit in self.joins.ended_by(*key, *how) {
                            state.half.iter_mut().for_each(|half| half.difference_with(&self.by_key[bit]));
                            for (open, done) in state.open.iter_mut().zip(&mut discharged) {
                                let mut hit = open.clone();
                                hit.intersect_with(&self.by_key[bit]);
                                if !hit.is_clear() {
                                    open.difference_with(&hit);
                                    done.spawns.union_with(&hit);
                                    if !done.waits.contains(&event.span) && !gives_up(self.cx.program, func, event.span)
                                    {
                                        done.waits.push(event.span);
                                    }
                                }
                            }
                        }
                    }
                    EventKind::Leave { process: true } => dead = true,
                    _ => {}
                }
            }
            if dead {
                continue;
            }
            if events.blocks[at].left.is_some() {
                for (index, row) in rows.iter().enumerate() {
                    if state.deferred.contains(index)
                        && let Some(kill) = kills.get(&row.call)
                    {
                        self.kill(&mut state, kill, &items, &mut discharged, row.call);
                    }
                }
            }
            for (way, &next) in events.blocks[at].successors.iter().enumerate() {
                let refined = events.blocks[at].test.map(|test| {
                    let mut refined = state.clone();
                    self.refine(func, file, test, way, &items, &mut refined);
                    refined
                });
                let next_state = refined.as_ref().unwrap_or(&state);
                match &mut entry[next] {
                    None => {
                        entry[next] = Some(next_state.clone());
                        work.push(next);
                    }
                    Some(old) => {
                        if old.merge(next_state) {
                            work.push(next);
                        }
                    }
                }
            }
            outs[at] = Some(state);
        }
        let perils = self.perils(func, events, entry, &items, &kills);
        let mut flow = self.conclude(func, file, events, &items, &outs, (&discharged, &perils));
        flow.uses = uses;
        flow
    }

    /// The calls that may not come back, once it is known what holds on entry to every block.
    fn perils(
        &self,
        func: FuncId,
        events: &FuncEvents,
        entry: Vec<Option<State>>,
        items: &[Item],
        kills: &FxHashMap<ExprId, Kill>,
    ) -> Vec<Peril> {
        let rows = self.calls.of(func);
        let mut perils: Vec<Peril> = Vec::new();
        for (block, state) in events.blocks.iter().zip(entry) {
            let Some(mut state) = state else { continue };
            for event in &block.events {
                match &event.kind {
                    EventKind::Call(call) | EventKind::Spawn(call) => {
                        self.note_peril(func, *call, &state, kills, &mut perils);
                        for (index, open) in state.open.iter_mut().enumerate() {
                            if items[index].opened_by == *call {
                                open.union_with(&items[index].spawns);
                            } else if let Some(kill) = kills.get(call).filter(|kill| kill.items.contains(index)) {
                                open.difference_with(&kill.joined);
                            }
                        }
                    }
                    EventKind::Defer { call, .. } => {
                        if let Ok(row) = rows.binary_search_by_key(call, |row| row.call) {
                            state.deferred.insert(row);
                        }
                    }
                    EventKind::Wait { key, how } => {
                        for bit in self.joins.ended_by(*key, *how) {
                            state.open.iter_mut().for_each(|open| open.difference_with(&self.by_key[bit]));
                        }
                    }
                    _ => {}
                }
            }
        }
        perils
    }

    /// Notes a call that may not come back while goroutines run that nothing deferred joins.
    fn note_peril(
        &self,
        func: FuncId,
        call: ExprId,
        state: &State,
        kills: &FxHashMap<ExprId, Kill>,
        perils: &mut Vec<Peril>,
    ) {
        if state.open.iter().all(FixedBitSet::is_clear) {
            return;
        }
        let Some(row) = self.calls.at(func, call) else { return };
        if !self.abrupt.may_not_return(self.cx, self.calls, func, row) {
            return;
        }
        let rows = self.calls.of(func);
        for (item, open) in state.open.iter().enumerate() {
            let mut open = open.clone();
            for kill in state.deferred.ones().filter_map(|row| kills.get(&rows[row].call)) {
                if kill.items.contains(item) {
                    open.difference_with(&kill.joined);
                }
            }
            if !open.is_clear() && !perils.iter().any(|p| p.item == item && p.span == row.span) {
                perils.push(Peril { item, span: row.span, open });
            }
        }
    }

    /// Notes a method call on an object whose goroutines may run.
    fn note_use(&self, func: FuncId, call: ExprId, items: &[Item], state: &State, uses: &mut Vec<UseWhileOpen>) {
        let Some(row) = self.calls.at(func, call) else { return };
        let Some(root) = row.receiver(self.cx, func).and_then(|place| self.root(self.file(func), &place)) else {
            return;
        };
        for (item, open) in items.iter().zip(&state.open) {
            if item.holder != root || item.opened_by == call || open.is_clear() {
                continue;
            }
            match uses.iter_mut().find(|u| u.call == call && u.holder == root) {
                Some(known) => known.spawns.union_with(open),
                None => uses.push(UseWhileOpen { func, holder: root, call, spawns: open.clone() }),
            }
        }
    }

    fn kill(&self, state: &mut State, kill: &Kill, items: &[Item], discharged: &mut [Discharged], call: ExprId) {
        let joined = &kill.joined;
        for index in kill.items.ones() {
            if items[index].opened_by != call {
                state.half[index].difference_with(joined);
            }
            let mut hit = state.open[index].clone();
            hit.intersect_with(joined);
            if items[index].opened_by == call || items[index].spawns.is_disjoint(joined) {
                continue;
            }
            // A close after the goroutine has been seen to end is still the close that other ways should have.
            let done = &mut discharged[index];
            if !done.calls.contains(&call) {
                done.calls.push(call);
            }
            done.spawns.union_with(&hit);
            state.open[index].difference_with(joined);
            hit.intersect_with(&kill.partly);
            state.half[index].union_with(&hit);
        }
    }

    /// On the way out where the holder is nil, or where the error beside a new object is not, nothing runs.
    fn refine(&self, func: FuncId, file: FileId, test: NilTest, way: usize, items: &[Item], state: &mut State) {
        let nil_here = test.nil_first == (way == 0);
        let facts = self.cx.program.facts(file);
        for (item, open) in items.iter().zip(&mut state.open) {
            let holder_nil = nil_here && item.holder == test.local;
            let defined = match &facts.locals[test.local].decl {
                LocalDecl::Value(value) => {
                    value.expr == item.opened_by && (value.component != Some(0) || !item.result_of)
                }
                _ => false,
            };
            let failed = !nil_here && (defined || self.assigned_from(func, test.local, item.opened_by));
            if holder_nil || failed && item.result_of {
                open.clear();
            } else if failed && partial_joins::is_error(self.cx.program, file, test.local) {
                open.intersect_with(&item.failing);
            }
        }
    }

    /// Whether the last assignment text of `local` in `func` may be a further value of `call` (`x, err = f()`).
    fn assigned_from(&self, func: FuncId, local: LocalId, call: ExprId) -> bool {
        let program = self.cx.program;
        let facts = program.facts(self.file(func));
        let Some(body) = &program.function(func).body else { return false };
        body.instrs().any(|instr| match instr.kind {
            InstrKind::Write { place, source: Source::Value(value) } => {
                value.expr == call
                    && value.component != Some(0)
                    && matches!(facts.exprs[place], Expr::Local(l) if l == local)
            }
            _ => false,
        })
    }

    fn items(&self, func: FuncId, events: &FuncEvents) -> Vec<Item> {
        let file = self.file(func);
        let mut items: Vec<Item> = Vec::new();
        let mut add = |opened_by, span, holder, (spawns, failing): (&FixedBitSet, &FixedBitSet), result_of| match items
            .iter_mut()
            .find(|i| i.opened_by == opened_by && i.holder == holder)
        {
            Some(item) => {
                item.spawns.union_with(spawns);
                item.failing.union_with(failing);
            }
            None => items.push(Item {
                opened_by,
                span,
                holder,
                spawns: spawns.clone(),
                failing: failing.clone(),
                result_of,
            }),
        };
        for &id in self.spawns.of(func) {
            let site = &self.spawns.sites[id];
            let anchor = site.signals.iter().find_map(|s| {
                let joined =
                    matches!(s.key, Location::Field(_)) && s.ends_body() && !self.joins.waits(s.key).is_empty();
                joined.then_some(s.anchor).flatten()
            });
            if let Some(anchor) = anchor {
                let mut set = FixedBitSet::with_capacity(self.spawns.sites.len());
                set.insert(id.index());
                add(site.call, site.span, anchor, (&set, &set), false);
            }
        }
        for row in self.calls.of(func) {
            if row.deferred {
                continue;
            }
            for &target in &row.targets {
                for leak in &self.leaks[target] {
                    let Some(holder) = self.holder_here(func, file, row, leak.holder) else { continue };
                    let spawns = (&leak.spawns, &leak.failing);
                    add(row.call, row.span, holder, spawns, leak.holder == Holder::Result);
                }
            }
            for handed in &row.handed {
                for leak in self.leaks[handed.func].iter().filter(|leak| leak.holder == Holder::Receiver) {
                    let root = handed.receiver.as_ref().and_then(|place| self.root(file, place));
                    if let Some(holder) = root {
                        add(row.call, row.span, holder, (&leak.spawns, &leak.failing), false);
                    }
                }
            }
        }
        debug_assert!(items.is_empty() || !events.blocks.is_empty());
        items
    }

    fn root(&self, file: FileId, place: &Place) -> Option<LocalId> {
        root_local(&self.cx.places.canonical(self.cx.program, file, place.clone()))
    }

    fn holder_here(&self, func: FuncId, file: FileId, row: &CallRef, holder: Holder) -> Option<LocalId> {
        let program = self.cx.program;
        match holder {
            Holder::Receiver => self.root(file, &row.receiver(self.cx, func)?),
            Holder::Param(index) => {
                let args = program.facts(file).exprs.args(row.call)?;
                self.root(file, &program.place(file, *args.get(index as usize)?))
            }
            Holder::Result => {
                let body = program.function(func).body.as_ref()?;
                body.instrs().find_map(|instr| {
                    let (local, source) = match instr.kind {
                        InstrKind::Define { local, source } => (local, source),
                        InstrKind::Write { place, source } => match program.facts(file).exprs[place] {
                            Expr::Local(local) => (local, source),
                            _ => return None,
                        },
                        _ => return None,
                    };
                    let Source::Value(value) = source else { return None };
                    (value.expr == row.call && value.component.unwrap_or(0) == 0).then_some(local)
                })
            }
        }
    }

    /// What a call joins; `None` when it joins none of `all`, the goroutines of all items.
    fn kills_of_call(&self, func: FuncId, row: &CallRef, items: &[Item], all: &FixedBitSet) -> Option<Kill> {
        if !self.joins.call_may_wait(row) {
            return None;
        }
        let (_, mut keys) = self.joins.of_call(self.cx, func, row);
        let partial = self.partial.of_call(self.cx, self.calls, self.joins, row);
        keys.union_with(&partial);
        let mut joined = FixedBitSet::with_capacity(self.spawns.sites.len());
        keys.ones().for_each(|bit| joined.union_with(&self.by_key[bit]));
        if joined.is_disjoint(all) {
            return None;
        }
        let mut partly = FixedBitSet::with_capacity(self.spawns.sites.len());
        partial.ones().for_each(|bit| partly.union_with(&self.by_key[bit]));
        let file = self.file(func);
        let operands = self.operands(func, row);
        let related = |item: &Item| {
            operands.as_ref().is_none_or(|locals| {
                locals.iter().any(|&l| {
                    l == item.holder
                        || derives(self.cx.program, file, l, item.holder, 0)
                        || ranges_over(self.cx.program, file, item.holder, l)
                })
            })
        };
        let mut related_items = FixedBitSet::with_capacity(items.len());
        related_items.extend(items.iter().enumerate().filter(|(_, item)| related(item)).map(|(at, _)| at));
        Some(Kill { joined, items: related_items, partly })
    }

    /// The variables a call speaks of; `None` when it speaks of none in particular (a literal, a global function).
    fn operands(&self, func: FuncId, row: &CallRef) -> Option<Vec<LocalId>> {
        let (program, file) = (self.cx.program, self.file(func));
        let mut locals = Vec::new();
        if let Some(receiver) = row.receiver(self.cx, func) {
            locals.extend(root_local(&receiver));
            locals.extend(self.root(file, &receiver));
        }
        let exprs = &program.facts(file).exprs;
        if let Expr::Call { args, .. } = exprs[row.call] {
            for arg in exprs.list(args) {
                let place = program.place(file, *arg);
                locals.extend(root_local(&place));
                locals.extend(self.root(file, &place));
            }
        }
        for handed in &row.handed {
            match &handed.receiver {
                Some(place) => locals.extend(self.root(file, place)),
                None => return None,
            }
        }
        (!locals.is_empty()).then_some(locals)
    }
}

/// The spawn sites of a set, in order.
pub fn spawn_ids(set: &FixedBitSet) -> impl Iterator<Item = SpawnId> + '_ {
    set.ones().map(SpawnId::new)
}
