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
    conflict::{Assumption, Conflict, Relation, Role, Side},
    domain::{Access, AccessKind, Anchor, Location, SpawnId, Stored},
    domain_local::{Operand, operand},
};
use crate::{
    base::{Idx, InPieces},
    callgraph::CallKind,
    resolve::{FuncId, Type},
    syntax::LocalId,
};

/// Callers above the function that starts a goroutine who are asked whether they are called again.
const MAX_CALLERS_CALLED_AGAIN: u32 = 4;

/// Finds variables that the next call of a function writes under the goroutine of an earlier one.
pub fn written_again(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let ids: Vec<SpawnId> = facts.spawns.sites.ids().filter(|id| alive.contains(id.index())).collect();
    let found = ids.into_par_iter().one_by_one().flat_map_iter(|id| {
        let mut found = of_spawn(facts, id);
        found.extend(by_siblings(facts, id));
        found
    });
    found.collect()
}

/// Variables of a function around it that the goroutine uses and that another literal of that function replaces: the set-up
/// of the next test, where both are handed to somebody who runs one after the other.
fn by_siblings(facts: Facts<'_>, id: SpawnId) -> Vec<Conflict> {
    let cx = facts.cx;
    let (program, site, reach) = (cx.program, &facts.spawns.sites[id], &facts.reaches[id]);
    let mut out: Vec<Conflict> = Vec::new();
    if is_joined(facts, id) || !is_handed_over(facts, site.func) {
        return out;
    }
    let bodies = reach.nodes.iter().take_while(|node| node.depth() == 0);
    for inner in bodies.flat_map(|node| &cx.events.of(node.func).accesses) {
        let Location::Local(file, local) = inner.location else { continue };
        if inner.atomic || out.iter().any(|known| known.location == inner.location) {
            continue;
        }
        let declaring = program.declaring(file, local);
        let Some(declaring) = declaring.filter(|func| *func != site.func && program.encloses(*func, site.func)) else {
            continue;
        };
        let replaces = |write: &&Access| {
            write.kind == AccessKind::Write
                && !(write.atomic || write.element)
                && write.stored != Stored::Update
                && program.encloses(declaring, write.func)
                && !program.encloses(site.func, write.func)
                && !program.encloses(write.func, site.func)
                && is_handed_over(facts, write.func)
                && !write.locks.iter().any(|lock| inner.locks.contains(lock))
        };
        let mut writes = facts.index.of(inner.location).iter().map(|row| super::reach::access(cx, *row));
        let Some(write) = writes.find(replaces).filter(|_| !inner.element) else { continue };
        out.push(Conflict {
            assumptions: vec![Assumption::CalledAgain],
            ..Conflict::new(
                id,
                inner.location,
                Side::of(inner, true),
                Side::of(write, true),
                Relation::OwnerMethod { method: write.func, role: Role::Restarts },
            )
        });
    }
    out
}

/// Whether the function is a literal that nobody here calls: it was handed to a library.
fn is_handed_over(facts: Facts<'_>, func: FuncId) -> bool {
    facts.cx.program.funcs()[func].parent.is_some() && facts.cx.graph.callers(func).is_empty()
}

/// Whether anybody waits for the end of the goroutine.
fn is_joined(facts: Facts<'_>, id: SpawnId) -> bool {
    let mut ends = facts.spawns.sites[id].signals.iter().filter(|signal| signal.ends_body());
    ends.any(|signal| !facts.joins.waits(signal.key).is_empty())
}

fn of_spawn(facts: Facts<'_>, id: SpawnId) -> Vec<Conflict> {
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    let reach = &facts.reaches[id];
    let mut out: Vec<Conflict> = Vec::new();
    if is_joined(facts, id) || reach.surely_contains(site.func) {
        return out;
    }
    let directly = called_again(facts, site.func, 0);
    if !directly && !called_again(facts, site.func, MAX_CALLERS_CALLED_AGAIN) {
        return out;
    }
    let calls_itself = reach.contains(site.func);
    for write in &cx.events.of(site.func).accesses {
        let sets = write.kind == AccessKind::Write && !write.atomic && !write.element && write.stored != Stored::Update;
        let known = out.iter().any(|conflict| conflict.location == write.location);
        let given = given(facts, site.func, write);
        let lasts = given.is_some() || outlasts(facts, site.func, write);
        // There is one package variable for all calls; what a function further up is called for again is not known.
        let meant = directly || matches!(write.location, Location::Global(_));
        if !sets || !meant || known || write.span.start > site.span.start || !lasts || calls_itself && given.is_none() {
            continue;
        }
        let inside = reach.accesses(cx, facts.index.of(write.location)).find(|found| {
            let func = reach.nodes[found.node as usize].func;
            let inner = &cx.events.of(func).accesses[found.row as usize];
            let same = given.is_none() || found.origin == given && inner.depth == write.depth;
            same && !inner.element && !inner.atomic && !found.locks.iter().any(|lock| write.locks.contains(lock))
        });
        let Some(inside) = inside else { continue };
        // That the next call is given the same object is a guess.
        let role = if given.is_some() { Role::Elsewhere } else { Role::Restarts };
        let node = &reach.nodes[inside.node as usize];
        let inner = &cx.events.of(node.func).accesses[inside.row as usize];
        out.push(Conflict {
            assumptions: vec![Assumption::CalledAgain],
            ..Conflict::new(
                id,
                write.location,
                Side::of(inner, true).reached_by(reach.path(inside.node), node.dispatched()),
                Side::of(write, true),
                Relation::OwnerMethod { method: site.func, role },
            )
        });
    }
    out
}

/// The pointer parameter through which a field is set: the caller may give the same object again.
fn given(facts: Facts<'_>, func: FuncId, write: &Access) -> Option<LocalId> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Anchor::Local(local) = write.anchor else { return None };
    let pointer = matches!(program.ty(program.underlying(program.local_type(file, local))), Type::Pointer(_));
    let param = matches!(operand(program, func, file, local), Operand::Param(_));
    (matches!(write.location, Location::Field(_)) && pointer && param).then_some(local)
}

/// Whether the variable is there before the function is called and after it has returned.
fn outlasts(facts: Facts<'_>, func: FuncId, write: &Access) -> bool {
    let program = facts.cx.program;
    match write.location {
        Location::Global(_) => true,
        Location::Local(file, local) => program
            .declaring(file, local)
            .is_some_and(|declaring| declaring != func && facts.cx.program.encloses(declaring, func)),
        Location::Field(_) => false,
    }
}

/// Whether the function is called more than once, or by somebody who is not known: `BeforeEach(func() { … })`; or so are,
/// up to that many callers above it, those who alone call it.
fn called_again(facts: Facts<'_>, func: FuncId, callers: u32) -> bool {
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
                || callers > 0 && !graph.callers(site.func).is_empty() && called_again(facts, site.func, callers - 1)
        }
        _ => true,
    }
}
