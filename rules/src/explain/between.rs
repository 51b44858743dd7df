//! Joins that are on neither stack: a method that starts an object's goroutines anew runs after the method that ends the
//! round before, and that one waits.

use analyzer::lifetime::{
    Location, Signal, SpawnId,
    conflict::{JoinPoint, JoinStatus},
};
use analyzer::locate::LocatedAccess;
use analyzer::resolve::{FuncId, NamedId};
use analyzer::syntax::FuncKind;

use super::covered::Waits;
use crate::rule::Cx;

/// What the method that ends the round does.
pub(super) enum Between {
    /// It waits for the end of the goroutine.
    Joins(JoinPoint),
    /// It waits for something the goroutine says before its last access.
    TooEarly(JoinStatus),
}

/// The join between two rounds of the object whose field both sides use; `None` when the other access is no beginning of
/// a round: the function that makes it does not start the goroutine, or has started it by then.
pub(super) fn between(
    cx: &Cx<'_>,
    waits: &Waits<'_>,
    spawn: SpawnId,
    (inside, other): (&LocatedAccess, &LocatedAccess),
    location: Location,
) -> Option<Between> {
    let lifetimes = cx.lifetimes;
    let owner = owner_of(cx, location)?;
    let start = waits.starts().iter().find(|(func, _)| *func == other.func)?.1;
    let body = lifetimes.program.function(other.func).body.as_ref()?;
    let looped = body.loops.iter().any(|row| row.span.contains(other.span) && row.span.contains(start));
    if receiver(cx, other.func) != Some(owner) || other.span.end > start.start || looped {
        return None;
    }
    let site = &lifetimes.spawns.sites[spawn];
    let facts = lifetimes.facts();
    let reach = &facts.reaches[spawn];
    let own = |signal: &&Signal| owner_of(cx, signal.key) == Some(owner);
    let ender = |signal: &Signal| {
        let mut waits_for = lifetimes.joins.waits(signal.key).iter().filter(|wait| {
            let elsewhere = !reach.contains(wait.func) && !waits.starts().iter().any(|row| row.0 == wait.func);
            elsewhere && !wait.gives_up && receiver(cx, wait.func) == Some(owner)
        });
        let wait = waits_for.next()?;
        Some(JoinPoint::at(signal.key, wait.func, wait.span))
    };
    for signal in site.signals.iter().filter(own).filter(|signal| signal.ends_body()) {
        let Some(bit) = lifetimes.joins.index_of(signal.key) else { continue };
        let always = |join: &JoinPoint| lifetimes.joins.must(join.func).contains(bit);
        if let Some(join) = ender(signal).filter(always) {
            return Some(Between::Joins(join));
        }
    }
    let early = |signal: &&Signal| {
        let (func, span) = signal.site;
        signal.certain && !signal.deferred && func == inside.func && span.end <= inside.span.start
    };
    let early = site.signals.iter().filter(own).filter(early);
    early.filter_map(|signal| Some(Between::TooEarly(JoinStatus::SignalledEarly(ender(signal)?, signal.site)))).next()
}

/// The type whose field a location is.
fn owner_of(cx: &Cx<'_>, location: Location) -> Option<NamedId> {
    match location {
        Location::Field(field) => cx.lifetimes.program.field(field).owner,
        Location::Global(_) | Location::Local(..) => None,
    }
}

/// The type a function is a method of.
fn receiver(cx: &Cx<'_>, func: FuncId) -> Option<NamedId> {
    let program = cx.lifetimes.program;
    let FuncKind::Decl { receiver: Some(receiver), .. } = &program.function(func).kind else { return None };
    program.named_of(program.local_type(program.funcs()[func].file, receiver.local?))
}
