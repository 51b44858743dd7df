//! Who waits for what: for every function the keys it may wait for, and those it certainly waits for.
//!
//! Only keys that some goroutine signals at its end are counted. A wait on a parameter (`func drain(c chan T)`) is
//! translated to the caller's key at each call.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    calls::{CallRef, Calls},
    domain::{Location, Signal, SignalKind, SyncKey, WaitKind},
    domain_local::{self, Given},
    endings::waits_for_end,
    events::{Event, EventKind, FuncEvents},
    handed::Use,
    levels::Levels,
    models::{Effect, Operand},
    order::{Order, gates_before},
    spawns::{Context, Spawns, passes_always},
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span},
    resolve::{Callee, FuncId, Meaning, Program},
    syntax::{Expr, ExprId, Instr, InstrKind, Source, Terminator},
};

/// Rounds over one strongly connected component. Sets only grow, and what matters is found in the first two; the
/// bound keeps a component of thousands of functions from dominating a run.
const MAX_ROUNDS: u32 = 6;

/// Joins of all functions.
#[derive(Debug)]
pub struct Joins {
    index: FxHashMap<SyncKey, usize>,
    keys: Vec<SyncKey>,
    /// `None` for the many functions that wait for nothing.
    may: IndexVec<FuncId, Option<Box<FixedBitSet>>>,
    must: IndexVec<FuncId, Option<Box<FixedBitSet>>>,
    empty: FixedBitSet,
    /// Functions that may start goroutines, themselves or in what they call.
    spawns: FixedBitSet,
    /// Functions that themselves wait for something or start goroutines: most do neither, and what those call decides.
    concerned: FixedBitSet,
    /// Functions that may wait for a key or for what they are given.
    waiting: FixedBitSet,
    /// Parameters waited for, by function.
    params: FxHashMap<FuncId, Vec<Waited>>,
    /// Where a key is waited for.
    sites: FxHashMap<SyncKey, Vec<WaitSite>>,
    /// Channels that carry values and are closed at the end: one receive from such a channel ends nothing.
    carriers: FxHashSet<SyncKey>,
    /// Keys that a goroutine certainly waits for before it signals another: whoever sees the signal has waited for them.
    implied: FxHashMap<SyncKey, Vec<SyncKey>>,
}

/// What one function waits for.
struct Summary {
    may: FixedBitSet,
    must: FixedBitSet,
    may_spawn: bool,
    /// Parameters waited for.
    params: Vec<Waited>,
}

/// A parameter that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waited {
    given: Given,
    /// Whether a goroutine waits, and the function for the goroutine no longer than it likes.
    gives_up: bool,
}

/// A call of something that starts goroutines or waits.
struct CallOfOne {
    call: ExprId,
    spawns: bool,
    /// Keys that it may wait for, and those it certainly waits for.
    waits: Option<(FixedBitSet, FixedBitSet)>,
}

/// A wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitSite {
    /// Function.
    pub func: FuncId,
    /// Where.
    pub span: Span,
    /// How.
    pub how: WaitKind,
    /// Whether it is one arm of several in a `select`.
    pub gives_up: bool,
}

