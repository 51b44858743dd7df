//! What a call of a promoted method reads that is not written: `c.ReadMessage()` of a struct that embeds a connection.

use super::{
    domain::{AccessKind, Location},
    events::{Event, Lowering},
};
use crate::{
    base::Span,
    resolve::{Callee, Place, Step, Type},
    syntax::{Expr, ExprId},
};

impl Lowering<'_> {
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
