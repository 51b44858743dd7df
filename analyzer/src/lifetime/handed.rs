//! Functions handed to functions: what a callee does with a function parameter, and which functions an argument is.
//!
//! The call graph alone knows that `WithRecovery(f)` calls *some* function that flows into `f`. Here each call site of
//! `WithRecovery` runs its own argument: one level of context, which is what wrappers around `go` need.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    domain::{Exit, SyncKey},
    events::{Event, EventKind, Events},
    models::{Effect, Models},
    place::Places,
    queued::{Sources, queued_parameters},
};
use crate::{
    callgraph::{CallGraph, Target},
    resolve::{Callee, CalleeKind, FuncId, Meaning, Place, Program, Root},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId},
};

/// Rounds until what is handed on is handed on: a wrapper around a wrapper around a wrapper. Deeper ones are not seen.
const MAX_HANDING_ROUNDS: u32 = 6;

/// What a function does with a function parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Calls it before it returns (or when it returns).
    Runs,
    /// Calls it in a goroutine of its own.
    Spawns {
        /// The literal that runs there; `None` where it is the function handed over itself.
        inside: Option<FuncId>,
    },
    /// Puts it into a queue, from which a goroutine takes and calls it.
    Queues {
        /// The goroutine.
        worker: FuncId,
    },
}

/// Who says what becomes of a function that is handed over.
enum Says<'a> {
    /// The language, or a library.
    Known(Option<Use>),
    /// The functions that are called, for their parameter of that number.
    Callees(&'a [Target], u32),
}

/// Uses of function parameters.
#[derive(Debug, Default)]
pub struct Handed {
    uses: FxHashMap<(FuncId, u32), Use>,
}

/// A function handed over, with the receiver of a method value.
#[derive(Clone, Debug)]
pub struct HandedFunc {
    /// The function.
    pub func: FuncId,
    /// Receiver of a method value, in terms of the function that hands it over.
    pub receiver: Option<Place>,
}

/// A call of a parameter, or one that is given parameters: each is a function and the number of its parameter.
struct ParameterCall<'a> {
    func: FuncId,
    goes: bool,
    callee: Option<(FuncId, u32)>,
    /// Arguments that are parameters, with who knows what becomes of them.
    args: SmallVec<[(Says<'a>, (FuncId, u32)); 1]>,
}

fn parameter_calls<'a>(
    program: &Program,
    graph: &'a CallGraph,
    models: &Models,
    places: &Places,
    func: FuncId,
) -> Vec<ParameterCall<'a>> {
    let file = program.funcs()[func].file;
    let facts = program.facts(file);
    let Some(body) = &program.function(func).body else { return Vec::new() };
    let mut rows = Vec::new();
    for instr in body.instrs() {
        let (call, goes) = match instr.kind {
            InstrKind::Call(call) | InstrKind::Defer(call) => (call, false),
            InstrKind::Go(call) => (call, true),
            _ => continue,
        };
        let Expr::Call { callee, args, .. } = &facts.exprs[call] else { continue };
        let args = facts.exprs.list(*args);
        let callee = param_of(program, places, file, *callee);
        let args = args.iter().zip(0..).filter_map(|(arg, at)| {
            let param = param_of(program, places, file, *arg)?;
            Some((says(program, graph, models, file, call, at), param))
        });
        let row = ParameterCall { func, goes, callee, args: args.collect() };
        if row.callee.is_some() || !row.args.is_empty() {
            rows.push(row);
        }
    }
    rows
}

/// What is known of the callee of a call.
pub(super) fn effects_of<'m>(program: &Program, models: &'m Models, file: FileId, call: ExprId) -> &'m [Effect] {
    program.callee_key(file, call).map_or(&[], |key| models.effects(key))
}

