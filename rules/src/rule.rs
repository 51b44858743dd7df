//! What a rule is.

use analyzer::lifetime::{Lifetimes, conflict::Conflict};

use crate::finding::{Confidence, Fix, RuleId};

/// What a rule says of itself.
#[derive(Debug)]
pub struct RuleMeta {
    /// Its id: names the flaw, reads "allow <id>".
    pub id: RuleId,
    /// One line.
    pub summary: &'static str,
    /// Documentation in Markdown, with a racing and a quiet Go example.
    pub docs: &'static str,
}

/// What rules read.
pub struct Cx<'a> {
    /// The analysis.
    pub lifetimes: &'a Lifetimes<'a>,
}

/// The words of a finding.
#[derive(Debug, Default)]
pub struct Wording {
    /// One sentence: what outlives what.
    pub message: String,
    /// How to mend it.
    pub fix: Fix,
}

/// A rule: it claims the conflicts that are its flaw, and words them.
pub trait Rule: Sync {
    /// What it says of itself.
    fn meta(&self) -> &'static RuleMeta;
    /// Whether the conflict is this flaw, and how certain that is.
    fn detect(&self, cx: &Cx<'_>, conflict: &Conflict) -> Option<Confidence>;
    /// The words for a conflict it claimed.
    fn word(&self, cx: &Cx<'_>, conflict: &Conflict) -> Wording;
}
