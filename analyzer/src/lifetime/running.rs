//! What is known, at one point of the spawning function, about its goroutines that may run. The data of
//! [`super::after_spawn`].

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashSet;

use super::{
    after_spawn::Facts,
    domain::{Exit, Location, SpawnId, WaitKind},
    events::{EventKind, FuncEvents},
    order::{Order, Point, is_deferred},
};
use crate::{base::Span, resolve::FuncId, syntax::LocalId};

/// Whether a goroutine has to do with a channel or counter.
pub(super) type Talks<'a> = &'a dyn Fn(Location) -> bool;

/// Calls from a goroutine's body to where it signals or waits.
const MAX_TALK_DEPTH: u32 = 4;

/// What holds at a point of the spawning function.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct State {
    /// Goroutines (by number among the function's spawn sites) that may run.
    pub(super) active: FixedBitSet,
    /// Those whose end was certainly waited for, although they do something after their signal.
    pub(super) ended: FixedBitSet,
    /// Per goroutine, keys of earlier signals certainly received since it started.
    pub(super) received: Vec<Vec<(Location, WaitKind)>>,
    /// Keys the function may have signalled.
    pub(super) signalled: Vec<Location>,
    /// Locations the function may have accessed atomically since the goroutine started: (goroutine, location).
    pub(super) atomics: Vec<(usize, Location)>,
    /// Variables declared anew since the goroutine started: (goroutine, variable).
    pub(super) fresh: Vec<(usize, LocalId)>,
    /// Timers certainly stopped and not set going again.
    pub(super) stopped: Vec<Location>,
    /// Deferred calls registered, by event.
    pub(super) deferred: Vec<Point>,
    /// Goroutines of a loop that are heard one by one in another, by the head of that: whoever leaves it where it ends has
    /// heard all of them.
    pub(super) hearing: Vec<(usize, usize)>,
}

impl State {
    /// One of the goroutines has been heard, in the loop with that head.
    pub(super) fn hears_in(&mut self, head: usize, goroutine: usize) {
        union(&mut self.hearing, &[(head, goroutine)]);
    }

    /// The loop with that head has come to its end.
    pub(super) fn has_heard_all(&mut self, head: usize) {
        let heard = self.hearing.iter().filter(|row| row.0 == head);
        heard.for_each(|row| self.active.remove(row.1));
        self.hearing.retain(|row| row.0 != head);
    }

    pub(super) fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for goroutine in 0..self.received.len() {
            let mine = self.ended.contains(goroutine) || !self.active.contains(goroutine);
            let theirs = other.ended.contains(goroutine) || !other.active.contains(goroutine);
            self.ended.set(goroutine, mine && theirs);
        }
        for goroutine in other.active.ones() {
            if self.active.contains(goroutine) {
                self.received[goroutine].retain(|k| other.received[goroutine].contains(k));
            } else {
                self.received[goroutine].clone_from(&other.received[goroutine]);
                self.fresh.retain(|(g, _)| *g != goroutine);
                self.fresh.extend(other.fresh.iter().filter(|(g, _)| *g == goroutine));
            }
        }
        let kept: Vec<(usize, LocalId)> = self
            .fresh
            .iter()
            .copied()
            .filter(|row| !other.active.contains(row.0) || !before.active.contains(row.0) || other.fresh.contains(row))
            .collect();
        self.fresh = kept;
        self.fresh.sort_unstable();
        self.fresh.dedup();
        // Heard is what was heard on every way on which the goroutine runs.
        self.hearing.retain(|row| other.hearing.contains(row) || !other.active.contains(row.1));
        let theirs: Vec<(usize, usize)> =
            other.hearing.iter().copied().filter(|row| !before.active.contains(row.1)).collect();
        union(&mut self.hearing, &theirs);
        self.active.union_with(&other.active);
        union(&mut self.signalled, &other.signalled);
        union(&mut self.atomics, &other.atomics);
        self.stopped.retain(|key| other.stopped.contains(key));
        for point in &other.deferred {
            if let Err(at) = self.deferred.binary_search(point) {
                self.deferred.insert(at, *point);
            }
        }
        *self != before
    }
}

pub(super) fn receive(received: &mut Vec<(Location, WaitKind)>, what: (Location, WaitKind)) {
    if !received.contains(&what) {
        received.push(what);
    }
}

pub(super) fn union<T: Copy + Ord>(mine: &mut Vec<T>, theirs: &[T]) {
    for key in theirs {
        if let Err(at) = mine.binary_search(key) {
            mine.insert(at, *key);
        }
    }
}

/// A goroutine that may still run when the function is left.
#[derive(Debug)]
pub struct Outlives {
    /// Where it was started.
    pub spawn: SpawnId,
    /// How the function is left.
    pub exit: Exit,
    /// Where.
    pub span: Span,
    /// Signals of the goroutine that were certainly received by then.
    pub(super) received: Vec<(Location, WaitKind)>,
}

impl Outlives {
    /// Whether what the goroutine does at a point of `body` comes before something that was received by then.
    pub fn comes_before(&self, facts: Facts<'_>, body: FuncId, point: Point) -> bool {
        let events = facts.cx.events.of(body);
        let order = Order::build(events, facts.cx.places);
        let deferred = is_deferred(events, point);
        let talks = talks_on(facts, self.spawn);
        received_after(facts, events, &order, (point, deferred), (&self.received, &|key| talks.contains(&key)))
    }
}

/// Channels and counters that a goroutine signals or waits for, near its body or as what it is given.
pub(super) fn talks_on(facts: Facts<'_>, id: SpawnId) -> FxHashSet<Location> {
    let (cx, site) = (facts.cx, &facts.spawns.sites[id]);
    let file = cx.program.funcs()[site.func].file;
    let mut keys: FxHashSet<Location> = site.signals.iter().map(|signal| signal.key).collect();
    keys.extend(site.arguments.iter().filter_map(|(_, _, given)| cx.places.key(cx.program, cx.graph, file, *given)));
    let note = |kind: &EventKind, keys: &mut FxHashSet<Location>| match kind {
        EventKind::Signal { key, .. } | EventKind::Wait { key, .. } => drop(keys.insert(*key)),
        _ => {}
    };
    for node in facts.reaches[id].nodes.iter().take_while(|node| node.depth() <= MAX_TALK_DEPTH) {
        for event in cx.events.of(node.func).blocks.iter().flat_map(|block| &block.events) {
            match &event.kind {
                EventKind::Defer { effects, .. } => effects.iter().for_each(|effect| note(effect, &mut keys)),
                kind => note(kind, &mut keys),
            }
        }
    }
    keys
}

/// Whether a signal that was received comes, in the goroutine, after the point; or something that the goroutine has
/// received since, over a channel without a buffer on which it `talks`.
pub(super) fn received_after(
    facts: Facts<'_>,
    events: &FuncEvents,
    order: &Order,
    (point, deferred): (Point, bool),
    (received, talks): (&[(Location, WaitKind)], Talks<'_>),
) -> bool {
    let gates = order.gates_at(events, facts.cx.places, point);
    received.iter().any(|(key, how)| {
        (order.signals(*key) && !order.may_follow(point, deferred, *key, *how))
            || (facts.cx.places.is_unbuffered(*key)
                && !order.signals_itself(*key)
                && !gates.contains(key)
                && talks(*key))
    })
}
