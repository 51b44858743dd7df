//! What the checkout waits for around the other access: before it, then the report is of an older revision and the race
//! is mended; or only after it, then the wait comes too late.

use analyzer::{
    base::Span,
    lifetime::{
        SpawnId, SyncKey,
        conflict::JoinPoint,
        counted::counted_results,
        events::EventKind,
        order::{points, reachable},
    },
    locate::{LocatedAccess, LocatedStack, Locator},
    report::StackTrace,
    resolve::FuncId,
};

use crate::rule::Cx;

/// Calls that may lie, in the checkout, between a frame and the next of the report: a fix moves a call into a helper, or
/// into a function that it hands over, which are two and three.
const MAX_DETOUR: usize = 3;
/// Functions looked at for that.
const MAX_DETOUR_FUNCS: usize = 500;

/// A stack of a report with what is known of its frames.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// As printed.
    pub(super) stack: &'a StackTrace,
    /// As found in the checkout.
    pub(super) located: &'a LocatedStack,
}

/// Where control is in each function of a stack, innermost first: `at`, and the calls that lead there from frame
/// `first` outwards.
pub(super) fn places(
    cx: &Cx<'_>,
    locator: &Locator<'_>,
    of: Known<'_>,
    first: usize,
    at: (FuncId, Span),
) -> Vec<(FuncId, Span)> {
    let mut out = vec![at];
    let mut callee = at.0;
    for index in first..of.located.frames.len() {
        let Some(found) = of.located.frames[index].filter(|_| !of.located.stale[index]) else { continue };
        if found.func == callee {
            continue;
        }
        match locator.call_site(found.func, callee, of.stack.frames[index].line) {
            Some((_, call)) => out.push((found.func, cx.lifetimes.graph.sites()[call].span)),
            None => out.extend(detour(cx, found.func, callee)),
        }
        callee = found.func;
    }
    out
}

/// The calls that lead from one function to another which it does not call itself any more, innermost first; the
/// shortest way, none where there is no short one.
fn detour(cx: &Cx<'_>, from: FuncId, to: FuncId) -> Vec<(FuncId, Span)> {
    let calls = &cx.lifetimes.calls;
    let mut way: Vec<(FuncId, Option<(usize, Span)>)> = vec![(from, None)];
    let mut level = 0..1;
    for _ in 0..MAX_DETOUR {
        let next = way.len();
        for at in level {
            let func = way[at].0;
            for row in calls.of(func) {
                for target in row.targets.iter().chain(row.handed.iter().map(|handed| &handed.func)) {
                    if *target == to {
                        let mut found = vec![(func, row.span)];
                        let mut step = way[at].1;
                        while let Some((above, span)) = step {
                            found.push((way[above].0, span));
                            step = way[above].1;
                        }
                        return found;
                    }
                    if way.len() < MAX_DETOUR_FUNCS && !way.iter().any(|(known, _)| known == target) {
                        way.push((*target, Some((at, row.span))));
                    }
                }
            }
        }
        level = next..way.len();
    }
    Vec::new()
}

/// The waits around one goroutine and one access of somebody else.
pub(super) struct Waits<'a> {
    cx: &'a Cx<'a>,
    spawn: SpawnId,
    /// Where the goroutine is started, and the calls that lead there.
    starts: Vec<(FuncId, Span)>,
}

impl<'a> Waits<'a> {
    /// Looks at the start of a goroutine.
    pub(super) fn new(cx: &'a Cx<'a>, locator: &Locator<'_>, spawn: SpawnId, creation: Known<'_>) -> Self {
        let site = &cx.lifetimes.spawns.sites[spawn];
        let starts = places(cx, locator, creation, 0, (site.func, site.span));
        Self { cx, spawn, starts }
    }

    /// The wait that comes before the other access on its stack, and after the goroutine was started.
    pub(super) fn before(&self, locator: &Locator<'_>, other: Known<'_>, at: &LocatedAccess) -> Option<JoinPoint> {
        let places = places(self.cx, locator, other, at.frame + 1, (at.func, at.span));
        self.find(&places, false, |func, span, place| match self.start_in(func) {
            // An access that stands before the start is one of the next round.
            Some(start) if place.start < start.start => span.start >= start.end,
            Some(start) => span.start >= start.end && span.end <= place.start && self.leads_to(func, span, place),
            None => span.end <= place.start && self.leads_to(func, span, place),
        })
    }