impl Joins {
    /// Computes all sets, bottom-up over the strongly connected components of the call graph.
    pub fn build(cx: Context<'_>, spawns: &Spawns, calls: &Calls, levels: &Levels) -> Self {
        let mut index = FxHashMap::default();
        let mut keys = Vec::new();
        let signals = spawns.sites.iter().flat_map(|site| &site.signals);
        for key in signals.clone().filter(|signal| signal.ends_body()).map(|signal| signal.key) {
            index.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len() - 1
            });
        }
        let count = cx.program.funcs().len();
        let none: IndexVec<FuncId, Option<Box<FixedBitSet>>> = IndexVec::filled(None, count);
        let mut joins = Self {
            empty: FixedBitSet::with_capacity(keys.len()),
            index,
            keys,
            may: none.clone(),
            must: none,
            spawns: FixedBitSet::with_capacity(count),
            concerned: concerned(cx),
            waiting: FixedBitSet::with_capacity(count),
            params: FxHashMap::default(),
            sites: FxHashMap::default(),
            carriers: FxHashSet::default(),
            implied: implied_keys(cx, spawns),
        };
        joins.collect_carriers(cx, spawns);
        joins.collect_sites(cx);
        for level in levels.iter() {
            let found: Vec<Option<Summary>> =
                level.single.par_iter().few_at_once().map(|&func| joins.summary(cx, calls, levels, func)).collect();
            for (&func, summary) in level.single.iter().zip(found) {
                joins.keep(func, summary);
            }
            for &component in &level.several {
                let summarise = |joins: &Self, func| joins.summary(cx, calls, levels, func);
                levels.settle(component, MAX_ROUNDS, &mut joins, summarise, Self::keep);
            }
        }
        joins
    }

    /// Number of a key, if some goroutine signals it.
    pub fn index_of(&self, key: SyncKey) -> Option<usize> {
        self.index.get(&key).copied()
    }

    /// All keys by number.
    pub fn keys(&self) -> &[SyncKey] {
        &self.keys
    }

    /// Keys `func` may wait for, itself or in what it calls.
    pub fn may(&self, func: FuncId) -> &FixedBitSet {
        self.may[func].as_deref().unwrap_or(&self.empty)
    }

    /// Whether `func` may wait for any key at all, or for what it is given.
    pub fn may_wait(&self, func: FuncId) -> bool {
        self.waiting.contains(func.index())
    }

    /// Whether a call may wait for anything at all.
    pub fn call_may_wait(&self, row: &CallRef) -> bool {
        row.targets.iter().chain(row.handed.iter().map(|h| &h.func)).any(|&target| self.may_wait(target))
    }

    /// Keys `func` waits for on every way to a return.
    pub fn must(&self, func: FuncId) -> &FixedBitSet {
        self.must[func].as_deref().unwrap_or(&self.empty)
    }

    /// Where `key` is waited for, in order of functions.
    pub fn waits(&self, key: SyncKey) -> &[WaitSite] {
        self.sites.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Where `func` itself waits for `key`. Some keys have thousands of waits, so those of one function are looked up.
    pub fn waits_in(&self, key: SyncKey, func: FuncId) -> &[WaitSite] {
        let all = self.waits(key);
        let from = all.partition_point(|site| site.func < func);
        let of_it = all[from..].partition_point(|site| site.func == func);
        &all[from..from + of_it]
    }

    /// Numbers of the keys whose goroutines are over when a wait of that kind for `key` returns.
    pub fn ended_by(&self, key: SyncKey, how: WaitKind) -> impl Iterator<Item = usize> + '_ {
        let own = self.counts(key, how).then_some(key);
        let implied = self.implied.get(&key).map_or(&[][..], Vec::as_slice);
        own.into_iter().chain(implied.iter().copied()).filter_map(|key| self.index_of(key))
    }

    /// Keys that whoever sees the end that `key` stands for has waited for, too.
    pub fn implied_by(&self, key: SyncKey, how: WaitKind) -> &[SyncKey] {
        if self.counts(key, how) { self.implied.get(&key).map_or(&[], Vec::as_slice) } else { &[] }
    }

    /// A wait for `key` in `func`, counted as a join or not.
    pub fn any_wait(&self, cx: Context<'_>, key: SyncKey, func: FuncId) -> Option<WaitSite> {
        let mut found = None;
        for event in cx.events.of(func).blocks.iter().flat_map(|block| &block.events) {
            for_each_wait(&event.kind, &mut |k, how| {
                if k == key && found.is_none() {
                    found = Some(WaitSite { func, span: event.span, how, gives_up: false });
                }
            });
        }
        found.or_else(|| self.waits(key).first().copied())
    }

    /// Whether a wait of that kind ends with the goroutine that signals `key`.
    pub fn counts(&self, key: SyncKey, how: WaitKind) -> bool {
        match how {
            WaitKind::Group | WaitKind::Range => true,
            WaitKind::Receive => !self.carriers.contains(&key),
        }
    }

    fn collect_carriers(&mut self, cx: Context<'_>, spawns: &Spawns) {
        // Who has made the channel, and closes it when it is left, has received before that.
        let by_its_maker = |signal: &Signal| {
            let Location::Local(file, local) = signal.key else { return false };
            signal.deferred && cx.program.declaring(file, local) == Some(signal.site.0)
        };
        let signals = spawns.sites.iter().flat_map(|site| &site.signals);
        let closed = signals.filter(|s| s.kind == SignalKind::Close && !by_its_maker(s));
        let closed: FxHashSet<SyncKey> = closed.map(|s| s.key).collect();
        let sent = cx.program.funcs().par_ids().flat_map_iter(|func| {
            let events = cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
            events.filter_map(|event| match event.kind {
                EventKind::Signal { key, kind: SignalKind::Send } => Some(key),
                _ => None,
            })
        });
        self.carriers.extend(sent.filter(|key| closed.contains(key)).collect::<Vec<SyncKey>>());
    }

    fn collect_sites(&mut self, cx: Context<'_>) {
        let waits = cx.program.funcs().par_ids().flat_map_iter(|func| {
            let mut waits: Vec<(SyncKey, WaitSite)> = Vec::new();
            for event in cx.events.of(func).blocks.iter().flat_map(|block| &block.events) {
                for_each_wait(&event.kind, &mut |key, how| {
                    if self.counts(key, how) {
                        let gives_up = how == WaitKind::Receive && gives_up(cx.program, func, event.span);
                        waits.push((key, WaitSite { func, span: event.span, how, gives_up }));
                    }
                });
            }
            waits
        });
        for (key, site) in waits.collect::<Vec<_>>() {
            self.sites.entry(key).or_default().push(site);
        }
    }

    /// What `func` waits for, by what is known of its callees; `None` where it neither waits nor starts anything.
    fn summary(&self, cx: Context<'_>, calls: &Calls, levels: &Levels, func: FuncId) -> Option<Summary> {
        let calls_one = |&callee: &FuncId| self.may_wait(callee) || self.spawns.contains(callee.index());
        if !self.concerned.contains(func.index()) && !levels.asked(func).iter().any(calls_one) {
            return None;
        }
        let file = cx.program.funcs()[func].file;
        let events = cx.events.of(func);
        let mut params = self.params.get(&func).cloned().unwrap_or_default();
        for row in calls.of(func) {
            let by_value = handed_waits(cx, func, row).into_iter().filter_map(|(key, gives_up)| {
                let SyncKey::Local(_, local) = key else { return None };
                let given = domain_local::given(cx.program, func, file, local)?;
                Some(Waited { given, gives_up: gives_up && !is_asked(cx.program, func, row.call) })
            });
            for waited in self.handed_on(cx, calls, func, row).into_iter().chain(by_value) {
                if !params.contains(&waited) {
                    params.push(waited);
                }
            }
        }
        // Most calls have nothing to do with goroutines.
        let of_one: Vec<CallOfOne> = calls.of(func).iter().filter_map(|row| self.call_of_one(cx, func, row)).collect();
        let mut may = self.may(func).clone();
        let width = self.keys.len();
        // Keys waited for on every way into a block: `None` where no way was seen yet. A way on which nothing happened
        // that has to do with goroutines starts with all keys: `if !s.started { return }` in front of a join is no way
        // around it.
        let mut entry: Vec<Option<(FixedBitSet, bool)>> = vec![None; events.blocks.len()];
        entry[0] = Some((all_keys(width), false));
        let mut may_spawn = self.spawns.contains(func.index());
        let mut at_exits: Option<FixedBitSet> = None;
        let mut work = vec![0];
        let mut visits = 0_usize;
        while let Some(at) = work.pop() {
            visits += 1;
            let Some((mut certain, mut touched)) = entry[at].clone() else { continue };
            for event in &events.blocks[at].events {
                let touches = matches!(
                    event.kind,
                    EventKind::Spawn(_) | EventKind::Wait { .. } | EventKind::Signal { .. } | EventKind::Add { .. }
                );
                may_spawn |= matches!(event.kind, EventKind::Spawn(_));
                if matches!(event.kind, EventKind::NothingStarted) {
                    certain.insert_range(..);
                }
                if touches && !touched {
                    touched = true;
                    certain.clear();
                }
                for_each_wait(&event.kind, &mut |key, how| {
                    for bit in self.ended_by(key, how) {
                        may.insert(bit);
                        certain.insert(bit);
                    }
                    let own = [(key, false)].into_iter();
                    let gives_up = gives_up(cx.program, func, event.span);
                    let implied = self.implied_by(key, how).iter().map(|key| (*key, gives_up));
                    for (key, gives_up) in own.chain(implied) {
                        let SyncKey::Local(_, local) = key else { continue };
                        let Some(given) = domain_local::given(cx.program, func, file, local) else { continue };
                        // Who asks on some way whether the caller's work is to go on does not wait for its end.
                        if cx.events.endings.holds(key) && !waits_for_end(cx, calls, func, key) {
                            continue;
                        }
                        let waited = Waited { given, gives_up };
                        if !params.contains(&waited) {
                            params.push(waited);
                        }
                    }
                });
                let call = match event.kind {
                    EventKind::Call(call) | EventKind::Defer { call, .. } => call,
                    _ => continue,
                };
                let Ok(row) = of_one.binary_search_by_key(&call, |row| row.call) else { continue };
                let CallOfOne { spawns, waits, .. } = &of_one[row];
                may_spawn |= spawns;
                if !touched && (*spawns || waits.as_ref().is_some_and(|(callee_may, _)| !callee_may.is_clear())) {
                    touched = true;
                    certain.clear();
                }
                if let Some((callee_may, callee_must)) = waits {
                    may.union_with(callee_may);
                    certain.union_with(callee_must);
                }
            }
            // A helper that fails the test does not return without its wait.
            if events.blocks[at].events.iter().any(|event| matches!(event.kind, EventKind::Leave { .. })) {
                continue;
            }
            if let Some(super::Exit::Return | super::Exit::End) = events.blocks[at].left {
                let certain = if touched { certain.clone() } else { all_keys(width) };
                match &mut at_exits {
                    Some(known) => known.intersect_with(&certain),
                    None => at_exits = Some(certain),
                }
            }
            for &next in &events.blocks[at].successors {
                let merged = match &entry[next] {
                    None => (certain.clone(), touched),
                    Some((old, old_touched)) => {
                        let mut merged = old.clone();
                        merged.intersect_with(&certain);
                        (merged, *old_touched || touched)
                    }
                };
                if entry[next].as_ref() != Some(&merged) {
                    entry[next] = Some(merged);
                    work.push(next);
                }
            }
            if visits > 64 * events.blocks.len() {
                break;
            }
        }
        let mut must = at_exits.unwrap_or_else(|| FixedBitSet::with_capacity(width));
        // What is never waited for was never touched.
        must.intersect_with(&may);
        Some(Summary { may, must, may_spawn, params })
    }

    /// What a call does with goroutines, as far as is known; `None` if nothing.
    fn call_of_one(&self, cx: Context<'_>, func: FuncId, row: &CallRef) -> Option<CallOfOne> {
        let mut targets = row.targets.iter().chain(row.handed.iter().map(|h| &h.func));
        let spawns = targets.any(|target| self.spawns.contains(target.index()));
        let waits = self.call_may_wait(row).then(|| self.of_call(cx, func, row));
        (spawns || waits.is_some()).then_some(CallOfOne { call: row.call, spawns, waits })
    }

    /// Notes a summary; whether it says anything new.
    fn keep(&mut self, func: FuncId, summary: Option<Summary>) -> bool {
        let Some(Summary { may, must, may_spawn, params }) = summary else { return false };
        let changed =
            may != *self.may(func) || must != *self.must(func) || may_spawn != self.spawns.contains(func.index());
        self.spawns.set(func.index(), may_spawn);
        self.waiting.set(func.index(), !may.is_clear() || !params.is_empty() || self.params.contains_key(&func));
        let some = |keys: FixedBitSet| (!keys.is_clear()).then(|| Box::new(keys));
        self.may[func] = some(may);
        self.must[func] = some(must);
        if !params.is_empty() {
            let known = self.params.entry(func).or_default();
            if *known != params {
                *known = params;
                return true;
            }
        }
        changed
    }

    /// Keys that a call may wait for and certainly waits for.
    ///
    /// With several possible callees a key counts as certain when one callee certainly waits for it: the key is a
    /// field of one type, and the object that holds the obligation dispatches to that type's method.
    pub fn of_call(&self, cx: Context<'_>, func: FuncId, row: &CallRef) -> (FixedBitSet, FixedBitSet) {
        let mut may = FixedBitSet::with_capacity(self.keys.len());
        let mut must = may.clone();
        for &target in row.targets.iter().chain(row.handed.iter().map(|h| &h.func)) {
            may.union_with(self.may(target));
            must.union_with(self.must(target));
            if let Some(params) = self.params.get(&target) {
                for waited in params {
                    let sure = !waited.gives_up || is_asked(cx.program, func, row.call);
                    for bit in self.bits_of_arguments(cx, func, row.call, waited.given) {
                        may.insert(bit);
                        must.set(bit, sure || must.contains(bit));
                    }
                }
            }
        }
        for (key, gives_up) in handed_waits(cx, func, row) {
            let sure = !gives_up || is_asked(cx.program, func, row.call);
            if let Some(bit) = self.index_of(key) {
                may.insert(bit);
                must.set(bit, sure || must.contains(bit));
            }
        }
        (may, must)
    }

    /// Parameters of `func` that a call gives a function which waits for them.
    fn handed_on(&self, cx: Context<'_>, calls: &Calls, func: FuncId, row: &CallRef) -> SmallVec<[Waited; 1]> {
        let mut out = SmallVec::new();
        let file = cx.program.funcs()[func].file;
        for waited in row.targets.iter().filter_map(|target| self.params.get(target)).flatten() {
            let Some(args) = cx.program.facts(file).exprs.args(row.call) else { continue };
            for &arg in waited.given.arguments(args) {
                let Some(key) = cx.places.key(cx.program, cx.graph, file, arg) else { continue };
                let SyncKey::Local(_, local) = key else { continue };
                if cx.events.endings.holds(key) && !waits_for_end(cx, calls, func, key) {
                    continue;
                }
                let Some(given) = domain_local::given(cx.program, func, file, local) else { continue };
                let gives_up = waited.gives_up && !is_asked(cx.program, func, row.call);
                out.push(Waited { given, gives_up });
            }
        }
        out
    }

    /// Numbers of the keys that a call in `func` gives its callee as those arguments.
    pub fn bits_of_arguments(&self, cx: Context<'_>, func: FuncId, call: ExprId, given: Given) -> SmallVec<[usize; 2]> {
        let file = cx.program.funcs()[func].file;
        let Some(args) = cx.program.facts(file).exprs.args(call) else { return SmallVec::new() };
        let keys = given.arguments(args).iter().filter_map(|&arg| cx.places.key(cx.program, cx.graph, file, arg));
        keys.filter_map(|key| self.index_of(key)).collect()
    }
}

