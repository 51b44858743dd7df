//! A second look at each conflict: what in the code around its two accesses speaks for it, and what against.
//!
//! The conflicts are found from locks that are *certainly* held. Code that is meant to be guarded says so in other ways:
//! a function takes the lock of the other side and has given it back before the access (for), some callers of a
//! function hold the lock (against: its name for us may be `...Locked`). Absent on purpose: how much each sign weighs.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Evidence, Relation, Side},
    domain::{Access, AccessKind, Location, LockSet, SpawnId, SyncKey},
    events::EventKind,
    failing,
    guards::{bare, deciding},
    handed::effects_of,
    hidden_order::{self, Waiters},
    models::Effect,
    order::{is_deferred, point_of},
    origin::mentions,
    peers::Peers,
    phases::{self, Awaiters},
    spawns::Context,
};
use crate::{
    base::{InPieces, IndexVec, Span},
    callgraph::CallKind,
    resolve::{Callee, FuncId},
    syntax::{BinaryOp, Expr, ExprId, InstrKind, LocalDecl, Terminator},
};

/// Callers above a function that are asked which locks they hold.
const MAX_HOLDING_CALLERS: u32 = 3;

/// Adds the signs to all conflicts.
pub(super) fn weigh(facts: Facts<'_>, conflicts: &mut [Conflict]) {
    if conflicts.is_empty() {
        return;
    }
    let ask = Ask { waiters: Waiters::new(facts), awaiters: Awaiters::new(facts), peers: Peers::new(facts) };
    let held = HeldBySome::new(facts);
    conflicts.par_iter_mut().few_at_once().for_each(|conflict| weigh_one(facts, &held, &ask, conflict));
}

/// Functions that wait, by what for.
struct Ask {
    waiters: Waiters,
    awaiters: Awaiters,
    peers: Peers,
}

fn weigh_one(facts: Facts<'_>, held: &HeldBySome, ask: &Ask, conflict: &mut Conflict) {
    let Ask { waiters, awaiters, peers } = ask;
    if failing::only_when_failed(facts, conflict) || phases::is_told_later(facts, conflict) {
        conflict.assumptions.push(Assumption::FailingRun);
    }
    if phases::only_at_its_start(facts, awaiters, conflict) {
        conflict.assumptions.push(Assumption::StartsLate);
    }
    if matches!(conflict.relation, Relation::TestEnd | Relation::AddRacesWait { .. }) {
        let told = || {
            hidden_order::works_on_request(facts, conflict) || hidden_order::may_tell_others(facts, waiters, conflict)
        };
        if conflict.relation == Relation::TestEnd && told() {
            conflict.assumptions.push(Assumption::NoEffectOrders);
        }
        if conflict.relation != Relation::TestEnd && hidden_order::asks_before_it_waits(facts, conflict) {
            conflict.assumptions.push(Assumption::FlagTellsNothing);
        }
        return;
    }
    let inside = access_of(facts, &conflict.inside, conflict.location, conflict.element);
    let other = access_of(facts, &conflict.other, conflict.location, conflict.element);
    let (Some(inside), Some(other)) = (inside, other) else { return };
    let inside_locks = locks_of(facts, &conflict.inside, inside);
    let other_locks = locks_of(facts, &conflict.other, other);
    let above = conflict.other.path.first().map_or(conflict.other.func, |step| step.0);
    let maybe = held.of(facts, above, MAX_HOLDING_CALLERS);
    let under_lock = |side: &Side, others: &LockSet| !others.is_empty() && needs_lock(facts, side.func);
    if inside_locks.iter().any(|key| maybe.contains(key))
        || under_lock(&conflict.inside, &other_locks)
        || under_lock(&conflict.other, &inside_locks)
    {
        conflict.assumptions.push(Assumption::CallerHoldsNoLock);
    }
    let left = |side: &Access, locks: &LockSet| locks.iter().any(|key| gave_back(facts, side, *key));
    // A method that ends an object needs no lock for what reads of it where it is.
    let ended =
        matches!((inside.kind, other.kind), (AccessKind::End, AccessKind::Read) | (AccessKind::Read, AccessKind::End));
    if !ended && (left(inside, &other_locks) || left(other, &inside_locks)) {
        conflict.evidence.push(Evidence::LeftTheLock);
    }
    if is_closed_on_every_way(facts, conflict) {
        conflict.evidence.push(Evidence::ClosedOnEveryWay);
    }
    if each_writes(facts, conflict) {
        conflict.evidence.push(Evidence::EachWrites);
    }
    let signs = hidden_order::signs(facts, (waiters, peers), conflict, (inside, other));
    conflict.assumptions.extend(signs);
    if !inside.atomic && other.atomic && !conflict.element {
        conflict.evidence.push(Evidence::HalfAtomic);
    }
}

