//! Whether the checkout waits for a goroutine before the other access: then the report is of an older revision, and the
//! race is mended.

use analyzer::{
    base::Span,
    lifetime::{SpawnId, conflict::JoinPoint},
    locate::{LocatedAccess, LocatedStack, Locator},
    report::RaceAccess,
    resolve::FuncId,
};

use crate::rule::Cx;

/// The wait that comes before the other access on its stack, in the function of the access or in one of its callers.
pub(super) fn covering_join(
    cx: &Cx<'_>,
    locator: &Locator<'_>,
    spawn: SpawnId,
    (access, stack): (&RaceAccess, &LocatedStack),
    at: &LocatedAccess,
) -> Option<JoinPoint> {
    let lifetimes = cx.lifetimes;
    let joins = &lifetimes.joins;
    let site = &lifetimes.spawns.sites[spawn];
    // Where control is in each function of the stack, innermost first.
    let mut places: Vec<(FuncId, Span)> = vec![(at.func, at.span)];
    let mut callee = at.func;
    for index in at.frame + 1..stack.frames.len() {
        let Some(found) = stack.frames[index].filter(|_| !stack.stale[index]) else { continue };
        let line = access.stack.frames[index].line;
        if let Some((_, call)) = locator.call_site(found.func, callee, line) {
            places.push((found.func, lifetimes.graph.sites()[call].span));
        }
        callee = found.func;
    }
    for signal in site.signals.iter().filter(|signal| signal.ends_body()) {
        let Some(key) = joins.index_of(signal.key) else { continue };
        for (func, place) in &places {
            // After the start in the starting function, anywhere before the access in others.
            let after = if *func == site.func { site.span.end } else { 0 };
            let before = |span: Span| span.start >= after && span.end <= place.start;
            let own = joins.waits(signal.key).iter().find(|wait| wait.func == *func && before(wait.span));
            if let Some(wait) = own {
                return Some(JoinPoint { key: signal.key, func: *func, span: wait.span, reached_by: Vec::new() });
            }
            let called = lifetimes.calls.of(*func).iter().filter(|row| !row.deferred && before(row.span));
            for row in called {
                let Some(target) = row.targets.iter().find(|target| joins.must(**target).contains(key)) else {
                    continue;
                };
                let wait = joins.waits(signal.key).iter().find(|wait| wait.func == *target);
                let (func, span) = wait.map_or((*func, row.span), |wait| (wait.func, wait.span));
                return Some(JoinPoint { key: signal.key, func, span, reached_by: vec![*target] });
            }
        }
    }
    None
}
