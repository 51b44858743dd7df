//! `join-after-write`: the join comes after the write it should have come before.

use analyzer::lifetime::conflict::{Conflict, JoinStatus, Relation};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct JoinAfterWrite;

static META: RuleMeta = RuleMeta {
    id: RuleId("join-after-write"),
    summary: "The join comes after the write it should have come before",
    docs: include_str!("docs/join-after-write.md"),
};

impl Rule for JoinAfterWrite {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        matches!((&conflict.join, &conflict.relation), (JoinStatus::Late(_), Relation::OwnerMethod { .. }))
            .then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let message = format!("{other} changes {name} before it waits for {body}");
        let text = format!("move the wait before the change of {name}");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