/// Whether a function does what is done with a lock held, and nowhere takes one: its callers do.
fn needs_lock(facts: Facts<'_>, func: FuncId) -> bool {
    let Context { program, models, events, .. } = facts.cx;
    let file = program.funcs()[func].file;
    let all = || events.of(func).blocks.iter().flat_map(|block| &block.events);
    let needs = |kind: &EventKind| match kind {
        EventKind::Call(call) => effects_of(program, models, file, *call).contains(&Effect::UnderLock),
        _ => false,
    };
    all().any(|event| needs(&event.kind)) && !all().any(|event| matches!(event.kind, EventKind::Lock { .. }))
}

/// Whether two goroutines of one function both write its variable in their bodies. A body that takes a lock of its own kind
/// first, or compares what tells it from the others, may mean only one of them to write.
fn each_writes(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let Relation::Sibling(second) = conflict.relation else { return false };
    let plain = |side: &Side, id: SpawnId| {
        side.kind == AccessKind::Write
            && side.path.is_empty()
            && facts.spawns.sites[id].bodies[..] == [side.func]
            && !locks_by_name(facts, side)
            && deciding(facts, side.func, side.span, &|condition| compares(facts, side.func, condition)).is_empty()
    };
    let variable = matches!(conflict.location, Location::Local(..)) && !conflict.element;
    // What one of a kind writes, the others write, too, whatever else they do with it.
    let alike = conflict.spawn == second;
    variable && plain(&conflict.other, second) && (alike || plain(&conflict.inside, conflict.spawn))
}

/// Whether a function that is called before the access says by its name that it takes a lock.
fn locks_by_name(facts: Facts<'_>, side: &Side) -> bool {
    let program = facts.cx.program;
    let syntax = program.facts(program.funcs()[side.func].file);
    let Some(body) = &program.function(side.func).body else { return false };
    let before = body.instrs().filter(|instr| instr.span.start < side.span.start);
    let mut calls = before.filter_map(|instr| match instr.kind {
        InstrKind::Call(call) => match &syntax.exprs[call] {
            Expr::Call { callee, .. } => Some(*callee),
            _ => None,
        },
        _ => None,
    });
    calls.any(|callee| match &syntax.exprs[callee] {
        Expr::Select { name, .. } | Expr::Name(name) => ["Lock", "RLock", "TryLock", "Acquire", "lock", "acquire"]
            .iter()
            .any(|verb| name.as_str().starts_with(verb)),
        _ => false,
    })
}

/// Whether a condition compares two things of which none is `nil`, asks an atomic or what one has given, a flag that each
/// goroutine is handed, or a function that lets one in.
fn compares(facts: Facts<'_>, func: FuncId, condition: ExprId) -> bool {
    let program = facts.cx.program;
    let syntax = program.facts(program.funcs()[func].file);
    let span = syntax.exprs.span(condition);
    let inside = || syntax.exprs.iter_enumerated().filter(|(expr, _)| span.contains(syntax.exprs.span(*expr)));
    let compared = || {
        inside().any(|(_, expr)| match expr {
            Expr::Binary { op, left, right } => {
                matches!(op, BinaryOp::Equal | BinaryOp::NotEqual)
                    && !syntax.exprs[*left].is_nil()
                    && !syntax.exprs[*right].is_nil()
            }
            _ => false,
        })
    };
    let atomics = || facts.cx.events.of(func).accesses.iter().filter(|access| access.atomic).map(|access| access.span);
    let given = || {
        inside().any(|(_, expr)| match expr {
            Expr::Local(local) => match &syntax.locals[*local].decl {
                LocalDecl::Value(value) => atomics().any(|at| syntax.exprs.span(value.expr).contains(at)),
                _ => false,
            },
            _ => false,
        })
    };
    let own = program.funcs()[func].index;
    let bare = bare(&syntax.exprs, condition);
    let one_of_them = || match syntax.exprs[bare] {
        Expr::Select { base, .. } => match syntax.exprs[base] {
            Expr::Local(local) => {
                let row = &syntax.locals[local];
                row.function == own && matches!(row.decl, LocalDecl::Param { .. })
            }
            _ => false,
        },
        Expr::Local(local) => match &syntax.locals[local].decl {
            LocalDecl::Value(value) => lets_one_in(facts, func, value.expr),
            _ => false,
        },
        Expr::Call { .. } => lets_one_in(facts, func, bare),
        _ => false,
    };
    atomics().any(|at| span.contains(at)) || compared() || given() || one_of_them()
}

