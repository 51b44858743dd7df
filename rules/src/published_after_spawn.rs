//! `published-after-spawn`: state is set after the goroutine that reads it was started.

use analyzer::lifetime::conflict::{Conflict, Relation};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct PublishedAfterSpawn;

static META: RuleMeta = RuleMeta {
    id: RuleId("published-after-spawn"),
    summary: "State is set after the goroutine that reads it was started",
    docs: include_str!("docs/published-after-spawn.md"),
};

impl Rule for PublishedAfterSpawn {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        matches!(conflict.relation, Relation::AfterSpawn | Relation::AfterCall { .. }).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let verb = if conflict.other.kind.is_write() { "sets" } else { "reads" };
        let message = format!("{other} {verb} {name} after {body}, which uses it, was started");
        let text = format!("set {name} before the goroutine starts, or guard it with a lock");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
