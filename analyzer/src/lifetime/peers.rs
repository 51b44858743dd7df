//! Sides that ask each other: over a connection, where the goroutine of a test serves a request and the test takes the answer;
//! and in a function that the starter calls, which sends a message and waits for what the goroutine says to it.
//!
//! What was done before the answer is ordered, and before somebody asks nothing is served. No channel of the starting
//! function shows that, so nothing here proves an order: it is an assumption of the conflict. Invariant: which calls come
//! back only when a peer has done something is said by rows of the catalogue.

use fixedbitset::FixedBitSet;

use super::{
    after_spawn::Facts,
    conflict::Conflict,
    domain::{Location, SignalKind},
    events::{Event, EventKind},
    hidden_order::{precedes, repeats, with_callers},
    order::{Point, all_events, comes_to, gates_before, is_deferred, points},
};
use crate::{base::Idx, resolve::FuncId};

/// Functions that wait for a peer, themselves or in what they call.
pub(super) struct Peers(FixedBitSet);

impl Peers {
    pub(super) fn new(facts: Facts<'_>) -> Self {
        Self(with_callers(facts, |func| {
            let mut events = facts.cx.events.of(*func).blocks.iter().flat_map(|block| &block.events);
            events.any(|event| matches!(event.kind, EventKind::Peer))
        }))
    }

    /// Whether an event of a function waits for a peer.
    fn waited_for(&self, facts: Facts<'_>, func: FuncId, event: &Event) -> bool {
        match event.kind {
            EventKind::Peer => true,
            EventKind::Call(call) => {
                let row = facts.calls.at(func, call);
                row.is_some_and(|row| row.targets.iter().any(|target| self.0.contains(target.index())))
            }
            _ => false,
        }
    }
}

/// Whether a test and its goroutine may be ordered by what one asks of the other over a connection: the goroutine goes on
/// to answer behind its access and the test has asked before its own; or it is asked first, and the test asks only later.
pub(super) fn ask_each_other(facts: Facts<'_>, peers: &Peers, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let shared = matches!(conflict.location, Location::Local(..) | Location::Global(_));
    let (func, to) = conflict.other.top();
    let (body, from) = conflict.inside.top();
    if !shared || func != site.func || !site.bodies.contains(&body) || !cx.program.in_test_file(func) {
        return false;
    }
    let (events, inner) = (cx.events.of(func), cx.events.of(body));
    if !all_events(inner).any(|(_, event)| peers.waited_for(facts, body, event)) {
        return false;
    }
    let (here, there) = (points(events), points(inner));
    let (Some(&start), Some(&end), Some(&inside)) = (here.get(&site.span), here.get(&to), there.get(&from)) else {
        return false;
    };
    let asks = |from: Point, before: Option<Point>| {
        all_events(events).filter(|(_, event)| peers.waited_for(facts, func, event)).any(|(at, _)| {
            let comes = before.is_none_or(|before| at == before || precedes(events, at, before));
            comes && precedes(events, from, at)
        })
    };
    let asked = asks(start, Some(end));
    let answers = || {
        let mut waited_for = all_events(inner).filter(|(_, event)| peers.waited_for(facts, body, event));
        waited_for.any(|(at, event)| event.span == from || precedes(inner, inside, at))
    };
    if asked {
        return answers() && !repeats(facts, conflict);
    }
    let gate = |event: &Event| event.span != from && peers.waited_for(facts, body, event);
    let served = || !is_deferred(inner, inside) && !comes_to(inner, (0, 0), Some(inside), &gate);
    !is_deferred(events, end) && served() && asks(end, None)
}

/// Calls from the starting function down to where a message is sent and an answer waited for. Deeper ones are not seen.
const MAX_ASKING_DEPTH: u32 = 2;

/// Whether the goroutine gets to its access for a message that something sends which the starting function has called
/// before its own access, and which waits, and the goroutine has said something behind its access.
pub(super) fn is_acknowledged(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let (func, to) = conflict.other.top();
    let (body, from) = conflict.inside.top();
    if func != site.func || !site.bodies.contains(&body) {
        return false;
    }
    let (events, inner) = (cx.events.of(func), cx.events.of(body));
    let says = |event: &Event| matches!(event.kind, EventKind::Signal { .. });
    let hears = |event: &Event| matches!(event.kind, EventKind::Wait { .. });
    if !all_events(inner).any(|(_, event)| says(event)) || !all_events(inner).any(|(_, event)| hears(event)) {
        return false;
    }
    let Some(gates) = gates_before(inner, cx.places, from).filter(|gates| !gates.is_empty()) else { return false };
    let (here, there) = (points(events), points(inner));
    let (Some(&start), Some(&end), Some(&inside)) = (here.get(&site.span), here.get(&to), there.get(&from)) else {
        return false;
    };
    all_events(inner).any(|(at, event)| says(event) && precedes(inner, inside, at))
        && facts.calls.of(func).iter().filter(|row| row.span != to && !row.deferred).any(|row| {
            let at = here.get(&row.span).copied();
            at.is_some_and(|at| precedes(events, start, at) && precedes(events, at, end))
                && row.targets.iter().any(|target| asks_for_one(facts, *target, &gates, MAX_ASKING_DEPTH))
        })
}

/// Whether a function, or one it calls, sends on one of the channels and waits.
fn asks_for_one(facts: Facts<'_>, func: FuncId, gates: &[Location], depth: u32) -> bool {
    let events = || facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    let sends = |event: &Event| match event.kind {
        EventKind::Signal { key, kind: SignalKind::Send } => gates.contains(&key),
        _ => false,
    };
    let waits = |event: &Event| matches!(event.kind, EventKind::Wait { .. });
    events().any(sends) && events().any(waits)
        || depth > 0
            && facts
                .calls
                .of(func)
                .iter()
                .any(|row| row.targets.iter().any(|target| asks_for_one(facts, *target, gates, depth - 1)))
}