/// Who says what the callee of `call` does with its argument number `at`.
fn says<'a>(program: &Program, graph: &'a CallGraph, models: &Models, file: FileId, call: ExprId, at: u32) -> Says<'a> {
    let callee = program.callee_kind(file, call);
    for effect in effects_of(program, models, file, call) {
        match *effect {
            Effect::Spawn { arg, .. } | Effect::Timer { arg } if u32::from(arg) == at => {
                return Says::Known(Some(Use::Spawns { inside: None }));
            }
            Effect::Run { arg } | Effect::RunJoined { arg } if u32::from(arg) == at => {
                return Says::Known(Some(Use::Runs));
            }
            Effect::AtTestEnd { .. } => return Says::Known(None),
            _ => {}
        }
    }
    match callee {
        CalleeKind::External(_) => Says::Known(Some(Use::Runs)),
        CalleeKind::Conversion(_) | CalleeKind::Builtin(_) => Says::Known(None),
        _ => match graph.site_at(file, call).map(|site| graph.sites()[site].targets.callees()) {
            Some(callees) if !callees.is_empty() => Says::Callees(callees, at),
            Some(_) | None => Says::Known(None),
        },
    }
}

impl Handed {
    /// Finds the uses of all function parameters.
    pub fn build(program: &Program, graph: &CallGraph, models: &Models, places: &Places, events: &Events) -> Self {
        let mut handed = Self::default();
        // A literal that its parent starts and waits for runs before the parent returns.
        let started = program.funcs().par_ids().flat_map_iter(|func| started_in(program, models, func));
        let started = started.filter(|literal| !waited_by_parent(program, events, *literal));
        let started: FxHashSet<FuncId> = started.collect::<Vec<FuncId>>().into_iter().collect();
        // Few calls have to do with a parameter; they alone are looked at round by round.
        let calls = |func| parameter_calls(program, graph, models, places, func);
        let calls: Vec<ParameterCall<'_>> = program.funcs().par_ids().flat_map_iter(calls).collect();
        for ((owner, index), worker) in queued_parameters(Sources { program, graph, places, events }) {
            handed.note(owner, index, Use::Queues { worker });
        }
        for _ in 0..MAX_HANDING_ROUNDS {
            let before = handed.uses.len();
            for call in &calls {
                handed.scan(program, &started, call);
            }
            if handed.uses.len() == before {
                break;
            }
        }
        handed
    }

    /// What `func` does with parameter `index`.
    pub fn use_of(&self, func: FuncId, index: u32) -> Option<&Use> {
        self.uses.get(&(func, index))
    }

    fn scan(&mut self, program: &Program, started: &FxHashSet<FuncId>, row: &ParameterCall<'_>) {
        let runs = |owner: FuncId| match goroutine_around(program, started, row.func, owner) {
            _ if row.goes => Use::Spawns { inside: None },
            Some(literal) => Use::Spawns { inside: Some(literal) },
            None => Use::Runs,
        };
        if let Some((owner, index)) = row.callee {
            self.note(owner, index, runs(owner));
        }
        for &(ref says, (owner, index)) in &row.args {
            match self.answer(says) {
                Some(Use::Runs) => self.note(owner, index, runs(owner)),
                Some(Use::Spawns { .. }) => self.note(owner, index, Use::Spawns { inside: None }),
                Some(queues @ Use::Queues { .. }) => self.note(owner, index, queues),
                None => {}
            }
        }
    }

    fn note(&mut self, owner: FuncId, index: u32, found: Use) {
        let known = self.uses.entry((owner, index)).or_insert(found);
        if *known == Use::Runs {
            *known = found;
        }
    }

    /// What the callee of `call` does with its argument number `at`.
    pub fn use_at(
        &self,
        program: &Program,
        graph: &CallGraph,
        models: &Models,
        file: FileId,
        call: ExprId,
        at: u32,
    ) -> Option<Use> {
        self.answer(&says(program, graph, models, file, call, at))
    }

