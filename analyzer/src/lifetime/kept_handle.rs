//! Test handles that go under another name: a test hands `t` to what wants a logger, and a goroutine logs to it when the
//! test is over.
//!
//! ```go
//! func newBroker(log logger) *broker {
//!     b := &broker{log: log}
//!     go b.consume() // for m := range b.messages { b.log.Logf("message %d", m) }
//!     return b
//! }
//! func TestBroker(t *testing.T) {
//!     b := newBroker(t)
//!     defer b.Stop() // asks, and does not wait
//! }
//! ```
//!
//! Invariant: the function keeps what it is given in a field, a goroutine that it starts calls a method on that field, and
//! nothing that the test calls may wait for the goroutine. Handles under their own type are asked for by the engine.

use rustc_hash::FxHashSet;

use super::{
    after_spawn::Facts,
    calls::CallRef,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{AccessKind, Location, SpawnId, SpawnKind},
    engine::test_handle,
    events::EventKind,
    origin::mentions,
    owner::keys_of,
    reach::Reach,
    spawns::{blocks_in_cycle, passes_always},
};
use crate::{
    base::Span,
    resolve::{Callee, FieldId, FuncId, Step, Type, TypeId},
    source::FileId,
    syntax::{Body, Expr, InstrKind, LocalId},
};

/// Calls from the function that is handed the test down to the one that starts the goroutine.
const MAX_STARTER_DEPTH: u32 = 1;
/// Calls from a goroutine's body to where it uses the handle.
const MAX_HANDLE_DEPTH: u32 = 2;

/// Goroutines that use a test under another name when it may be over.
pub(super) fn kept_handles(facts: Facts<'_>) -> Vec<Conflict> {
    let program = facts.cx.program;
    let mut out: Vec<Conflict> = Vec::new();
    let mut seen: FxHashSet<(SpawnId, FieldId)> = FxHashSet::default();
    for test in program.funcs().ids().filter(|func| program.in_test_file(*func)) {
        let Some(handle) = test_handle(facts, test) else { continue };
        for row in facts.calls.of(test).iter().filter(|row| !row.deferred && !row.dispatched) {
            for kept in kept_by(facts, test, handle, row) {
                of_starter(facts, test, row, kept, &mut seen, &mut out);
            }
        }
    }
    out
}

/// The types of the interface parameters that a call hands the test to and that the callee keeps in a literal or a field.
fn kept_by(facts: Facts<'_>, test: FuncId, handle: LocalId, row: &CallRef) -> Vec<TypeId> {
    let program = facts.cx.program;
    let [callee] = row.targets[..] else { return Vec::new() };
    let syntax = program.facts(program.funcs()[test].file);
    let Some(args) = syntax.exprs.args(row.call) else { return Vec::new() };
    let file = program.funcs()[callee].file;
    let params = program.function(callee).signature.params.iter().zip(args);
    let handed = params.filter(|(_, arg)| matches!(syntax.exprs[**arg], Expr::Local(local) if local == handle));
    let kept = handed.filter_map(|(param, _)| {
        let local = param.local?;
        let ty = program.local_type(file, local);
        let interface = matches!(program.ty(program.underlying(ty)), Type::Interface { .. });
        let own_type = program.type_key(ty).is_some_and(|key| facts.cx.models.is_test_handle(key));
        (interface && !own_type && keeps(facts, callee, file, local)).then_some(ty)
    });
    kept.collect()
}

/// Whether a function puts a parameter into a literal of a struct, or into a field.
fn keeps(facts: Facts<'_>, func: FuncId, file: FileId, param: LocalId) -> bool {
    let program = facts.cx.program;
    let syntax = program.facts(file);
    let function = program.function(func);
    let is_it = |expr| mentions(program, file, expr).contains(&param);
    let in_literal = syntax.exprs.iter_enumerated().any(|(id, expr)| match expr {
        Expr::Composite { elements, .. } => {
            let mut elements = syntax.exprs.elements(*elements).iter();
            function.span.contains(syntax.exprs.span(id)) && elements.any(|element| is_it(element.value))
        }
        _ => false,
    });
    let stored = |kind: &InstrKind| match kind {
        InstrKind::Write { place, source: crate::syntax::Source::Value(value) } => {
            program.place(file, *place).steps.iter().any(|step| matches!(step, Step::Field(_))) && is_it(value.expr)
        }
        _ => false,
    };
    in_literal || function.body.iter().flat_map(Body::instrs).any(|instr| stored(&instr.kind))
}

