//! Goroutines of one function among each other, and what orders them without a join: signals, counters, locks that are
//! handed over, slots of a channel. The second half of [`super::after_spawn`].

use super::{
    after_spawn::{Facts, Pass},
    conflict::{JoinPoint, JoinStatus, Relation, Side},
    domain::{Access, AccessKind, Location, SignalKind, SpawnId, SpawnKind, WaitKind},
    events::EventKind,
    order::{Order, Point},
    published::holder_of,
    reach::Reached,
    running::{State, received_after, talks_on, union},
};
use crate::{
    base::Span,
    resolve::FuncId,
    source::FileId,
    syntax::{Expr, ExprId, LocalId},
};

/// The variable that the function keeps a callback's timer in.
pub(super) fn timer_of(facts: Facts<'_>, id: SpawnId) -> Option<Location> {
    let site = &facts.spawns.sites[id];
    if site.kind != SpawnKind::Timer {
        return None;
    }
    let file = facts.cx.program.funcs()[site.func].file;
    holder_of(facts, site.func, site.call).map(|local| Location::Local(file, local))
}

/// Whether an access sends on a channel or closes it.
fn is_end_of_channel(kind: AccessKind) -> bool {
    matches!(kind, AccessKind::Send | AccessKind::Close)
}

impl Pass<'_> {
    /// Two goroutines of the function that may run at once.
    pub(super) fn siblings(&mut self, new: usize, old: usize, state: &State) {
        let facts = self.facts;
        let (new_id, old_id) = (self.ids[new], self.ids[old]);
        let reach = &facts.reaches[new_id];
        for (node, reached) in reach.nodes.iter().enumerate().take_while(|(_, n)| n.depth() <= 1) {
            for (row, access) in facts.cx.events.of(reached.func).accesses.iter().enumerate() {
                let own_element = access.element && access.index.varies();
                // Of fields only a channel is asked about: who closes it beside a sender, or another closer, is wrong
                // whatever else they share. What orders them is looked for in the bodies only.
                let asked = match access.location {
                    Location::Local(..) => access.kind.is_write(),
                    Location::Field(_) => {
                        reached.depth() == 0
                            && new_id != old_id
                            && is_end_of_channel(access.kind)
                            && self.is_closed(access.location)
                    }
                    Location::Global(_) => false,
                };
                if !asked || own_element {
                    continue;
                }
                let node = u32::try_from(node).unwrap_or(u32::MAX);
                let found = reach.reached(facts.cx, node, u32::try_from(row).unwrap_or(u32::MAX));
                if let Location::Local(file, local) = access.location
                    && (state.fresh.binary_search(&(old, local)).is_ok() || !self.declares(file, local))
                {
                    continue;
                }
                let conflicting = self.conflicting(old, access, found.origin, &found.locks, state, None);
                let Some((inside, _)) = conflicting else { continue };
                if matches!(access.location, Location::Field(_)) && !is_end_of_channel(inside.1) {
                    continue;
                }
                let start = facts.spawns.sites[new_id].span;
                if self.siblings_ordered((old, &inside.0), (new, &found, access.span))
                    || !self.may_follow(old, start, matches!(access.location, Location::Local(..)))
                {
                    continue;
                }
                let other = Side::of(access, true).reached_by(reach.path(node), reached.dispatched());
                self.add(old, (access.location, access.element), inside, other, Relation::Sibling(new_id));
            }
        }
    }

    /// Whether something that is no join orders an access of the goroutine with one of the function: what the goroutine waits
    /// for first, what the function has received since, an atomic, a channel used as a lock.
    pub(super) fn is_ordered(
        &self,
        goroutine: usize,
        reached: &Reached,
        inner: &Access,
        access: &Access,
        state: &State,
        of_siblings: bool,
    ) -> bool {
        let facts = self.facts;
        let reach = &facts.reaches[self.ids[goroutine]];
        let Some((body, order, point)) = self.bodies[goroutine].point(reach, reached, inner.span) else { return false };
        let gates = order.gates_at(facts.cx.events.of(*body), facts.cx.places, point);
        // A gate that is opened for all of them at once tells nothing of one and another.
        let waits_for_later = gates.iter().any(|k| {
            (self.signals_anywhere(*k)
                && !(of_siblings && self.only_closes(*k))
                && state.signalled.binary_search(k).is_err()
                && !matches!(k, Location::Local(_, local) if state.fresh.contains(&(goroutine, *local))))
                || (state.stopped.contains(k) && self.starts_timer(*k))
                || self.opened_later(goroutine, *k, &state.active)
        });
        let at = (point, self.is_deferred(*body, point));
        let events = facts.cx.events.of(*body);
        let talks = |key| self.talks[goroutine].get_or_init(|| talks_on(facts, self.ids[goroutine])).contains(&key);
        let ordered_by_receive = received_after(facts, events, order, at, (&state.received[goroutine], &talks));
        // Both count up, or test, one atomic: the function after the goroutine, as in a spin loop.
        let by_atomic = !state.atomics.is_empty() && {
            let accesses = &facts.cx.events.of(*body).accesses;
            accesses.iter().any(|a| {
                a.atomic
                    && a.span.start > inner.span.start
                    && state.atomics.binary_search(&(goroutine, a.location)).is_ok()
            })
        };
        let by_channel = self.guarded_by_channel(*body, inner.span, access);
        waits_for_later || ordered_by_receive || by_atomic || by_channel
    }

    /// Whether anybody closes the channel.
    fn is_closed(&self, location: Location) -> bool {
        let rows = self.facts.index.of(location);
        rows.iter().any(|row| super::reach::access(self.facts.cx, *row).kind == AccessKind::Close)
    }

    pub(super) fn starts_timer(&self, key: Location) -> bool {
        let mut all = self.events.blocks.iter().flat_map(|b| &b.events);
        all.any(|e| matches!(e.kind, EventKind::Timer { key: k, runs: true } if k == key))
    }

    /// Whether the function says nothing over a channel but that it is closed.
    fn only_closes(&self, key: Location) -> bool {
        self.events.blocks.iter().flat_map(|b| &b.events).all(|event| match &event.kind {
            EventKind::Signal { key: k, kind } => *k != key || *kind == SignalKind::Close,
            EventKind::Wait { key: k, .. } => *k != key,
            EventKind::Defer { effects, .. } => effects.iter().all(
                |effect| !matches!(effect, EventKind::Signal { key: k, kind } if *k == key && *kind != SignalKind::Close),
            ),
            _ => true,
        })
    }

    pub(super) fn signals_anywhere(&self, key: Location) -> bool {
        let unbuffered = self.is_unbuffered(key);
        self.events.blocks.iter().flat_map(|b| &b.events).any(|e| match &e.kind {
            EventKind::Signal { key: k, .. } => *k == key,
            EventKind::Wait { key: k, .. } => unbuffered && *k == key,
            EventKind::Defer { effects, .. } => {
                effects.iter().any(|e| matches!(e, EventKind::Signal { key: k, .. } if *k == key))
            }
            _ => false,
        })
    }

    /// Whether a side that gets to a function by `calls` uses another variable than the one shared: a function that calls
    /// itself has its own variables each time.
    pub(super) fn of_another_call(&self, location: Location, calls: impl IntoIterator<Item = FuncId>) -> bool {
        let Location::Local(file, local) = location else { return false };
        let declaring = self.facts.cx.program.declaring(file, local);
        calls.into_iter().any(|func| Some(func) == declaring)
    }

    /// Whether a variable belongs to the function or one around it: those of the goroutines are their own.
    pub(super) fn declares(&self, file: FileId, local: LocalId) -> bool {
        let program = self.facts.cx.program;
        if file != self.file {
            return false;
        }
        let index = program.facts(file).locals[local].function;
        let mut at = Some(self.func);
        while let Some(func) = at {
            if program.funcs()[func].index == index {
                return true;
            }
            at = program.funcs()[func].parent;
        }
        false
    }

    /// Whether one goroutine's access comes before a signal that the other has waited for before its own.
    fn siblings_ordered(&self, (old, inside): (usize, &Reached), (new, found, span): (usize, &Reached, Span)) -> bool {
        let facts = self.facts;
        let (old_reach, new_reach) = (&facts.reaches[self.ids[old]], &facts.reaches[self.ids[new]]);
        let old_func = old_reach.nodes[inside.node as usize].func;
        let old_span = facts.cx.events.of(old_func).accesses[inside.row as usize].span;
        let Some(one) = self.bodies[old].point(old_reach, inside, old_span) else { return false };
        let Some(other) = self.bodies[new].point(new_reach, found, span) else { return false };
        let before = |first: (&FuncId, &Order, Point), then: (&FuncId, &Order, Point)| {
            let gates = then.1.gates_at(facts.cx.events.of(*then.0), facts.cx.places, then.2);
            gates.iter().any(|key| {
                first.1.signals(*key)
                    && !first.1.may_follow(first.2, self.is_deferred(*first.0, first.2), *key, WaitKind::Receive)
                    && !then.1.signals(*key)
            })
        };
        before(one, other)
            || before(other, one)
            || self.counted((*one.0, old_span), (*other.0, span))
            || self.counted((*other.0, span), (*one.0, old_span))
    }

    /// Whether one access comes before an atomic operation, and the other after one on the same location.
    fn counted(&self, (first, before): (FuncId, Span), (then, after): (FuncId, Span)) -> bool {
        let atomics = |func: FuncId| self.facts.cx.events.of(func).accesses.iter().filter(|a| a.atomic);
        atomics(first).any(|a| {
            a.span.start > before.start && atomics(then).any(|b| b.location == a.location && b.span.start < after.start)
        })
    }

    /// Whether the goroutine was started with a lock held that it gives back after the access, and that is one of
    /// `locks`: who holds the lock again has waited for it.
    pub(super) fn inherits(&self, goroutine: usize, inner: &Access, locks: &[Location]) -> bool {
        if locks.is_empty() {
            return false;
        }
        let site = &self.facts.spawns.sites[self.ids[goroutine]];
        let held = self.events.locks_at(site.call);
        let events = self.facts.cx.events.of(inner.func);
        held.iter().filter(|key| locks.contains(key)).any(|key| {
            let mut all = events.blocks.iter().flat_map(|b| &b.events);
            let unlocked = all.any(|e| {
                matches!(e.kind, EventKind::Unlock { key: k } if k == *key) && e.span.start > inner.span.start
            });
            let mut all = events.blocks.iter().flat_map(|b| &b.events);
            unlocked && !all.any(|e| matches!(e.kind, EventKind::Lock { key: k } if k == *key))
        })
    }

    /// Whether both accesses stand between a send and a receive on one channel, which is used as a lock.
    pub(super) fn guarded_by_channel(&self, body: FuncId, span: Span, access: &Access) -> bool {
        let guards = |func: FuncId, span: Span| -> Vec<Location> {
            let events = self.facts.cx.events.of(func);
            let all = || events.blocks.iter().flat_map(|b| &b.events);
            all()
                .filter_map(|e| match e.kind {
                    EventKind::Signal { key, kind: SignalKind::Send } if e.span.start < span.start => Some(key),
                    _ => None,
                })
                .filter(|key| {
                    all().any(
                        |e| matches!(e.kind, EventKind::Wait { key: k, .. } if k == *key && e.span.start > span.start),
                    )
                })
                .collect()
        };
        let inside = guards(body, span);
        !inside.is_empty() && guards(access.func, access.span).iter().any(|key| inside.contains(key))
    }

    /// Goroutines that give a slot of a buffered channel back as the last thing they do are over when all slots are
    /// taken: what is sent behind the loop that started them.
    pub(super) fn slot_taken(&self, key: Location, span: Span, state: &mut State) {
        let body = self.facts.cx.program.function(self.func).body.as_ref();
        let loops = body.map_or(&[][..], |body| &body.loops);
        for goroutine in state.active.ones().collect::<Vec<_>>() {
            let site = &self.facts.spawns.sites[self.ids[goroutine]];
            let again = loops.iter().any(|l| l.span.contains(span) && l.span.contains(site.span));
            let gives_back = site.bodies.iter().any(|func| {
                let mut all = self.facts.cx.events.of(*func).blocks.iter().flat_map(|b| &b.events);
                matches!(all.next_back(), Some(e) if matches!(e.kind, EventKind::Wait { key: k, .. } if k == key))
            });
            if gives_back && !again {
                state.active.remove(goroutine);
            }
        }
    }

    /// The wait that was taken for the end of a goroutine which then went on to the access, and the signal waited for.
    pub(super) fn early(&self, goroutine: usize, reached: &Reached, span: Span, state: &State) -> Option<JoinStatus> {
        let facts = self.facts;
        let id = self.ids[goroutine];
        let (body, order, point) = self.bodies[goroutine].point(&facts.reaches[id], reached, span)?;
        let deferred = self.is_deferred(*body, point);
        let (key, _) = *state.received[goroutine]
            .iter()
            .find(|(key, how)| facts.joins.counts(*key, *how) && order.may_follow(point, deferred, *key, *how))?;
        let signal = facts.spawns.sites[id].signals.iter().find(|s| s.key == key)?;
        let wait = facts.joins.any_wait(facts.cx, key, self.func)?;
        let join = JoinPoint::at(key, wait.func, wait.span);
        Some(JoinStatus::SignalledEarly(join, signal.site))
    }

    /// Atomics of literals that are handed over: `Eventually(func() bool { return done.Load() })` goes on when it is so.
    pub(super) fn asks(&self, args: &[ExprId], state: &mut State) {
        let program = self.facts.cx.program;
        for arg in args {
            let Expr::FuncLit(literal) = program.facts(self.file).exprs[*arg] else { continue };
            let Some(literal) = program.func_of(self.file, literal) else { continue };
            let accesses = self.facts.cx.events.of(literal).accesses.iter().filter(|access| access.atomic);
            for access in accesses {
                let since: Vec<_> = state.active.ones().map(|goroutine| (goroutine, access.location)).collect();
                union(&mut state.atomics, &since);
            }
        }
    }
}