/// Functions that themselves wait for something or start goroutines.
fn concerned(cx: Context<'_>) -> FixedBitSet {
    let of_event = |event: &Event| {
        let mut waits = false;
        for_each_wait(&event.kind, &mut |_, _| waits = true);
        waits || matches!(event.kind, EventKind::Spawn(_))
    };
    let concerned = |func: &FuncId| cx.events.of(*func).blocks.iter().flat_map(|block| &block.events).any(of_event);
    let mut set = FixedBitSet::with_capacity(cx.program.funcs().len());
    set.extend(cx.program.funcs().par_ids().filter(concerned).map(Idx::index).collect::<Vec<usize>>());
    set
}

/// `go func() { wg.Wait(); close(done) }()`: who receives from `done` has waited for `wg`.
fn implied_keys(cx: Context<'_>, spawns: &Spawns) -> FxHashMap<SyncKey, Vec<SyncKey>> {
    let mut implied: FxHashMap<SyncKey, Vec<SyncKey>> = FxHashMap::default();
    for site in spawns.sites.iter() {
        for &body in &site.bodies {
            let events = cx.events.of(body);
            let order = Order::build(events, cx.places);
            for (block, row) in events.blocks.iter().enumerate() {
                for (index, event) in row.events.iter().enumerate() {
                    let EventKind::Signal { key, kind: SignalKind::Close | SignalKind::Send } = event.kind else {
                        continue;
                    };
                    let gates = order.gates_at(events, cx.places, (block, index));
                    implied.entry(key).or_default().extend(gates.into_iter().filter(|gate| *gate != key));
                }
            }
            // A signal that comes with the end of the body has everything before it that all ways to the end wait for.
            let at_end = order.gates_at_end(events, cx.places);
            let ends = site.signals.iter().filter(|s| s.certain && (s.kind == SignalKind::Group || s.site.0 == body));
            for signal in ends.filter(|s| s.deferred || s.kind == SignalKind::Done && s.last) {
                let gates = at_end.iter().copied().filter(|gate| *gate != signal.key);
                let deferred = waited_when_left(events, signal);
                implied.entry(signal.key).or_default().extend(gates.chain(deferred));
            }
            // `defer func() { inner.Wait(); outer.Done() }()`
            let below = |s: &&Signal| s.certain && cx.program.funcs()[s.site.0].parent == Some(body);
            for signal in site.signals.iter().filter(below) {
                let events = cx.events.of(signal.site.0);
                let Some(gates) = gates_before(events, cx.places, signal.site.1) else { continue };
                implied.entry(signal.key).or_default().extend(gates.into_iter().filter(|gate| *gate != signal.key));
            }
        }
    }
    implied
}

