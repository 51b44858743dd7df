//! Expressions in the order Go evaluates them, as instructions.
//!
//! A path (`a.b[i].c`) is read as a whole: `b` and `a` are no reads of their own. What a call does to its callee is left
//! to the call: `f()` with an unbound `f` and the last step of `x.f.M()` give no read, because only `resolve` knows
//! whether they name functions or variables.

use super::{ElementKey, Expr, ExprId, InstrKind, LocalDecl, LocalId, TypeExpr, TypeExprId, lower::Lowerer};
use crate::base::{List, Symbol};

/// A step of evaluation. Kept on a heap stack: expressions may be fifty thousand deep.
#[derive(Clone, Copy)]
pub(super) enum Task {
    /// The value of an expression.
    Value(ExprId),
    /// The operands of a path, not the path itself.
    Operands(ExprId),
    /// What is called.
    Callee(ExprId),
    /// The first argument of `new` or `make`: a type, or since Go 1.26 for `new` a value.
    TypeOrValue(ExprId),
    /// `{…}` inside a literal of elements of this type.
    Elided(ExprId, Option<TypeExprId>),
    /// `x` was evaluated; this is what happens with it.
    Read(ExprId),
    Call(ExprId),
    Receive(ExprId),
}

impl Lowerer<'_> {
    /// Evaluates an expression for its value.
    pub(super) fn evaluate(&mut self, expr: ExprId) {
        self.run(Task::Value(expr));
    }

    /// Evaluates what is needed to write to `place`.
    pub(super) fn evaluate_place(&mut self, place: ExprId) {
        self.run(Task::Operands(place));
    }

    /// Evaluates the operands of a `go` or `defer` statement's call, or of a channel operation, without doing it.
    pub(super) fn evaluate_operands_of(&mut self, expr: ExprId) {
        match self.facts.exprs[expr] {
            Expr::Call { .. } => self.call_operands(expr),
            Expr::Receive(channel) => self.tasks.push(Task::Value(channel)),
            _ => self.tasks.push(Task::Value(expr)),
        }
        self.drain();
    }

    fn run(&mut self, task: Task) {
        self.tasks.push(task);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Value(expr) => self.value(expr, None),
                Task::Elided(expr, ty) => self.value(expr, ty),
                Task::Operands(expr) => self.operands_of_path(expr),
                Task::Callee(expr) => self.callee(expr),
                Task::TypeOrValue(expr) => {
                    if self.is_value(expr) {
                        self.tasks.push(Task::Value(expr));
                    }
                }
                Task::Read(expr) => self.flow.emit(InstrKind::Read(expr), self.facts.exprs.span(expr)),
                Task::Call(expr) => self.flow.emit(InstrKind::Call(expr), self.facts.exprs.span(expr)),
                Task::Receive(expr) => self.flow.emit(InstrKind::Receive(expr), self.facts.exprs.span(expr)),
            }
        }
    }

    /// Pushes the steps of `expr`, last first.
    fn value(&mut self, expr: ExprId, elided: Option<TypeExprId>) {
        match &self.facts.exprs[expr] {
            Expr::Local(local) => {
                let local = *local;
                self.touch(local);
                if !matches!(self.facts.locals[local].decl, LocalDecl::Const { .. }) {
                    self.tasks.push(Task::Read(expr));
                }
            }
            Expr::Name(name) => {
                if !self.is_constant_name(*name) {
                    self.tasks.push(Task::Read(expr));
                }
            }
            Expr::Index { base, indices } if self.is_instantiation(*indices) => {
                let base = *base;
                self.tasks.push(Task::Value(base));
            }
            Expr::Select { .. } | Expr::Index { .. } | Expr::Deref(_) => {
                self.tasks.push(Task::Read(expr));
                self.tasks.push(Task::Operands(expr));
            }
            Expr::Slice { base, bounds } => {
                self.tasks.extend(self.facts.exprs.list(*bounds).iter().rev().map(|&bound| Task::Value(bound)));
                self.tasks.push(Task::Value(*base));
            }
            Expr::Call { .. } => {
                self.tasks.push(Task::Call(expr));
                self.call_operands(expr);
            }
            Expr::AddressOf(place) => self.tasks.push(Task::Operands(*place)),
            Expr::Receive(channel) => {
                let channel = *channel;
                self.tasks.push(Task::Receive(expr));
                self.tasks.push(Task::Value(channel));
            }
            Expr::Not(operand) | Expr::Unary(operand) => self.tasks.push(Task::Value(*operand)),
            Expr::Binary { left, right, .. } => {
                let (left, right) = (*left, *right);
                self.tasks.push(Task::Value(right));
                self.tasks.push(Task::Value(left));
            }
            Expr::TypeAssert { base, .. } => self.tasks.push(Task::Value(*base)),
            Expr::Composite { ty, elements } => {
                let ty = ty.or(elided);
                let (keys_are_values, element_ty) = self.composite_shape(ty);
                for element in self.facts.exprs.elements(*elements).iter().rev() {
                    self.tasks.push(Task::Elided(element.value, element_ty));
                    match element.key {
                        Some(ElementKey::Expr(key)) => self.tasks.push(Task::Value(key)),
                        Some(ElementKey::Name { expr: key, .. }) if keys_are_values => {
                            self.tasks.push(Task::Value(key));
                        }
                        Some(ElementKey::Name { .. }) | None => {}
                    }
                }
            }
            Expr::FuncLit(_) | Expr::Int(_) | Expr::Literal(_) | Expr::Type(_) | Expr::Bad => {}
        }
    }

    fn operands_of_path(&mut self, expr: ExprId) {
        match &self.facts.exprs[expr] {
            Expr::Local(local) => {
                let local = *local;
                self.touch(local);
            }
            Expr::Name(_) => {}
            Expr::Select { base, .. } | Expr::Deref(base) => self.tasks.push(Task::Operands(*base)),
            Expr::Index { base, indices } => {
                self.tasks.extend(self.facts.exprs.list(*indices).iter().rev().map(|&index| Task::Value(index)));
                self.tasks.push(Task::Operands(*base));
            }
            Expr::Slice { .. }
            | Expr::Call { .. }
            | Expr::AddressOf(_)
            | Expr::Receive(_)
            | Expr::Not(_)
            | Expr::Unary(_)
            | Expr::Binary { .. }
            | Expr::TypeAssert { .. }
            | Expr::Composite { .. }
            | Expr::FuncLit(_)
            | Expr::Int(_)
            | Expr::Literal(_)
            | Expr::Type(_)
            | Expr::Bad => self.value(expr, None),
        }
    }

    fn call_operands(&mut self, call: ExprId) {
        let Expr::Call { callee, args, .. } = &self.facts.exprs[call] else { return };
        let args = self.facts.exprs.list(*args);
        self.tasks.extend(args.iter().rev().map(|&arg| Task::Value(arg)));
        if let (Expr::Name(name), [first, ..]) = (&self.facts.exprs[*callee], args)
            && (*name == self.known.new || *name == self.known.make)
        {
            self.tasks.pop();
            self.tasks.push(Task::TypeOrValue(*first));
        }
        self.tasks.push(Task::Callee(*callee));
    }

    fn callee(&mut self, callee: ExprId) {
        match &self.facts.exprs[callee] {
            Expr::Name(_) | Expr::Type(_) | Expr::FuncLit(_) => {}
            Expr::Select { base, .. } => self.tasks.push(Task::Value(*base)),
            Expr::Index { base, indices } if self.is_instantiation(*indices) => {
                let base = *base;
                self.tasks.push(Task::Callee(base));
            }
            // `(*T)(x)` is a conversion more often than a call through a package variable.
            Expr::Deref(_) if !self.has_local_root(callee) => self.tasks.push(Task::Operands(callee)),
            Expr::Local(_)
            | Expr::Index { .. }
            | Expr::Slice { .. }
            | Expr::Call { .. }
            | Expr::AddressOf(_)
            | Expr::Deref(_)
            | Expr::Receive(_)
            | Expr::Not(_)
            | Expr::Unary(_)
            | Expr::Binary { .. }
            | Expr::TypeAssert { .. }
            | Expr::Composite { .. }
            | Expr::Int(_)
            | Expr::Literal(_)
            | Expr::Bad => self.value(callee, None),
        }
    }

    /// Notes that the current function uses a variable.
    fn touch(&mut self, local: LocalId) {
        let row = &mut self.facts.locals[local];
        row.captured |= Some(row.function) != self.flow.function;
    }

    fn is_constant_name(&self, name: Symbol) -> bool {
        let known = self.known;
        [known.nil, known.r#true, known.r#false, known.iota, known.blank].contains(&name)
    }

    /// Whether an index list is certainly type arguments.
    fn is_instantiation(&self, indices: List<ExprId>) -> bool {
        let indices = self.facts.exprs.list(indices);
        indices.len() > 1 || indices.iter().any(|&index| matches!(self.facts.exprs[index], Expr::Type(_)))
    }

    /// Whether a path starts at a variable of a function, or at a value.
    fn has_local_root(&self, path: ExprId) -> bool {
        let mut root = path;
        loop {
            root = match &self.facts.exprs[root] {
                Expr::Select { base, .. } | Expr::Index { base, .. } | Expr::Deref(base) => *base,
                Expr::Name(_) | Expr::Type(_) => return false,
                _ => return true,
            }
        }
    }

    /// Whether the first argument of `new` or `make` is certainly a value.
    fn is_value(&self, expr: ExprId) -> bool {
        match &self.facts.exprs[expr] {
            Expr::Type(_) => false,
            Expr::Index { indices, .. } if self.is_instantiation(*indices) => false,
            _ => self.has_local_root(expr),
        }
    }

    /// Whether bare names are values as keys of a composite literal of this type, and the type of its elements.
    fn composite_shape(&self, ty: Option<TypeExprId>) -> (bool, Option<TypeExprId>) {
        let Some(ty) = ty else { return (false, None) };
        match &self.facts.type_exprs[ty] {
            TypeExpr::Map { value: element, .. } | TypeExpr::Slice(element) | TypeExpr::Array { element, .. } => {
                (true, Some(*element))
            }
            TypeExpr::Local(decl) => {
                let body = self.facts.types[*decl].body;
                match &self.facts.type_exprs[body] {
                    TypeExpr::Map { value: element, .. }
                    | TypeExpr::Slice(element)
                    | TypeExpr::Array { element, .. } => (true, Some(*element)),
                    _ => (false, None),
                }
            }
            _ => (false, None),
        }
    }
}
