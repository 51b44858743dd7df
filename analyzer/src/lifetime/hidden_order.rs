//! What may order two accesses although no channel, lock or counter does: the effect of a call, a flag, a long time.
//!
//! A test that starts a server, asks it something and then takes its listener away is ordered by the answer. Nothing
//! here proves an order; each sign is an assumption of the conflict, to be weighed by others.

use fixedbitset::FixedBitSet;
use rayon::prelude::*;

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{Access, AccessKind, Location, SignalKind, SpawnKind, Stored, SyncKey},
    domain_local::{self, Given},
    events::{Event, EventKind, FuncEvents},
    guards::{Deciding, deciding},
    held_back, hidden_waits,
    models::Effect,
    order::{Point, all_events, gates_before, has_cycle, point_of, points, reachable, reachable_without},
    owner::plain_func_called,
    peers::{self, Peers},
    time_limits,
};
use crate::{
    base::{Idx, Span, Symbol},
    resolve::{Callee, FuncId, Meaning, NamedId, Place, Program, Root, Type},
    source::FileId,
    syntax::{BinaryOp, Expr, ExprId, LocalDecl},
};

/// Reads of a called function that count as what its caller asks about: more is no getter.
const MAX_GETTER_READS: usize = 4;

/// Functions that may wait for others, themselves or in what they call.
pub(super) struct Waiters(FixedBitSet);

impl Waiters {
    pub(super) fn new(facts: Facts<'_>) -> Self {
        Self(with_callers(facts, |func| Self::waits_itself(facts, *func)))
    }

    /// Whether a call has a callee in the program that may wait. Of a call that leaves it nothing is known; most are
    /// assertions.
    pub(super) fn reached_by(&self, row: &CallRef) -> bool {
        row.targets.iter().any(|target| self.0.contains(target.index()))
    }

    /// Whether a function has a lock, a channel operation or a wait in it.
    fn waits_itself(facts: Facts<'_>, func: FuncId) -> bool {
        facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events).any(|event| {
            use EventKind::{Lock, Signal, Wait, WaitAll};
            matches!(event.kind, Lock { .. } | Wait { .. } | Signal { .. } | WaitAll)
        })
    }
}

/// The functions that are `meant`, and all that call them.
pub(super) fn with_callers(facts: Facts<'_>, meant: impl Fn(&FuncId) -> bool + Sync + Send) -> FixedBitSet {
    let funcs = facts.cx.program.funcs();
    let mut marked = FixedBitSet::with_capacity(funcs.len());
    let mut work: Vec<FuncId> = funcs.par_ids().filter(meant).collect();
    marked.extend(work.iter().map(|func| func.index()));
    while let Some(func) = work.pop() {
        for &site in facts.cx.graph.callers(func) {
            let caller = facts.cx.graph.sites()[site].func;
            if !marked.put(caller.index()) {
                work.push(caller);
            }
        }
    }
    marked
}

