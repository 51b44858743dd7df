//! The calls each function makes before it returns, with the functions handed over taken into account.
//!
//! Invariant: a call of a function *parameter* has no targets here; what runs is attached to the call sites of the
//! function that has the parameter ([`CallRef::handed`]).

use std::sync::OnceLock;

use rayon::prelude::*;
use smallvec::SmallVec;
use thin_vec::ThinVec;

use super::{
    domain_local,
    events::EventKind,
    handed::{HandedFunc, functions_of},
    objects::Bound,
    place::Places,
    spawns::Context,
};
use crate::{
    base::{IndexVec, Span},
    callgraph::Resolution,
    resolve::{Callee, FuncId, Place, Program},
    syntax::{Expr, ExprId},
};

/// A call that runs before its function returns.
#[derive(Clone, Debug)]
pub struct CallRef {
    /// The call expression.
    pub call: ExprId,
    /// Where it stands.
    pub span: Span,
    /// Registered by `defer`.
    pub deferred: bool,
    /// Functions it may call.
    pub targets: SmallVec<[FuncId; 2]>,
    /// Whether `targets` come from dispatch or function values rather than from one name.
    pub dispatched: bool,
    /// Functions the callee runs because they are handed to it.
    pub handed: ThinVec<HandedFunc>,
    /// Where the receiver of a method call lives.
    pub receiver: Option<Box<Place>>,
}

/// Calls of all functions, in evaluation order of the blocks.
#[derive(Debug)]
pub struct Calls {
    of: IndexVec<FuncId, Box<[CallRef]>>,
    /// What `reach` found out about the callees of each function: many goroutines may reach it.
    pub(super) bound: IndexVec<FuncId, OnceLock<Box<Bound>>>,
}

impl Calls {
    /// Collects the calls of all functions, in parallel.
    pub fn build(cx: Context<'_>) -> Self {
        let rows: Vec<Box<[CallRef]>> = cx.program.funcs().par_ids().map(|func| calls_of(cx, func)).collect();
        let bound = IndexVec::filled(OnceLock::new(), rows.len());
        Self { of: IndexVec::from(rows), bound }
    }

    /// Number of functions.
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    /// Every function, for several threads at once.
    pub(super) fn par_ids(&self) -> impl IndexedParallelIterator<Item = FuncId> + use<> {
        self.of.par_ids()
    }

    /// Calls of `func`.
    pub fn of(&self, func: FuncId) -> &[CallRef] {
        &self.of[func]
    }

    /// The call of `func` with that expression.
    pub fn at(&self, func: FuncId, call: ExprId) -> Option<&CallRef> {
        self.row(func, call).map(|at| &self.of[func][at])
    }

    /// The number of that call among those of `func`.
    pub(super) fn row(&self, func: FuncId, call: ExprId) -> Option<usize> {
        self.of[func].binary_search_by_key(&call, |row| row.call).ok()
    }
}

fn calls_of(cx: Context<'_>, func: FuncId) -> Box<[CallRef]> {
    let mut rows = Vec::new();
    for block in &cx.events.of(func).blocks {
        for event in &block.events {
            let (call, deferred) = match event.kind {
                EventKind::Call(call) => (call, false),
                EventKind::Defer { call, .. } => (call, true),
                _ => continue,
            };
            rows.push(call_ref(cx, func, call, event.span, deferred));
        }
    }
    rows.sort_by_key(|row: &CallRef| row.call);
    rows.dedup_by_key(|row| row.call);
    rows.into()
}

fn call_ref(cx: Context<'_>, func: FuncId, call: ExprId, span: Span, deferred: bool) -> CallRef {
    let Context { program, graph, places, .. } = cx;
    let file = program.funcs()[func].file;
    let mut row = CallRef {
        call,
        span,
        deferred,
        targets: SmallVec::new(),
        dispatched: false,
        handed: cx.run_at(file, call).into_iter().collect(),
        receiver: None,
    };
    match program.callee(file, call) {
        Callee::Literal(literal) => row.targets.push(literal),
        Callee::Func { func, receiver, .. } => {
            row.targets.push(func);
            row.receiver = receiver.map(Box::new);
        }
        Callee::Value(value) => {
            if !is_param_value(program, places, cx, func, value) {
                let found = functions_of(program, graph, places, file, value);
                row.dispatched = found.len() > 1;
                row.targets.extend(found.iter().map(|h| h.func));
                row.receiver = found.into_iter().next().and_then(|h| h.receiver).map(Box::new);
            }
        }
        Callee::Interface { receiver, .. } => {
            row.receiver = Some(Box::new(receiver));
            if let Some(site) = graph.site_at(file, call) {
                let targets = &graph.sites()[site].targets;
                row.targets.extend(targets.funcs());
                row.dispatched = matches!(targets.resolution(), Ok(Resolution::Interface { found, .. }) if found > 1);
            }
        }
        Callee::External { receiver, .. } => row.receiver = receiver.map(Box::new),
        Callee::Builtin(_) | Callee::Conversion(_) | Callee::Unknown(_) => {}
    }
    row
}

fn is_param_value(program: &Program, places: &Places, cx: Context<'_>, func: FuncId, value: ExprId) -> bool {
    let file = cx.program.funcs()[func].file;
    let Expr::Local(local) = program.facts(file).exprs[value] else { return false };
    domain_local::is_param(program, file, local)
        || places.initial(program, file, local).is_some_and(|initial| {
            matches!(program.facts(file).exprs[initial], Expr::Local(source)
                if domain_local::is_param(program, file, source))
        })
}
