//! What a function was lent, still used by a goroutine when the function has given it back.
//!
//! A function that waits for its goroutine on one way and gives up on another returns what it was called with to its
//! caller, or hands on what it took itself:
//!
//! ```go
//! func (r *Reader) Read(buf []byte) (int, error) {
//!     go func() { n, err := r.from.Read(buf); done <- result{n, err} }()
//!     select {
//!     case got := <-done: return got.n, got.err
//!     case <-time.After(limit): return 0, ErrTimeout // the goroutine goes on filling buf
//!     }
//! }
//! ```
//!
//! And a function that counts its goroutines in a counter of its own, for which it then forgets to wait:
//!
//! ```go
//! var wg sync.WaitGroup
//! wg.Add(1)
//! go func() { defer wg.Done(); produce(ctx, out) }()
//! <-ctx.Done() // no wg.Wait(): whoever lent out may close it
//! ```
//!
//! Invariant: asked only of goroutines that some way through the function waits for, or meant to. Absent on purpose: what
//! the caller does next; every conflict says that it is assumed.

use super::{
    after_spawn::{AfterSpawn, Facts},
    calls::CallRef,
    conflict::{Conflict, Evidence, JoinPoint, JoinStatus, Relation, Side, SkippedAt},
    domain::{AccessKind, Exit, Location, SignalKind, SpawnId, SyncKey},
    domain_local::{Operand, operand},
    handed::root_local,
    running::Outlives,
};
use crate::{
    base::Span,
    resolve::{FuncId, Type},
    source::FileId,
    syntax::{Expr, ExprId, FileFacts, LocalId},
};

/// Conflicts of the goroutines that `func` starts with the end of its call.
pub(super) fn lent(facts: Facts<'_>, func: FuncId, pass: &AfterSpawn) -> Vec<Conflict> {
    let ids = facts.spawns.of(func).iter();
    ids.filter_map(|&id| {
        let join = join(facts, func, pass, id);
        (join.is_some() || is_forgotten(facts, func, id)).then_some((id, join))
    })
    .flat_map(|(id, join)| of_goroutine(facts, func, pass, id, join.as_ref()))
    .collect()
}

/// Whether the goroutine counts down a counter of the function that nobody else gets to see, and nobody waits for.
fn is_forgotten(facts: Facts<'_>, func: FuncId, id: SpawnId) -> bool {
    let program = facts.cx.program;
    let site = &facts.spawns.sites[id];
    site.signals.iter().filter(|signal| signal.kind == SignalKind::Done).any(|signal| {
        let Location::Local(file, local) = signal.key else { return false };
        operand(program, func, file, local) == Operand::Own
            && facts.joins.any_wait(facts.cx, signal.key, func).is_none()
            && is_only_called(program.facts(file), local)
    })
}

/// Whether nothing is done with a variable but to call its methods.
fn is_only_called(syntax: &FileFacts, local: LocalId) -> bool {
    let is_it = |expr: ExprId| matches!(syntax.exprs[expr], Expr::Local(at) if at == local);
    let named = syntax.exprs.ids().filter(|expr| is_it(*expr)).count();
    // A method that is no callee is given away: `return group.Wait`.
    let method = |callee: ExprId| matches!(syntax.exprs[callee], Expr::Select { base, .. } if is_it(base));
    let called = syntax.exprs.iter().filter(|expr| matches!(expr, Expr::Call { callee, .. } if method(*callee)));
    named == called.count()
}

/// Where some way through the function waits for the goroutine, or takes what it has to tell.
fn join(facts: Facts<'_>, func: FuncId, pass: &AfterSpawn, id: SpawnId) -> Option<JoinPoint> {
    if let Some(join) = pass.joined(id) {
        return Some(join.clone());
    }
    let key = pass.outlive.iter().filter(|row| row.spawn == id).find_map(|row| told(facts, row))?;
    let wait = facts.joins.any_wait(facts.cx, key, func)?;
    Some(JoinPoint::at(key, wait.func, wait.span))
}

/// A signal of the goroutine that has been received where the function is left.
fn told(facts: Facts<'_>, row: &Outlives) -> Option<SyncKey> {
    let signals = &facts.spawns.sites[row.spawn].signals;
    row.received.iter().map(|received| received.0).find(|key| signals.iter().any(|signal| signal.key == *key))
}

