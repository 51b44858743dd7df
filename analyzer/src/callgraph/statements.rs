//! What flows where because of statements: assignments, sends, loops, returns.

use smallvec::smallvec;

use super::{
    collect::{Collector, Sources},
    node::{Container, Dynamic, DynamicKind, Item, Node, Source},
};
use crate::{
    resolve::{Type, TypeId},
    syntax::{Comm, Expr, ExprId, FuncIndex, InstrKind, LocalDecl, LocalId, Source as Stored, Terminator, ValueRef},
};

impl Collector<'_> {
    /// Collects the flows of all statements.
    pub(super) fn statements(&mut self) {
        for (index, function) in self.f.functions.iter_enumerated() {
            let Some(body) = &function.body else { continue };
            for block in body.blocks.iter() {
                for instr in body.instrs_of(block) {
                    self.instr(&instr.kind);
                }
                self.terminator(index, &block.end);
            }
            let Some(func) = self.p.func_of(self.file, index) else { continue };
            for (i, result) in function.signature.results.iter().enumerate() {
                if let Some(local) = result.local
                    && self.carries(self.t.type_expr(self.file, result.ty))
                {
                    self.flow(&[Source::Node(Node::Local(self.file, local))], Node::Result(func, i as u32));
                }
            }
        }
        for (id, local) in self.f.locals.iter_enumerated() {
            if let LocalDecl::TypeSwitch { subject, .. } = local.decl {
                let value = ValueRef { expr: subject, component: None };
                self.assign(Node::Local(self.file, id), self.t.local_type(self.file, id), value);
            }
        }
    }

    fn instr(&mut self, kind: &InstrKind) {
        match kind {
            InstrKind::Define { local, source } => {
                self.define(*local, *source);
            }
            InstrKind::Write { place, source } => {
                let ty = self.ty(*place);
                if self.carries(ty)
                    && let Some(node) = self.place_node(*place)
                {
                    self.store(node, ty, *source);
                }
                if let Expr::Index { base, indices } = &self.f.exprs[*place]
                    && let (Type::Map { key, .. }, Some(&index)) =
                        (self.t.ty(self.t.core(self.ty(*base))), self.f.exprs.list(*indices).first())
                {
                    self.assign_expr(Node::Element(Container::MapKey, *key), *key, index);
                }
            }
            InstrKind::Send { channel, value } => self.send(*channel, *value),
            InstrKind::Read(_)
            | InstrKind::Call(_)
            | InstrKind::Go(_)
            | InstrKind::Defer(_)
            | InstrKind::Receive(_) => {}
        }
    }

    fn define(&mut self, local: LocalId, source: Stored) {
        if matches!(self.f.locals[local].decl, LocalDecl::TypeSwitch { .. }) {
            return;
        }
        self.store(Node::Local(self.file, local), self.t.local_type(self.file, local), source);
    }

    fn store_range(&mut self, node: Node, ty: TypeId, over: ExprId, value: bool) {
        if self.carries(ty) {
            let sources = self.range_sources(over, value);
            self.flow(&sources, node);
        }
    }

    fn store(&mut self, node: Node, ty: TypeId, source: Stored) {
        match source {
            Stored::Value(value) => self.assign(node, ty, value),
            Stored::RangeKey { over } => self.store_range(node, ty, over, false),
            Stored::RangeValue { over } => self.store_range(node, ty, over, true),
            Stored::Update(_) | Stored::Zero => {}
        }
    }

    /// What `range over` gives to its first or second variable.
    fn range_sources(&mut self, over: ExprId, second: bool) -> Sources {
        let element = |container, ty| smallvec![Source::Node(Node::Element(container, ty))];
        let ty = self.t.core(self.ty(over));
        let ty = match self.t.ty(ty) {
            Type::Pointer(to) => self.t.core(*to),
            _ => ty,
        };
        match (self.t.ty(ty), second) {
            (Type::Slice(value) | Type::Array(value), true) => element(Container::Slice, *value),
            (Type::Map { value, .. }, true) => element(Container::MapValue, *value),
            (Type::Map { key, .. }, false) => element(Container::MapKey, *key),
            (Type::Chan { element: value, .. }, false) => element(Container::Chan, *value),
            (Type::Func { .. }, _) => smallvec![Source::Node(Node::Yield(self.file, over, u32::from(second)))],
            (Type::Unknown(reason), _) => {
                let body = Source::Node(Node::Yield(self.file, over, u32::from(second)));
                smallvec![Source::Item(Item::Open(*reason)), body]
            }
            _ => Sources::new(),
        }
    }

    fn send(&mut self, channel: ExprId, value: ExprId) {
        if let Type::Chan { element, .. } = self.t.ty(self.t.core(self.ty(channel))) {
            self.assign_expr(Node::Element(Container::Chan, *element), *element, value);
        }
    }

    fn terminator(&mut self, index: FuncIndex, end: &Terminator) {
        match end {
            Terminator::Return { values } => {
                let Some(func) = self.p.func_of(self.file, index) else { return };
                let Type::Func { results, .. } = self.t.ty(self.t.func_type(func)) else { return };
                for (i, value) in self.argument_values(values).into_iter().enumerate() {
                    if let Some(&ty) = results.get(i) {
                        self.assign(Node::Result(func, i as u32), ty, value);
                    }
                }
            }
            Terminator::Select { arms } => {
                for arm in arms {
                    if let Comm::Send { channel, value } = arm.comm {
                        self.send(channel, value);
                    }
                }
            }
            Terminator::Range { over, .. } => {
                let signature = self.t.core(self.ty(*over));
                // What has no source, such as `iter.Seq`, may be a function: what flows there will tell.
                if matches!(self.t.ty(signature), Type::Func { .. } | Type::Unknown(_)) {
                    let value = self.value_node(ValueRef { expr: *over, component: None });
                    let body = Node::Yield(self.file, *over, 2);
                    self.flow(&[Source::Item(Item::RangeBody(self.file, *over))], body);
                    self.out.dynamic.push(Dynamic {
                        file: self.file,
                        expr: *over,
                        what: DynamicKind::Value { signature, value },
                        args: vec![Some(body)],
                        results: Vec::new(),
                    });
                }
            }
            Terminator::Goto(_)
            | Terminator::If { .. }
            | Terminator::Switch { .. }
            | Terminator::TypeSwitch { .. }
            | Terminator::End
            | Terminator::Panic(_)
            | Terminator::Unreachable => {}
        }
    }
}