/// Whether a call is of a function that sets a field under a lock: of those who ask it at one time it may let one in.
fn lets_one_in(facts: Facts<'_>, func: FuncId, call: ExprId) -> bool {
    let sets = |func: &FuncId| {
        let accesses = &facts.cx.events.of(*func).accesses;
        accesses.iter().any(|access| access.kind == AccessKind::Write && !access.locks.is_empty() && !access.element)
    };
    facts.calls.at(func, call).is_some_and(|row| row.targets.iter().any(sets))
}

/// Whether the function that starts a sender closes the channel by `defer`: it does so, too, where it returns before it has
/// received. Tests mostly know how much is sent; so does who counts what is received, or hands the channel on.
fn is_closed_on_every_way(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let Location::Local(file, channel) = conflict.location else { return false };
    let site = &facts.spawns.sites[conflict.spawn];
    let Side { func, span, ref path, kind, .. } = conflict.other;
    let closes = kind == AccessKind::Close && func == site.func && path.is_empty();
    if !closes || conflict.inside.kind != AccessKind::Send || program.in_test_file(func) {
        return false;
    }
    let events = facts.cx.events.of(func);
    let deferred = point_of(events, span).is_some_and(|at| is_deferred(events, at));
    let handed_on = || {
        facts.calls.of(func).iter().any(|row| {
            let Some(args) = program.facts(file).exprs.args(row.call) else { return false };
            let builtin = matches!(program.callee(file, row.call), Callee::Builtin(_));
            !builtin && args.iter().any(|arg| mentions(program, file, *arg).contains(&channel))
        })
    };
    let counted = |span: Span| {
        let Some(body) = &program.function(func).body else { return false };
        let around = body.loops.iter().filter(|row| row.span.contains(span));
        around.into_iter().any(|row| matches!(body.blocks[row.head].end, Terminator::If { .. }))
    };
    let mut waits = events
        .blocks
        .iter()
        .flat_map(|block| &block.events)
        .filter(|event| matches!(event.kind, EventKind::Wait { key, .. } if key == conflict.location));
    deferred && !handed_on() && !waits.any(|event| counted(event.span))
}

fn access_of<'a>(facts: Facts<'a>, side: &Side, location: Location, element: bool) -> Option<&'a Access> {
    let mut rows = facts.cx.events.of(side.func).accesses.iter();
    rows.find(|access| {
        let same = access.location == location && access.element == element;
        // What is recycled is all of the object.
        access.span == side.span && (same || access.kind == AccessKind::Recycle)
    })
}

/// Locks held at an access, those on the way to it included.
fn locks_of(facts: Facts<'_>, side: &Side, access: &Access) -> LockSet {
    let mut locks = access.locks.clone();
    for &(func, span) in &side.path {
        let Some(row) = facts.calls.of(func).iter().find(|row| row.span == span) else { continue };
        for key in facts.cx.events.of(func).locks_at(row.call) {
            if let Err(at) = locks.binary_search(key) {
                locks.insert(at, *key);
            }
        }
    }
    locks
}

/// Locks that some caller of a function holds when it calls, by how many callers above it are asked. Many conflicts ask
/// the same few functions, and their callers have callers in common.
struct HeldBySome([IndexVec<FuncId, OnceLock<Box<[SyncKey]>>>; MAX_HOLDING_CALLERS as usize]);

impl HeldBySome {
    fn new(facts: Facts<'_>) -> Self {
        Self(std::array::from_fn(|_| IndexVec::filled(OnceLock::new(), facts.cx.program.funcs().len())))
    }

    /// The locks, sorted; `callers` are the levels of callers left to ask.
    fn of(&self, facts: Facts<'_>, func: FuncId, callers: u32) -> &[SyncKey] {
        let Some(above) = callers.checked_sub(1) else { return &[] };
        self.0[above as usize][func].get_or_init(|| {
            let mut held: Vec<SyncKey> = Vec::new();
            for &site in facts.cx.graph.callers(func) {
                let site = &facts.cx.graph.sites()[site];
                if site.kind != CallKind::Go {
                    held.extend(facts.cx.events.of(site.func).locks_at(site.expr));
                    held.extend(self.of(facts, site.func, above));
                }
            }
            held.sort_unstable();
            held.dedup();
            held.into()
        })
    }
}

/// Whether the function of an access took the lock before it and gave it back before it, too.
fn gave_back(facts: Facts<'_>, access: &Access, key: Location) -> bool {
    if access.locks.contains(&key) {
        return false;
    }
    let mut taken = false;
    let mut given = false;
    for event in facts.cx.events.of(access.func).blocks.iter().flat_map(|block| &block.events) {
        if event.span.start >= access.span.start {
            continue;
        }
        match event.kind {
            EventKind::Lock { key: k } if k == key => (taken, given) = (true, false),
            EventKind::Unlock { key: k } if k == key && taken => given = true,
            _ => {}
        }
    }
    given
}