/// What may order the two sides of a conflict.
pub(super) fn signs(
    facts: Facts<'_>,
    (waiters, peers): (&Waiters, &Peers),
    conflict: &Conflict,
    (inside, other): (&Access, &Access),
) -> Vec<Assumption> {
    let mut out = Vec::new();
    let effect_orders = match conflict.relation {
        Relation::AfterSpawn => {
            talk_to_each_other(facts, waiters, conflict)
                || held_back::is_held_back(facts, waiters, conflict)
                || peers::ask_each_other(facts, peers, conflict)
                || peers::is_acknowledged(facts, conflict)
                || hidden_waits::holds_up(facts, conflict, other)
                || hidden_waits::is_told_in_a_callee(facts, conflict)
                || seen_under_the_lock(facts, conflict, inside)
                || is_waited_for(facts, conflict)
                || answers_requests(facts, conflict)
                || is_hook(facts, conflict.location)
                || is_cancelled_for(facts, conflict)
        }
        Relation::Sibling(_) => hidden_waits::is_told_in_a_callee(facts, conflict),
        Relation::Restored => is_hook(facts, conflict.location),
        _ => false,
    };
    if effect_orders || has_met(facts, conflict) {
        out.push(Assumption::NoEffectOrders);
    }
    if conflict.relation == Relation::AfterSpawn && super::pipes::read_between(facts, conflict) {
        out.push(Assumption::PipeTellsNothing);
    }
    if conflict.relation == Relation::AfterSpawn && time_limits::tells_the_end(facts, conflict) {
        out.push(Assumption::TimeIsOverFirst);
    }
    let field = matches!(conflict.location, Location::Field(_));
    if conflict.relation == Relation::AfterSpawn && field && is_one_way(facts, conflict) {
        out.push(Assumption::TakesThatWay);
    }
    if waits_long(facts, conflict) {
        out.push(Assumption::TakesThatLong);
    }
    let method = matches!(conflict.relation, Relation::OwnerMethod { .. });
    if asks_first(facts, inside, other)
        || asks_first(facts, other, inside)
        || conflict.relation == Relation::AfterSpawn && polls_in_a_literal(facts, conflict)
        || method && polls_first(facts, conflict, other)
    {
        out.push(Assumption::FlagTellsNothing);
    }
    let global = matches!(conflict.location, Location::Global(_));
    if field && super::nil_tests::sets_what_is_nil(facts, other)
        || global && super::nil_tests::was_made_before(facts, conflict, other)
    {
        out.push(Assumption::EmptiedBefore);
    }
    // Who ends an object once makes nothing that others come by.
    let ends =
        matches!(conflict.other.kind, AccessKind::Close | AccessKind::End) || conflict.other.stored == Stored::Cleared;
    if !(method && ends) && runs_once(facts, &conflict.other) {
        out.push(Assumption::NotThroughOnce);
    }
    if inside.atomic && !other.atomic && another_counts(facts, conflict) {
        out.push(Assumption::NoAtomicOrders);
    }
    out
}

/// Whether one side closes a channel, or waits at it, and the other, which goes on to replace it, has met it there before:
/// `if b.done != nil { <-b.done }`, or a send without a buffer.
fn has_met(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let location = conflict.location;
    let hears = |side: &Side, closed: bool| {
        if side.kind != AccessKind::Write {
            return false;
        }
        let events = facts.cx.events.of(side.func);
        let heard = |event: &Event| match event.kind {
            EventKind::Wait { key, .. } => closed && key == location,
            EventKind::Signal { key, kind: SignalKind::Send } => {
                !closed && key == location && facts.cx.places.is_unbuffered(location)
            }
            _ => false,
        };
        let mut waits = all_events(events).filter(|(_, event)| heard(event)).peekable();
        waits.peek().is_some()
            && point_of(events, side.span).is_some_and(|to| waits.any(|(at, _)| at != to && precedes(events, at, to)))
    };
    let closes = |side: &Side| side.kind == AccessKind::Close;
    closes(&conflict.other) && hears(&conflict.inside, true)
        || closes(&conflict.inside) && hears(&conflict.other, true)
        || conflict.inside.kind == AccessKind::Read && hears(&conflict.other, false)
}

/// Whether a test and its goroutine use one object, or two of one type, in calls that may wait for what the other does.
fn talk_to_each_other(facts: Facts<'_>, waiters: &Waiters, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let file = cx.program.funcs()[site.func].file;
    if !matches!(conflict.location, Location::Local(..)) || !cx.program.sources().files[file].test {
        return false;
    }
    let (func, to) = conflict.other.top();
    if func != site.func || repeats(facts, conflict) {
        return false;
    }
    let events = cx.events.of(func);
    let points = points(events);
    let Some(&end) = points.get(&to) else { return false };
    let comes_between = |row: &&CallRef| {
        let at = points.get(&row.span).copied();
        row.span.start >= site.span.end && at.is_some_and(|at| at != end && precedes(events, at, end))
    };
    let between = facts.calls.of(func).iter().filter(comes_between);
    let between: Vec<Partner> = between.flat_map(|row| partners(facts, waiters, func, row)).collect();
    !between.is_empty()
        && site.bodies.iter().any(|&body| {
            let calls = facts.calls.of(body).iter();
            cx.program.funcs()[body].file == file
                && calls.flat_map(|row| partners(facts, waiters, body, row)).any(|partner| between.contains(&partner))
        })
}

