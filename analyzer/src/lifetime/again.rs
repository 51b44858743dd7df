//! What the next call of the starting function writes: a variable of a function around it, or of the package, that it sets
//! before it starts a goroutine that uses it.
//!
//! ```go
//! var server *Server
//! BeforeEach(func() {
//!     server = listen()
//!     go func() { for { server.Accept() } }() // the one of the last test reads the server of this one
//! })
//! ```
//!
//! Invariant: of a goroutine whose end somebody waits for, wherever that is, nothing is said. Absent on purpose: fields of
//! an owner, which [`super::owner`] asks for by method.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, JoinStatus, Relation, Role, Side},
    domain::{Access, AccessKind, Location, SpawnId, Stored},
};
use crate::{base::Idx, base::InPieces, callgraph::CallKind, resolve::FuncId};

/// Finds variables that the next call of a function writes under the goroutine of an earlier one.
pub fn written_again(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let ids: Vec<SpawnId> = facts.spawns.sites.ids().filter(|id| alive.contains(id.index())).collect();
    ids.into_par_iter().one_by_one().flat_map_iter(|id| of_spawn(facts, id)).collect()
}

fn of_spawn(facts: Facts<'_>, id: SpawnId) -> Vec<Conflict> {
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    let reach = &facts.reaches[id];
    let joined = site.signals.iter().any(|signal| signal.ends_body() && !facts.joins.waits(signal.key).is_empty());
    let mut out: Vec<Conflict> = Vec::new();
    if joined || reach.contains(site.func) || !called_again(facts, site.func) {
        return out;
    }
    for write in &cx.events.of(site.func).accesses {
        let sets = write.kind == AccessKind::Write && !write.atomic && !write.element && write.stored != Stored::Update;
        let known = out.iter().any(|conflict| conflict.location == write.location);
        if !sets || known || write.span.start > site.span.start || !outlasts(facts, site.func, write) {
            continue;
        }
        let inside = reach.accesses(cx, facts.index.of(write.location)).into_iter().find(|found| {
            let func = reach.nodes[found.node as usize].func;
            let inner = &cx.events.of(func).accesses[found.row as usize];
            !inner.element && !inner.atomic && !found.locks.iter().any(|lock| write.locks.contains(lock))
        });
        let Some(inside) = inside else { continue };
        let node = &reach.nodes[inside.node as usize];
        let inner = &cx.events.of(node.func).accesses[inside.row as usize];
        out.push(Conflict {
            spawn: id,
            location: write.location,
            element: false,
            inside: Side::of(inner, true).reached_by(reach.path(inside.node), node.dispatched),
            other: Side::of(write, true),
            relation: Relation::OwnerMethod { method: site.func, role: Role::Restarts },
            join: JoinStatus::Missing { asked: None },
            assumptions: vec![Assumption::CalledAgain],
            others: Vec::new(),
            evidence: Vec::new(),
        });
    }
    out
}

/// Whether the variable is there before the function is called and after it has returned.
fn outlasts(facts: Facts<'_>, func: FuncId, write: &Access) -> bool {
    let program = facts.cx.program;
    match write.location {
        Location::Global(_) => true,
        Location::Local(file, local) => {
            let index = program.facts(file).locals[local].function;
            let declaring = program.func_of(file, index);
            declaring.is_some_and(|declaring| declaring != func && facts.cx.program.encloses(declaring, func))
        }
        Location::Field(_) => false,
    }
}

/// Whether the function is called more than once, or by somebody who is not known: `BeforeEach(func() { … })`.
fn called_again(facts: Facts<'_>, func: FuncId) -> bool {
    let (program, graph) = (facts.cx.program, facts.cx.graph);
    let literal = program.funcs()[func].parent.is_some();
    let sites = graph.callers(func);
    if sites.iter().any(|site| graph.sites()[*site].kind == CallKind::Go) {
        return false;
    }
    match sites {
        [] => literal,
        [site] => {
            let site = &graph.sites()[*site];
            let body = program.function(site.func).body.as_ref();
            body.is_some_and(|body| facts.cx.events.of(site.func).repeats(&body.loops, site.span))
        }
        _ => true,
    }
}
