//! `test-outlived`: a goroutine uses its test after the test is over.

use analyzer::lifetime::{
    Location,
    conflict::{Conflict, Relation},
};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct TestOutlived;

static META: RuleMeta = RuleMeta {
    id: RuleId("test-outlived"),
    summary: "A goroutine uses its test after the test is over",
    docs: include_str!("docs/test-outlived.md"),
};

impl Rule for TestOutlived {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        matches!(conflict.relation, Relation::TestEnd).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        let test = cx.short(conflict.other.func);
        let message = format!("{body} still uses {name} when {test} is over");
        // `t`, `b` or `f`; what else holds it is no name to write.
        let handle = if matches!(conflict.location, Location::Local(..)) { &name } else { "t" };
        let text = format!(
            "wait for {body} before {test} returns, for example in a {handle}.Cleanup registered before the goroutine starts"
        );
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}