/// Whether the spawning function, or a literal of it, looks at the location under the lock that the goroutine holds: what it
/// saw there may be what it goes on for.
fn seen_under_the_lock(facts: Facts<'_>, conflict: &Conflict, inside: &Access) -> bool {
    let cx = facts.cx;
    let func = facts.spawns.sites[conflict.spawn].func;
    let read = conflict.other.kind == AccessKind::Read;
    if !matches!(conflict.location, Location::Local(..)) || inside.locks.is_empty() || !read {
        return false;
    }
    let file = cx.program.funcs()[func].file;
    let of_file = cx.program.facts(file).functions.ids().filter_map(|index| cx.program.func_of(file, index));
    let literals = of_file.filter(|id| cx.program.funcs()[*id].parent == Some(func));
    let others = literals.filter(|id| !facts.reaches[conflict.spawn].contains(*id));
    [func].into_iter().chain(others).flat_map(|func| &cx.events.of(func).accesses).any(|access| {
        access.location == conflict.location
            && access.kind == AccessKind::Read
            && access.locks.iter().any(|lock| inside.locks.contains(lock))
    })
}

/// Whether the goroutine gets to its access on some ways only, or has to wait for something first.
fn is_one_way(facts: Facts<'_>, conflict: &Conflict) -> bool {
    conflict.inside.steps().any(|(func, span)| {
        let events = facts.cx.events.of(func);
        let Some(point) = point_of(events, span) else { return true };
        if gates_before(events, facts.cx.places, span).is_some_and(|gates| !gates.is_empty()) {
            return true;
        }
        // A way from the entry to an exit, or for ever round, that leaves the block out.
        point.0 != 0 && {
            let mut others = reachable_without(events, 0, point.0);
            others.insert(0);
            others.ones().any(|at| events.blocks[at].left.is_some()) || has_cycle(events, &others)
        }
    })
}

/// Whether one answer would not order what comes next: the goroutine makes the access again and again, or the variable is
/// that of a loop, which the next iteration writes.
pub(super) fn repeats(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let program = facts.cx.program;
    let (func, span) = conflict.inside.top();
    let body = program.function(func).body.as_ref();
    let looped = body.is_some_and(|body| facts.cx.events.of(func).repeats(&body.loops, span));
    let of_loop = match conflict.location {
        Location::Local(file, local) => {
            let decl = &program.facts(file).locals[local].decl;
            matches!(decl, LocalDecl::RangeKey { .. } | LocalDecl::RangeValue { .. })
        }
        _ => false,
    };
    looped || of_loop
}

/// The function that a call names, as the catalogue does.
pub(super) fn key_of(facts: Facts<'_>, func: FuncId, row: &CallRef) -> Option<Symbol> {
    let program = facts.cx.program;
    match program.callee(program.funcs()[func].file, row.call) {
        Callee::Func { func, .. } => Some(program.funcs()[func].key),
        Callee::External { key, .. } => Some(key),
        _ => None,
    }
}

/// Whether control may get from one point to the other.
pub(super) fn precedes(events: &FuncEvents, from: Point, to: Point) -> bool {
    (from.0 == to.0 && from.1 < to.1) || reachable(events, from.0).contains(to.0)
}

/// Whom a call talks to: an object by its place, or by its type.
#[derive(PartialEq, Eq)]
enum Partner {
    Place(Place),
    Type(NamedId),
}