/// Conflicts of the goroutines that a call starts with the end of the test that makes it.
fn of_starter(
    facts: Facts<'_>,
    test: FuncId,
    row: &CallRef,
    kept: TypeId,
    seen: &mut FxHashSet<(SpawnId, FieldId)>,
    out: &mut Vec<Conflict>,
) {
    let cx = facts.cx;
    let reach = Reach::of_call(cx, facts.calls, test, row, MAX_STARTER_DEPTH);
    let starters: FxHashSet<FuncId> = reach.nodes.iter().filter(|n| n.dispatched() == 0).map(|n| n.func).collect();
    let ids = facts.spawns.sites.iter_enumerated().filter(|(_, site)| starters.contains(&site.func));
    for (id, site) in ids.filter(|(_, site)| matches!(site.kind, SpawnKind::Go | SpawnKind::Library)) {
        let Some((node, field, span)) = uses_field(facts, id, kept) else { continue };
        if seen.contains(&(id, field)) || waits(facts, test, id) {
            continue;
        }
        seen.insert((id, field));
        let goroutine = &facts.reaches[id];
        let used = &goroutine.nodes[node as usize];
        let end = cx.program.function(test).span;
        let end = Span { start: end.end.saturating_sub(1), end: end.end };
        let inside = Side::at(used.func, span, AccessKind::Read).reached_by(goroutine.path(node), used.dispatched());
        out.push(Conflict {
            assumptions: if site.signals.is_empty() { Vec::new() } else { vec![Assumption::TakesThatWay] },
            ..Conflict::new(id, Location::Field(field), inside, Side::at(test, end, AccessKind::End), Relation::TestEnd)
        });
    }
}

/// Whether the test, or what it calls or leaves to its end, may wait for the goroutine.
fn waits(facts: Facts<'_>, test: FuncId, id: SpawnId) -> bool {
    let keys = keys_of(facts, id);
    let site = &facts.spawns.sites[id];
    let of_key = |key: &Location| site.signals.iter().any(|signal| signal.key == *key);
    // Its literals are run by it, or by the testing package behind it.
    let program = facts.cx.program;
    let around = |func: &FuncId| *func == test || program.encloses(test, *func);
    program.funcs().ids().filter(around).any(|func| {
        let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
        let waits = events.any(|event| match &event.kind {
            EventKind::Wait { key, .. } => of_key(key),
            EventKind::WaitAll => true,
            _ => false,
        });
        waits
            || facts.calls.of(func).iter().any(|row| {
                let (may, _) = facts.joins.of_call(facts.cx, func, row);
                keys.iter().any(|key| may.contains(*key))
            })
    })
}

/// Where a goroutine calls a method on a field of that type, in a loop or on every way.
fn uses_field(facts: Facts<'_>, id: SpawnId, kept: TypeId) -> Option<(u32, FieldId, Span)> {
    let cx = facts.cx;
    let reach = &facts.reaches[id];
    let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_HANDLE_DEPTH);
    let mut nodes = nodes.filter(|(node, _)| node.dispatched() == 0);
    nodes.find_map(|(node, number)| {
        let file = cx.program.funcs()[node.func].file;
        let events = cx.events.of(node.func);
        events.blocks.iter().enumerate().find_map(|(at, block)| {
            if !blocks_in_cycle(events, at) && !passes_always(events, at) {
                return None;
            }
            block.events.iter().find_map(|event| {
                let EventKind::Call(call) = event.kind else { return None };
                let Callee::Interface { receiver, .. } = cx.program.callee(file, call) else { return None };
                let Some(Step::Field(field)) = receiver.steps.last() else { return None };
                (cx.program.field(*field).ty == kept).then_some((number, *field, event.span))
            })
        })
    })
}
