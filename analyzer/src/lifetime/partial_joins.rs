//! Joins that a function makes on some of its ways only, where the way around is no accident: an error came first, or
//! the goroutine has been asked to stop already. `if c.closed { return nil }` in front of a wait is neither.

use std::sync::OnceLock;

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashSet;

use super::{
    calls::{CallRef, Calls},
    domain::{AccessKind, Exit, Location},
    events::{EventKind, FuncEvents},
    handed::root_local,
    joins::{Joins, for_each_wait, gives_up},
    spawns::Context,
};
use crate::{
    base::{Idx, IndexVec, Span},
    resolve::{FuncId, NamedId, Program, Step, Type},
    source::FileId,
    syntax::{BlockId, Expr, ExprId, LocalDecl, LocalId, Terminator},
};

/// Calls from the one that should join down to the way around. Close methods delegate once or twice.
const MAX_DELEGATION: u32 = 3;

/// An exit that goes around a join that another way of the function makes.
#[derive(Clone, Debug)]
pub struct PartialExit {
    /// Numbers of the keys that are not waited for.
    pub keys: FixedBitSet,
    /// How the function is left.
    pub exit: Exit,
    /// Where.
    pub span: Span,
    /// The receiver or parameter whose object should be joined.
    pub holder: LocalId,
    /// Calls on other ways that join.
    pub joined_by: Vec<ExprId>,
    /// Waits on other ways.
    pub waited_at: Vec<Span>,
}

/// The ways around joins, by function.
#[derive(Debug)]
pub struct PartialJoins {
    exits: IndexVec<FuncId, Vec<PartialExit>>,
    /// What a call of the function alone leaves unjoined: many calls have the same callee.
    keys: IndexVec<FuncId, OnceLock<FixedBitSet>>,
}

impl PartialJoins {
    /// Looks at each function that joins on behalf of its caller.
    pub fn build(cx: Context<'_>, calls: &Calls, joins: &Joins) -> Self {
        use rayon::prelude::*;
        let funcs = cx.program.funcs().par_ids();
        let exits: Vec<Vec<PartialExit>> = funcs.map(|func| exits_of(cx, calls, joins, func)).collect();
        let keys = IndexVec::filled(OnceLock::new(), exits.len());
        Self { exits: IndexVec::from(exits), keys }
    }

    /// The ways around joins in the callees of a call, and in those they delegate to.
    pub fn exits(&self, cx: Context<'_>, calls: &Calls, joins: &Joins, row: &CallRef) -> Vec<(FuncId, &PartialExit)> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut queue: Vec<(FuncId, u32)> = targets(row).map(|func| (func, 0)).collect();
        while let Some((func, depth)) = queue.pop() {
            if joins.may(func).is_clear() || !seen.insert(func) {
                continue;
            }
            found.extend(self.exits[func].iter().map(|exit| (func, exit)));
            if depth < MAX_DELEGATION {
                let rows = calls.of(func).iter().filter(|row| !row.dispatched && is_of_object(cx, func, row));
                queue.extend(rows.flat_map(targets).map(|target| (target, depth + 1)));
            }
        }
        found
    }

    /// Numbers of the keys that a call may leave unjoined although it is there to join them.
    pub fn of_call(&self, cx: Context<'_>, calls: &Calls, joins: &Joins, row: &CallRef) -> FixedBitSet {
        let left = || {
            let mut keys = FixedBitSet::with_capacity(joins.keys().len());
            for (_, exit) in self.exits(cx, calls, joins, row) {
                keys.union_with(&exit.keys);
            }
            keys
        };
        match (&row.targets[..], &row.handed[..]) {
            (&[target], []) => self.keys[target].get_or_init(left).clone(),
            _ => left(),
        }
    }
}

fn targets(row: &CallRef) -> impl Iterator<Item = FuncId> + '_ {
    row.targets.iter().copied().chain(row.handed.iter().map(|h| h.func))
}

/// Keys joined on every way to a point: on those that asked the goroutine to stop, and on those that did not.
#[derive(Clone, PartialEq, Eq)]
struct State {
    asked: Option<FixedBitSet>,
    unasked: Option<FixedBitSet>,
}

impl State {
    fn joins(&mut self, keys: &FixedBitSet) {
        self.asked.iter_mut().chain(&mut self.unasked).for_each(|joined| joined.union_with(keys));
    }

