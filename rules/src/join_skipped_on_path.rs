//! `join-skipped-on-path`: a join is skipped on one way out of a function.

use analyzer::lifetime::conflict::{Conflict, Evidence, JoinStatus, Relation};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct JoinSkippedOnPath;

static META: RuleMeta = RuleMeta {
    id: RuleId("join-skipped-on-path"),
    summary: "A join is skipped on one way out of a function",
    docs: include_str!("docs/join-skipped-on-path.md"),
};

impl Rule for JoinSkippedOnPath {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        let skipped = matches!(conflict.join, JoinStatus::Skipped { .. });
        let next_round = matches!(conflict.relation, Relation::NextRound { .. });
        (skipped && !next_round || is_forgotten(conflict)).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        if is_forgotten(conflict) {
            let message = format!("{other} counts {body}, which uses {name}, and returns without waiting for it");
            let text = format!("wait for {body} by its counter before {other} returns");
            return Wording { message, fix: Fix { text, edits: Vec::new() } };
        }
        let message = format!("{other} goes on with {name} on a way that does not wait for {body}");
        let text = format!("wait on every way out: register the join with defer right after the start of {body}");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}

/// Whether the goroutine is counted, and nobody waits for the counter.
fn is_forgotten(conflict: &Conflict) -> bool {
    conflict.evidence.contains(&Evidence::NobodyWaits)
}
