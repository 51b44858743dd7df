//! Sends and receives as events: which channel, or which object that goes for its channels, is meant; and which function,
//! of those that wait.

use super::{
    domain::{AccessKind, Location, SignalKind, SyncKey, WaitKind},
    endings,
    events::{Event, EventKind, Lowering},
};
use crate::{
    base::{Span, Symbol},
    resolve::{Builtin, CalleeKind},
    source::FileRole,
    syntax::{Comm, Expr, ExprId, ImportBinding, Instr, InstrKind, LocalDecl, LocalId, Source, Terminator},
};

impl Lowering<'_> {
    /// An answer on a channel that came as a message goes by the channel it came over, too: `errc := <-quit; errc <- err` says
    /// to whoever has sent it over `quit` what a message on `quit` would.
    pub(super) fn send(&mut self, channel: ExprId, span: Span, events: &mut Vec<Event>) {
        let said = |key| Event { kind: EventKind::Signal { key, kind: SignalKind::Send }, span };
        if let Some(key) = self.key_of(channel) {
            self.access_of_channel(channel, AccessKind::Send, span, events);
            events.push(said(key));
        }
        events.extend(self.came_over(channel).map(said));
    }

    pub(super) fn receive(&mut self, receive: ExprId, span: Span, events: &mut Vec<Event>) {
        let Expr::Receive(channel) = self.expr(receive) else { return };
        if let Some(key) = self.went_over(*channel) {
            events.push(Event { kind: EventKind::Wait { key, how: WaitKind::Receive }, span });
        }
        let own = self.key_of_owner(*channel).or_else(|| self.key_of(*channel));
        let Some(key) = own.or_else(|| self.key_of_ending(*channel)) else { return };
        events.push(Event { kind: EventKind::Wait { key, how: WaitKind::Receive }, span });
    }

    /// Whether a receive never ends: `<-make(chan struct{})`, of a channel that nobody else has.
    pub(super) fn is_for_ever(&self, receive: ExprId) -> bool {
        let Expr::Receive(channel) = *self.expr(receive) else { return false };
        matches!(self.expr(channel), Expr::Call { .. })
            && self.program.callee_kind(self.file, channel) == CalleeKind::Builtin(Builtin::Make)
    }

    /// The channel over which a channel in a variable was received.
    fn came_over(&self, channel: ExprId) -> Option<SyncKey> {
        let Expr::Local(local) = *self.expr(channel) else { return None };
        let received = |value: ExprId| match self.expr(value) {
            Expr::Receive(over) => self.key_of(*over),
            _ => None,
        };
        if let LocalDecl::Value(value) = &self.program.facts(self.file).locals[local].decl {
            return received(value.expr);
        }
        let is_it = |place: ExprId| matches!(self.expr(place), Expr::Local(l) if *l == local);
        self.instrs().find_map(|instr| match instr.kind {
            InstrKind::Write { place, source: Source::Value(value) } if is_it(place) => received(value.expr),
            _ => None,
        })
    }

    /// The channel over which this function sends a channel that it keeps in a variable.
    fn went_over(&self, channel: ExprId) -> Option<SyncKey> {
        let Expr::Local(local) = *self.expr(channel) else { return None };
        let is_it = |value: ExprId| matches!(self.expr(value), Expr::Local(l) if *l == local);
        let body = self.program.function(self.func).body.as_ref()?;
        let arms = body.blocks.iter().filter_map(|block| match &block.end {
            Terminator::Select { arms } => Some(arms),
            _ => None,
        });
        let arms = arms.flatten().filter_map(|arm| match arm.comm {
            Comm::Send { channel, value } => Some((channel, value)),
            _ => None,
        });
        let sends = self.instrs().filter_map(|instr| match instr.kind {
            InstrKind::Send { channel, value } => Some((channel, value)),
            _ => None,
        });
        sends.chain(arms).find(|(_, value)| is_it(*value)).and_then(|(over, _)| self.key_of(over))
    }

    fn instrs(&self) -> impl Iterator<Item = &Instr> {
        let body = self.program.function(self.func).body.as_ref();
        body.into_iter().flat_map(|body| body.instrs())
    }

    /// A channel that tells when an object is over goes by the object, where a goroutine ends that.
    fn key_of_ending(&self, channel: ExprId) -> Option<SyncKey> {
        let local = endings::told_of(self.program, self.models, self.file, channel)?;
        Some(Location::Local(self.file, local)).filter(|key| self.endings.holds(*key))
    }

    /// A channel in a field of a library's type (`timer.C`) goes by the object that holds it: what the library does with
    /// the channel is known of the object.
    fn key_of_owner(&self, channel: ExprId) -> Option<SyncKey> {
        let Expr::Select { base, .. } = self.expr(channel) else { return None };
        let sources = self.program.sources();
        let own = match self.key_of(channel) {
            Some(SyncKey::Field(field)) => {
                let file = self.program.field(field).site.map(|site| site.0);
                // Inside the library itself it is a channel like any other.
                let within = |file| self.program.package_of(file) == self.program.package_of(self.file);
                file.is_some_and(|file| sources.files[file].role == FileRole::Analysed || within(file))
            }
            Some(_) => true,
            None => false,
        };
        (!own).then(|| self.key_of(*base)).flatten()
    }

    /// A function that nothing declares comes from one of the packages without source whose names the file imports all:
    /// from the one of which such a function is known.
    pub(super) fn of_dot_import(&self, call: ExprId) -> Option<Symbol> {
        let Expr::Call { callee, .. } = self.expr(call) else { return None };
        let Expr::Name(name) = self.expr(*callee) else { return None };
        let dots = self.program.facts(self.file).imports.iter().filter(|row| row.binding == ImportBinding::Dot);
        let mut keys = dots.map(|row| Symbol::new(&format!("{}.{name}", row.path)));
        keys.find(|key| !self.models.effects(*key).is_empty())
    }

    /// The wait of a call that has read up to the end only where it gives no error, if the block ends by asking for that.
    pub(super) fn told_by_nil(&self, instrs: &[Instr], error: LocalId, events: &mut Vec<Event>) -> Option<Event> {
        let call = instrs.iter().rev().find_map(|instr| {
            let (local, source) = match instr.kind {
                InstrKind::Define { local, source } => (local, source),
                InstrKind::Write { place, source } => match *self.expr(place) {
                    Expr::Local(local) => (local, source),
                    _ => return None,
                },
                _ => return None,
            };
            match source {
                Source::Value(value) if local == error => Some(value.expr),
                _ => None,
            }
        })?;
        endings::read_up(self.program, self.models, self.file, call)?;
        // Who gives the goroutine the error, too, stores it before it asks.
        if self.places.is_shared(self.program, self.file, error) {
            return None;
        }
        let span = self.program.facts(self.file).exprs.span(call);
        let waits = |event: &Event| matches!(event.kind, EventKind::Wait { .. }) && event.span == span;
        let at = events.iter().position(waits)?;
        Some(events.remove(at))
    }

    /// A call that ends an object for the goroutine, or waits for the end of one.
    pub(super) fn tells_end(&mut self, call: ExprId, span: Span, events: &mut Vec<Event>) {
        let (program, file) = (self.program, self.file);
        if let Some(ended) = endings::ended_by(program, self.models, file, call)
            && let Some(key) = self.endings.ended(program, self.func, file, ended)
        {
            events.push(Event { kind: EventKind::Signal { key, kind: SignalKind::Close }, span });
        }
        if let Some(read) = endings::read_up(program, self.models, file, call) {
            let key = Location::Local(file, read);
            if self.endings.holds(key) {
                events.push(Event { kind: EventKind::Wait { key, how: WaitKind::Receive }, span });
            }
        }
    }
}
