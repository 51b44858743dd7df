//! The vocabulary of the call graph.

use std::sync::Arc;

use crate::{
    base::{Span, Symbol},
    define_id,
    resolve::{FuncId, Reason},
    syntax::ExprId,
};

define_id!(
    /// A call expression of a function with source.
    CallSiteId
);

/// A call.
#[derive(Clone, Debug)]
pub struct CallSite {
    /// The function it stands in.
    pub func: FuncId,
    /// The [`crate::syntax::Expr::Call`].
    pub expr: ExprId,
    /// How it is made.
    pub kind: CallKind,
    /// The call expression.
    pub span: Span,
    /// What it may call.
    pub targets: Targets,
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallKind {
    /// Here and now.
    Call,
    /// In a new goroutine.
    Go,
    /// When the function is left.
    Defer,
    /// By a `range` loop over a function, which is the site's expression: the loop's body is its argument.
    Range,
}

/// What a call may call. Built-ins and conversions are no call sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// The one that is named: nearly all calls are of this kind, and there is one row for every call.
    Named {
        /// The callee.
        callee: Target,
        /// [`Resolution::Method`], not [`Resolution::Static`].
        method: bool,
    },
    /// Those that were looked for.
    Found(Arc<Found>),
    /// Not known, and why.
    Unknown(Reason),
}

/// Callees that a call does not name; calls may share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In order of their symbols; external functions by key. Never empty.
    pub callees: Box<[Target]>,
    /// How they were found.
    pub resolution: Resolution,
}

/// A callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// With source.
    Func(FuncId),
    /// Without source, by key (`path.F`, `path.T.M`).
    External(Symbol),
}

/// How callees were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resolution {
    /// A function named in the call, or a literal called on the spot.
    Static,
    /// A method of a type that is not an interface.
    Method,
    /// Interface dispatch: `found` of the `implementers` whose method sets fit reach the interface.
    ///
    /// `found` is 0 where no flow is known: nothing in the known source gives the interface a value. The callees are
    /// then all that fit, a guess.
    Interface {
        /// Those kept.
        found: u32,
        /// All whose method sets fit.
        implementers: u32,
    },
    /// Functions that flow into the called value.
    FunctionValue,
}

impl Targets {
    /// The callees; none of a call that is not known.
    pub fn callees(&self) -> &[Target] {
        match self {
            Self::Named { callee, .. } => std::slice::from_ref(callee),
            Self::Found(found) => &found.callees,
            Self::Unknown(_) => &[],
        }
    }

    /// How the callees were found, or why none are known.
    pub fn resolution(&self) -> Result<Resolution, Reason> {
        match self {
            Self::Named { method: false, .. } => Ok(Resolution::Static),
            Self::Named { method: true, .. } => Ok(Resolution::Method),
            Self::Found(found) => Ok(found.resolution),
            Self::Unknown(reason) => Err(*reason),
        }
    }

    /// The callees with source.
    pub fn funcs(&self) -> impl Iterator<Item = FuncId> + Clone {
        self.callees().iter().filter_map(|target| match target {
            Target::Func(func) => Some(*func),
            Target::External(_) => None,
        })
    }
}

/// Counts over a call graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallGraphStats {
    /// Calls, known or not.
    pub sites: usize,
    /// Edges to functions with source: of calls that name a function.
    pub static_edges: usize,
    /// Of calls of methods.
    pub method_edges: usize,
    /// Of calls through interfaces.
    pub interface_edges: usize,
    /// Calls through interfaces with known callees.
    pub interface_sites: usize,
    /// Of calls of function values.
    pub function_value_edges: usize,
    /// Edges to functions without source.
    pub external_edges: usize,
    /// Calls without known callees, by [`Reason::name`], in order of the names.
    pub unknown: Vec<(&'static str, usize)>,
}

impl CallGraphStats {
    /// Counts one call.
    pub(super) fn count(&mut self, site: &CallSite) {
        self.sites += 1;
        match site.targets.resolution() {
            Ok(resolution) => {
                let inside = site.targets.funcs().count();
                self.external_edges += site.targets.callees().len() - inside;
                match resolution {
                    Resolution::Static => self.static_edges += inside,
                    Resolution::Method => self.method_edges += inside,
                    Resolution::Interface { .. } => {
                        self.interface_edges += inside;
                        self.interface_sites += 1;
                    }
                    Resolution::FunctionValue => self.function_value_edges += inside,
                }
            }
            Err(reason) => match self.unknown.binary_search_by_key(&reason.name(), |&(name, _)| name) {
                Ok(at) => self.unknown[at].1 += 1,
                Err(at) => self.unknown.insert(at, (reason.name(), 1)),
            },
        }
    }

    /// Calls without known callees.
    pub fn unknown_sites(&self) -> usize {
        self.unknown.iter().map(|&(_, count)| count).sum()
    }
}