/// The receiver and the arguments of a call that may wait, as far as methods can be called on them.
fn partners(facts: Facts<'_>, waiters: &Waiters, func: FuncId, row: &CallRef) -> Vec<Partner> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Expr::Call { args, callee, .. } = &program.facts(file).exprs[row.call] else { return Vec::new() };
    let args = program.facts(file).exprs.list(*args);
    if !waiters.reached_by(row) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut add = |expr: ExprId, receiver: bool| {
        // What an object is asked for on the way stands for the object.
        let expr = match &program.facts(file).exprs[expr] {
            Expr::Call { callee, .. } => match &program.facts(file).exprs[*callee] {
                Expr::Select { base, .. } => *base,
                _ => expr,
            },
            _ => expr,
        };
        let ty = program.expr_type(file, expr);
        let Some(named) = program.named_of(ty) else { return };
        let Some(key) = program.type_key(ty) else { return };
        let models = facts.cx.models;
        if models.is_synchronised(key) || models.is_test_handle(key) || program.methods_of(named).is_empty() {
            return;
        }
        let place = program.place(file, expr);
        if !matches!(place.root, Root::Value(_)) {
            out.push(Partner::Place(place));
        }
        if receiver {
            out.push(Partner::Type(named));
            // So does what it has given out: `tx := store.Begin()`.
            if let Some(from) = given_by(program, file, expr) {
                out.push(Partner::Place(program.place(file, from)));
            }
        }
    };
    if let Expr::Select { base, .. } = &program.facts(file).exprs[*callee] {
        add(*base, true);
    }
    args.iter().for_each(|arg| add(*arg, false));
    out
}

/// The local variable whose method has given out what another one holds.
fn given_by(program: &Program, file: FileId, expr: ExprId) -> Option<ExprId> {
    let syntax = program.facts(file);
    let Expr::Local(local) = syntax.exprs[expr] else { return None };
    let LocalDecl::Value(value) = &syntax.locals[local].decl else { return None };
    let Expr::Call { callee, .. } = &syntax.exprs[value.expr] else { return None };
    match syntax.exprs[*callee] {
        Expr::Select { base, .. } => matches!(syntax.exprs[base], Expr::Local(_)).then_some(base),
        _ => None,
    }
}

/// Whether a function on the way to the access runs once, for all who come that way.
fn runs_once(facts: Facts<'_>, side: &Side) -> bool {
    side.path.iter().any(|&(func, span)| {
        facts.calls.of(func).iter().filter(|row| row.span == span).any(|row| {
            let key = key_of(facts, func, row);
            key.is_some_and(|key| facts.cx.models.effects(key).contains(&Effect::Once))
        })
    })
}

/// Whether a goroutine that outlives a test does each piece of work on a request of the test, which takes the answer.
pub(super) fn works_on_request(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let (mut asks, mut hears) = (Vec::new(), Vec::new());
    for event in cx.events.of(site.func).blocks.iter().flat_map(|block| &block.events) {
        match event.kind {
            EventKind::Signal { key, kind: SignalKind::Send } => asks.push(key),
            EventKind::Wait { key, .. } => hears.push(key),
            _ => {}
        }
    }
    site.bodies.iter().any(|&body| {
        let events = || cx.events.of(body).blocks.iter().flat_map(|block| &block.events);
        let file = cx.program.funcs()[body].file;
        // A parameter of the body stands for what the test hands it.
        let outer = |key: Location| match key {
            Location::Local(_, local) => {
                let given = domain_local::given(cx.program, body, file, local);
                let bound = |given: Given| site.arguments.iter().find(|row| row.0 == body && row.1 == given.param);
                let handed = given.and_then(bound).map(|row| row.2);
                let file = cx.program.funcs()[site.func].file;
                handed.and_then(|expr| cx.places.key(cx.program, cx.graph, file, expr)).unwrap_or(key)
            }
            _ => key,
        };
        let asked = events().any(|e| matches!(e.kind, EventKind::Wait { key, .. } if asks.contains(&outer(key))));
        let answers = events().any(|e| match e.kind {
            EventKind::Signal { key, kind: SignalKind::Send } => hears.contains(&outer(key)),
            _ => false,
        });
        asked && answers
    })
}

/// Whether a goroutine calls, when it has used the test for the last time, what may tell others, and these the test.
pub(super) fn may_tell_others(facts: Facts<'_>, waiters: &Waiters, conflict: &Conflict) -> bool {
    let (func, span) = conflict.inside.top();
    let events = facts.cx.events.of(func);
    let points = points(events);
    let Some(&used) = points.get(&span) else { return false };
    facts.calls.of(func).iter().filter(|row| row.span != span).any(|row| {
        waiters.reached_by(row) && points.get(&row.span).is_some_and(|&at| at != used && precedes(events, used, at))
    })
}

