//! `close-without-join`: state is ended without waiting for the goroutine that uses it.

use analyzer::lifetime::{
    AccessKind, Location,
    conflict::{Conflict, Relation, Role},
};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct CloseWithoutJoin;

static META: RuleMeta = RuleMeta {
    id: RuleId("close-without-join"),
    summary: "State is ended without waiting for the goroutine that uses it",
    docs: include_str!("docs/close-without-join.md"),
};

impl Rule for CloseWithoutJoin {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        match conflict.relation {
            Relation::OwnerMethod { role: Role::Restarts, .. } => None,
            Relation::OwnerMethod { .. } => Some(cx.certainty(conflict)),
            // One goroutine closes the channel that another of the same function sends on.
            Relation::Sibling(_) if matches!(conflict.location, Location::Field(_)) => Some(cx.certainty(conflict)),
            _ => None,
        }
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let verb = match conflict.other.kind {
            AccessKind::Close => "closes",
            AccessKind::End => "ends",
            AccessKind::Read => "reads",
            AccessKind::Send => "sends on",
            _ => "changes",
        };
        let message = format!("{other} {verb} {name} without waiting for {body}");
        let text = format!("let {body} signal its end and wait for it before {name} is touched");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
