//! Who should have waited, from the creation stack outwards: a function that called into the start of the goroutine
//! through some object, and later calls that object's joiner, holds the goroutine in between.

use analyzer::{
    lifetime::{
        Exit, SpawnId,
        calls::CallRef,
        conflict::{JoinPoint, JoinStatus, SkippedAt},
        joins::path_to_wait,
    },
    resolve::FuncId,
    syntax::Expr,
};

use super::covered::Waits;
use crate::rule::Cx;

/// What the nearest holder of the goroutine does about it.
pub(super) enum Held {
    /// It joins on some ways out of it, but not on these.
    Skips(JoinStatus),
    /// It joins on every way out.
    Joins(JoinPoint, FuncId),
}

/// Looks for the nearest function on the creation stack that holds the goroutine's owner. Functions in `busy` are those
/// the other access comes out of: what they do later is no answer.
pub(super) fn held(cx: &Cx<'_>, waits: &Waits<'_>, spawn: SpawnId, busy: &[FuncId]) -> Option<Held> {
    let lifetimes = cx.lifetimes;
    let joins = &lifetimes.joins;
    let site = &lifetimes.spawns.sites[spawn];
    for signal in site.signals.iter().filter(|signal| signal.ends_body()) {
        let Some(bit) = joins.index_of(signal.key) else { continue };
        for &(func, start) in waits.starts().iter().skip(1).filter(|(func, _)| !busy.contains(func)) {
            let owners = objects(cx, func, |row| row.span == start);
            let joiner = |row: &&CallRef| {
                let may = row.targets.iter().any(|target| joins.may(*target).contains(bit));
                let own = receiver(cx, func, row).is_some_and(|text| owners.contains(&text));
                let literal = row.targets.iter().all(|target| lifetimes.program.funcs()[*target].parent == Some(func));
                may && (own && row.span.start >= start.end || row.deferred && (own || literal))
            };
            let calls: Vec<&CallRef> = lifetimes.calls.of(func).iter().filter(joiner).collect();
            let Some(first) = calls.first() else { continue };
            let reached_by = path_to_wait(joins, &lifetimes.calls, first, signal.key);
            let waiter = reached_by.last().copied()?;
            let wait = joins.waits_in(signal.key, waiter).first()?;
            let join = JoinPoint { key: signal.key, func: waiter, span: wait.span, reached_by: reached_by.into() };
            if calls.iter().any(|row| row.deferred) {
                return Some(Held::Joins(join, func));
            }
            let end = calls.iter().map(|row| row.span.start).min()?;
            let exits = lifetimes.events.of(func).blocks.iter().filter_map(|block| block.exit());
            let between = exits.filter(|(exit, span)| *exit != Exit::End && span.start >= start.end && span.end <= end);
            let at: Vec<SkippedAt> = between.map(|(exit, span)| SkippedAt { func, exit, span }).collect();
            if at.is_empty() {
                return Some(Held::Joins(join, func));
            }
            let siblings = calls.iter().map(|row| (func, row.span)).collect();
            return Some(Held::Skips(JoinStatus::Skipped { join: Some(join), siblings, at: at.into() }));
        }
    }
    None
}

/// The texts of the receiver and the arguments of a call: objects that may hold what it starts.
fn objects(cx: &Cx<'_>, func: FuncId, is_it: impl Fn(&CallRef) -> bool) -> Vec<String> {
    let program = cx.lifetimes.program;
    let file = program.funcs()[func].file;
    let Some(row) = cx.lifetimes.calls.of(func).iter().find(|row| is_it(row)) else { return Vec::new() };
    let facts = program.facts(file);
    let Some(args) = facts.exprs.args(row.call) else { return Vec::new() };
    let text = |expr: &analyzer::syntax::ExprId| {
        facts.exprs.span(*expr).of(&program.sources().files[file].text).trim_start_matches('&').to_owned()
    };
    args.iter().map(text).chain(receiver(cx, func, row)).collect()
}

/// The text of what a method is called on.
fn receiver(cx: &Cx<'_>, func: FuncId, row: &CallRef) -> Option<String> {
    let program = cx.lifetimes.program;
    let file = program.funcs()[func].file;
    let facts = program.facts(file);
    let Expr::Call { callee, .. } = facts.exprs[row.call] else { return None };
    let Expr::Select { base, .. } = facts.exprs[callee] else { return None };
    Some(facts.exprs.span(base).of(&program.sources().files[file].text).to_owned())
}