/// Whether what is put back is a function: tests install one to be told that it was called.
fn is_hook(facts: Facts<'_>, location: Location) -> bool {
    let Location::Global(var) = location else { return false };
    let program = facts.cx.program;
    matches!(program.ty(program.underlying(program.var(var).ty)), Type::Func { .. })
}

/// Whether the location is a channel that the spawning function receives from, or sends on: then the goroutine has been at the
/// other end of the one before.
fn is_waited_for(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let func = facts.spawns.sites[conflict.spawn].func;
    let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    conflict.other.func == func
        && conflict.other.kind == AccessKind::Write
        && events.any(|event| match event.kind {
            EventKind::Wait { key, .. } | EventKind::Signal { key, kind: SignalKind::Send } => key == conflict.location,
            _ => false,
        })
}

/// Whether the goroutine gets to its access only for a message of the spawning function, and answers on a channel that
/// came with the message.
fn answers_requests(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let (body, span) = conflict.inside.top();
    if !site.bodies.contains(&body) || conflict.other.top().0 != site.func {
        return false;
    }
    let asks = |key: Location| {
        let mut events = cx.events.of(site.func).blocks.iter().flat_map(|block| &block.events);
        events.any(|event| matches!(event.kind, EventKind::Signal { key: k, kind: SignalKind::Send } if k == key))
    };
    let events = cx.events.of(body);
    let Some(gates) = gates_before(events, cx.places, span) else { return false };
    let syntax = cx.program.facts(cx.program.funcs()[body].file);
    let file = cx.program.funcs()[body].file;
    let came_with_one = |key: Location| {
        let Location::Local(_, local) = key else { return false };
        let from = match &syntax.locals[local].decl {
            LocalDecl::RangeKey { over } => *over,
            LocalDecl::Value(value) => match syntax.exprs[value.expr] {
                Expr::Receive(channel) => channel,
                _ => return false,
            },
            _ => return false,
        };
        cx.places.key(cx.program, cx.graph, file, from).is_some_and(|from| gates.contains(&from) && asks(from))
    };
    events.blocks.iter().flat_map(|block| &block.events).any(|event| match event.kind {
        EventKind::Signal { key, .. } | EventKind::Wait { key, .. } => came_with_one(key),
        _ => false,
    })
}

/// Whether the goroutine calls the function that the location holds, as one cancels a context, and the other side keeps
/// another one there after a call that may have ended by that.
fn is_cancelled_for(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let Side { func, span, .. } = conflict.inside;
    let spawn = &facts.spawns.sites[conflict.spawn];
    let file = cx.program.funcs()[func].file;
    let cancels = |row: &CallRef| {
        let called = plain_func_called(facts, func, row.call);
        called.is_some_and(|value| span.contains(cx.program.facts(file).exprs.span(value)))
    };
    let (above, to) = conflict.other.top();
    conflict.other.kind == AccessKind::Write
        && above == spawn.func
        && facts.calls.of(func).iter().any(cancels)
        && facts.calls.of(above).iter().any(|row| row.span.start >= spawn.span.end && row.span.end <= to.start)
}

/// Whether a further goroutine of the same function is atomic with the location, too: whoever waits for that one may see
/// what this one did before.
fn another_counts(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let func = facts.spawns.sites[conflict.spawn].func;
    facts.spawns.of(func).iter().filter(|id| **id != conflict.spawn).any(|id| {
        let reach = &facts.reaches[*id];
        reach.accesses(cx, facts.index.of(conflict.location)).any(|found| {
            let func = reach.nodes[found.node as usize].func;
            cx.events.of(func).accesses[found.row as usize].atomic
        })
    })
}

