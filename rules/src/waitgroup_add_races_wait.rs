//! `waitgroup-add-races-wait`: a WaitGroup is raised where it may already be waited for.

use analyzer::lifetime::conflict::{Conflict, Relation};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct WaitgroupAddRacesWait;

static META: RuleMeta = RuleMeta {
    id: RuleId("waitgroup-add-races-wait"),
    summary: "A WaitGroup is raised where it may already be waited for",
    docs: include_str!("docs/waitgroup-add-races-wait.md"),
};

impl Rule for WaitgroupAddRacesWait {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        matches!(conflict.relation, Relation::AddRacesWait { .. }).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        // The goroutine raises the counter, or it is the one that waits or is done.
        let inside = (conflict.inside.func, conflict.inside.span);
        let (adder, waiter) = match conflict.relation {
            Relation::AddRacesWait { wait } if wait == inside => (&conflict.other, &conflict.inside),
            _ => (&conflict.inside, &conflict.other),
        };
        let lowered = waiter.kind.is_write();
        let (adder, waiter) = (cx.short(adder.func), cx.short(waiter.func));
        let message = match lowered {
            true => format!("{adder} adds to {name} when {waiter} may already have called Done"),
            false => format!("{adder} adds to {name} when {waiter} may already be past its Wait"),
        };
        let text = match lowered {
            true => format!("call Add on {name} before the goroutine starts, where nobody can be done yet"),
            false => format!("call Add on {name} before the goroutine starts, where nobody can be waiting yet"),
        };
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