    fn asks(&mut self) {
        let unasked = self.unasked.take();
        self.asked = both(self.asked.take(), unasked);
    }

    fn merge(&self, other: &Self) -> Self {
        Self {
            asked: both(self.asked.clone(), other.asked.clone()),
            unasked: both(self.unasked.clone(), other.unasked.clone()),
        }
    }
}

fn both(one: Option<FixedBitSet>, other: Option<FixedBitSet>) -> Option<FixedBitSet> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.intersect_with(&other);
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

fn exits_of(cx: Context<'_>, calls: &Calls, joins: &Joins, func: FuncId) -> Vec<PartialExit> {
    if joins.may(func).is_clear() || cx.program.in_test_file(func) {
        return Vec::new();
    }
    let Some(holder) = first_operand(cx.program, func) else { return Vec::new() };
    let events = cx.events.of(func);
    let width = joins.keys().len();
    let mut all = FixedBitSet::with_capacity(width);
    let mut joined_by = Vec::new();
    let mut waited_at = Vec::new();
    let mut entry: Vec<Option<State>> = vec![None; events.blocks.len()];
    if entry.is_empty() {
        return Vec::new();
    }
    entry[0] = Some(State { asked: None, unasked: Some(FixedBitSet::with_capacity(width)) });
    let mut outs: Vec<Option<State>> = vec![None; events.blocks.len()];
    let mut work = vec![0];
    while let Some(at) = work.pop() {
        let Some(mut state) = entry[at].clone() else { continue };
        for event in &events.blocks[at].events {
            let mut waited = FixedBitSet::with_capacity(width);
            if !gives_up(cx.program, func, event.span) {
                for_each_wait(&event.kind, &mut |key, how| waited.extend(joins.ended_by(key, how)));
            }
            if !waited.is_clear() && !waited_at.contains(&event.span) {
                waited_at.push(event.span);
            }
            all.union_with(&waited);
            state.joins(&waited);
            match event.kind {
                EventKind::Access(row) if events.accesses[row as usize].kind == AccessKind::Close => state.asks(),
                EventKind::Call(call) | EventKind::Defer { call, .. } => {
                    let Some(row) = calls.at(func, call) else { continue };
                    // Of a call that dispatches, the object and so the key are anyone's guess.
                    if row.dispatched || !is_of_object(cx, func, row) {
                        continue;
                    }
                    let must = joins.of_call(cx, func, row).1;
                    if !must.is_clear() {
                        all.union_with(&must);
                        state.joins(&must);
                        if !joined_by.contains(&call) {
                            joined_by.push(call);
                        }
                    }
                }
                _ => {}
            }
        }
        for &next in &events.blocks[at].successors {
            let merged = match &entry[next] {
                None => state.clone(),
                Some(old) => old.merge(&state),
            };
            if entry[next].as_ref() != Some(&merged) {
                entry[next] = Some(merged);
                work.push(next);
            }
        }
        outs[at] = Some(state);
    }
    let owners = operand_types(cx.program, func);
    let foreign: Vec<usize> = all
        .ones()
        .filter(|bit| match joins.keys()[*bit] {
            Location::Field(field) => cx.program.field(field).owner.is_none_or(|owner| !owners.contains(&owner)),
            Location::Global(_) | Location::Local(..) => true,
        })
        .collect();
    foreign.into_iter().for_each(|bit| all.set(bit, false));
    if all.is_clear() {
        return Vec::new();
    }
    let mut exits = Vec::new();
    for (at, out) in outs.iter().enumerate() {
        let (Some(state), Some((exit @ (Exit::Return | Exit::End), span))) = (out, events.blocks[at].exit()) else {
            continue;
        };
        let unjoined = |joined: &FixedBitSet| {
            let mut keys = all.clone();
            keys.difference_with(joined);
            keys
        };
        let mut keys = state.asked.as_ref().map_or_else(|| FixedBitSet::with_capacity(width), unjoined);
        if let Some(joined) = state.unasked.as_ref().filter(|_| under_error(cx.program, func, events, at)) {
            keys.union_with(&unjoined(joined));
        }
        if keys.is_clear() {
            continue;
        }
        let (joined_by, waited_at) = (joined_by.clone(), waited_at.clone());
        exits.push(PartialExit { keys, exit, span, holder, joined_by, waited_at });
    }
    exits
}

