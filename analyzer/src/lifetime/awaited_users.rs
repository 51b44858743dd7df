//! Users that are counted: whoever ends what they use waits first until none is left.
//!
//! ```go
//! func (c *conn) send(r request) {
//!     c.senders.Add(1)
//!     defer c.senders.Done()
//!     c.requests <- r
//! }
//! // In the goroutine of the connection:
//! c.senders.Wait()
//! close(c.requests)
//! ```
//!
//! Invariant: the user is counted before it begins and until it returns. Absent on purpose: that nobody comes when none is
//! left is for those who ask about the counter (`late_counts`).

use super::{
    after_spawn::Facts,
    conflict::{Conflict, Relation, Side},
    domain::SyncKey,
    events::EventKind,
    order::gates_before,
};
use crate::{base::Span, resolve::FuncId};

/// Whether one side of a conflict waits for a counter by which the other is counted.
pub(super) fn waits_for_the_other(facts: Facts<'_>, conflict: &Conflict) -> bool {
    if matches!(conflict.relation, Relation::AddRacesWait { .. }) {
        return false;
    }
    waits_for(facts, &conflict.inside, &conflict.other) || waits_for(facts, &conflict.other, &conflict.inside)
}

fn waits_for(facts: Facts<'_>, waiter: &Side, user: &Side) -> bool {
    let counted: Vec<SyncKey> = user.steps().flat_map(|step| counted_at(facts, step)).collect();
    let awaits = |(func, span): (FuncId, Span)| {
        let gates = gates_before(facts.cx.events.of(func), facts.cx.places, span);
        gates.is_some_and(|gates| gates.iter().any(|key| counted.contains(key)))
    };
    !counted.is_empty() && waiter.steps().any(awaits)
}

/// Counters that a function has raised by a place and lowers when it returns.
fn counted_at(facts: Facts<'_>, (func, span): (FuncId, Span)) -> Vec<SyncKey> {
    let events = facts.cx.events.of(func);
    let all = || events.blocks.iter().flat_map(|block| &block.events);
    let lowered = all().filter(|event| event.span.start < span.start).flat_map(|event| match &event.kind {
        EventKind::Defer { effects, test_end: false, .. } => &effects[..],
        _ => &[],
    });
    let lowered = lowered.filter_map(|effect| match effect {
        EventKind::Signal { key, .. } => Some(*key),
        _ => None,
    });
    let raised = |key: SyncKey| {
        let before = |at: Span| at.start < span.start;
        all().any(|event| matches!(event.kind, EventKind::Add { key: k } if k == key) && before(event.span))
    };
    lowered.filter(|key| raised(*key)).collect()
}