fn of_goroutine(
    facts: Facts<'_>,
    func: FuncId,
    pass: &AfterSpawn,
    id: SpawnId,
    join: Option<&JoinPoint>,
) -> Vec<Conflict> {
    let way = |row: &&Outlives| row.spawn == id && told(facts, row).is_none();
    // A way that ends the test counts where there is no other.
    let returns = pass.outlive.iter().filter(way).any(|row| row.exit != Exit::Panic);
    let left = || pass.outlive.iter().filter(way).filter(|row| !returns || row.exit != Exit::Panic);
    let Some(first) = left().next() else { return Vec::new() };
    let file = facts.cx.program.funcs()[func].file;
    let at: Vec<SkippedAt> = left().map(|row| SkippedAt { func, exit: row.exit, span: row.span }).collect();
    let mut out: Vec<Conflict> = Vec::new();
    for (body, local, span) in used(facts, func, id) {
        let location = Location::Local(file, local);
        let known = |c: &Conflict| c.spawn == id && c.location == location;
        let Some(given) = given_back(facts, func, file, local, first.span, join.is_none()) else { continue };
        if pass.conflicts.iter().chain(&out).any(known) {
            continue;
        }
        out.push(Conflict {
            join: JoinStatus::around(join, at.clone()),
            evidence: join.is_none().then_some(Evidence::NobodyWaits).into_iter().collect(),
            ..Conflict::new(
                id,
                location,
                Side::at(body, span, AccessKind::Read),
                Side::at(func, given, AccessKind::End),
                Relation::AfterSpawn,
            )
        });
    }
    out
}

/// Variables of `func` whose object a body of the goroutine works with: (body, variable, where).
fn used(facts: Facts<'_>, func: FuncId, id: SpawnId) -> Vec<(FuncId, LocalId, Span)> {
    let program = facts.cx.program;
    let reach = &facts.reaches[id];
    let mut out = Vec::new();
    for (node, number) in reach.nodes.iter().zip(0..).take_while(|(node, _)| node.depth() == 0) {
        let file = program.funcs()[node.func].file;
        let syntax = program.facts(file);
        let outer = |local: LocalId| match operand(program, node.func, file, local) {
            Operand::Captured if program.funcs()[func].index == syntax.locals[local].function => Some(local),
            _ => reach.variables(number).find(|(here, _)| *here == local).map(|row| row.1),
        };
        for row in facts.calls.of(node.func) {
            let Expr::Call { callee, args, .. } = &syntax.exprs[row.call] else { continue };
            let args = syntax.exprs.list(*args);
            let receiver = match &syntax.exprs[*callee] {
                Expr::Select { base, .. } => Some(*base),
                _ => None,
            };
            for operand in receiver.into_iter().chain(args.iter().copied()) {
                let place = program.place(file, operand);
                let Some(local) = root_local(&place).filter(|_| place.steps.is_empty()).and_then(outer) else {
                    continue;
                };
                out.push((node.func, local, syntax.exprs.span(operand)));
            }
        }
    }
    out
}

/// Where `func` gives the object back, which is a channel only where they are asked for: at its return to whoever lent
/// it, or by a deferred call of its own.
fn given_back(
    facts: Facts<'_>,
    func: FuncId,
    file: FileId,
    local: LocalId,
    exit: Span,
    channels: bool,
) -> Option<Span> {
    let program = facts.cx.program;
    let ty = program.local_type(file, local);
    let shared = match program.ty(program.underlying(ty)) {
        Type::Pointer(_) | Type::Slice(_) | Type::Map { .. } => true,
        Type::Chan { .. } => channels,
        _ => false,
    };
    let key = program.type_key(ty);
    let models = facts.cx.models;
    if !shared || key.is_some_and(|key| models.is_synchronised(key) || models.is_test_handle(key)) {
        return None;
    }
    match operand(program, func, file, local) {
        Operand::Param(_) => Some(exit),
        Operand::Own => {
            let syntax = program.facts(file);
            let is_it = |expr: &ExprId| {
                let place = program.place(file, *expr);
                place.steps.is_empty() && root_local(&place) == Some(local)
            };
            let given = |call: ExprId| match syntax.exprs[call] {
                Expr::Call { args, .. } => syntax.exprs.list(args).iter().any(is_it),
                _ => false,
            };
            // By the call itself, or by what a literal that is called does.
            let gives = |row: &&CallRef| {
                let own = row.targets.iter().filter(|target| program.funcs()[**target].parent == Some(func));
                let inside = own.flat_map(|target| facts.calls.of(*target));
                row.deferred && (given(row.call) || inside.into_iter().any(|row| given(row.call)))
            };
            facts.calls.of(func).iter().find(gives).map(|row| row.span)
        }
        Operand::Receiver | Operand::Captured => None,
    }
}
