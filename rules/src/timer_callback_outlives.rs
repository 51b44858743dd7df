//! `timer-callback-outlives`: a timer callback may still run after the timer was stopped.

use analyzer::lifetime::{SpawnKind, conflict::Conflict};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct TimerCallbackOutlives;

static META: RuleMeta = RuleMeta {
    id: RuleId("timer-callback-outlives"),
    summary: "A timer callback may still run after the timer was stopped",
    docs: include_str!("docs/timer-callback-outlives.md"),
};

impl Rule for TimerCallbackOutlives {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        let timer = cx.lifetimes.spawns.sites[conflict.spawn].kind == SpawnKind::Timer;
        timer.then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let message = format!("the timer callback {body} may still use {name} when {other} changes it");
        let text = "when Stop reports false, wait for the callback; or let both take one lock".to_owned();
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
