//! What is stored in front of a `close` is seen by everyone who reads it behind the receive:
//!
//! ```go
//! func (c *conn) fail(err error) { c.err = err; close(c.failed) }
//! func (c *conn) run() { select { case <-c.failed: log.Print(c.err) … } }
//! ```
//!
//! Invariant: only a channel that one function closes, and nobody sends on, orders anything: which of two has closed it, and
//! whether a message came first, only the run knows.

use super::{
    adds::every_way_passes,
    after_spawn::Facts,
    conflict::{Conflict, Side},
    domain::{Access, AccessKind, Location, SignalKind},
    events::EventKind,
    order::{gates_before, point_of},
    reach::access,
};

/// Whether the goroutine, by the time of its access, has received from a channel that the other side closes behind its own.
pub(super) fn is_told(facts: Facts<'_>, conflict: &Conflict) -> bool {
    conflict.inside.steps().any(|(func, span)| {
        let gates = gates_before(facts.cx.events.of(func), facts.cx.places, span);
        gates.into_iter().flatten().any(|key| closes_behind(facts, &conflict.other, key))
    })
}

/// Whether the side closes the channel on every way behind its access, nobody else does, and nothing is sent on it.
fn closes_behind(facts: Facts<'_>, side: &Side, channel: Location) -> bool {
    let mut uses = facts.index.of(channel).iter().map(|row| access(facts.cx, *row));
    let fits = |access: &Access| match access.kind {
        AccessKind::Close => side.steps().any(|(func, _)| func == access.func),
        AccessKind::Send => false,
        _ => true,
    };
    if !uses.all(fits) {
        return false;
    }
    let is_close = |kind: &EventKind| match kind {
        EventKind::Signal { key, kind: SignalKind::Close } => *key == channel,
        _ => false,
    };
    let at_end = |kind: &EventKind| match kind {
        EventKind::Defer { effects, test_end: false, .. } => effects.iter().any(is_close),
        _ => false,
    };
    side.steps().any(|(func, span)| {
        let events = facts.cx.events.of(func);
        let first = events.blocks.iter().take(1).flat_map(|block| &block.events);
        let closes = |kind: &EventKind| is_close(kind) || at_end(kind);
        point_of(events, span).is_some_and(|point| {
            first.take_while(|event| event.span.start < span.start).any(|event| at_end(&event.kind))
                || every_way_passes(events, point, &closes, &|_| false)
        })
    })
}
