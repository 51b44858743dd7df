//! Obligations: after a call that may leave goroutines running on an object, someone must call the object's joiner.
//!
//! Bottom-up over the call graph every function gets its *leaks*: goroutines that may still run when it returns, by
//! the operand that holds the object whose method waits for them. A function that holds the object in a variable of
//! its own is where the obligation ends: an exit with the obligation open, where another path of the same function
//! discharges it, is a [`Skip`].
//!
//! Absent on purpose: which state the goroutine shares with whom. That is a question for `conflicts`.

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    calls::{CallRef, Calls},
    domain::{Exit, Location, SpawnId},
    domain_local::{self, Operand},
    events::{EventKind, FuncEvents},
    handed::root_local,
    joins::Joins,
    origin::{derives, mentions, ranges_over},
    spawns::{Context, Spawns},
};
use crate::{
    base::{Idx, IndexVec, Span},
    resolve::{FuncId, Place, Root},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId, Source, Terminator},
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
    /// Calls on other paths that join them.
    pub discharged_by: Vec<ExprId>,
    /// Waits of the function itself that join them.
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
}

impl Obligations {
    /// Computes leaks bottom-up, then the skips.
    pub fn build(cx: Context<'_>, spawns: &Spawns, calls: &Calls, joins: &Joins) -> Self {
        let mut by_key = vec![FixedBitSet::with_capacity(spawns.sites.len()); joins.keys().len()];
        for (id, site) in spawns.sites.iter_enumerated() {
            for signal in site.signals.iter().filter(|s| s.ends_body()) {
                if let Some(bit) = joins.index_of(signal.key) {
                    by_key[bit].insert(id.index());
                }
            }
        }
        let mut solver =
            Solver { cx, spawns, calls, joins, by_key, leaks: IndexVec::filled(Vec::new(), cx.program.funcs().len()) };
        for component in &cx.graph.components() {
            for _ in 0..MAX_ROUNDS {
                let mut changed = false;
                for &func in component {
                    let leaks = solver.flow(func).0;
                    if solver.leaks[func] != leaks {
                        solver.leaks[func] = leaks;
                        changed = true;
                    }
                }
                if !changed || component.len() == 1 {
                    break;
                }
            }
        }
        use rayon::prelude::*;
        let funcs: Vec<FuncId> = cx.program.funcs().ids().collect();
        let (skips, uses): (Vec<Vec<Skip>>, Vec<Vec<UseWhileOpen>>) =
            funcs.into_par_iter().map(|func| solver.flow(func)).map(|flow| (flow.1, flow.2)).unzip();
        Self {
            leaks: solver.leaks,
            skips: skips.into_iter().flatten().collect(),
            uses: uses.into_iter().flatten().collect(),
        }
    }

    /// What `func` leaves running.
    pub fn leaks(&self, func: FuncId) -> &[Leak] {
        &self.leaks[func]
    }
}

struct Solver<'a> {
    cx: Context<'a>,
    spawns: &'a Spawns,
    calls: &'a Calls,
    joins: &'a Joins,
    /// Spawn sites whose end each key signals.
    by_key: Vec<FixedBitSet>,
    leaks: IndexVec<FuncId, Vec<Leak>>,
}

/// An obligation of one function: goroutines that one call may start on one variable's object.
#[derive(Clone, Debug)]
struct Item {
    opened_by: ExprId,
    span: Span,
    holder: LocalId,
    spawns: FixedBitSet,
    /// The object is what the call returned, so an error beside it means there is none.
    result_of: bool,
}

/// What joins an item's goroutines on some path.
#[derive(Debug)]
struct Discharged {
    spawns: FixedBitSet,
    calls: Vec<ExprId>,
    waits: Vec<Span>,
}

/// What holds at one point: per item the goroutines that may run, and the deferred calls registered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    open: Vec<FixedBitSet>,
    deferred: FixedBitSet,
}

impl State {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (mine, theirs) in self.open.iter_mut().zip(&other.open) {
            mine.union_with(theirs);
        }
        self.deferred.union_with(&other.deferred);
        *self != before
    }
}

/// Where the object a local variable holds goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Stays,
    Into(LocalId),
    Away,
}