    fn answer(&self, says: &Says<'_>) -> Option<Use> {
        let (callees, at) = match says {
            Says::Known(answer) => return *answer,
            Says::Callees(callees, at) => (callees, *at),
        };
        let uses = callees.iter().filter_map(|target| match target {
            Target::Func(func) => self.use_of(*func, at),
            Target::External(_) => None,
        });
        let mut best = None;
        for found in uses {
            if best.is_none() || matches!(found, Use::Spawns { .. } | Use::Queues { .. }) {
                best = Some(*found);
            }
        }
        best
    }
}

/// The functions an argument is: literals, named functions, method values, through local variables. A parameter is
/// none: what runs is known at the call sites of its function.
pub fn functions_of(
    program: &Program,
    graph: &CallGraph,
    places: &Places,
    file: FileId,
    expr: ExprId,
) -> SmallVec<[HandedFunc; 1]> {
    let one = |func, receiver| SmallVec::from_elem(HandedFunc { func, receiver }, 1);
    let facts = program.facts(file);
    match &facts.exprs[expr] {
        Expr::FuncLit(index) => return program.func_of(file, *index).map(|f| one(f, None)).unwrap_or_default(),
        Expr::Local(local) => {
            if matches!(facts.locals[*local].decl, LocalDecl::Param { .. } | LocalDecl::Receiver { .. }) {
                return SmallVec::new();
            }
            if let Some(initial) = places.initial(program, file, *local) {
                return functions_of(program, graph, places, file, initial);
            }
        }
        Expr::Name(_) | Expr::Select { .. } => match program.meaning(file, expr) {
            Meaning::Func(func) => return one(func, None),
            Meaning::Method(callee) => match *callee {
                Callee::Func { func, receiver, receiver_is_argument: false } => return one(func, receiver),
                Callee::Interface { receiver, .. } => {
                    let found = graph.function_values(file, expr).unwrap_or_default();
                    return found
                        .into_iter()
                        .filter_map(|target| match target {
                            Target::Func(func) => Some(HandedFunc { func, receiver: Some(receiver.clone()) }),
                            Target::External(_) => None,
                        })
                        .collect();
                }
                _ => return SmallVec::new(),
            },
            _ => {}
        },
        Expr::Call { args, .. } => {
            // A conversion to a function type: `http.HandlerFunc(f)`.
            if let (CalleeKind::Conversion(_), [arg]) = (program.callee_kind(file, expr), facts.exprs.list(*args)) {
                return functions_of(program, graph, places, file, *arg);
            }
        }
        Expr::Int(_) | Expr::Literal(_) | Expr::Composite { .. } | Expr::Binary { .. } | Expr::Type(_) => {
            return SmallVec::new();
        }
        _ => {}
    }
    let Ok(found) = graph.function_values(file, expr) else { return SmallVec::new() };
    found
        .into_iter()
        .filter_map(|target| match target {
            Target::Func(func) => Some(HandedFunc { func, receiver: None }),
            Target::External(_) => None,
        })
        .collect()
}

/// The parameter an expression is: the function that declares it and its number.
pub(super) fn param_of(program: &Program, places: &Places, file: FileId, expr: ExprId) -> Option<(FuncId, u32)> {
    let facts = program.facts(file);
    let Expr::Local(local) = facts.exprs[expr] else { return None };
    let mut local: LocalId = local;
    if let Some(initial) = places.initial(program, file, local)
        && let Expr::Local(source) = facts.exprs[initial]
    {
        local = source;
    }
    let LocalDecl::Param { index, .. } = facts.locals[local].decl else { return None };
    Some((program.declaring(file, local)?, index))
}

/// The innermost literal that runs in a goroutine of its own and that `from` stands in, as seen from `owner` around it.
fn goroutine_around(program: &Program, started: &FxHashSet<FuncId>, from: FuncId, owner: FuncId) -> Option<FuncId> {
    let outwards = std::iter::successors(Some(from), |at| program.funcs()[*at].parent);
    outwards.take_while(|at| *at != owner).find(|at| started.contains(at))
}

