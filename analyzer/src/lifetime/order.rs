//! Order inside one goroutine's body: what it has certainly waited for before a point, and whether a point can come
//! after one of its completion signals.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    domain::{Exit, SignalKind, SyncKey, WaitKind},
    events::{Event, EventKind, FuncEvents},
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
    /// Per block, what was certainly waited for on entry.
    gates: Vec<Option<KeySet>>,
    /// Signals of the function itself: key, kind, point.
    signals: Vec<(SyncKey, SignalKind, Point)>,
    /// Deferred signals of the function: key, kind, point of registration.
    deferred: Vec<(SyncKey, SignalKind, Point)>,
    /// Reachability between blocks (row: from).
    reaches: Vec<fixedbitset::FixedBitSet>,
}

impl Order {
    /// Computes the facts.
    pub fn build(events: &FuncEvents, places: &Places) -> Self {
        let count = events.blocks.len();
        let mut order =
            Self { gates: vec![None; count], signals: Vec::new(), deferred: Vec::new(), reaches: Vec::new() };
        if count == 0 {
            return order;
        }
        order.gates[0] = Some(KeySet::new());
        let mut work = Worklist::of(count, 0);
        while let Some(at) = work.pop() {
            let Some(mut held) = order.gates[at].clone() else { continue };
            for event in &events.blocks[at].events {
                gate(event, places, &mut held);
            }
            for &next in &events.blocks[at].successors {
                let merged: KeySet = match &order.gates[next] {
                    None => held.clone(),
                    Some(old) => old.iter().copied().filter(|k| held.contains(k)).collect(),
                };
                if order.gates[next].as_ref() != Some(&merged) {
                    order.gates[next] = Some(merged);
                    work.push(next);
                }
            }
        }
        for (block, events) in events.blocks.iter().enumerate() {
            for (index, event) in events.events.iter().enumerate() {
                match &event.kind {
                    EventKind::Signal { key, kind } => order.signals.push((*key, *kind, (block, index))),
                    EventKind::Defer { effects, .. } => {
                        order.deferred.extend(effects.iter().filter_map(|effect| match effect {
                            EventKind::Signal { key, kind } => Some((*key, *kind, (block, index))),
                            _ => None,
                        }));
                    }
                    _ => {}
                }
            }
        }
        if !order.signals.is_empty() || !order.deferred.is_empty() {
            order.reaches = (0..count).map(|from| reachable(events, from)).collect();
        }
        order
    }

    /// Adds a signal that a call at the point gives.
    pub(super) fn also_signals(&mut self, events: &FuncEvents, key: SyncKey, kind: SignalKind, point: Point) {
        self.signals.push((key, kind, point));
        if self.reaches.is_empty() {
            self.reaches = (0..events.blocks.len()).map(|from| reachable(events, from)).collect();
        }
    }

    /// Adds what the signals of the function are to somebody who has another name for their keys.
    pub(super) fn also_named(&mut self, events: &FuncEvents, outside: &dyn Fn(SyncKey) -> SyncKey) {
        let renamed = |rows: &[(SyncKey, SignalKind, Point)]| -> Vec<(SyncKey, SignalKind, Point)> {
            let named = rows.iter().map(|&(key, kind, point)| (key, outside(key), kind, point));
            named.filter(|row| row.0 != row.1).map(|(_, key, kind, point)| (key, kind, point)).collect()
        };
        self.deferred.extend(renamed(&self.deferred));
        for (key, kind, point) in renamed(&self.signals) {
            self.also_signals(events, key, kind, point);
        }
    }

    /// What was certainly waited for before the point.
    pub fn gates_at(&self, events: &FuncEvents, places: &Places, (block, index): Point) -> KeySet {
        let Some(Some(held)) = self.gates.get(block) else { return KeySet::new() };
        let mut held = held.clone();
        for event in &events.blocks[block].events[..index] {
            gate(event, places, &mut held);
        }
        held
    }

    /// What was certainly waited for on every way to a return.
    pub fn gates_at_end(&self, events: &FuncEvents, places: &Places) -> KeySet {
        let mut common: Option<KeySet> = None;
        for (at, block) in events.blocks.iter().enumerate() {
            let returns = matches!(block.left, Some(Exit::Return | Exit::End));
            if !returns || self.gates.get(at).is_none_or(Option::is_none) {
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
                && ((b == block && i < index) || self.reaches.get(b).is_some_and(|row| row.contains(block)))
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
                    && ((b == block && i > index) || self.reaches.get(block).is_some_and(|row| row.contains(b)))
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

/// Blocks that can come after `from` (itself only through a cycle).
pub fn reachable(events: &FuncEvents, from: usize) -> fixedbitset::FixedBitSet {
    reachable_without(events, from, usize::MAX)
}

/// Blocks that can come after `from` on ways that do not go through `avoided`.
pub fn reachable_without(events: &FuncEvents, from: usize, avoided: usize) -> fixedbitset::FixedBitSet {
    let mut seen = fixedbitset::FixedBitSet::with_capacity(events.blocks.len());
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
    Some(Order::build(events, places).gates_at(events, places, point))
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