/// What is waited for by a method that is handed over as a value, `waitFor(wg.Wait, time.Second)`: by the callee, or by a
/// goroutine of it whose end it hears of, unless it gives up.
fn handed_waits(cx: Context<'_>, func: FuncId, row: &CallRef) -> SmallVec<[(SyncKey, bool); 1]> {
    let mut out = SmallVec::new();
    let file = cx.program.funcs()[func].file;
    let facts = cx.program.facts(file);
    let Some(args) = facts.exprs.args(row.call) else { return out };
    for (arg, at) in args.iter().zip(0_u32..) {
        let Expr::Select { base, name } = &facts.exprs[*arg] else { continue };
        if !cx.models.waits(name.as_str()) {
            continue;
        }
        let Meaning::Method(callee) = cx.program.meaning(file, *arg) else { continue };
        let method = match *callee {
            Callee::External { key, .. } => key,
            Callee::Func { func, .. } => cx.program.funcs()[func].key,
            _ => continue,
        };
        if !cx.models.effects(method).contains(&Effect::Wait(Operand::Receiver)) {
            continue;
        }
        let gives_up = match cx.handed.use_at(cx.program, cx.graph, cx.models, file, row.call, at) {
            Some(Use::Runs) => false,
            Some(Use::Spawns { inside: Some(inside) }) if hears_of(cx, &row.targets, inside) => true,
            _ => continue,
        };
        out.extend(cx.places.key(cx.program, cx.graph, file, *base).map(|key| (key, gives_up)));
    }
    out
}

