//! `goroutine-outlives-reset`: a goroutine is still running when the state it uses is reset.

use analyzer::lifetime::conflict::{Conflict, JoinStatus, Relation};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct GoroutineOutlivesReset;

static META: RuleMeta = RuleMeta {
    id: RuleId("goroutine-outlives-reset"),
    summary: "A goroutine is still running when the state it uses is reset",
    docs: include_str!("docs/goroutine-outlives-reset.md"),
};

impl Rule for GoroutineOutlivesReset {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        match conflict.relation {
            Relation::NextRound { .. } | Relation::OwnerMethod { .. } => Some(cx.certainty(conflict)),
            _ => None,
        }
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let message = match cx.join_point(conflict) {
            Some(join) => format!(
                "{body} may outlive the reset of {name} in {other}: {} is not reached on every exit",
                cx.short(join.func)
            ),
            None => format!("{body} may outlive the reset of {name} in {other}: nobody waits for it"),
        };
        let text = match (cx.join_point(conflict), &conflict.join) {
            (Some(join), JoinStatus::Skipped { at, .. }) if !at.is_empty() => {
                let (skips, joins) = (cx.short(at[0].func), cx.short(join.func));
                let what = match joins == skips {
                    true => format!("the wait where {body} is started"),
                    false => format!("the call that leads to {joins} where the object is opened"),
                };
                format!("in {skips}, defer {what}, so that every exit waits for {body} before {other} resets {name}")
            }
            _ => format!("wait for {body} on every exit, before {other} resets {name}"),
        };
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
