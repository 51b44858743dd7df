//! What every call of a file calls, found once: nearly all that is asked about a program begins with it.
//!
//! Invariant: an answer from here is the one that [`Typer::find_callee`] gives.

use super::{
    calls::Called,
    model::{Callee, CalleeKind},
    typer::Typer,
};
use crate::{
    source::FileId,
    syntax::{Expr, ExprId},
};

/// The calls of one file.
#[derive(Default)]
pub(super) struct FileCallees {
    /// Call expressions, in order.
    calls: Box<[ExprId]>,
    /// Row by row what they call.
    callees: Box<[Kept]>,
}

/// A callee and how its receiver is found again.
#[derive(Clone, Copy)]
struct Kept {
    kind: CalleeKind,
    receiver: Receiver,
}

/// Where the receiver of a callee lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Receiver {
    /// It has none.
    None,
    /// Where the expression before the selector does.
    Base,
    /// Elsewhere: in an embedded field, or in the first argument of a method expression.
    Elsewhere,
}

impl FileCallees {
    /// Finds what all calls of a file call.
    pub(super) fn new(typer: &Typer<'_>, file: FileId) -> Self {
        let exprs = typer.facts(file).exprs.iter_enumerated();
        let calls: Box<[ExprId]> =
            exprs.filter(|(_, expr)| matches!(expr, Expr::Call { .. })).map(|(call, _)| call).collect();
        let callees = calls.iter().map(|&call| keep(typer, file, call)).collect();
        Self { calls, callees }
    }

    /// What a call calls.
    fn kept(&self, call: ExprId) -> Option<Kept> {
        self.calls.binary_search(&call).ok().map(|at| self.callees[at])
    }
}

fn keep(typer: &Typer<'_>, file: FileId, call: ExprId) -> Kept {
    let Some((called, callee, args)) = called(typer, file, call) else {
        return Kept { kind: typer.find_callee(file, call).kind(), receiver: Receiver::None };
    };
    let receiver = match &called {
        Called::Func { receiver, .. } | Called::External { receiver, .. } => receiver.as_ref(),
        Called::Interface { receiver, .. } => Some(receiver),
        Called::Literal(_) | Called::Value(_) | Called::Builtin(_) | Called::Conversion(_) | Called::Unknown(_) => None,
    };
    let receiver = match (receiver, &typer.facts(file).exprs[callee]) {
        (None, _) => Receiver::None,
        (Some(receiver), Expr::Select { base, .. }) if receiver.base == Some(*base) && receiver.path.is_empty() => {
            Receiver::Base
        }
        (Some(_), _) => Receiver::Elsewhere,
    };
    Kept { kind: typer.callee_of(file, called, args).kind(), receiver }
}

fn called<'p>(typer: &Typer<'p>, file: FileId, call: ExprId) -> Option<(Called, ExprId, &'p [ExprId])> {
    let Expr::Call { callee, args, .. } = &typer.facts(file).exprs[call] else { return None };
    let args = typer.facts(file).exprs.list(*args);
    Some((typer.called(file, *callee), *callee, args))
}

impl Typer<'_> {
    /// What a call expression calls, looked up.
    pub(crate) fn callee(&self, file: FileId, call: ExprId) -> Callee {
        let Some(kept) = self.p.callees.get(file).and_then(|rows| rows.kept(call)) else {
            return self.find_callee(file, call);
        };
        let selector = || match &self.facts(file).exprs[call] {
            Expr::Call { callee, .. } => match &self.facts(file).exprs[*callee] {
                Expr::Select { base, name } => Some((*base, *name)),
                _ => None,
            },
            _ => None,
        };
        let receiver = match kept.receiver {
            Receiver::None => None,
            Receiver::Base => selector(),
            Receiver::Elsewhere => return self.find_callee(file, call),
        };
        let place = receiver.map(|(base, _)| self.place(file, base));
        match kept.kind {
            CalleeKind::Func(func) => Callee::Func { func, receiver: place, receiver_is_argument: false },
            CalleeKind::External(key) => Callee::External { key, receiver: place },
            CalleeKind::Interface { interface, key } => match (receiver, place) {
                (Some((_, method)), Some(receiver)) => Callee::Interface { interface, key, method, receiver },
                _ => self.find_callee(file, call),
            },
            CalleeKind::Literal(func) => Callee::Literal(func),
            CalleeKind::Value(value) => Callee::Value(value),
            CalleeKind::Builtin(builtin) => Callee::Builtin(builtin),
            CalleeKind::Conversion(ty) => Callee::Conversion(ty),
            CalleeKind::Unknown(reason) => Callee::Unknown(reason),
        }
    }

    /// What a call expression calls, without its receiver, looked up.
    pub(crate) fn callee_kind(&self, file: FileId, call: ExprId) -> CalleeKind {
        let kept = self.p.callees.get(file).and_then(|rows| rows.kept(call));
        kept.map_or_else(|| self.find_callee(file, call).kind(), |kept| kept.kind)
    }

    /// What a call expression calls, worked out from names and types.
    pub(super) fn find_callee(&self, file: FileId, call: ExprId) -> Callee {
        match called(self, file, call) {
            Some((called, _, args)) => self.callee_of(file, called, args),
            None => Callee::Unknown(super::Reason::SyntaxError),
        }
    }
}
