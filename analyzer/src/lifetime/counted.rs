//! Results that are counted: workers send one result for each piece of work they take, and whoever hands the work out
//! receives as many results as there were pieces. When the last one is there, no worker is busy any more:
//!
//! ```go
//! for range n { go func() { for task := range tasks { results <- do(task) } }() }
//! for _, task := range all { tasks <- task }
//! for range all { <-results }
//! ```
//!
//! Invariant: a loop counts only when it is left by its condition alone, and when its count is written as that of the
//! loop that hands out the work. Absent on purpose: whether two counts of different text are equal.

use super::{
    domain::{SignalKind, SpawnSite, SyncKey, WaitKind},
    domain_local::{self, Operand},
    events::{EventKind, FuncEvents},
    order::{reachable, reachable_without},
    spawns::Context,
};
use crate::{
    base::{Idx, Span},
    resolve::{FuncId, Program},
    source::FileId,
    syntax::{BinaryOp, Expr, ExprId, Loop, Terminator},
};

/// A loop that receives one result for each piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedResults {
    /// The channel of the results.
    pub key: SyncKey,
    /// Where they are received.
    pub receive: Span,
    /// The loop: behind it all workers are idle.
    pub over: Span,
}

/// The loops of the function that starts `site` which receive a result for each piece of work they handed out.
pub fn counted_results(cx: Context<'_>, site: &SpawnSite) -> Vec<CountedResults> {
    let mut out = Vec::new();
    for &body in &site.bodies {
        for (work, result) in workers(cx, body) {
            let (Some(work), Some(result)) = (in_caller(cx, site, body, work), in_caller(cx, site, body, result))
            else {
                continue;
            };
            out.extend(received(cx, site.func, work, result));
        }
    }
    out
}

/// Pairs of channels in the terms of `body`: work taken in a loop until the channel is closed, and the result that is the
/// last thing of each iteration.
fn workers(cx: Context<'_>, body: FuncId) -> Vec<(SyncKey, SyncKey)> {
    let events = cx.events.of(body);
    let Some(syntax) = &cx.program.function(body).body else { return Vec::new() };
    let mut out = Vec::new();
    for row in &syntax.loops {
        let (Terminator::Range { body: first, .. }, head, exit) =
            (&syntax.blocks[row.head].end, row.head.index(), row.exit.index())
        else {
            continue;
        };
        let first = first.index();
        let taken = events.blocks[first].events.iter().find_map(|event| match event.kind {
            EventKind::Wait { key, how: WaitKind::Receive } => Some(key),
            _ => None,
        });
        let Some(work) = taken else { continue };
        let mut behind = reachable_without(events, exit, head);
        behind.insert(exit);
        if behind.ones().any(|at| events.blocks[at].events.iter().any(|event| matters(&event.kind))) {
            continue;
        }
        let inside = inside(events, first, head, exit);
        let sends = inside.iter().flat_map(|&at| {
            events.blocks[at].events.iter().enumerate().filter_map(move |(number, event)| match event.kind {
                EventKind::Signal { key, kind: SignalKind::Send } => Some((key, at, number)),
                _ => None,
            })
        });
        let sends: Vec<(SyncKey, usize, usize)> = sends.collect();
        let last = |at: usize, number: usize| {
            let rest = &events.blocks[at].events[number + 1..];
            let after = reachable_without(events, at, head);
            let busy = |kind: &EventKind| matters(kind) || matches!(kind, EventKind::Signal { .. });
            !rest.iter().any(|event| busy(&event.kind))
                && !after.ones().any(|b| b != head && events.blocks[b].events.iter().any(|event| busy(&event.kind)))
        };
        let Some(&(result, ..)) = sends.first() else { continue };
        if sends.iter().all(|(key, at, number)| *key == result && last(*at, *number)) {
            out.push((work, result));
        }
    }
    out
}

fn matters(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(_) | EventKind::Call(_))
}

/// Blocks of one iteration, from its first on.
fn inside(events: &FuncEvents, first: usize, head: usize, exit: usize) -> Vec<usize> {
    let mut blocks: Vec<usize> = reachable_without(events, first, head).ones().filter(|at| *at != exit).collect();
    if !blocks.contains(&first) {
        blocks.push(first);
    }
    blocks
}

