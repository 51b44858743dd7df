//! Order inside one goroutine's body: what it has certainly waited for before a point, and whether a point can come
//! after one of its completion signals.

use fixedbitset::FixedBitSet;
use petgraph::{algo::kosaraju_scc, graph::DiGraph};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    domain::{Exit, SignalKind, SyncKey, WaitKind},
    events::{BlockEvents, Event, EventKind, FuncEvents},
    place::Places,
};
use crate::base::{Span, Worklist};

/// A point of a function: block and event.
pub type Point = (usize, usize);

/// Keys waited for, sorted.
pub type KeySet = SmallVec<[SyncKey; 2]>;

/// Order facts of one function.
#[derive(Debug, Default)]
pub struct Order {
    gates: Gates,
    /// Signals of the function itself: key, kind, point.
    signals: Vec<(SyncKey, SignalKind, Point)>,
    /// Deferred signals of the function: key, kind, point of registration.
    deferred: Vec<(SyncKey, SignalKind, Point)>,
    /// Blocks that can come after one with a signal.
    behind: FxHashMap<usize, FixedBitSet>,
    /// Blocks that can come before one where a signal is deferred.
    ahead: FxHashMap<usize, FixedBitSet>,
}

/// Per block, what was certainly waited for on entry; `None` where no way leads.
#[derive(Debug, Default)]
struct Gates(Vec<Option<KeySet>>);

impl Gates {
    fn build(events: &FuncEvents, places: &Places) -> Self {
        let count = events.blocks.len();
        let mut gates = vec![None; count];
        let Some(first) = gates.first_mut() else { return Self(gates) };
        *first = Some(KeySet::new());
        let mut work = Worklist::of(count, 0);
        while let Some(at) = work.pop() {
            let Some(mut held) = gates[at].clone() else { continue };
            for event in &events.blocks[at].events {
                gate(event, places, &mut held);
            }
            for &next in &events.blocks[at].successors {
                let merged: KeySet = match &gates[next] {
                    None => held.clone(),
                    Some(old) => old.iter().copied().filter(|k| held.contains(k)).collect(),
                };
                if gates[next].as_ref() != Some(&merged) {
                    gates[next] = Some(merged);
                    work.push(next);
                }
            }
        }
        Self(gates)
    }

    fn at(&self, events: &FuncEvents, places: &Places, (block, index): Point) -> KeySet {
        let Some(Some(held)) = self.0.get(block) else { return KeySet::new() };
        let mut held = held.clone();
        for event in &events.blocks[block].events[..index] {
            gate(event, places, &mut held);
        }
        held
    }
}

impl Order {
    /// Computes the facts.
    pub fn build(events: &FuncEvents, places: &Places) -> Self {
        let mut order = Self { gates: Gates::build(events, places), ..Self::default() };
        for (point, event) in all_events(events) {
            match &event.kind {
                EventKind::Signal { key, kind } => order.also_signals(events, *key, *kind, point),
                EventKind::Defer { effects, .. } => {
                    for effect in effects {
                        if let EventKind::Signal { key, kind } = effect {
                            order.deferred.push((*key, *kind, point));
                            order.ahead.entry(point.0).or_insert_with(|| leading_to(events, std::iter::once(point.0)));
                        }
                    }
                }
                _ => {}
            }
        }
        order
    }

    /// Adds a signal that a call at the point gives.
    pub(super) fn also_signals(&mut self, events: &FuncEvents, key: SyncKey, kind: SignalKind, point: Point) {
        self.signals.push((key, kind, point));
        self.behind.entry(point.0).or_insert_with(|| reachable(events, point.0));
    }

    /// Adds what the signals of the function are to somebody who has another name for their keys.
    pub(super) fn also_named(&mut self, outside: &dyn Fn(SyncKey) -> SyncKey) {
        for rows in [&mut self.signals, &mut self.deferred] {
            let named: Vec<_> = rows.iter().map(|&(key, kind, point)| (key, outside(key), kind, point)).collect();
            rows.extend(named.into_iter().filter(|row| row.0 != row.1).map(|(_, key, kind, point)| (key, kind, point)));
        }
    }

    /// What was certainly waited for before the point.
    pub fn gates_at(&self, events: &FuncEvents, places: &Places, point: Point) -> KeySet {
        self.gates.at(events, places, point)
    }

