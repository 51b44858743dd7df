//! What built-in functions and loops do to the elements of slices and maps. Part of the lowering to [`super::events`].

use super::{
    domain::{Access, AccessKind, Index, Location, LockSet, SignalKind, Stored},
    events::{Event, EventKind, Lowering},
    place::Places,
};
use crate::{
    base::Span,
    resolve::{Builtin, Root, Type, TypeId},
    syntax::{ExprId, InstrKind, Source},
};

impl Lowering<'_> {
    pub(super) fn builtin(
        &mut self,
        builtin: Builtin,
        args: &[ExprId],
        spread: bool,
        span: Span,
        events: &mut Vec<Event>,
    ) {
        let Some(&first) = args.first() else { return };
        match builtin {
            Builtin::Close => {
                let Some(key) = self.key_of(first) else { return };
                self.access_of_channel(first, AccessKind::Close, span, events);
                events.push(Event { kind: EventKind::Signal { key, kind: SignalKind::Close }, span });
            }
            Builtin::Copy | Builtin::Delete | Builtin::Clear => {
                // What holds the map is not written, nor are its other fields.
                let changed = Places::location(&self.program.place(self.file, first), self.file);
                for mut part in self.places.accesses(self.program, self.file, first, AccessKind::Write, Stored::Update)
                {
                    if part.kind != AccessKind::Write || Some(part.location) != changed {
                        continue;
                    }
                    part.element = true;
                    part.index = self.places.bound(self.program, self.file, first);
                    let access =
                        Access { func: self.func, expr: first, span, atomic: false, locks: LockSet::new(), ..part };
                    self.push_access(access, events);
                }
                if builtin == Builtin::Copy
                    && let Some(&from) = args.get(1)
                {
                    self.element_read(from, events);
                }
            }
            Builtin::Append => {
                // What is there is copied when it does not fit; what is added may go behind what is there.
                self.element(first, AccessKind::Read, Index::Whole, events);
                self.element(first, AccessKind::Write, Index::Tail, events);
                if let (false, [_, added]) = (spread, args) {
                    self.put_into(first, *added, span, events);
                }
                if let (true, Some(&from)) = (spread, args.get(1)) {
                    self.element_read(from, events);
                }
            }
            Builtin::Len if self.is_map(first) => self.element(first, AccessKind::Read, Index::Whole, events),
            _ => {}
        }
    }

    /// The elements of a slice are read.
    pub(super) fn element_read(&mut self, from: ExprId, events: &mut Vec<Event>) {
        if self.is_slice(from) || self.is_map(from) {
            let index = self.places.bound(self.program, self.file, from);
            self.element(from, AccessKind::Read, index, events);
        }
    }

    /// Elements of what an expression holds are accessed.
    fn element(&mut self, of: ExprId, kind: AccessKind, index: Index, events: &mut Vec<Event>) {
        let span = self.program.facts(self.file).exprs.span(of);
        let place = self.program.place(self.file, of);
        let Some(location) = Places::location(&place, self.file) else { return };
        let shared = match location {
            Location::Local(file, local) => self.places.is_shared(self.program, file, local),
            Location::Field(_) | Location::Global(_) => true,
        };
        if !shared || place.steps.iter().any(|step| !matches!(step, crate::resolve::Step::Field(_))) {
            return;
        }
        let access = Access {
            func: self.func,
            location,
            element: true,
            index,
            kind,
            stored: Stored::Update,
            atomic: false,
            anchor: Places::anchor(&place),
            depth: Places::depth(&place),
            expr: of,
            span,
            locks: LockSet::new(),
        };
        self.push_access(access, events);
    }

    /// What goes into a free list is given up.
    pub(super) fn put_into(&mut self, list: ExprId, value: ExprId, span: Span, events: &mut Vec<Event>) {
        let location = Places::location(&self.program.place(self.file, list), self.file);
        if location.is_some_and(|location| self.places.is_free_list(location)) {
            self.recycle(value, span, events);
        }
    }

    /// An object goes back to where the next user takes it from. What the variable holds is meant, shared or not.
    pub(super) fn recycle(&mut self, object: ExprId, span: Span, events: &mut Vec<Event>) {
        let place = self.program.place(self.file, object);
        let (Root::Local(local), true) = (place.root, place.steps.is_empty()) else {
            return self.access(object, AccessKind::Recycle, Stored::Other, span, events);
        };
        let access = Access {
            func: self.func,
            location: Location::Local(self.file, local),
            element: false,
            index: Index::Whole,
            kind: AccessKind::Recycle,
            stored: Stored::Other,
            atomic: false,
            anchor: Places::anchor(&place),
            depth: 0,
            expr: object,
            span,
            locks: LockSet::new(),
        };
        self.push_access(access, events);
    }

    /// Whether a loop over a slice has a variable for the elements.
    pub(super) fn takes_values(&self, body: &crate::syntax::Body, over: ExprId) -> bool {
        let ranged = |source: &Source| matches!(source, Source::RangeValue { over: o } if *o == over);
        body.instrs().any(|instr| match &instr.kind {
            InstrKind::Define { source, .. } | InstrKind::Write { source, .. } => ranged(source),
            _ => false,
        })
    }

    pub(super) fn is_map(&self, expr: ExprId) -> bool {
        let ty = self.program.underlying(self.program.expr_type(self.file, expr));
        matches!(self.program.ty(ty), Type::Map { .. })
    }

    fn is_slice(&self, expr: ExprId) -> bool {
        let ty = self.program.underlying(self.program.expr_type(self.file, expr));
        matches!(self.program.ty(ty), Type::Slice(_))
    }

    fn type_of(&self, location: Location) -> TypeId {
        match location {
            Location::Field(field) => self.program.field(field).ty,
            Location::Global(var) => self.program.var(var).ty,
            Location::Local(file, local) => self.program.local_type(file, local),
        }
    }

    pub(super) fn holds_pointer(&self, location: Location) -> bool {
        matches!(self.program.ty(self.type_of(location)), Type::Pointer(_))
    }

    /// Whether the location holds, in place, a value that synchronises by itself.
    pub(super) fn synchronises(&self, location: Location) -> bool {
        let ty = self.type_of(location);
        // An interface is read wherever it leads to.
        let refers = || matches!(self.program.ty(self.program.underlying(ty)), Type::Interface { .. });
        self.is_synchronised(ty) && !refers()
    }

    pub(super) fn is_synchronised(&self, ty: TypeId) -> bool {
        !matches!(self.program.ty(ty), Type::Pointer(_))
            && self.program.type_key(ty).is_some_and(|key| self.models.is_synchronised(key))
    }
}
