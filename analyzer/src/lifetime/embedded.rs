//! What a call reads of its receiver: nothing where it takes its address, and what is not written where a method is promoted,
//! `c.ReadMessage()` of a struct that embeds a connection.

use rustc_hash::FxHashSet;

use super::{
    domain::{AccessKind, Location},
    events::{Event, Lowering},
};
use crate::{
    base::Span,
    resolve::{Callee, CalleeKind, Place, Step, Type},
    syntax::{Body, Expr, ExprId, FuncKind, InstrKind},
};

impl Lowering<'_> {
    /// Operands whose address is taken for a method with a pointer receiver: they are not read.
    pub(super) fn addressed_operands(&self, body: &Body) -> FxHashSet<ExprId> {
        let mut found = FxHashSet::default();
        for instr in body.instrs() {
            let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) = instr.kind else { continue };
            let Expr::Call { callee, .. } = self.expr(call) else { continue };
            let Expr::Select { base, .. } = self.expr(*callee) else { continue };
            let CalleeKind::Func(func) = self.program.callee_kind(self.file, call) else {
                if self.locks_embedded(call, *base) {
                    found.insert(*base);
                }
                continue;
            };
            let FuncKind::Decl { receiver: Some(receiver), .. } = &self.program.function(func).kind else { continue };
            let base_type = self.program.ty(self.program.underlying(self.program.expr_type(self.file, *base)));
            if receiver.pointer && matches!(base_type, Type::Struct(_)) {
                found.insert(*base);
            }
        }
        found
    }

    /// Whether a call is of a lock, or the like, that a struct in a variable embeds: `jobs.Lock()` reads nothing of `jobs`.
    pub(super) fn locks_embedded(&self, call: ExprId, base: ExprId) -> bool {
        let held = |ty| self.program.ty(self.program.underlying(ty));
        if !matches!(held(self.program.expr_type(self.file, base)), Type::Struct(_)) {
            return false;
        }
        let Callee::External { receiver: Some(receiver), .. } = self.program.callee(self.file, call) else {
            return false;
        };
        let written = self.program.place(self.file, base);
        let in_place = |step: &Step| match step {
            Step::Field(field) => {
                !matches!(held(self.program.field(*field).ty), Type::Pointer(_) | Type::Interface { .. })
            }
            Step::Element | Step::Deref => false,
        };
        let Some((Step::Field(last), _)) = receiver.steps.split_last() else { return false };
        written.root == receiver.root
            && written.steps.len() < receiver.steps.len()
            && receiver.steps[written.steps.len()..].iter().all(in_place)
            && self.synchronises(Location::Field(*last))
    }

    /// A call of a promoted method reads the embedded pointers and interfaces on the way, which are not written.
    pub(super) fn reads_embedded(
        &mut self,
        receiver: Option<&Place>,
        call: ExprId,
        span: Span,
        events: &mut Vec<Event>,
    ) {
        let Some(receiver) = receiver else { return };
        let Expr::Call { callee, .. } = self.expr(call) else { return };
        let Expr::Select { base, .. } = self.expr(*callee) else { return };
        let written = self.program.place(self.file, *base);
        if written.root != receiver.root || receiver.steps.len() <= written.steps.len() {
            return;
        }
        for at in written.steps.len()..receiver.steps.len() {
            let Step::Field(field) = receiver.steps[at] else { continue };
            let location = Location::Field(field);
            let row = self.program.field(field);
            let held = self.program.ty(self.program.underlying(row.ty));
            let by_pointer = matches!(held, Type::Pointer(_) | Type::Interface { .. });
            if row.embedded && by_pointer && !self.synchronises(location) {
                let place = Place { root: receiver.root, steps: receiver.steps[..=at].iter().copied().collect() };
                let access = self.whole(&place, location, AccessKind::Read, *callee, span);
                self.push_access(access, events);
            }
        }
    }
}
