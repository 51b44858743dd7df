//! Groups of libraries whose source is absent, known by the names of their methods: `defer w.Give()` in a goroutine and
//! `w.Wait()` where it was started are a counter and the wait for it; `w.Go(f)` starts one that `w.Wait()` waits for.
//!
//! Invariant: only a pair counts, on one variable or field, and only of a type that nothing else is known of.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    domain::{Location, SignalKind, WaitKind},
    events::{Event, EventKind, FuncEvents},
    models::Models,
    place::Places,
};
use crate::{
    base::IndexVec,
    resolve::{CalleeKind, FuncId, Program, Type},
    source::FileId,
    syntax::{Expr, ExprId},
};

/// Function, block, event.
type Site = (FuncId, usize, usize);

/// Where such methods are called on one location.
#[derive(Default)]
struct Group {
    /// Deferred calls that count down.
    done: Vec<Site>,
    /// Whether a call starts goroutines that are counted.
    starts: bool,
    /// Calls that wait.
    waits: Vec<Site>,
}

/// Adds the signals and waits to the events of all functions.
pub(super) fn mark(program: &Program, models: &Models, funcs: &mut IndexVec<FuncId, FuncEvents>) {
    let mut groups: FxHashMap<Location, Group> = FxHashMap::default();
    let found = funcs.par_ids().flat_map_iter(|func| calls_of(program, models, func, &funcs[func]));
    for (site, deferred, location, name) in found.collect::<Vec<_>>() {
        let group = groups.entry(location).or_default();
        if models.starts(name) {
            group.starts = true;
        } else if deferred && models.counts_down(name) {
            group.done.push(site);
        } else if models.waits(name) {
            group.waits.push(site);
        }
    }
    groups.retain(|_, group| (group.starts || !group.done.is_empty()) && !group.waits.is_empty());
    let mut groups: Vec<(Location, Group)> = groups.into_iter().collect();
    groups.sort_by_key(|row| row.0);
    let mut waits: Vec<(Site, Location)> = Vec::new();
    for (key, group) in groups {
        for (func, at, index) in group.done {
            if let EventKind::Defer { effects, .. } = &mut funcs[func].blocks[at].events[index].kind {
                effects.push(EventKind::Signal { key, kind: SignalKind::Done });
            }
        }
        waits.extend(group.waits.into_iter().map(|site| (site, key)));
    }
    // From behind, so that what is added moves nothing that is still to be found.
    waits.sort_unstable_by(|a, b| b.cmp(a));
    for ((func, at, index), key) in waits {
        let wait = EventKind::Wait { key, how: WaitKind::Group };
        let event = &mut funcs[func].blocks[at].events[index];
        let span = event.span;
        match &mut event.kind {
            EventKind::Defer { effects, .. } => effects.push(wait),
            _ => funcs[func].blocks[at].events.insert(index + 1, Event { kind: wait, span }),
        }
    }
}

/// The calls of such methods in a function: where, whether deferred, on what, and the name.
fn calls_of<'a>(
    program: &'a Program,
    models: &Models,
    func: FuncId,
    events: &FuncEvents,
) -> Vec<(Site, bool, Location, &'a str)> {
    let file = program.funcs()[func].file;
    let mut found = Vec::new();
    for (at, block) in events.blocks.iter().enumerate() {
        for (index, event) in block.events.iter().enumerate() {
            let (call, deferred) = match event.kind {
                EventKind::Call(call) => (call, false),
                EventKind::Defer { call, test_end: false, .. } => (call, true),
                _ => continue,
            };
            if let Some((location, name)) = method(program, models, file, call) {
                found.push(((func, at, index), deferred, location, name));
            }
        }
    }
    found
}

/// The group that a call starts a goroutine in, where the name of the method says so.
pub(super) fn started_in(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<Location> {
    method(program, models, file, call).filter(|(_, name)| models.starts(name)).map(|(location, _)| location)
}

/// The location and the name of a method without arguments, or of one that is given a literal to run, called on something
/// whose type is not known, or of which the source is absent and nothing is known otherwise.
fn method<'a>(program: &'a Program, models: &Models, file: FileId, call: ExprId) -> Option<(Location, &'a str)> {
    let facts = program.facts(file);
    let Expr::Call { callee, args, .. } = &facts.exprs[call] else { return None };
    let args = facts.exprs.list(*args);
    let Expr::Select { base, name } = &facts.exprs[*callee] else { return None };
    let counts = args.is_empty() && (models.counts_down(name.as_str()) || models.waits(name.as_str()));
    let starts =
        || models.starts(name.as_str()) && args.iter().any(|arg| matches!(facts.exprs[*arg], Expr::FuncLit(_)));
    if !counts && !starts() {
        return None;
    }
    let absent = match program.callee_kind(file, call) {
        CalleeKind::External(key) => models.effects(key).is_empty(),
        CalleeKind::Unknown(_) => {
            matches!(program.ty(program.underlying(program.expr_type(file, *base))), Type::Unknown(_))
        }
        _ => false,
    };
    let location = Places::location(&program.place(file, *base), file).filter(|_| absent)?;
    Some((location, name.as_str()))
}
