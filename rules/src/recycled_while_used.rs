//! `recycled-while-used`: an object goes back to its pool while a goroutine still uses it.

use analyzer::lifetime::{
    AccessKind, Location, Stored,
    conflict::{Conflict, Relation},
};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct RecycledWhileUsed;

/// Its id.
pub(crate) const ID: &str = "recycled-while-used";

static META: RuleMeta = RuleMeta {
    id: RuleId(ID),
    summary: "An object goes back to its pool while a goroutine still uses it",
    docs: include_str!("docs/recycled-while-used.md"),
};

impl Rule for RecycledWhileUsed {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        (conflict.other.kind == AccessKind::Recycle).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        if conflict.other.stored == Stored::Update {
            let name = cx.location_name(conflict.location);
            let message = format!("{other} fills {name} again while {body} may still read what was in it");
            let text = format!("give {body} a copy of what {other} returned");
            return Wording { message, fix: Fix { text, edits: Vec::new() } };
        }
        let name = cx.object_name(conflict.location);
        if conflict.relation == Relation::Recycled && matches!(conflict.location, Location::Local(..)) {
            let message =
                format!("{other} returns, and {name} is the framework's again, while {body} may still use it");
            let text = format!("give {body} a copy of what it needs of {name}, or wait for it before {other} returns");
            return Wording { message, fix: Fix { text, edits: Vec::new() } };
        }
        let message = format!("{other} recycles {name} while {body} may still use it");
        let text = format!("put {name} back only after {body} is over, in {body} itself or after waiting for it");
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
