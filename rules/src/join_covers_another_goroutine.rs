//! `join-covers-another-goroutine`: a join is there, but of another goroutine.

use analyzer::lifetime::conflict::{Conflict, JoinStatus, Relation};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct JoinCoversAnotherGoroutine;

static META: RuleMeta = RuleMeta {
    id: RuleId("join-covers-another-goroutine"),
    summary: "A join is there, but of another goroutine",
    docs: include_str!("docs/join-covers-another-goroutine.md"),
};

impl Rule for JoinCoversAnotherGoroutine {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        let other = matches!(conflict.join, JoinStatus::OtherGoroutine(_));
        (other && matches!(conflict.relation, Relation::OwnerMethod { .. } | Relation::AfterCall { .. }))
            .then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let object = cx.join_point(conflict).map_or_else(String::new, |p| cx.location_name(p.key));
        let message = format!("{other} changes {name} after waiting on {object}, which does not cover {body}");
        let text = format!("count {body} in what is waited for, or wait for it as well");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
