//! `join-after-write`: the join comes after the write it should have come before.

use analyzer::lifetime::{
    AccessKind,
    conflict::{Conflict, JoinStatus, Relation},
};

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
        let reads = conflict.other.kind == AccessKind::Read;
        let (verb, use_of) = if reads { ("reads", "use") } else { ("changes", "change") };
        let message = format!("{other} {verb} {name} before it waits for {body}");
        let text = format!("move the wait before the {use_of} of {name}");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
