//! Goroutines that signal their end and then go on: what they still access is shared with whoever waited, and what they
//! still end, whoever waited takes for ended.

use rustc_hash::FxHashSet;

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, JoinPoint, JoinStatus, Relation, Side},
    domain::{Access, AccessKind, Location, Signal, SignalKind, SpawnId, WaitKind},
    domain_local::{Operand, operand},
    order::{Order, is_deferred, points},
    reach::access,
};
use crate::resolve::FuncId;

/// Calls from the body to the access at most: further away the order says little.
const MAX_DEPTH: u32 = 1;

/// Writes of shared state after a completion signal that somebody waits for.
pub fn after_signals(facts: Facts<'_>) -> Vec<Conflict> {
    let mut out = Vec::new();
    for (id, site) in facts.spawns.sites.iter_enumerated() {
        for &body in &site.bodies {
            let events = facts.cx.events.of(body);
            if events.blocks.is_empty() {
                continue;
            }
            // In the body, or in a literal that the body calls or defers.
            let own = |s: &&Signal| {
                let literal = facts.cx.program.funcs()[s.site.0].parent == Some(body);
                s.certain && (s.site.0 == body || literal && s.kind != SignalKind::Flag)
            };
            for signal in site.signals.iter().filter(own) {
                let Some(wait) = facts.joins.any_wait(facts.cx, signal.key, site.func) else { continue };
                let join = JoinPoint::at(signal.key, wait.func, wait.span);
                late_writes(facts, id, signal.site.0, (signal, wait.how), &join, &mut out);
            }
        }
    }
    out
}

/// Writes in `body`, a goroutine's or that of a literal in it, behind the signal it gives.
fn late_writes(
    facts: Facts<'_>,
    id: SpawnId,
    body: FuncId,
    (signal, how): (&Signal, WaitKind),
    join: &JoinPoint,
    out: &mut Vec<Conflict>,
) {
    let cx = facts.cx;
    let events = cx.events.of(body);
    let order = Order::build(events, cx.places);
    let places = points(events);
    let reach = &facts.reaches[id];
    let mut seen: FxHashSet<Location> = FxHashSet::default();
    let Some(own) = reach.nodes.iter().find(|node| node.func == body) else { return };
    for (number, node) in reach.nodes.iter().enumerate().take_while(|(_, n)| n.depth() <= own.depth() + MAX_DEPTH) {
        for (row, inner) in cx.events.of(node.func).accesses.iter().enumerate() {
            // What the body itself ends, or closes, whoever waited takes for ended; of the channel itself, over which it
            // told that, nobody does.
            let ends = matches!(inner.kind, AccessKind::End | AccessKind::Close)
                && node.func == body
                && inner.location != signal.key;
            if inner.kind != AccessKind::Write && !ends || inner.atomic || seen.contains(&inner.location) {
                continue;
            }
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let path = reach.path(number);
            let here = (node.func, inner.span);
            let Some((_, span)) = path.iter().copied().chain([here]).find(|step| step.0 == body) else { continue };
            let Some(&point) = places.get(&span) else { continue };
            let deferred = is_deferred(events, point);
            if !order.may_follow(point, deferred, signal.key, how) || in_loop(facts, body, span) {
                continue;
            }
            let has_end = facts.spawns.sites[id].signals.iter().any(|s| {
                s.key != signal.key
                    && s.ends_body()
                    && !facts.joins.waits(s.key).is_empty()
                    && !(s.site.0 == body && order.may_follow(point, deferred, s.key, how))
            });
            if has_end {
                continue;
            }
            let found = reach.reached(cx, number, u32::try_from(row).unwrap_or(u32::MAX));
            let shared = match inner.location {
                Location::Local(file, local) => ends && operand(cx.program, body, file, local) != Operand::Own,
                Location::Global(_) => true,
                Location::Field(_) => found.origin.is_some(),
            };
            if !shared {
                continue;
            }
            let (other, assumptions) = if ends {
                (Side::at(join.func, join.span, AccessKind::Read), vec![Assumption::TakenForEnded])
            } else {
                let Some(other) = other_use(facts, id, inner) else { continue };
                (other, Vec::new())
            };
            seen.insert(inner.location);
            out.push(Conflict {
                element: inner.element,
                assumptions,
                join: JoinStatus::SignalledEarly(join.clone(), signal.site),
                ..Conflict::new(
                    id,
                    inner.location,
                    Side::of(inner, true).reached_by(path, node.dispatched()),
                    other,
                    Relation::AfterSpawn,
                )
            });
        }
    }
}

/// A signal in a loop is followed by everything: it is no end.
fn in_loop(facts: Facts<'_>, body: FuncId, span: crate::base::Span) -> bool {
    let body = facts.cx.program.function(body).body.as_ref();
    body.is_some_and(|body| body.loops.iter().any(|l| l.span.contains(span)))
}

/// Another function's access of the same location, the spawning function's own first.
fn other_use(facts: Facts<'_>, id: SpawnId, inner: &Access) -> Option<Side> {
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    let reach = &facts.reaches[id];
    let mut rows: Vec<_> = facts.index.of(inner.location).to_vec();
    rows.sort_by_key(|row| (row.0 != site.func, row.0, row.1));
    rows.into_iter().find_map(|row| {
        let other = access(cx, row);
        let before_spawn = other.func == site.func && other.span.start < site.span.start;
        let usable = !reach.contains(other.func)
            && !before_spawn
            && !other.atomic
            && other.element == inner.element
            && other.kind.conflicts(inner.kind)
            && !other.locks.iter().any(|l| inner.locks.contains(l));
        usable.then(|| Side::of(other, true))
    })
}