/// Whether the goroutine first waits for a timer of minutes.
fn waits_long(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[conflict.spawn];
    let (func, to) = conflict.inside.top();
    if !site.bodies.contains(&func) {
        return false;
    }
    let file = cx.program.funcs()[func].file;
    facts.calls.of(func).iter().filter(|row| row.span.end <= to.start).any(|row| {
        let Some(key) = key_of(facts, func, row) else { return false };
        let Some(args) = cx.program.facts(file).exprs.args(row.call) else { return false };
        cx.models.effects(key).iter().any(|effect| match effect {
            Effect::Lasts { arg } => args.get(usize::from(*arg)).is_some_and(|arg| is_long(facts, file, *arg)),
            _ => false,
        })
    })
}

/// Whether the other side is the assignment of the very timer that runs the goroutine, and the timer is set to a long time:
/// `d.timer = time.AfterFunc(time.Hour, d.clean)` is done by then.
pub(super) fn is_set_by_then(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let site = &facts.spawns.sites[conflict.spawn];
    let Side { func, span, path, kind, .. } = &conflict.other;
    if site.kind != SpawnKind::Timer || *func != site.func || !path.is_empty() || *kind != AccessKind::Write {
        return false;
    }
    let file = facts.cx.program.funcs()[site.func].file;
    let Some(args) = facts.cx.program.facts(file).exprs.args(site.call) else { return false };
    let written = facts.cx.events.of(*func).accesses.iter().any(|access| {
        access.span == *span && facts.cx.program.facts(file).exprs.span(access.expr).end <= site.span.start
    });
    let events = facts.cx.events.of(*func);
    let here = points(events);
    let next = match (here.get(&site.span), here.get(span)) {
        (Some(start), Some(write)) => write.0 == start.0 && write.1 == start.1 + 1,
        _ => false,
    };
    written && next && args.iter().any(|arg| is_long(facts, file, *arg))
}

