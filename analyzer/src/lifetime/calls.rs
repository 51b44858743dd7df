//! The calls each function makes before it returns, with the functions handed over taken into account.
//!
//! Invariant: a call of a function *parameter* has no targets here; what runs is attached to the call sites of the
//! function that has the parameter ([`CallRef::handed`]).

use std::{ops, slice, sync::OnceLock};

use rayon::prelude::*;
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
    resolve::{Callee, CalleeKind, FuncId, Place, Program},
    source::FileId,
    syntax::{Expr, ExprId, Exprs, LocalId},
};

/// A call that runs before its function returns. There is one for every call, so that nothing is kept that is rarely asked
/// for: see [`CallRef::receiver`].
#[derive(Clone, Debug)]
pub struct CallRef {
    /// The call expression.
    pub call: ExprId,
    /// Where it stands.
    pub span: Span,
    /// Registered by `defer`.
    pub deferred: bool,
    /// Functions it may call.
    pub targets: Called,
    /// Whether `targets` come from dispatch or function values rather than from one name.
    pub dispatched: bool,
    /// Functions the callee runs because they are handed to it.
    pub handed: ThinVec<HandedFunc>,
}

/// The functions a call may call. Nearly always there is one, which needs no list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// At most one.
    One(Option<FuncId>),
    /// Several.
    Many(Box<[FuncId]>),
}

impl Default for Called {
    fn default() -> Self {
        Self::One(None)
    }
}

impl ops::Deref for Called {
    type Target = [FuncId];
    fn deref(&self) -> &[FuncId] {
        match self {
            Self::One(func) => func.as_slice(),
            Self::Many(funcs) => funcs,
        }
    }
}

impl FromIterator<FuncId> for Called {
    fn from_iter<I: IntoIterator<Item = FuncId>>(funcs: I) -> Self {
        let mut funcs = funcs.into_iter();
        let first = funcs.next();
        match (first, funcs.next()) {
            (Some(first), Some(second)) => Self::Many([first, second].into_iter().chain(funcs).collect()),
            (one, _) => Self::One(one),
        }
    }
}

impl<'c> IntoIterator for &'c Called {
    type Item = &'c FuncId;
    type IntoIter = slice::Iter<'c, FuncId>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl CallRef {
    /// The variable that a method is called on.
    pub(super) fn variable(&self, exprs: &Exprs) -> Option<LocalId> {
        let Expr::Call { callee, .. } = exprs[self.call] else { return None };
        let Expr::Select { base, .. } = exprs[callee] else { return None };
        match exprs[base] {
            Expr::Local(local) => Some(local),
            _ => None,
        }
    }

    /// The literals among the arguments.
    pub(super) fn literals(&self, program: &Program, file: FileId) -> impl Iterator<Item = FuncId> {
        let exprs = &program.facts(file).exprs;
        exprs.args(self.call).unwrap_or_default().iter().filter_map(move |arg| match exprs[*arg] {
            Expr::FuncLit(index) => program.func_of(file, index),
            _ => None,
        })
    }

    /// Where the receiver of a method call of `func` lives.
    pub fn receiver(&self, cx: Context<'_>, func: FuncId) -> Option<Place> {
        let Context { program, graph, places, .. } = cx;
        let file = program.funcs()[func].file;
        match program.callee(file, self.call) {
            Callee::Func { receiver, .. } | Callee::External { receiver, .. } => receiver,
            Callee::Interface { receiver, .. } => Some(receiver),
            Callee::Value(value) if !is_param_value(program, places, file, value) => {
                functions_of(program, graph, places, file, value).into_iter().next()?.receiver
            }
            Callee::Value(_) | Callee::Literal(_) | Callee::Builtin(_) | Callee::Conversion(_) | Callee::Unknown(_) => {
                None
            }
        }
    }
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
    let mut dispatched = false;
    let targets = match program.callee_kind(file, call) {
        CalleeKind::Literal(func) | CalleeKind::Func(func) => Called::One(Some(func)),
        CalleeKind::Value(value) if !is_param_value(program, places, file, value) => {
            let found = functions_of(program, graph, places, file, value);
            dispatched = found.len() > 1;
            found.iter().map(|handed| handed.func).collect()
        }
        CalleeKind::Interface { .. } => match graph.site_at(file, call) {
            Some(site) => {
                let targets = &graph.sites()[site].targets;
                dispatched = matches!(targets.resolution(), Ok(Resolution::Interface { found, .. }) if found > 1);
                targets.funcs().collect()
            }
            None => Called::default(),
        },
        CalleeKind::Value(_)
        | CalleeKind::External(_)
        | CalleeKind::Builtin(_)
        | CalleeKind::Conversion(_)
        | CalleeKind::Unknown(_) => Called::default(),
    };
    let handed = cx.run_at(file, call).into_iter().collect();
    CallRef { call, span, deferred, targets, dispatched, handed }
}

fn is_param_value(program: &Program, places: &Places, file: FileId, value: ExprId) -> bool {
    let Expr::Local(local) = program.facts(file).exprs[value] else { return false };
    domain_local::is_param(program, file, local)
        || places.initial(program, file, local).is_some_and(|initial| {
            matches!(program.facts(file).exprs[initial], Expr::Local(source)
                if domain_local::is_param(program, file, source))
        })
}