    /// What was certainly waited for on every way to a return.
    pub fn gates_at_end(&self, events: &FuncEvents, places: &Places) -> KeySet {
        let mut common: Option<KeySet> = None;
        for (at, block) in events.blocks.iter().enumerate() {
            let returns = matches!(block.left, Some(Exit::Return | Exit::End));
            if !returns || self.gates.0.get(at).is_none_or(Option::is_none) {
                continue;
            }
            let held = self.gates_at(events, places, (at, block.events.len()));
            match &mut common {
                None => common = Some(held),
                Some(known) => known.retain(|key| held.contains(key)),
            }
        }
        common.unwrap_or_default()
    }

    /// Whether the point can come after a (not deferred) signal on `key` that ends a wait of that kind.
    pub fn may_follow_signal(&self, (block, index): Point, key: SyncKey, how: WaitKind) -> bool {
        self.signals.iter().any(|&(k, kind, (b, i))| {
            k == key
                && kind.ends(how)
                && ((b == block && i < index) || self.behind.get(&b).is_some_and(|row| row.contains(block)))
        })
    }

    /// Whether something that happens at the point (with `deferred`: that is registered there for the end) can come
    /// after a signal on `key` that ends a wait of that kind, deferred ones included: they run in reverse order of
    /// registration.
    pub fn may_follow(&self, point: Point, deferred: bool, key: SyncKey, how: WaitKind) -> bool {
        if !deferred {
            return self.may_follow_signal(point, key, how);
        }
        let (block, index) = point;
        self.signals.iter().any(|row| row.0 == key && row.1.ends(how))
            || self.deferred.iter().any(|&(k, kind, (b, i))| {
                k == key
                    && kind.ends(how)
                    && ((b == block && i > index) || self.ahead.get(&b).is_some_and(|row| row.contains(block)))
            })
    }

    /// Whether the function itself gives a signal on `key`, deferred or not.
    pub fn signals(&self, key: SyncKey) -> bool {
        self.signals_itself(key) || self.deferred.iter().any(|row| row.0 == key)
    }

    /// Whether the function itself gives a (not deferred) signal on `key`.
    pub fn signals_itself(&self, key: SyncKey) -> bool {
        self.signals.iter().any(|row| row.0 == key)
    }
}

/// A wait is a gate; so is a send on a channel without a buffer, which ends only when somebody receives.
fn gate(event: &Event, places: &Places, held: &mut KeySet) {
    let key = match event.kind {
        EventKind::Wait { key, .. } => key,
        EventKind::Signal { key, kind: SignalKind::Send } if places.is_unbuffered(key) => key,
        _ => return,
    };
    if let Err(at) = held.binary_search(&key) {
        held.insert(at, key);
    }
}

/// Per block, those that control may come from.
fn predecessors(events: &FuncEvents) -> Vec<SmallVec<[usize; 2]>> {
    let mut before: Vec<SmallVec<[usize; 2]>> = vec![SmallVec::new(); events.blocks.len()];
    for (at, block) in events.blocks.iter().enumerate() {
        block.successors.iter().for_each(|&next| before[next].push(at));
    }
    before
}

/// Blocks from which the function can be left.
pub(super) fn leading_out(events: &FuncEvents) -> FixedBitSet {
    let exits = events.blocks.iter().enumerate().filter(|(_, block)| block.exit().is_some()).map(|(at, _)| at);
    let mut out: FixedBitSet = exits.collect();
    out.grow(events.blocks.len());
    out.union_with(&leading_to(events, out.ones()));
    out
}

/// Blocks that can come before one of `ends` (itself only through a cycle).
fn leading_to(events: &FuncEvents, ends: impl Iterator<Item = usize>) -> FixedBitSet {
    let count = events.blocks.len();
    let mut seen = FixedBitSet::with_capacity(count);
    let mut work: Vec<usize> = ends.collect();
    let before = predecessors(events);
    while let Some(at) = work.pop() {
        for &earlier in &before[at] {
            if !seen.put(earlier) {
                work.push(earlier);
            }
        }
    }
    seen
}

/// The circle of each block: control can get from each block of one to each other. `None` for blocks it does not come back to.
pub(super) fn circles(events: &FuncEvents) -> Vec<Option<usize>> {
    let mut graph: DiGraph<(), (), usize> = DiGraph::default();
    events.blocks.iter().for_each(|_| _ = graph.add_node(()));
    for (at, block) in events.blocks.iter().enumerate() {
        graph.extend_with_edges(block.successors.iter().map(|&to| (at, to)));
    }
    let mut of = vec![None; events.blocks.len()];
    // Kosaraju's: petgraph's Tarjan recurses, and a function may be as long as the program.
    for (number, component) in kosaraju_scc(&graph).into_iter().enumerate() {
        let alone = component.len() == 1 && !graph.contains_edge(component[0], component[0]);
        component.iter().filter(|_| !alone).for_each(|block| of[block.index()] = Some(number));
    }
    of
}