/// Whether a duration is a product with a long unit in it.
fn is_long(facts: Facts<'_>, file: FileId, expr: ExprId) -> bool {
    let program = facts.cx.program;
    match &program.facts(file).exprs[expr] {
        Expr::Binary { op: BinaryOp::Arithmetic, left, right } => {
            is_long(facts, file, *left) || is_long(facts, file, *right)
        }
        Expr::Select { base, name } => match program.meaning(file, *base) {
            Meaning::Package(path) => facts.cx.models.is_long(Symbol::new(&format!("{path}.{name}"))),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the goroutine gets to its access only if a condition says so about a field that the other side sets under the
/// lock under which it makes its own access, or about an atomic that the other side stores when it has made it.
fn asks_first(facts: Facts<'_>, inside: &Access, other: &Access) -> bool {
    let mut set = said_with(facts, (other.func, other.span), &other.locks);
    set.retain(|location| *location != other.location);
    !set.is_empty() && asked_before(facts, (inside.func, inside.span)).iter().any(|location| set.contains(location))
}

/// Whether who waits for the counter does so only if an atomic says what the adder stores there when it has raised it, or a
/// field what the adder sets under the lock under which it does.
pub(super) fn asks_before_it_waits(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let (adds, waits) = (&conflict.inside, &conflict.other);
    let held = facts.cx.events.of(adds.func).locks_held(adds.span);
    let set = said_with(facts, (adds.func, adds.span), held);
    !set.is_empty() && asked_before(facts, (waits.func, waits.span)).iter().any(|location| set.contains(location))
}

/// The locations that tell of what a function does at a place: those that it writes under a lock that it holds there, and
/// the atomics that it stores only behind it.
fn said_with(facts: Facts<'_>, at: (FuncId, Span), held: &[SyncKey]) -> Vec<Location> {
    let accesses = &facts.cx.events.of(at.0).accesses;
    let guarded = |access: &&Access| {
        let plain = access.kind == AccessKind::Write && !access.element;
        plain && access.locks.iter().any(|lock| held.contains(lock))
    };
    let mut set = stored_behind(facts, at);
    set.extend(accesses.iter().filter(guarded).map(|access| access.location));
    set
}

/// The atomics that a function stores only behind a place.
fn stored_behind(facts: Facts<'_>, (func, span): (FuncId, Span)) -> Vec<Location> {
    let events = facts.cx.events.of(func);
    let here = points(events);
    let behind = |access: &&Access| match (here.get(&span), here.get(&access.span)) {
        (Some(&from), Some(&to)) => precedes(events, from, to) && !precedes(events, to, from),
        _ => false,
    };
    let stores = |access: &&Access| access.atomic && access.kind == AccessKind::Write && !access.element;
    let stored = events.accesses.iter().filter(stores).filter(behind);
    stored.map(|access| access.location).collect()
}

/// Whether the function hands a literal to a call, between the start and its access, that asks an atomic which the goroutine
/// stores behind its own: `waitUntil(func() bool { return !w.starting.Load() })`.
fn polls_in_a_literal(facts: Facts<'_>, conflict: &Conflict) -> bool {
    let set: Vec<Location> = conflict.inside.steps().flat_map(|step| stored_behind(facts, step)).collect();
    let (func, to) = conflict.other.top();
    let site = &facts.spawns.sites[conflict.spawn];
    if set.is_empty() || func != site.func {
        return false;
    }
    let events = facts.cx.events.of(func);
    let here = points(events);
    let (Some(&start), Some(&to)) = (here.get(&site.span), here.get(&to)) else { return false };
    let between = |row: &&CallRef| {
        let at = here.get(&row.span);
        at.is_some_and(|&at| at != to && precedes(events, start, at) && precedes(events, at, to))
    };
    let asks = |func: FuncId| {
        let mut accesses = facts.cx.events.of(func).accesses.iter();
        accesses.any(|access| access.atomic && access.kind == AccessKind::Read && set.contains(&access.location))
    };
    let (program, file) = (facts.cx.program, facts.cx.program.funcs()[func].file);
    let mut calls = facts.calls.of(func).iter().filter(|row| row.span != site.span).filter(between);
    calls.any(|row| row.literals(program, file).any(asks))
}

/// Whether the method asks an atomic again and again before it gets to its access, which the goroutine sets.
fn polls_first(facts: Facts<'_>, conflict: &Conflict, other: &Access) -> bool {
    let Some(body) = &facts.cx.program.function(other.func).body else { return false };
    let polled = |access: &&Access| {
        let mut around = body.loops.iter().filter(|row| row.span.contains(access.span));
        access.atomic && access.kind == AccessKind::Read && around.any(|row| row.span.end <= other.span.start)
    };
    let sets = |func: FuncId, location: Location| {
        let mut set = facts.cx.events.of(func).accesses.iter();
        set.any(|access| access.atomic && access.kind == AccessKind::Write && access.location == location)
    };
    let mut asked = facts.cx.events.of(other.func).accesses.iter().filter(polled);
    asked.any(|access| conflict.inside.steps().any(|(func, _)| sets(func, access.location)))
}

/// Guarded fields that decide whether a function gets to a place.
fn asked_before(facts: Facts<'_>, (func, span): (FuncId, Span)) -> Vec<Location> {
    let program = facts.cx.program;
    let events = facts.cx.events.of(func);
    let syntax = program.facts(program.funcs()[func].file);
    let mut out = Vec::new();
    let guarded = |access: &&Access| access.atomic || access.kind == AccessKind::Read && !access.locks.is_empty();
    let asks = |condition| {
        let span = syntax.exprs.span(condition);
        events.accesses.iter().filter(guarded).any(|access| span.contains(access.span))
            || facts.calls.of(func).iter().any(|row| span.contains(row.span))
    };
    for Deciding { condition, .. } in deciding(facts, func, span, &asks) {
        let span = syntax.exprs.span(condition);
        let reads = events.accesses.iter().filter(|access| span.contains(access.span)).filter(guarded);
        out.extend(reads.map(|access| access.location));
        for row in facts.calls.of(func).iter().filter(|row| span.contains(row.span)) {
            for &target in &row.targets {
                let reads = &facts.cx.events.of(target).accesses;
                // Who calls it may hold the lock for it.
                let held = !events.locks_at(row.call).is_empty();
                let under = |access: &&Access| guarded(access) || held && access.kind == AccessKind::Read;
                if reads.len() <= MAX_GETTER_READS {
                    out.extend(reads.iter().filter(under).map(|access| access.location));
                }
            }
        }
    }
    out
}
