//! Conditions that compare with `nil`, or ask whether a channel is open: what is known on each way out of them.
//!
//! Of local variables the way is kept, for whoever follows the variable; of fields it says whether what they would hold was
//! ever started.

use rustc_hash::FxHashSet;

use super::{
    after_spawn::Facts,
    conflict::Conflict,
    domain::{Access, AccessKind, SyncKey},
    events::{Event, EventKind, Lowering, NilTest},
    order::{comes_to, point_of, reachable_without},
    place::Places,
};
use crate::{
    base::{Idx, IndexVec, Span},
    resolve::{FuncId, Type},
    syntax::{BinaryOp, Expr, ExprId, LocalDecl, Terminator},
};

/// Callers of a function that sets what is nil which count as it: getters around getters.
const MAX_MAKERS_ABOVE: u32 = 2;
/// Callers above a start that may have called one before.
const MAX_STARTERS_ABOVE: u32 = 2;

impl Lowering<'_> {
    pub(super) fn nil_test(&self, condition: ExprId) -> Option<NilTest> {
        let (tested, nil_first) = self.compared_with_nil(condition)?;
        let Expr::Local(local) = self.expr(tested) else { return None };
        Some(NilTest { local: *local, nil_first })
    }

    /// For a condition about a field that holds a channel, a function or a pointer: whether it is nil on the first way.
    pub(super) fn started_test(&self, condition: ExprId) -> Option<bool> {
        let (tested, nil_first) = self.compared_with_nil(condition)?;
        if self.program.place(self.file, tested).steps.is_empty() {
            return None;
        }
        let ty = self.program.underlying(self.program.expr_type(self.file, tested));
        matches!(self.program.ty(ty), Type::Chan { .. } | Type::Func { .. } | Type::Pointer(_)).then_some(nil_first)
    }

    /// What a condition compares with `nil`, and whether it is nil where the condition holds.
    fn compared_with_nil(&self, condition: ExprId) -> Option<(ExprId, bool)> {
        compared_with_nil(&self.program.facts(self.file).exprs, condition)
    }

    /// For a condition `ok` or `!ok` of `v, ok := <-c`: the channel, and whether it is open where the condition holds. Where
    /// it is not, somebody has closed it.
    pub(super) fn open_test(&self, condition: ExprId) -> Option<(SyncKey, bool)> {
        let (tested, open_first) = match self.expr(condition) {
            Expr::Not(inner) => (*inner, false),
            _ => (condition, true),
        };
        let Expr::Local(ok) = *self.expr(tested) else { return None };
        let LocalDecl::Value(value) = &self.program.facts(self.file).locals[ok].decl else { return None };
        let Expr::Receive(channel) = *self.expr(value.expr) else { return None };
        if value.component != Some(1) || self.places.is_reassigned(self.file, ok) {
            return None;
        }
        self.key_of_channel(channel).map(|key| (key, open_first))
    }
}

/// What a condition compares with `nil`, and whether it is nil where the condition holds.
fn compared_with_nil(exprs: &IndexVec<ExprId, Expr>, condition: ExprId) -> Option<(ExprId, bool)> {
    let Expr::Binary { op, left, right } = &exprs[condition] else { return None };
    let nil_first = match op {
        BinaryOp::Equal => true,
        BinaryOp::NotEqual => false,
        BinaryOp::Order | BinaryOp::And | BinaryOp::Or | BinaryOp::Shift | BinaryOp::Arithmetic => return None,
    };
    match (exprs[*left].is_nil(), exprs[*right].is_nil()) {
        (false, true) => Some((*left, nil_first)),
        (true, false) => Some((*right, nil_first)),
        _ => None,
    }
}

/// Whether a field is set only where it has been found to be nil: `if s.ctx != nil { return }`. Who reads what it holds does
/// so when it is set, unless somebody empties it again.
pub(super) fn sets_what_is_nil(facts: Facts<'_>, access: &Access) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[access.func].file;
    let events = facts.cx.events.of(access.func);
    let Some(body) = program.function(access.func).body.as_ref().filter(|_| access.kind == AccessKind::Write) else {
        return false;
    };
    let Some((to, _)) = point_of(events, access.span) else { return false };
    body.blocks.iter_enumerated().any(|(at, block)| {
        let Terminator::If { condition, then, otherwise } = block.end else { return false };
        let exprs = &program.facts(file).exprs;
        let Some((tested, nil_first)) = compared_with_nil(exprs, condition) else { return false };
        let set = if nil_first { otherwise.index() } else { then.index() };
        let gets_there = |from: usize| from == to || reachable_without(events, from, events.blocks.len()).contains(to);
        Places::location(&program.place(file, tested), file) == Some(access.location)
            && at.index() != to
            && !gets_there(set)
            && (at.index() == 0 || !reachable_without(events, 0, at.index()).contains(to))
    })
}

/// Whether a function that sets a package variable where it is nil was called before the goroutine was started, by the one
/// who starts it or by all who call that one: then it is set, unless somebody empties it.
pub(super) fn was_made_before(facts: Facts<'_>, conflict: &Conflict, access: &Access) -> bool {
    if !sets_what_is_nil(facts, access) {
        return false;
    }
    let mut makers: FxHashSet<FuncId> = FxHashSet::default();
    let mut work = vec![(access.func, 0)];
    while let Some((func, depth)) = work.pop() {
        if makers.insert(func) && depth < MAX_MAKERS_ABOVE {
            let sites = facts.cx.graph.callers(func).iter();
            work.extend(sites.map(|site| (facts.cx.graph.sites()[*site].func, depth + 1)));
        }
    }
    let site = &facts.spawns.sites[conflict.spawn];
    made_on_the_way(facts, &makers, (site.func, site.span), MAX_STARTERS_ABOVE)
}

/// Whether every way to a place of a function, or to all calls of the function, calls one of the makers.
fn made_on_the_way(facts: Facts<'_>, makers: &FxHashSet<FuncId>, (func, span): (FuncId, Span), callers: u32) -> bool {
    let events = facts.cx.events.of(func);
    let Some(to) = point_of(events, span) else { return false };
    let makes = |event: &Event| match event.kind {
        EventKind::Call(call) => facts
            .calls
            .at(func, call)
            .is_some_and(|row| !row.targets.is_empty() && row.targets.iter().all(|target| makers.contains(target))),
        _ => false,
    };
    if !comes_to(events, (0, 0), Some(to), &makes) {
        return true;
    }
    let graph = facts.cx.graph;
    let sites = graph.callers(func);
    callers > 0
        && !sites.is_empty()
        && sites.iter().all(|site| {
            let site = &graph.sites()[*site];
            made_on_the_way(facts, makers, (site.func, site.span), callers - 1)
        })
}
