//! Objects that a framework takes back when the handler it gave them to returns: a goroutine of the handler that still
//! uses one uses that of the next request.
//!
//! ```go
//! func (a *api) upload(c *gin.Context) {
//!     go func() { a.store(c.Param("name")) }()
//! } // c goes back to the pool
//! ```
//!
//! Invariant: which types are taken back the models say; a handler is a function with such a parameter that nobody but a
//! test calls by name. Absent on purpose: objects that the code itself recycles ([`super::recycled`]).

use super::{
    after_spawn::{AfterSpawn, Facts},
    conflict::{Assumption, Conflict, JoinStatus, Relation, Side, SkippedAt},
    domain::{AccessKind, Exit, Location, SpawnKind, SpawnSite},
    domain_local::returned,
    events::{Event, EventKind},
    handed::effects_of,
    models::Effect,
    order::point_of,
    origin::mentions,
    reach::Node,
    running::Outlives,
    spawns::passes_always,
};
use crate::{base::Span, callgraph::Targets, resolve::FuncId, syntax::LocalId};

/// Calls from a goroutine's body to where it uses the object. Further down it is mostly one of its parts.
const MAX_USER_DEPTH: u32 = 2;

/// Finds goroutines that use what their handler was given when it has returned.
pub(super) fn used_behind_handlers(facts: Facts<'_>, passes: &[AfterSpawn]) -> Vec<Conflict> {
    let mut out: Vec<Conflict> = Vec::new();
    for pass in passes {
        for row in pass.outlive.iter().filter(|row| row.exit != Exit::Panic) {
            let site = &facts.spawns.sites[row.spawn];
            if site.kind == SpawnKind::Subtest || out.iter().any(|known| known.spawn == row.spawn) {
                continue;
            }
            let Some(object) = taken_back(facts, site.func).filter(|_| !leaves_with_user(facts, site.func)) else {
                continue;
            };
            if gives_its_caller_the_end(facts, site) {
                continue;
            }
            let Some((inside, certain)) = use_of(facts, row, object) else { continue };
            let at = [SkippedAt { func: site.func, exit: row.exit, span: row.span }];
            let location = Location::Local(facts.cx.program.funcs()[site.func].file, object);
            let other = Side::at(site.func, row.span, AccessKind::Recycle);
            out.push(Conflict {
                join: JoinStatus::around(pass.joined(row.spawn), at),
                assumptions: if certain { Vec::new() } else { vec![Assumption::TakesThatWay] },
                ..Conflict::new(row.spawn, location, inside, other, Relation::Recycled)
            });
        }
    }
    out
}

/// The parameter of a handler that the framework takes back.
fn taken_back(facts: Facts<'_>, func: FuncId) -> Option<LocalId> {
    let program = facts.cx.program;
    let found = program.param_of_type(func, |key| facts.cx.models.is_recycled(key))?;
    let graph = facts.cx.graph;
    let mut callers = graph.callers(func).iter().map(|site| &graph.sites()[*site]);
    let called = callers.any(|site| matches!(site.targets, Targets::Named { .. }) && !program.in_test_file(site.func));
    (!called).then_some(found)
}

/// Whether the handler tells the framework that somebody goes on to use what it was given.
fn leaves_with_user(facts: Facts<'_>, func: FuncId) -> bool {
    let file = facts.cx.program.funcs()[func].file;
    let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    events.any(|event| match event.kind {
        EventKind::Call(call) | EventKind::Defer { call, .. } => {
            effects_of(facts.cx.program, facts.cx.models, file, call).contains(&Effect::LeavesWithUser)
        }
        _ => false,
    })
}

/// Whether the function returns the channel by which the goroutine tells that it is over: its caller is the handler, and may
/// wait.
fn gives_its_caller_the_end(facts: Facts<'_>, site: &SpawnSite) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[site.func].file;
    let tells = |local: LocalId| site.signals.iter().any(|signal| signal.key == Location::Local(file, local));
    returned(program, site.func).any(|(_, local)| tells(local))
}

/// The nearest call of the goroutine that is made on the object or given it, behind all that was heard of it by then;
/// and whether the goroutine always makes it.
fn use_of(facts: Facts<'_>, outlives: &Outlives, object: LocalId) -> Option<(Side, bool)> {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[outlives.spawn];
    let reach = &facts.reaches[outlives.spawn];
    let named = |node: &Node, number: u32| {
        let captured = program.encloses(site.func, node.func).then_some(object);
        let handed = || reach.variables(number).find(|(_, there)| *there == object).map(|(here, _)| here);
        captured.or_else(handed)
    };
    let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_USER_DEPTH);
    for (node, number) in nodes {
        let Some(local) = named(node, number) else { continue };
        let (events, file) = (facts.cx.events.of(node.func), program.funcs()[node.func].file);
        let way = reach.path(number);
        let uses = |event: &Event| match event.kind {
            EventKind::Call(call) | EventKind::Defer { call, .. } => mentions(program, file, call).contains(&local),
            _ => false,
        };
        let open = |span: Span| {
            let (body, span) = way.first().copied().unwrap_or((node.func, span));
            let point = point_of(facts.cx.events.of(body), span);
            !point.is_some_and(|point| outlives.comes_before(facts, body, point))
        };
        for (block, row) in events.blocks.iter().enumerate() {
            if let Some(used) = row.events.iter().find(|event| uses(event) && open(event.span)) {
                let certain = node.depth() == 0 && passes_always(events, block);
                let side = Side::at(node.func, used.span, AccessKind::Read).reached_by(way, node.dispatched());
                return Some((side, certain));
            }
        }
    }
    None
}