/// Whether a call is made on an object that a variable of the function holds, or on what is embedded in it: the same
/// object to those who wait for it.
fn is_of_object(cx: Context<'_>, func: FuncId, row: &CallRef) -> bool {
    let program = cx.program;
    let file = program.funcs()[func].file;
    match row.receiver(cx, func) {
        Some(place) => {
            let place = cx.places.canonical(program, file, place);
            let embedded = |step: &Step| match step {
                Step::Field(field) => program.field(*field).embedded,
                _ => false,
            };
            root_local(&place).is_some() && place.steps.iter().all(embedded)
        }
        None => {
            let exprs = &program.facts(file).exprs;
            let Expr::Call { args, .. } = exprs[row.call] else { return false };
            args.is_empty() || exprs.list(args).iter().any(|arg| matches!(exprs[*arg], Expr::Local(_)))
        }
    }
}

/// The receiver, or the first parameter.
fn first_operand(program: &Program, func: FuncId) -> Option<LocalId> {
    let file = program.funcs()[func].file;
    let index = program.funcs()[func].index;
    let locals = program.facts(file).locals.iter_enumerated().filter(|(_, row)| row.function == index);
    let rank = |decl: &LocalDecl| match decl {
        LocalDecl::Receiver { .. } => Some(0),
        LocalDecl::Param { index, .. } => Some(index + 1),
        _ => None,
    };
    locals.filter_map(|(local, row)| Some((rank(&row.decl)?, local))).min().map(|row| row.1)
}

/// The declared types of the receiver and the parameters, and of what is embedded in them: whose goroutines a function
/// can be there to join.
fn operand_types(program: &Program, func: FuncId) -> FxHashSet<NamedId> {
    let file = program.funcs()[func].file;
    let index = program.funcs()[func].index;
    let locals = program.facts(file).locals.iter_enumerated().filter(|(_, row)| {
        row.function == index && matches!(row.decl, LocalDecl::Receiver { .. } | LocalDecl::Param { .. })
    });
    let mut found = FxHashSet::default();
    let mut queue: Vec<_> = locals.map(|(local, _)| program.local_type(file, local)).collect();
    while let Some(ty) = queue.pop() {
        let Some(named) = program.named_of(ty) else { continue };
        if found.insert(named) {
            let fields = program.fields_of(ty).iter().map(|field| program.field(*field));
            queue.extend(fields.filter(|field| field.embedded).map(|field| field.ty));
        }
    }
    found
}

/// Whether the variable is an `error`, by its type or, where a library without source made it, by custom.
pub fn is_error(program: &Program, file: FileId, local: LocalId) -> bool {
    let ty = program.local_type(file, local);
    match program.ty(ty) {
        Type::Unknown(_) => program.facts(file).locals[local].name.as_str().starts_with("err"),
        _ => program.type_key(ty).is_some_and(|key| key.as_str() == "error"),
    }
}

/// Whether what is returned at the end of a block may be an error: nothing says that it is `nil`.
pub fn may_fail(program: &Program, func: FuncId, block: usize) -> bool {
    let Some(body) = &program.function(func).body else { return true };
    let file = program.funcs()[func].file;
    let Some(block) = body.blocks.get(BlockId::new(block)) else { return false };
    match &block.end {
        Terminator::Return { values } => match values.last() {
            Some(last) => !program.facts(file).exprs[*last].is_nil(),
            None => !program.function(func).signature.results.is_empty(),
        },
        _ => false,
    }
}

/// Whether a block is only reached where some error is not nil.
pub(super) fn under_error(program: &Program, func: FuncId, events: &FuncEvents, block: usize) -> bool {
    let file = program.funcs()[func].file;
    let mut at = block;
    for _ in 0..events.blocks.len() {
        let mut before = (0..events.blocks.len()).filter(|b| events.blocks[*b].successors.contains(&at));
        let (Some(only), None) = (before.next(), before.next()) else { return false };
        if let Some(test) = events.blocks[only].test {
            let way = events.blocks[only].successors.iter().position(|next| *next == at);
            return way.is_some_and(|way| test.nil_first != (way == 0)) && is_error(program, file, test.local);
        }
        at = only;
    }
    false
}
