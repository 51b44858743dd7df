//! `stop-channel-remade`: a channel is made anew while a goroutine still reads the field that holds it.

use analyzer::lifetime::{
    AccessKind, Stored,
    conflict::{Conflict, Relation},
};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct StopChannelRemade;

static META: RuleMeta = RuleMeta {
    id: RuleId("stop-channel-remade"),
    summary: "A channel is made anew while a goroutine still reads the field that holds it",
    docs: include_str!("docs/stop-channel-remade.md"),
};

impl Rule for StopChannelRemade {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        let remade = matches!(conflict.relation, Relation::OwnerMethod { .. })
            && conflict.other.stored != Stored::Update
            && conflict.other.stored != Stored::Cleared
            && conflict.other.kind == AccessKind::Write
            && cx.is_channel_field(conflict.location);
        remade.then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let message = format!("{other} sets {name} again while {body} may still read it");
        let text =
            format!("hand its value to {body} as a parameter, or wait for {body} before {other} sets {name} again");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
