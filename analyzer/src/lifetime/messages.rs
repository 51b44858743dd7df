//! Sends and receives as events: which channel, or which object that goes for its channels, is meant; and which function,
//! of those that wait.

use super::{
    domain::{AccessKind, Location, SignalKind, SyncKey, WaitKind},
    endings,
    events::{Event, EventKind, Lowering},
};
use crate::{
    base::{Span, Symbol},
    source::FileRole,
    syntax::{Expr, ExprId, ImportBinding, Instr, InstrKind, LocalId, Source},
};

impl Lowering<'_> {
    pub(super) fn send(&mut self, channel: ExprId, span: Span, events: &mut Vec<Event>) {
        let Some(key) = self.key_of(channel) else { return };
        self.access_of_key(key, channel, AccessKind::Send, span, events);
        events.push(Event { kind: EventKind::Signal { key, kind: SignalKind::Send }, span });
    }

    pub(super) fn receive(&mut self, receive: ExprId, span: Span, events: &mut Vec<Event>) {
        let Expr::Receive(channel) = self.expr(receive) else { return };
        let own = self.key_of_owner(*channel).or_else(|| self.key_of(*channel));
        let Some(key) = own.or_else(|| self.key_of_ending(*channel)) else { return };
        events.push(Event { kind: EventKind::Wait { key, how: WaitKind::Receive }, span });
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
