//! Elements that a loop gives out, one to each goroutine it starts:
//!
//! ```go
//! for i := range parts {
//!     parts[i] = newPart()
//!     go work(i) // uses parts[i]
//! }
//! ```
//!
//! Invariant: the loop runs once, its variable never holds a number twice, and between the start of a goroutine and the
//! access of the loop the variable goes on to the next number on every way. Absent on purpose: arithmetic on numbers.

use super::{
    after_spawn::Facts,
    domain::{Access, Index, SpawnId, SpawnSite},
    events::{EventKind, FuncEvents},
    order::{Point, points, reachable_without},
    reach::Reached,
};
use crate::{
    base::{Idx, Span},
    resolve::{FuncId, Type},
    source::FileId,
    syntax::{Body, Expr, InstrKind, LocalDecl, LocalId, Source, Terminator},
};

/// Whether an element that the goroutine accesses is that of the iteration which started it, and the element that the
/// starting function accesses is always that of a later iteration.
pub(super) fn of_other_iterations(
    facts: Facts<'_>,
    id: SpawnId,
    (reached, inner): (&Reached, &Access),
    access: &Access,
) -> bool {
    let (Index::Local(used), Index::Local(counter)) = (inner.index, access.index) else { return false };
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    if access.func != site.func {
        return false;
    }
    let reach = &facts.reaches[id];
    let node = &reach.nodes[reached.node as usize];
    let (inside, file) = (cx.program.funcs()[node.func].file, cx.program.funcs()[site.func].file);
    let own = node.func != site.func && reach.origin_of(cx, reached.node, used) == Some(counter);
    // A variable that is captured is the same one, which must not go on under the goroutine.
    let kept = match used == counter && inside == file {
        true => is_new_each_time(cx.events.of(site.func), counter),
        false => !cx.places.is_reassigned(inside, used),
    };
    own && kept && goes_on_before(facts, site, file, counter, access.span)
}

/// Whether the object that both sides use is an element which the loop gives out, and on every way from the start of the
/// goroutine to the access it has gone on to the next: `for _, w := range workers { w.stop = make(chan bool); go w.run() }`.
pub(super) fn of_another_element(
    facts: Facts<'_>,
    id: SpawnId,
    (used, origin): (Option<LocalId>, Option<LocalId>),
    access: &Access,
) -> bool {
    let cx = facts.cx;
    let site = &facts.spawns.sites[id];
    let Some(element) = origin.filter(|_| used == origin && access.func == site.func) else { return false };
    let file = cx.program.funcs()[site.func].file;
    let row = &cx.program.facts(file).locals[element];
    let given = matches!(row.decl, LocalDecl::RangeValue { .. }) && !cx.places.is_reassigned(file, element);
    // A struct is copied into the one variable; what points to it is another pointer each time.
    let pointer = || {
        let ty = cx.program.underlying(cx.program.local_type(file, element));
        matches!(cx.program.ty(ty), Type::Pointer(_))
    };
    let kept = is_new_each_time(cx.events.of(site.func), element) || !row.captured && pointer();
    given && kept && goes_on_before(facts, site, file, element, access.span)
}

/// Whether the variable of a loop goes on to the next number on every way from the start of the goroutine to a place.
fn goes_on_before(facts: Facts<'_>, site: &SpawnSite, file: FileId, counter: LocalId, to: Span) -> bool {
    let program = facts.cx.program;
    let row = &program.facts(file).locals[counter];
    let events = facts.cx.events.of(site.func);
    let Some(scope) = row.loop_scope.filter(|scope| scope.header) else { return false };
    let Some(body) = &program.function(site.func).body else { return false };
    let mut around = body.loops.iter().filter(|l| l.span.contains(scope.span));
    let (Some(own), None) = (around.next(), around.next()) else { return false };
    let advances = match row.decl {
        LocalDecl::RangeKey { over } | LocalDecl::RangeValue { over } => {
            let ty = program.ty(program.underlying(program.expr_type(file, over)));
            let numbered = !matches!(ty, Type::Chan { .. } | Type::Func { .. });
            (numbered && !facts.cx.places.is_reassigned(file, counter)).then(|| own.head.index())
        }
        LocalDecl::Value(_) => counted_up(facts, site.func, counter),
        _ => None,
    };
    let points = points(events);
    let (Some(advances), Some(&start), Some(&end)) = (advances, points.get(&site.span), points.get(&to)) else {
        return false;
    };
    let within = own.span.contains(site.span) && own.span.contains(to);
    within && !comes_without(start, end, &reachable_without(events, start.0, advances))
}

/// The clauses of a body's loops that hold statements: those of the last one run between two iterations.
pub(super) fn headers(body: &Body) -> Vec<Span> {
    let heads: Vec<_> = body.loops.iter().map(|row| row.head).collect();
    let ends = body.blocks.iter().filter(|block| match block.end {
        // A way to the head out of the loop's body holds no statement.
        Terminator::Goto(next) => {
            heads.contains(&next) && body.instrs_of(block).iter().any(|instr| block.end_span.contains(instr.span))
        }
        _ => false,
    });
    ends.map(|block| block.end_span).collect()
}

fn comes_without(start: Point, end: Point, reachable: &fixedbitset::FixedBitSet) -> bool {
    (start.0 == end.0 && start.1 < end.1) || reachable.contains(end.0)
}

/// Whether each iteration has a variable of its own.
fn is_new_each_time(events: &FuncEvents, counter: LocalId) -> bool {
    let mut all = events.blocks.iter().flat_map(|block| &block.events);
    all.any(|event| matches!(event.kind, EventKind::Fresh(local) if local == counter))
}

/// The block that counts the variable up, when nothing else in the file changes it.
fn counted_up(facts: Facts<'_>, func: FuncId, counter: LocalId) -> Option<usize> {
    let program = facts.cx.program;
    let file = program.facts(program.funcs()[func].file);
    let changes = |body: &Body| -> Vec<(usize, Source)> {
        let rows = body.blocks.iter().enumerate();
        let rows = rows.flat_map(|(at, block)| body.instrs_of(block).iter().map(move |instr| (at, &instr.kind)));
        let of_counter = |(at, kind): (usize, &InstrKind)| match *kind {
            InstrKind::Write { place, source } => {
                matches!(file.exprs[place], Expr::Local(local) if local == counter).then_some((at, source))
            }
            _ => None,
        };
        rows.filter_map(of_counter).collect()
    };
    let everywhere: usize = file.functions.iter().filter_map(|f| f.body.as_ref()).map(|body| changes(body).len()).sum();
    match changes(program.function(func).body.as_ref()?)[..] {
        [(at, Source::Update(_))] if everywhere == 1 => Some(at),
        _ => None,
    }
}
