//! The vocabulary of the call graph.

use smallvec::SmallVec;

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
}

/// What a call may call. Built-ins and conversions are no call sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// These, in order of their symbols; external functions by key. Never empty.
    Known {
        /// The callees.
        callees: SmallVec<[Target; 1]>,
        /// How they were found.
        resolution: Resolution,
    },
    /// Not known, and why.
    Unknown(Reason),
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
    Interface {
        /// Those kept.
        found: u32,
        /// All whose method sets fit.
        implementers: u32,
    },
    /// Functions that flow into the called value.
    FunctionValue,
}
