//! Conflicts that a rule claims, one per cause. What is said of them, in words and with the code's own, comes last: most are
//! less certain than is asked for, or of a cause that is known already.

use std::collections::hash_map::Entry;

use analyzer::{
    base::Span,
    lifetime::{
        conflict::{Conflict, JoinStatus},
        other_ways::other_ways,
    },
    resolve::FuncId,
};
use rustc_hash::FxHashMap;

use crate::{
    RULES,
    finding::{Access, AccessSide, Confidence, Finding, RuleId, Site},
    fix,
    rule::Cx,
};

/// A conflict that a rule claims, with what others of the same cause access.
pub struct Claimed<'c> {
    /// The rule, as a row of [`RULES`].
    rule: usize,
    pub(crate) confidence: Confidence,
    conflict: &'c Conflict,
    accesses: Vec<Accessed>,
    /// How many of the accesses are of its own conflict; they come first.
    own: usize,
}

/// An access of a claimed conflict.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Accessed {
    side: AccessSide,
    write: bool,
    func: FuncId,
    span: Span,
}

impl<'c> Claimed<'c> {
    /// By the first rule that does.
    pub(crate) fn of(cx: &Cx<'_>, conflict: &'c Conflict) -> Option<Self> {
        let mut rules = RULES.iter().enumerate();
        let (rule, confidence) = rules.find_map(|(at, rule)| Some((at, rule.detect(cx, conflict)?)))?;
        let ways = other_ways(cx.lifetimes.facts(), conflict);
        let others = [&conflict.other].into_iter().chain(&conflict.others).map(|side| (AccessSide::Other, side));
        let sides = [(AccessSide::Goroutine, &conflict.inside)].into_iter().chain(others);
        let sides = sides.chain(ways.iter().map(|side| (AccessSide::Goroutine, side)));
        let accessed =
            sides.map(|(side, at)| Accessed { side, write: at.kind.is_write(), func: at.func, span: at.span });
        let accesses: Vec<Accessed> = accessed.collect();
        Some(Self { rule, confidence, conflict, own: accesses.len(), accesses })
    }

    /// The rule.
    pub fn rule(&self) -> RuleId {
        RULES[self.rule].meta().id
    }

    /// Where an ignore of it may stand, as of a [`Finding`].
    pub fn places(&self, cx: &Cx<'_>) -> Vec<Site> {
        let conflict = self.conflict;
        let spawn = &cx.lifetimes.spawns.sites[conflict.spawn];
        let accesses = self.accesses.iter().map(|access| cx.site(access.func, access.span));
        let skipped = skipped_at(conflict).map(|(func, span)| cx.site(func, span));
        accesses.chain(skipped).chain(cx.reset(conflict)).chain([cx.site(spawn.func, spawn.span)]).collect()
    }

    /// All that there is to say.
    pub(crate) fn finding(&self, cx: &Cx<'_>) -> Finding {
        let (rule, conflict) = (RULES[self.rule], self.conflict);
        let mut wording = rule.word(cx, conflict);
        if wording.fix.edits.is_empty() {
            wording.fix.edits = fix::edits(cx, conflict);
        }
        let accessed = |row: &Accessed| {
            let (site, expression) = (cx.site(row.func, row.span), cx.quote(row.func, row.span));
            Access { side: row.side, write: row.write, site, expression }
        };
        let (own, further) = self.accesses.split_at(self.own);
        let mut accesses: Vec<Access> = own.iter().map(accessed).collect();
        // What reads the same in one place is listed once.
        for access in further.iter().map(accessed) {
            if !accesses.contains(&access) {
                accesses.push(access);
            }
        }
        cx.finding(rule.meta().id, conflict, self.confidence, wording, accesses)
    }

    /// All accesses of one location by one goroutine under one missing join are one finding.
    pub(crate) fn cause(&self, cx: &Cx<'_>) -> (String, String) {
        let location = cx.memory(self.conflict);
        let what = match skipped_at(self.conflict).map(|(func, span)| cx.site(func, span)).min() {
            Some(skip) => format!("{}:{}:{}", skip.file, skip.line, location.name),
            None => format!("{}.{}", location.package, location.name),
        };
        (self.started(cx), what)
    }

    /// What tells goroutines apart: where they start, unless ten tests start the same function.
    fn started(&self, cx: &Cx<'_>) -> String {
        let spawn = &cx.lifetimes.spawns.sites[self.conflict.spawn];
        let spawn = cx.site(spawn.func, spawn.span);
        let goroutine = cx.body(self.conflict).map_or("", |func| cx.symbol(func));
        let literal = goroutine.rsplit('.').next().is_some_and(|last| last.starts_with("func"));
        if spawn.file.ends_with("_test.go") {
            if !literal && !goroutine.is_empty() {
                return goroutine.to_owned();
            }
            // `go func() { s.Start() }()` in ten tests is one start, too.
            let inside = cx.site(self.conflict.inside.func, self.conflict.inside.span);
            if !inside.file.ends_with("_test.go") {
                return format!("test:{}", inside.function);
            }
        }
        format!("{}:{}:{goroutine}", spawn.file, spawn.line)
    }

    fn is_better_than(&self, other: &Self) -> bool {
        self.confidence > other.confidence || self.confidence == other.confidence && self.rule < other.rule
    }
}

/// Exits without the join.
fn skipped_at(conflict: &Conflict) -> impl Iterator<Item = (FuncId, Span)> {
    let at = match &conflict.join {
        JoinStatus::Skipped { at, .. } => &at[..],
        _ => &[],
    };
    at.iter().map(|skip| (skip.func, skip.span))
}

/// Claimed conflicts so far, one per cause, in the order in which the causes were met.
#[derive(Default)]
pub(crate) struct Causes<'c> {
    pub(crate) claimed: Vec<Claimed<'c>>,
    rows: FxHashMap<(String, String), usize>,
}

impl<'c> Causes<'c> {
    /// Adds conflicts with their causes: of one cause the most certain is kept, with the accesses of all.
    pub(crate) fn add(&mut self, found: Vec<((String, String), Claimed<'c>)>) {
        for (cause, mut found) in found {
            match self.rows.entry(cause) {
                Entry::Vacant(slot) => {
                    slot.insert(self.claimed.len());
                    self.claimed.push(found);
                }
                Entry::Occupied(slot) => {
                    let known = &mut self.claimed[*slot.get()];
                    if found.is_better_than(known) {
                        std::mem::swap(known, &mut found);
                    }
                    for access in found.accesses {
                        if !known.accesses.contains(&access) {
                            known.accesses.push(access);
                        }
                    }
                }
            }
        }
    }
}