/// Whether a function waits for what a goroutine of it signals when it is over.
fn hears_of(cx: Context<'_>, starters: &[FuncId], inside: FuncId) -> bool {
    let [starter] = *starters else { return false };
    let signals = cx.signals(inside, 1, &mut FxHashSet::default());
    let mut events = cx.events.of(starter).blocks.iter().flat_map(|block| &block.events);
    events.any(|event| match event.kind {
        EventKind::Wait { key, .. } => signals.iter().any(|signal| signal.key == key && signal.ends_body()),
        _ => false,
    })
}

/// What a function waits for when it is left, before it gives a deferred signal: what was registered last comes first.
fn waited_when_left(events: &FuncEvents, signal: &Signal) -> Vec<SyncKey> {
    let mut out = Vec::new();
    for (block, row) in events.blocks.iter().enumerate() {
        for event in row.events.iter().filter(|event| event.span.start > signal.site.1.start) {
            let EventKind::Defer { effects, test_end: false, .. } = &event.kind else { continue };
            let waits = effects.iter().filter_map(|effect| match effect {
                EventKind::Wait { key, .. } if *key != signal.key => Some(*key),
                _ => None,
            });
            if signal.deferred && passes_always(events, block) {
                out.extend(waits);
            }
        }
    }
    out
}