/// Whether the function around a literal waits, on every way out, for a channel or counter of its own that the literal
/// signals.
fn waited_by_parent(program: &Program, events: &Events, literal: FuncId) -> bool {
    let mut signalled: Vec<SyncKey> = Vec::new();
    let mut note = |kind: &EventKind| {
        if let EventKind::Signal { key: key @ SyncKey::Local(..), .. } = kind {
            signalled.push(*key);
        }
    };
    for event in events.of(literal).blocks.iter().flat_map(|b| &b.events) {
        note(&event.kind);
        if let EventKind::Defer { effects, .. } = &event.kind {
            effects.iter().for_each(&mut note);
        }
    }
    let Some(parent) = program.funcs()[literal].parent else { return false };
    let waits = |event: &Event| {
        let mut waits = false;
        super::joins::for_each_wait(&event.kind, &mut |key, _| waits |= signalled.contains(&key));
        waits
    };
    let blocks = &events.of(parent).blocks;
    let deferred = |event: &Event| matches!(event.kind, EventKind::Defer { .. }) && waits(event);
    if blocks.iter().flat_map(|block| &block.events).any(deferred) {
        return true;
    }
    // From each start, every way out has to come by a wait: who gives up at a deadline leaves the literal running.
    let starts = |event: &Event| matches!(event.kind, EventKind::Spawn(_));
    blocks.iter().enumerate().all(|(from, block)| {
        let Some(start) = block.events.iter().rposition(starts) else { return true };
        if block.events[start..].iter().any(waits) {
            return true;
        }
        let mut seen = vec![false; blocks.len()];
        let mut work = vec![from];
        while let Some(at) = work.pop() {
            // Who fails a test there goes nowhere.
            if blocks[at].events.iter().any(|event| matches!(event.kind, EventKind::Leave { .. })) {
                continue;
            }
            if matches!(blocks[at].left, Some(Exit::Return | Exit::End)) {
                return false;
            }
            for &next in &blocks[at].successors {
                if !std::mem::replace(&mut seen[next], true) && !blocks[next].events.iter().any(waits) {
                    work.push(next);
                }
            }
        }
        true
    })
}

/// Literals in `func` that a `go` statement or a library's spawner starts.
fn started_in(program: &Program, models: &Models, func: FuncId) -> Vec<FuncId> {
    let row = &program.funcs()[func];
    let facts = program.facts(row.file);
    let mut started = Vec::new();
    let Some(body) = &facts.functions[row.index].body else { return started };
    let literal = |expr: &ExprId| match facts.exprs[*expr] {
        Expr::FuncLit(index) => program.func_of(row.file, index),
        _ => None,
    };
    for instr in body.instrs() {
        let (call, goes) = match instr.kind {
            InstrKind::Go(call) => (call, true),
            InstrKind::Call(call) | InstrKind::Defer(call) => (call, false),
            _ => continue,
        };
        let Expr::Call { callee, args, .. } = &facts.exprs[call] else { continue };
        let args = facts.exprs.list(*args);
        if goes {
            started.extend(literal(callee));
            continue;
        }
        let handed: SmallVec<[FuncId; 2]> = args.iter().filter_map(literal).collect();
        let spawns = !handed.is_empty()
            && match program.callee_kind(row.file, call) {
                CalleeKind::External(key) => spawner(models, key),
                CalleeKind::Func(func) => spawner(models, program.funcs()[func].key),
                _ => false,
            };
        if spawns {
            started.extend(handed);
        }
    }
    started
}

fn spawner(models: &Models, key: crate::base::Symbol) -> bool {
    models.effects(key).iter().any(|e| matches!(e, Effect::Spawn { .. } | Effect::Timer { .. }))
}

/// The root variable of a place, if it is one.
pub fn root_local(place: &Place) -> Option<LocalId> {
    match place.root {
        Root::Local(local) => Some(local),
        Root::Global(_) | Root::Value(_) => None,
    }
}
