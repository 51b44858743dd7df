//! What runs once for all who come the same way: whoever has been there goes on when it is done, or never runs.

use super::{
    after_spawn::{Facts, Pass},
    calls::CallRef,
    conflict::Conflict,
    domain::SyncKey,
    events::{Event, EventKind},
    handed::effects_of,
    models::Effect,
    order::{comes_to, gets_to, is_deferred, point_of, points},
    reach::Reached,
};
use crate::{
    base::Span,
    resolve::FuncId,
    syntax::{Expr, ExprId},
};

/// Calls down to what runs once: `get`, which calls `init`, which calls `once.Do`. Deeper ones are not seen.
const MAX_ONCE_DEPTH: u32 = 2;

impl Pass<'_> {
    /// Whether the goroutine makes an access in what it runs once, and this function makes its own there, too, or gets to it
    /// only when it has been there.
    pub(super) fn through_one_once(
        &self,
        goroutine: usize,
        reached: &Reached,
        (path, access): (&[(FuncId, Span)], (FuncId, Span)),
        to: Span,
    ) -> bool {
        let reach = &self.facts.reaches[self.ids[goroutine]];
        let inside = runs_once(self.facts, reach.path(reached.node));
        if inside.is_empty() {
            return false;
        }
        if runs_once(self.facts, path.iter().copied()).iter().any(|key| inside.contains(key)) {
            return true;
        }
        // In what this function calls, the way to the access may lead through there.
        let called = path.iter().skip(1).copied().chain((!path.is_empty()).then_some(access));
        if called.into_iter().any(|(func, span)| self.has_been_by(func, span, &inside)) {
            return true;
        }
        let here = points(self.events);
        let site = &self.facts.spawns.sites[self.ids[goroutine]];
        let (Some(&from), Some(&end)) = (here.get(&site.span), here.get(&to)) else { return false };
        let has_been = |event: &Event| self.has_been(self.func, event, &inside, MAX_ONCE_DEPTH);
        // Whoever has been there before the start leaves nothing to run.
        !comes_to(self.events, (0, 0), Some(from), &has_been)
            || !is_deferred(self.events, end) && !gets_to(self.events, from, Some(end), &has_been)
    }

    /// Whether every way to a place of a function leads through what goes by one of the keys.
    fn has_been_by(&self, func: FuncId, span: Span, keys: &[SyncKey]) -> bool {
        let events = self.facts.cx.events.of(func);
        let has_been = |event: &Event| self.has_been(func, event, keys, MAX_ONCE_DEPTH);
        point_of(events, span)
            .is_some_and(|point| !is_deferred(events, point) && !comes_to(events, (0, 0), Some(point), &has_been))
    }

    /// Whether an event runs something once by one of the keys, itself or on every way through what it calls; or lets nobody
    /// go on.
    fn has_been(&self, func: FuncId, event: &Event, keys: &[SyncKey], depth: u32) -> bool {
        let call = match event.kind {
            EventKind::Call(call) => call,
            EventKind::Leave { .. } => return true,
            _ => return false,
        };
        let called = || {
            let row = self.facts.calls.at(func, call)?;
            let always = |target: &FuncId| {
                let events = self.facts.cx.events.of(*target);
                let stops = |event: &Event| self.has_been(*target, event, keys, depth - 1);
                !events.blocks.is_empty() && !comes_to(events, (0, 0), None, &stops)
            };
            Some(depth > 0 && !row.targets.is_empty() && row.targets.iter().all(always))
        };
        once_of(self.facts, func, call).is_some_and(|key| keys.contains(&key)) || called().unwrap_or(false)
    }
}

/// What each call on a path that runs a function once goes by.
fn runs_once(facts: Facts<'_>, path: impl IntoIterator<Item = (FuncId, Span)>) -> Vec<SyncKey> {
    let mut out = Vec::new();
    for (func, span) in path {
        let rows = facts.calls.of(func).iter().filter(|row| row.span == span);
        out.extend(rows.filter_map(|row| once_of(facts, func, row.call)));
    }
    out
}

/// What a call that runs its argument once goes by.
fn once_of(facts: Facts<'_>, func: FuncId, call: ExprId) -> Option<SyncKey> {
    let cx = facts.cx;
    let file = cx.program.funcs()[func].file;
    let Expr::Call { callee, .. } = &cx.program.facts(file).exprs[call] else { return None };
    let Expr::Select { base, .. } = cx.program.facts(file).exprs[*callee] else { return None };
    let once = effects_of(cx.program, cx.models, file, call).contains(&Effect::Once);
    once.then(|| cx.places.key(cx.program, cx.graph, file, base)).flatten()
}

/// Whether both sides are in what runs once by one key: only one of them ever happens.
pub(super) fn one_happens(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let inside = runs_once(facts, conflict.inside.path.iter().copied());
    !inside.is_empty() && runs_once(facts, conflict.other.path.iter().copied()).iter().any(|key| inside.contains(key))
}

/// Whether every way to a place of a function leads through a call that runs another function once, `s.once.Do(s.init)`:
/// that one is over by then, whoever ran it.
pub(super) fn has_run_once(facts: Facts<'_>, (func, span): (FuncId, Span), once: FuncId) -> bool {
    let cx = facts.cx;
    let (file, events) = (cx.program.funcs()[func].file, cx.events.of(func));
    let runs = |row: &&CallRef| {
        let by_a_once = || effects_of(cx.program, cx.models, file, row.call).contains(&Effect::Once);
        row.handed.iter().any(|handed| handed.func == once) && by_a_once()
    };
    let calls: Vec<ExprId> = facts.calls.of(func).iter().filter(runs).map(|row| row.call).collect();
    let passed = |event: &Event| matches!(event.kind, EventKind::Call(call) if calls.contains(&call));
    !calls.is_empty()
        && point_of(events, span)
            .is_some_and(|point| !is_deferred(events, point) && !comes_to(events, (0, 0), Some(point), &passed))
}