    /// Whether control may get from one point of a function to another: not from one arm of a `select` to the next.
    fn leads_to(&self, func: FuncId, from: Span, to: Span) -> bool {
        let events = self.cx.lifetimes.events.of(func);
        let points = points(events);
        let (Some(&(from, _)), Some(&(to, _))) = (points.get(&from), points.get(&to)) else { return true };
        from == to || reachable(events, from).contains(to)
    }

    /// The wait that comes only after the other access on its stack.
    pub(super) fn after(&self, locator: &Locator<'_>, other: Known<'_>, at: &LocatedAccess) -> Option<JoinPoint> {
        let places = places(self.cx, locator, other, at.frame + 1, (at.func, at.span));
        self.find(&places, true, |func, span, place| {
            let started = self.start_in(func).is_none_or(|start| start.end <= place.start);
            started && span.start >= place.end
        })
    }

    /// The wait between the start and the end of the functions that lead to it.
    pub(super) fn at_end(&self) -> Option<JoinPoint> {
        self.find(&self.starts, true, |_, span, start| span.start >= start.end)
    }

    /// Where the goroutine is started, and the calls that lead there, innermost first.
    pub(super) fn starts(&self) -> &[(FuncId, Span)] {
        &self.starts
    }

    fn start_in(&self, func: FuncId) -> Option<Span> {
        self.starts.iter().find(|start| start.0 == func).map(|start| start.1)
    }

    /// A wait of a function that runs whenever it is left, wherever it is written.
    fn deferred_wait(&self, func: FuncId, key: SyncKey) -> Option<Span> {
        let events = self.cx.lifetimes.events.of(func).blocks.iter().flat_map(|block| &block.events);
        let waits = |kind: &EventKind| matches!(kind, EventKind::Wait { key: own, .. } if *own == key);
        let mut deferred = events.filter_map(|event| match &event.kind {
            EventKind::Defer { effects, .. } if effects.iter().any(waits) => Some(event.span),
            _ => None,
        });
        deferred.next()
    }

    /// The first wait for the end of the goroutine in the functions of `places` that stands where it should; deferred
    /// ones stand at the end.
    fn find(
        &self,
        places: &[(FuncId, Span)],
        deferred: bool,
        stands: impl Fn(FuncId, Span, Span) -> bool,
    ) -> Option<JoinPoint> {
        let lifetimes = self.cx.lifetimes;
        let joins = &lifetimes.joins;
        let site = &lifetimes.spawns.sites[self.spawn];
        for signal in site.signals.iter().filter(|signal| signal.ends_body()) {
            let Some(key) = joins.index_of(signal.key) else { continue };
            for &(func, place) in places {
                let events = lifetimes.events.of(func).blocks.iter().flat_map(|block| &block.events);
                // Whoever hears of a goroutine that has waited for this one has waited, too.
                let mut own = events.filter(|event| match event.kind {
                    EventKind::Wait { key: heard, how } => joins.ended_by(heard, how).any(|ended| ended == key),
                    _ => false,
                });
                if let Some(wait) = own.find(|event| stands(func, event.span, place)) {
                    return Some(JoinPoint::at(signal.key, func, wait.span));
                }
                if let Some(span) = self.deferred_wait(func, signal.key).filter(|_| deferred) {
                    return Some(JoinPoint::at(signal.key, func, span));
                }
                for row in lifetimes.calls.of(func) {
                    if row.deferred && !deferred || !row.deferred && !stands(func, row.span, place) {
                        continue;
                    }
                    let target = row.targets.iter().find(|target| joins.must(**target).contains(key));
                    let Some(&target) = target else { continue };
                    let wait = joins.waits_in(signal.key, target).first();
                    let (func, span) = wait.map_or((func, row.span), |wait| (wait.func, wait.span));
                    return Some(JoinPoint { key: signal.key, func, span, reached_by: [target].into() });
                }
            }
        }
        let place = places.iter().find(|place| place.0 == site.func)?.1;
        // The wait for the last of counted results is over where its loop is.
        let counted = counted_results(lifetimes.context(), site).into_iter().find(|row| {
            let end = Span { start: row.over.end.saturating_sub(1), end: row.over.end };
            stands(site.func, end, place)
        })?;
        Some(JoinPoint::at(counted.key, site.func, counted.receive))
    }
}
