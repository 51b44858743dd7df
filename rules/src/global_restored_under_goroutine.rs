//! `global-restored-under-goroutine`: a package variable is put back while a goroutine still reads it.

use analyzer::lifetime::{
    Location,
    conflict::{Conflict, Relation},
};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct GlobalRestoredUnderGoroutine;

static META: RuleMeta = RuleMeta {
    id: RuleId("global-restored-under-goroutine"),
    summary: "A package variable is put back while a goroutine still reads it",
    docs: include_str!("docs/global-restored-under-goroutine.md"),
};

impl Rule for GlobalRestoredUnderGoroutine {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        let of_tests = conflict.relation == Relation::Restored && matches!(conflict.location, Location::Field(_));
        let global = (of_tests || matches!(conflict.location, Location::Global(_))) && conflict.other.kind.is_write();
        global.then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let other = cx.short(conflict.other.func);
        let message = format!("{other} changes {name} while {body} may still read it");
        let text = format!(
            "stop and wait for {body} before {name} is changed; register the restore before the start, so that it runs last"
        );
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