/// Whether control can go round for ever in the blocks of the set.
pub(super) fn has_cycle(events: &FuncEvents, within: &FixedBitSet) -> bool {
    // What leads nowhere inside of the set is on no cycle; what is left in the end is.
    let mut left = within.clone();
    let before = predecessors(events);
    let steps = |block: &BlockEvents| block.successors.iter().filter(|next| within.contains(**next)).count();
    let mut leads: Vec<usize> = events.blocks.iter().map(steps).collect();
    let mut ends: Vec<usize> = within.ones().filter(|at| leads[*at] == 0).collect();
    while let Some(at) = ends.pop() {
        left.set(at, false);
        for &earlier in before[at].iter().filter(|earlier| within.contains(**earlier)) {
            leads[earlier] -= 1;
            if leads[earlier] == 0 {
                ends.push(earlier);
            }
        }
    }
    !left.is_clear()
}

/// Blocks that can come after `from` (itself only through a cycle).
pub fn reachable(events: &FuncEvents, from: usize) -> FixedBitSet {
    reachable_without(events, from, usize::MAX)
}

/// Blocks that can come after `from` on ways that do not go through `avoided`.
pub fn reachable_without(events: &FuncEvents, from: usize, avoided: usize) -> FixedBitSet {
    let mut seen = FixedBitSet::with_capacity(events.blocks.len());
    let mut work: Vec<usize> = events.blocks[from].successors.to_vec();
    while let Some(at) = work.pop() {
        if at != avoided && !seen.contains(at) {
            seen.insert(at);
            work.extend(events.blocks[at].successors.iter().copied());
        }
    }
    seen
}

/// Whether control gets from one point to another, or with none to a way out, without an event that `stops` it.
pub(super) fn gets_to(events: &FuncEvents, from: Point, to: Option<Point>, stops: &dyn Fn(&Event) -> bool) -> bool {
    comes_to(events, (from.0, from.1 + 1), to, stops)
}

/// The same, with what stands at the first point.
pub(super) fn comes_to(events: &FuncEvents, first: Point, to: Option<Point>, stops: &dyn Fn(&Event) -> bool) -> bool {
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![first];
    while let Some((at, first)) = work.pop() {
        let row = &events.blocks[at];
        let reaches = to.is_some_and(|to| to.0 == at && to.1 >= first);
        let end = to.filter(|_| reaches).map_or(row.events.len(), |to| to.1);
        if row.events[first..end].iter().any(stops) {
            continue;
        }
        if reaches || to.is_none() && row.left.is_some() {
            return true;
        }
        for &next in &row.successors {
            if !std::mem::replace(&mut seen[next], true) {
                work.push((next, 0));
            }
        }
    }
    false
}

/// Whether the point registers a call for the end of the function.
pub(super) fn is_deferred(events: &FuncEvents, (block, index): Point) -> bool {
    matches!(events.blocks[block].events[index].kind, EventKind::Defer { .. })
}

/// The point of the first event at a place; whoever asks for many takes [`points`].
pub fn point_of(events: &FuncEvents, span: Span) -> Option<Point> {
    events.blocks.iter().enumerate().find_map(|(block, row)| {
        let index = row.events.iter().position(|event| event.span == span)?;
        Some((block, index))
    })
}

/// What a function has certainly waited for before the first event at a place; `None` if there is none.
pub(super) fn gates_before(events: &FuncEvents, places: &Places, span: Span) -> Option<KeySet> {
    let point = point_of(events, span)?;
    // Most functions wait for nothing.
    let mut any = KeySet::new();
    all_events(events).for_each(|(_, event)| gate(event, places, &mut any));
    Some(if any.is_empty() { any } else { Gates::build(events, places).at(events, places, point) })
}

/// Points of a function's events by place, to find the event that an access or call on a path stands for.
pub fn points(events: &FuncEvents) -> FxHashMap<Span, Point> {
    let mut out = FxHashMap::default();
    for (block, row) in events.blocks.iter().enumerate() {
        for (index, event) in row.events.iter().enumerate() {
            out.entry(event.span).or_insert((block, index));
        }
    }
    out
}

/// The events of a function with their points.
pub(super) fn all_events(events: &FuncEvents) -> impl Iterator<Item = (Point, &Event)> {
    events
        .blocks
        .iter()
        .enumerate()
        .flat_map(|(block, row)| row.events.iter().enumerate().map(move |(index, event)| ((block, index), event)))
}
