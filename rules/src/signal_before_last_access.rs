//! `signal-before-last-access`: a goroutine signals its end and then goes on.

use analyzer::lifetime::conflict::{Conflict, JoinStatus};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct SignalBeforeLastAccess;

static META: RuleMeta = RuleMeta {
    id: RuleId("signal-before-last-access"),
    summary: "A goroutine signals its end and then goes on",
    docs: include_str!("docs/signal-before-last-access.md"),
};

impl Rule for SignalBeforeLastAccess {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        matches!(conflict.join, JoinStatus::SignalledEarly(..)).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let message =
            format!("{body} signals its end and then still accesses {name}, which {other} uses after waiting");
        let text = format!("make the signal the last thing {body} does: defer it first");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