/// What a channel of the body is to the function that starts it.
fn in_caller(cx: Context<'_>, site: &SpawnSite, body: FuncId, key: SyncKey) -> Option<SyncKey> {
    let SyncKey::Local(file, local) = key else { return Some(key) };
    match domain_local::operand(cx.program, body, file, local) {
        Operand::Param(index) => {
            let own = cx.program.funcs()[site.func].file;
            let (.., argument) = site.arguments.iter().find(|(to, at, _)| (*to, *at) == (body, index))?;
            cx.places.key(cx.program, cx.graph, own, *argument)
        }
        Operand::Captured => Some(key),
        Operand::Receiver | Operand::Own => None,
    }
}

/// The loops of `func` that receive a result for each piece of work that another loop of it sent.
fn received(cx: Context<'_>, func: FuncId, work: SyncKey, result: SyncKey) -> Vec<CountedResults> {
    let file = cx.program.funcs()[func].file;
    let events = cx.events.of(func);
    let Some(body) = &cx.program.function(func).body else { return Vec::new() };
    let sends = |kind: &EventKind| matches!(kind, EventKind::Signal { key, kind: SignalKind::Send } if *key == work);
    let receives = |kind: &EventKind| matches!(kind, EventKind::Wait { key, how: WaitKind::Receive } if *key == result);
    let of = |is: &dyn Fn(&EventKind) -> bool| -> Vec<(usize, Span)> {
        let rows = events.blocks.iter().enumerate();
        let rows = rows.flat_map(|(at, block)| block.events.iter().map(move |event| (at, event)));
        rows.filter(|(_, event)| is(&event.kind)).map(|(at, event)| (at, event.span)).collect()
    };
    let (sent, taken) = (of(&sends), of(&receives));
    let [(_, sent)] = sent[..] else { return Vec::new() };
    let mut counts = body.loops.iter().filter(|row| row.span.contains(sent));
    let (Some(handing_out), None) = (counts.next(), counts.next()) else { return Vec::new() };
    let Some(handed) = count(cx.program, file, body, handing_out) else { return Vec::new() };
    let mut out = Vec::new();
    for (at, receive) in taken {
        let mut loops = body.loops.iter().filter(|row| row.span.contains(receive));
        let (Some(row), None) = (loops.next(), loops.next()) else { continue };
        let (head, exit) = (row.head.index(), row.exit.index());
        let ways_in = events.blocks.iter().filter(|block| block.successors.contains(&exit)).count();
        let first = events.blocks[head].successors.iter().copied().find(|next| *next != exit);
        let Some(first) = first.filter(|_| ways_in == 1 && reachable(events, head).contains(head)) else { continue };
        let always = first == at || !reachable_without(events, first, at).contains(head);
        if always && count(cx.program, file, body, row) == Some(handed) {
            out.push(CountedResults { key: result, receive, over: row.span });
        }
    }
    out
}

/// What the number of iterations is called: `x` of `range x`, of `i < x` and of `i < len(x)`.
fn count<'a>(program: &'a Program, file: FileId, body: &crate::syntax::Body, row: &Loop) -> Option<&'a str> {
    let facts = program.facts(file);
    let expr = match body.blocks[row.head].end {
        Terminator::Range { over, .. } => over,
        Terminator::If { condition, .. } => match facts.exprs[condition] {
            Expr::Binary { op: BinaryOp::Order, right, .. } => right,
            _ => return None,
        },
        _ => return None,
    };
    let counted = match &facts.exprs[expr] {
        Expr::Call { callee, args, .. } if is_len(program, file, *callee) => *facts.exprs.list(*args).first()?,
        _ => expr,
    };
    Some(facts.exprs.span(counted).of(&program.sources().files[file].text))
}

fn is_len(program: &Program, file: FileId, callee: ExprId) -> bool {
    matches!(&program.facts(file).exprs[callee], Expr::Name(name) if name.as_str() == "len")
}