impl Solver<'_> {
    fn file(&self, func: FuncId) -> FileId {
        self.cx.program.funcs()[func].file
    }

    /// One forward pass over `func`: its leaks, and the exits that skip a join.
    fn flow(&self, func: FuncId) -> (Vec<Leak>, Vec<Skip>, Vec<UseWhileOpen>) {
        let events = self.cx.events.of(func);
        let items = self.items(func, events);
        if items.is_empty() {
            return (Vec::new(), Vec::new(), Vec::new());
        }
        let mut uses: Vec<UseWhileOpen> = Vec::new();
        let file = self.file(func);
        let rows = self.calls.of(func);
        let kills: FxHashMap<ExprId, Vec<FixedBitSet>> =
            rows.iter().filter_map(|row| Some((row.call, self.kills_of_call(func, row, &items)?))).collect();
        let empty = State {
            open: items.iter().map(|item| FixedBitSet::with_capacity(item.spawns.len())).collect(),
            deferred: FixedBitSet::with_capacity(rows.len()),
        };
        let mut entry: Vec<Option<State>> = vec![None; events.blocks.len()];
        entry[0] = Some(empty);
        let mut work = vec![0];
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
                            for (open, done) in state.open.iter_mut().zip(&mut discharged) {
                                let mut hit = open.clone();
                                hit.intersect_with(&self.by_key[bit]);
                                if !hit.is_clear() {
                                    open.difference_with(&hit);
                                    done.spawns.union_with(&hit);
                                    if !done.waits.contains(&event.span) {
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
            if events.blocks[at].exit.is_some() {
                for (index, row) in rows.iter().enumerate() {
                    if state.deferred.contains(index)
                        && let Some(kill) = kills.get(&row.call)
                    {
                        self.kill(&mut state, kill, &items, &mut discharged, row.call);
                    }
                }
            }
            for (way, &next) in events.blocks[at].successors.iter().enumerate() {
                let mut next_state = state.clone();
                self.refine(func, file, events, at, way, &items, &mut next_state);
                match &mut entry[next] {
                    None => {
                        entry[next] = Some(next_state);
                        work.push(next);
                    }
                    Some(old) => {
                        if old.merge(&next_state) {
                            work.push(next);
                        }
                    }
                }
            }
            outs[at] = Some(state);
        }
        let (leaks, skips) = self.conclude(func, file, events, &items, &outs, &discharged);
        (leaks, skips, uses)
    }

    /// Notes a method call on an object whose goroutines may run.
    fn note_use(&self, func: FuncId, call: ExprId, items: &[Item], state: &State, uses: &mut Vec<UseWhileOpen>) {
        let Some(row) = self.calls.at(func, call) else { return };
        let Some(root) = row.receiver.as_ref().and_then(|place| self.root(self.file(func), place)) else { return };
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

    fn kill(
        &self,
        state: &mut State,
        kill: &[FixedBitSet],
        items: &[Item],
        discharged: &mut [Discharged],
        call: ExprId,
    ) {
        for (index, joined) in kill.iter().enumerate() {
            let mut hit = state.open[index].clone();
            hit.intersect_with(joined);
            if hit.is_clear() || items[index].opened_by == call {
                continue;
            }
            state.open[index].difference_with(joined);
            let done = &mut discharged[index];
            done.spawns.union_with(&hit);
            if !done.calls.contains(&call) {
                done.calls.push(call);
            }
        }
    }

    /// On the way out where the holder is nil, or where the error beside a new object is not, nothing runs.
    #[expect(clippy::too_many_arguments, reason = "one step of `flow`, split off for reading")]
    fn refine(
        &self,
        func: FuncId,
        file: FileId,
        events: &FuncEvents,
        at: usize,
        way: usize,
        items: &[Item],
        state: &mut State,
    ) {
        let Some(test) = events.blocks[at].test else { return };
        let nil_here = test.nil_first == (way == 0);
        let facts = self.cx.program.facts(file);
        for (item, open) in items.iter().zip(&mut state.open) {
            let holder_nil = nil_here && item.holder == test.local;
            let failed = !nil_here
                && item.result_of
                && match &facts.locals[test.local].decl {
                    LocalDecl::Value(value) => value.expr == item.opened_by && value.component != Some(0),
                    _ => false,
                };
            let failed =
                failed || (!nil_here && item.result_of && self.assigned_from(func, test.local, item.opened_by));
            if holder_nil || failed {
                open.clear();
            }
        }
    }

    /// Whether the last assignment text of `local` in `func` may be a further value of `call` (`x, err = f()`).
    fn assigned_from(&self, func: FuncId, local: LocalId, call: ExprId) -> bool {
        let program = self.cx.program;
        let facts = program.facts(self.file(func));
        let Some(body) = &program.function(func).body else { return false };
        body.blocks.iter().flat_map(|b| &b.instrs).any(|instr| match instr.kind {
            InstrKind::Write { place, source: Source::Value(value) } => {
                value.expr == call
                    && value.component.is_some_and(|c| c > 0)
                    && matches!(facts.exprs[place], Expr::Local(l) if l == local)
            }
            _ => false,
        })
    }

    fn items(&self, func: FuncId, events: &FuncEvents) -> Vec<Item> {
        let file = self.file(func);
        let mut items: Vec<Item> = Vec::new();
        let mut add = |opened_by, span, holder, spawns: &FixedBitSet, result_of| match items
            .iter_mut()
            .find(|i| i.opened_by == opened_by && i.holder == holder)
        {
            Some(item) => item.spawns.union_with(spawns),
            None => items.push(Item { opened_by, span, holder, spawns: spawns.clone(), result_of }),
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
                add(site.call, site.span, anchor, &set, false);
            }
        }
        for row in self.calls.of(func) {
            if row.deferred {
                continue;
            }
            for &target in &row.targets {
                for leak in &self.leaks[target] {
                    let Some(holder) = self.holder_here(func, file, row, leak.holder) else { continue };
                    add(row.call, row.span, holder, &leak.spawns, leak.holder == Holder::Result);
                }
            }
            for handed in &row.handed {
                for leak in self.leaks[handed.func].iter().filter(|leak| leak.holder == Holder::Receiver) {
                    let root = handed.receiver.as_ref().and_then(|place| self.root(file, place));
                    if let Some(holder) = root {
                        add(row.call, row.span, holder, &leak.spawns, false);
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
            Holder::Receiver => self.root(file, row.receiver.as_ref()?),
            Holder::Param(index) => {
                let Expr::Call { args, .. } = &program.facts(file).exprs[row.call] else { return None };
                self.root(file, &program.place(file, *args.get(index as usize)?))
            }
            Holder::Result => {
                let body = program.function(func).body.as_ref()?;
                body.blocks.iter().flat_map(|b| &b.instrs).find_map(|instr| {
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

    /// Per item, the goroutines that the call joins; `None` when it joins none.
    fn kills_of_call(&self, func: FuncId, row: &CallRef, items: &[Item]) -> Option<Vec<FixedBitSet>> {
        let (_, keys) = self.joins.of_call(self.cx, func, row);
        if keys.is_clear() {
            return None;
        }
        let mut joined = FixedBitSet::with_capacity(self.spawns.sites.len());
        keys.ones().for_each(|bit| joined.union_with(&self.by_key[bit]));
        let file = self.file(func);
        let operands = self.operands(file, row);
        let kills = items
            .iter()
            .map(|item| {
                let related = operands.as_ref().is_none_or(|locals| {
                    locals.iter().any(|&l| {
                        l == item.holder
                            || derives(self.cx.program, file, l, item.holder, 0)
                            || ranges_over(self.cx.program, file, item.holder, l)
                    })
                });
                if related { joined.clone() } else { FixedBitSet::with_capacity(joined.len()) }
            })
            .collect();
        Some(kills)
    }

    /// The variables a call speaks of; `None` when it speaks of none in particular (a literal, a global function).
    fn operands(&self, file: FileId, row: &CallRef) -> Option<Vec<LocalId>> {
        let program = self.cx.program;
        let mut locals = Vec::new();
        if let Some(receiver) = &row.receiver {
            locals.extend(root_local(receiver));
            locals.extend(self.root(file, receiver));
        }
        if let Expr::Call { args, .. } = &program.facts(file).exprs[row.call] {
            for arg in args {
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

    /// Whether a call on a path of the function is there to end the holder's object: by its name, or because it waits
    /// within two calls. What happens to wait somewhere below is no evidence that another exit should have.
    fn is_deliberate(&self, func: FuncId, call: ExprId, spawns: &FixedBitSet) -> bool {
        let cx = self.cx;
        let Some(row) = self.calls.at(func, call) else { return false };
        let names = row
            .targets
            .iter()
            .chain(row.handed.iter().map(|h| &h.func))
            .map(|target| cx.program.funcs()[*target].key.as_str().rsplit('.').next().unwrap_or(""));
        if names.into_iter().any(|name| cx.models.ends_object(name)) {
            return true;
        }
        spawns.ones().any(|id| {
            let site = &self.spawns.sites[SpawnId::new(id)];
            site.signals.iter().any(|s| {
                let path = super::joins::path_to_wait(self.joins, self.calls, row, s.key);
                !path.is_empty() && path.len() <= 2
            })
        })
    }

    /// Where the object of `local` goes besides being used: returned, stored, sent, put into a literal.
    fn escape(&self, func: FuncId, file: FileId, local: LocalId) -> Escape {
        let program = self.cx.program;
        let facts = program.facts(file);
        let Some(body) = &program.function(func).body else { return Escape::Stays };
        let mut seen = FxHashSet::default();
        let is_it = |expr: ExprId| match &facts.exprs[expr] {
            Expr::Local(l) => *l == local,
            Expr::AddressOf(inner) => matches!(facts.exprs[*inner], Expr::Local(l) if l == local),
            _ => false,
        };
        for instr in body.blocks.iter().flat_map(|b| &b.instrs) {
            match instr.kind {
                InstrKind::Write { place, source: Source::Value(value) } => {
                    let stored = is_it(value.expr)
                        || matches!(&facts.exprs[value.expr], Expr::Call { args, .. } if
                            args.iter().any(|a| is_it(*a)) && matches!(program.callee(file, value.expr),
                                crate::resolve::Callee::Builtin(crate::resolve::Builtin::Append)));
                    if stored {
                        let target = program.place(file, place);
                        match target.root {
                            Root::Local(root) if !target.steps.is_empty() || stored_list(&facts.exprs[value.expr]) => {
                                if root != local && seen.insert(root) {
                                    return Escape::Into(root);
                                }
                            }
                            Root::Local(root) if root == local => {}
                            _ => return Escape::Away,
                        }
                    }
                }
                InstrKind::Send { value, .. } if is_it(value) => return Escape::Away,
                _ => {}
            }
        }
        for expr in facts
            .exprs
            .iter_enumerated()
            .filter_map(|(id, e)| (program.function(func).span.contains(facts.expr_spans[id])).then_some(e))
        {
            if let Expr::Composite { elements, .. } = expr
                && elements.iter().any(|e| is_it(e.value))
            {
                return Escape::Away;
            }
        }
        Escape::Stays
    }

    fn conclude(
        &self,
        func: FuncId,
        file: FileId,
        events: &FuncEvents,
        items: &[Item],
        outs: &[Option<State>],
        discharged: &[Discharged],
    ) -> (Vec<Leak>, Vec<Skip>) {
        let program = self.cx.program;
        let mut leaks: Vec<Leak> = Vec::new();
        let mut skips = Vec::new();
        if program.funcs()[func].symbol.as_str() == "main.main" {
            // The process ends with it, and every goroutine.
            return (leaks, skips);
        }
        let mut leak = |holder, spawns: &FixedBitSet| match leaks.iter_mut().find(|l: &&mut Leak| l.holder == holder) {
            Some(known) => known.spawns.union_with(spawns),
            None => leaks.push(Leak { holder, spawns: spawns.clone() }),
        };
        for (index, item) in items.iter().enumerate() {
            let mut holder = item.holder;
            let mut class = domain_local::operand(program, func, file, holder);
            let mut stays = true;
            if class == Operand::Own {
                match self.escape(func, file, holder) {
                    Escape::Stays => {}
                    Escape::Into(root) => {
                        holder = root;
                        class = domain_local::operand(program, func, file, root);
                        stays = false;
                    }
                    Escape::Away => continue,
                }
            }
            for (at, out) in outs.iter().enumerate() {
                let (Some(state), Some((exit, span))) = (out, events.blocks[at].exit) else { continue };
                let open = &state.open[index];
                if open.is_clear() {
                    continue;
                }
                match class {
                    Operand::Receiver => leak(Holder::Receiver, open),
                    Operand::Param(n) => leak(Holder::Param(n), open),
                    Operand::Captured => {}
                    Operand::Own if self.returned(func, file, at, holder) => leak(Holder::Result, open),
                    Operand::Own if stays => {
                        let mut skipped = open.clone();
                        skipped.intersect_with(&discharged[index].spawns);
                        let deliberate: Vec<ExprId> = if skipped.is_clear() {
                            Vec::new()
                        } else {
                            let calls = discharged[index].calls.iter().copied();
                            calls.filter(|call| self.is_deliberate(func, *call, &skipped)).collect()
                        };
                        let waits = &discharged[index].waits;
                        let evidence = !deliberate.is_empty() || !waits.is_empty();
                        if !skipped.is_clear() && evidence {
                            for span in self.divergence(func, events, outs, index, at, span) {
                                skips.push(Skip {
                                    func,
                                    holder,
                                    opened_by: item.opened_by,
                                    spawns: skipped.clone(),
                                    exit,
                                    span,
                                    discharged_by: deliberate.clone(),
                                    waited_at: waits.clone(),
                                    iteration: false,
                                });
                            }
                        }
                    }
                    Operand::Own => {}
                }
            }
            if class == Operand::Own && stays {
                skips.extend(self.iteration_skips(func, file, events, index, item, outs, &discharged[index]));
            }
        }
        leaks.sort_by_key(|l| l.holder);
        (leaks, skips)
    }

    /// Where a way that leaves the obligation open parts from those that do not: the jumps into a block that others
    /// reach with the join behind them; otherwise the exit itself.
    fn divergence(
        &self,
        func: FuncId,
        events: &FuncEvents,
        outs: &[Option<State>],
        index: usize,
        exit: usize,
        span: Span,
    ) -> Vec<Span> {
        let Some(body) = &self.cx.program.function(func).body else { return vec![span] };
        let mut at = exit;
        for _ in 0..events.blocks.len() {
            let before: Vec<usize> = (0..events.blocks.len())
                .filter(|b| outs[*b].is_some() && events.blocks[*b].successors.contains(&at))
                .collect();
            let (open, closed): (Vec<usize>, Vec<usize>) =
                before.into_iter().partition(|b| outs[*b].as_ref().is_some_and(|s| !s.open[index].is_clear()));
            if open.is_empty() {
                return vec![span];
            }
            if !closed.is_empty() || open.len() > 1 {
                let jumps: Vec<Span> = open
                    .iter()
                    .filter(|b| events.blocks[**b].successors.len() == 1)
                    .map(|b| body.blocks[crate::syntax::BlockId::new(*b)].end_span)
                    .filter(|jump| jump.end > jump.start)
                    .collect();
                return if jumps.is_empty() || closed.is_empty() && jumps.len() != open.len() {
                    vec![span]
                } else {
                    jumps
                };
            }
            if events.blocks[open[0]].successors.len() != 1 {
                return vec![span];
            }
            at = open[0];
        }
        vec![span]
    }

    /// Ways back to the head of a loop with the obligation open, for an owner that each iteration makes anew.
    #[expect(clippy::too_many_arguments, reason = "one step of `conclude`, split off for reading")]
    fn iteration_skips(
        &self,
        func: FuncId,
        file: FileId,
        events: &FuncEvents,
        index: usize,
        item: &Item,
        outs: &[Option<State>],
        discharged: &Discharged,
    ) -> Vec<Skip> {
        let program = self.cx.program;
        let Some(body) = &program.function(func).body else { return Vec::new() };
        let Some(scope) = program.facts(file).locals[item.holder].loop_scope else { return Vec::new() };
        let mut skips = Vec::new();
        for around in body.loops.iter().filter(|l| scope.span == l.span && l.span.contains(item.span)) {
            let head = around.head.index();
            for (at, out) in outs.iter().enumerate() {
                let Some(state) = out else { continue };
                let inside = around.span.contains(body.blocks[crate::syntax::BlockId::new(at)].end_span);
                if !inside || !events.blocks[at].successors.contains(&head) || at == head {
                    continue;
                }
                let mut skipped = state.open[index].clone();
                skipped.intersect_with(&discharged.spawns);
                let calls = discharged.calls.iter().copied();
                let deliberate: Vec<ExprId> = calls.filter(|call| self.is_deliberate(func, *call, &skipped)).collect();
                let evidence = !deliberate.is_empty() || !discharged.waits.is_empty();
                if !skipped.is_clear() && evidence {
                    skips.push(Skip {
                        func,
                        holder: item.holder,
                        opened_by: item.opened_by,
                        spawns: skipped,
                        exit: Exit::End,
                        span: body.blocks[crate::syntax::BlockId::new(at)].end_span,
                        discharged_by: deliberate,
                        waited_at: discharged.waits.clone(),
                        iteration: true,
                    });
                }
            }
        }
        skips
    }

    /// Whether the values returned at the end of block `at` contain the variable.
    fn returned(&self, func: FuncId, file: FileId, at: usize, local: LocalId) -> bool {
        let Some(body) = &self.cx.program.function(func).body else { return false };
        match &body.blocks[crate::syntax::BlockId::new(at)].end {
            Terminator::Return { values } if values.is_empty() => {
                matches!(self.cx.program.facts(file).locals[local].decl, LocalDecl::Result { .. })
            }
            Terminator::Return { values } => values.iter().any(|v| {
                !matches!(self.cx.program.facts(file).exprs[*v], Expr::Call { .. } | Expr::Binary { .. })
                    && mentions(self.cx.program, file, *v).contains(&local)
            }),
            _ => false,
        }
    }
}

fn stored_list(expr: &Expr) -> bool {
    matches!(expr, Expr::Call { .. })
}

/// The spawn sites of a set, in order.
pub fn spawn_ids(set: &FixedBitSet) -> impl Iterator<Item = SpawnId> + '_ {
    set.ones().map(SpawnId::new)
}