/// Whether a wait is one arm of several in a `select`: whoever asks there whether the other side is still alive does not
/// wait for its end.
pub fn gives_up(program: &Program, func: FuncId, span: Span) -> bool {
    let Some(body) = &program.function(func).body else { return false };
    body.blocks.iter().any(|block| match &block.end {
        Terminator::Select { arms } => arms.len() > 1 && arms.iter().any(|arm| arm.span == span),
        _ => false,
    })
}

/// Whether anything is done with what a call gives back. Who waits until a time is over, and asks whether it was, does not
/// go on as if nothing were.
fn is_asked(program: &Program, func: FuncId, call: ExprId) -> bool {
    let facts = program.facts(program.funcs()[func].file);
    let Some(body) = &program.function(func).body else { return false };
    let span = facts.exprs.span(call);
    let uses = |expr: ExprId| expr == call || facts.exprs.span(expr).contains(span);
    let by_instr = |instr: &Instr| match instr.kind {
        InstrKind::Define { source: Source::Value(value), .. }
        | InstrKind::Write { source: Source::Value(value), .. } => uses(value.expr),
        InstrKind::Call(other) => other != call && uses(other),
        _ => false,
    };
    body.blocks.iter().any(|block| {
        body.instrs_of(block).iter().any(by_instr)
            || match &block.end {
                Terminator::If { condition, .. } => uses(*condition),
                Terminator::Return { values } => values.iter().any(|value| uses(*value)),
                _ => false,
            }
    })
}

