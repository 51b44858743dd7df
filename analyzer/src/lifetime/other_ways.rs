//! The same goroutine's accesses of a location on the ways that a conflict does not show: a goroutine that is told to stop
//! makes another one than a goroutine that comes to its end.
//!
//! Invariant: an access is listed only where no way through the function makes both.

use super::{
    after_spawn::Facts,
    conflict::{Conflict, JoinStatus, Side},
    order::{points, reachable_without},
};

/// Further accesses listed of one goroutine.
const MAX_OTHER_WAYS: usize = 3;

/// What the goroutine does to the location instead, where it takes another way through the function of its access.
///
/// Empty unless nobody waits at all: what a wait orders differs from way to way.
pub fn other_ways(facts: Facts<'_>, conflict: &Conflict) -> Vec<Side> {
    if !matches!(conflict.join, JoinStatus::Skipped { .. } | JoinStatus::Missing { .. }) {
        return Vec::new();
    }
    let inside = &conflict.inside;
    let events = facts.cx.events.of(inside.func);
    let Some(shown) = events.accesses.iter().find(|a| a.span == inside.span && a.location == conflict.location) else {
        return Vec::new();
    };
    let others = events.accesses.iter().filter(|access| {
        let alike = access.location == shown.location
            && access.element == shown.element
            && access.anchor == shown.anchor
            && access.kind.conflicts(conflict.other.kind);
        alike && access.span != shown.span && !access.atomic && access.locks == shown.locks
    });
    let mut others = others.peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let points = points(events);
    let Some(&(from, _)) = points.get(&shown.span) else { return Vec::new() };
    let behind = |block: usize| reachable_without(events, block, events.blocks.len());
    let after = behind(from);
    let others = others.filter(|access| {
        points.get(&access.span).is_some_and(|&(to, _)| to != from && !after.contains(to) && !behind(to).contains(from))
    });
    let side = |access| Side {
        path: inside.path.clone(),
        dispatched: inside.dispatched,
        ..Side::of(access, inside.same_object)
    };
    others.take(MAX_OTHER_WAYS).map(side).collect()
}
