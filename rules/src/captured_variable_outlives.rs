//! `captured-variable-outlives`: a captured variable is used on both sides while the goroutine runs.

use analyzer::lifetime::{
    AccessKind, Location, SpawnKind,
    conflict::{Conflict, Evidence, Relation},
};

use crate::{
    finding::{Confidence, Fix, RuleId},
    rule::{Cx, Rule, RuleMeta, Wording},
};

/// The rule.
pub(crate) struct CapturedVariableOutlives;

static META: RuleMeta = RuleMeta {
    id: RuleId("captured-variable-outlives"),
    summary: "A captured variable is used on both sides while the goroutine runs",
    docs: include_str!("docs/captured-variable-outlives.md"),
};

impl Rule for CapturedVariableOutlives {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence> {
        let local = matches!(conflict.location, Location::Local(..));
        let between = matches!(
            conflict.relation,
            Relation::AfterSpawn | Relation::AfterCall { .. } | Relation::Sibling(_) | Relation::GivenAway
        );
        // What is lent is not used by both, but given back.
        let lent = conflict.other.kind == AccessKind::End;
        (local && between && !lent).then(|| cx.certainty(conflict))
    }

    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording {
        let name = cx.location_name(conflict.location);
        let body = cx.body(conflict).map_or("the goroutine", |f| cx.short(f));
        if conflict.relation == Relation::Sibling(conflict.spawn) && conflict.evidence.contains(&Evidence::EachWrites) {
            return Wording {
                message: format!("each of several goroutines, {body}, writes {name}, which they share"),
                fix: Fix {
                    text: format!("give each goroutine a variable of its own, or guard {name} with a lock"),
                    edits: Vec::new(),
                },
            };
        }
        let other = cx.short(conflict.other.func);
        let spawn = &cx.lifetimes.spawns.sites[conflict.spawn];
        if spawn.kind == SpawnKind::Subtest && is_of_loop(cx, conflict.location) {
            // The pause orders both sides: no race, and all rows but the last go untested.
            return Wording {
                message: format!(
                    "each parallel subtest of {other} sees the last {name}: {body} goes on when the loop is over"
                ),
                fix: Fix {
                    text: format!(
                        "copy it in the loop, `{name} := {name}`, or let go.mod ask for Go 1.22, where each iteration has its own"
                    ),
                    edits: Vec::new(),
                },
            };
        }
        let verb = if conflict.other.kind.is_write() { "changes" } else { "reads" };
        let channel = matches!(conflict.other.kind, AccessKind::Close | AccessKind::Send);
        let (verb, has) = match conflict.other.kind {
            AccessKind::Close => ("closes", "uses"),
            AccessKind::Send => ("sends on", "uses"),
            _ if conflict.relation == Relation::GivenAway => (verb, "runs the literal that captures"),
            _ => (verb, "captures"),
        };
        let message = format!("{other} {verb} {name} while {body}, which {has} it, may still run");
        let text = if channel {
            format!("wait for {body} before {name} is closed, or let the last one that sends close it")
        } else if conflict.inside.kind.is_write() {
            format!(
                "wait for {body} first, or let it write to a variable of its own and send the result over a channel"
            )
        } else {
            format!(
                "wait for {body} first, or hand it the value of {name} as an argument, which is evaluated at the start"
            )
        };
        Wording { message, fix: Fix { text, edits: Vec::new() } }
    }
}

/// Whether a variable is that of a loop's header.
fn is_of_loop(cx: &Cx<'_>, location: Location) -> bool {
    let Location::Local(file, local) = location else { return false };
    cx.lifetimes.program.facts(file).locals[local].is_of_header()
}