fn all_keys(width: usize) -> FixedBitSet {
    let mut all = FixedBitSet::with_capacity(width);
    all.insert_range(..);
    all
}

/// Calls `found` for each wait an event makes, deferred ones included.
pub fn for_each_wait(kind: &EventKind, found: &mut impl FnMut(SyncKey, WaitKind)) {
    match kind {
        EventKind::Wait { key, how } => found(*key, *how),
        EventKind::Defer { effects, .. } => effects.iter().for_each(|effect| for_each_wait(effect, found)),
        _ => {}
    }
}

/// The way from a call to the function that waits for `key`: functions in order, shortest first found.
pub fn path_to_wait(joins: &Joins, calls: &Calls, from: &CallRef, key: SyncKey) -> Vec<FuncId> {
    path_to_wait_within(joins, calls, from, key, u32::MAX)
}

/// As [`path_to_wait`], of at most so many functions; empty when there is none.
pub fn path_to_wait_within(joins: &Joins, calls: &Calls, from: &CallRef, key: SyncKey, most: u32) -> Vec<FuncId> {
    let Some(bit) = joins.index_of(key) else { return Vec::new() };
    let waits_here = |func: FuncId| joins.waits_in(key, func).iter().any(|site| !site.gives_up);
    let mut parents: FxHashMap<FuncId, Option<FuncId>> = FxHashMap::default();
    let mut queue = std::collections::VecDeque::new();
    for &target in from.targets.iter().chain(from.handed.iter().map(|h| &h.func)) {
        if joins.may(target).contains(bit) && parents.insert(target, None).is_none() {
            queue.push_back((target, 1));
        }
    }
    while let Some((func, length)) = queue.pop_front() {
        if waits_here(func) {
            let mut path = vec![func];
            let mut at = func;
            while let Some(Some(parent)) = parents.get(&at) {
                path.push(*parent);
                at = *parent;
            }
            path.reverse();
            return path;
        }
        if length >= most {
            continue;
        }
        for row in calls.of(func) {
            for &target in row.targets.iter().chain(row.handed.iter().map(|h| &h.func)) {
                if joins.may(target).contains(bit) && !parents.contains_key(&target) {
                    parents.insert(target, Some(func));
                    queue.push_back((target, length + 1));
                }
            }
        }
    }
    debug_assert!(bit < joins.keys().len() && from.call.index() < usize::MAX);
    Vec::new()
}
