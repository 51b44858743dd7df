//! Types of expressions and local variables.

use super::{
    calls::Called,
    declare::{Declarations, Entity},
    model::{Basic, Reason, Type, TypeId},
    names::Binding,
    select::Member,
    typer::{Active, Typer},
};
use crate::{
    base::{Idx, Symbol},
    source::FileId,
    syntax::{BinaryOp, ElementKey, Expr, ExprId, Literal, LocalDecl, LocalId, ValueRef},
};

impl<'p> Typer<'p> {
    /// Types everything in a file.
    pub(crate) fn type_file(&self, file: FileId) {
        let facts = self.facts(file);
        for ty in facts.type_exprs.ids() {
            self.type_expr(file, ty);
        }
        for index in facts.functions.ids() {
            if let Some(func) = self.declared().func(file, index) {
                self.func_type(func);
            }
        }
        // Children stand before their parents, so this seldom recurses.
        for expr in facts.exprs.ids() {
            self.expr_type(file, expr);
        }
        for row in 0..facts.values.len() {
            self.value_type(file, row as u32);
        }
        for local in facts.locals.ids() {
            self.local_type(file, local);
        }
        // Composite literals without a type that no parent gave one.
        let memo = &self.p.memo[file].exprs;
        for expr in facts.exprs.ids() {
            if memo.get(expr.index()).is_none() {
                memo.set(expr.index(), self.unknown(Reason::SyntaxError));
            }
        }
    }

    /// The type of an expression; of an expression that denotes a type, that type.
    pub(crate) fn expr_type(&self, file: FileId, expr: ExprId) -> TypeId {
        let memo = &self.p.memo[file].exprs;
        if let Some(ty) = memo.get(expr.index()) {
            return ty;
        }
        let row = &self.facts(file).exprs[expr];
        if let Expr::Composite { ty: None, .. } = row {
            // The literal around it gives it its type; until then there is nothing to remember.
            return self.unknown(Reason::SyntaxError);
        }
        if let Expr::Binary { .. } = row {
            self.type_left_operands(file, expr);
        }
        let ty = self.deeper(|| self.find_type(file, expr, row));
        memo.set(expr.index(), ty);
        ty
    }

    /// Types `a`, `a + b`, … of `a + b + c + …` one after the other: generated tables are sums of thousands of strings.
    fn type_left_operands(&self, file: FileId, expr: ExprId) {
        let memo = &self.p.memo[file].exprs;
        let mut open = Vec::new();
        let mut at = expr;
        while let Expr::Binary { left, .. } = self.facts(file).exprs[at] {
            if memo.get(left.index()).is_some() {
                break;
            }
            open.push(left);
            at = left;
        }
        for expr in open.into_iter().rev().filter(|expr| memo.get(expr.index()).is_none()) {
            let ty = self.deeper(|| self.find_type(file, expr, &self.facts(file).exprs[expr]));
            if !matches!(self.facts(file).exprs[expr], Expr::Composite { ty: None, .. }) {
                memo.set(expr.index(), ty);
            }
        }
    }

    fn find_type(&self, file: FileId, id: ExprId, expr: &Expr) -> TypeId {
        match expr {
            Expr::Local(local) => self.local_type(file, *local),
            Expr::Name(_) => match self.binding(file, id) {
                Some(binding) => self.binding_type(binding),
                None => self.unknown(Reason::SyntaxError),
            },
            Expr::Select { base, name } => match self.binding(file, id) {
                Some(binding) => self.binding_type(binding),
                None => self.selected_type(file, id, *base, *name),
            },
            Expr::Index { base, .. } => self.index_type(file, id, *base),
            Expr::Slice { base, .. } => {
                let ty = self.expr_type(file, *base);
                match self.ty(self.core(ty)) {
                    Type::Array(element) => self.intern(Type::Slice(*element)),
                    Type::Pointer(to) => match self.ty(self.core(*to)) {
                        Type::Array(element) => self.intern(Type::Slice(*element)),
                        _ => self.unknown(Reason::SyntaxError),
                    },
                    _ => self.default_type(ty),
                }
            }
            Expr::Call { .. } => self.call_type(file, id),
            Expr::AddressOf(operand) => self.p.types.pointer(self.expr_type(file, *operand)),
            Expr::Deref(operand) => match self.expr_as_type(file, id) {
                Some(ty) => ty,
                None => self.part(self.expr_type(file, *operand), |ty| match ty {
                    Type::Pointer(to) => Some(*to),
                    _ => None,
                }),
            },
            Expr::Receive(operand) => self.part(self.expr_type(file, *operand), |ty| match ty {
                Type::Chan { element, .. } => Some(*element),
                _ => None,
            }),
            Expr::Not(operand) | Expr::Unary(operand) => self.expr_type(file, *operand),
            Expr::Binary { op, left, right } => self.binary_type(file, *op, *left, *right),
            Expr::TypeAssert { base, ty } => match ty {
                Some(ty) => self.type_expr(file, *ty),
                None => self.expr_type(file, *base),
            },
            Expr::Composite { ty, .. } => match ty {
                Some(ty) => {
                    let ty = self.type_expr(file, *ty);
                    self.give_elements(file, id, ty);
                    ty
                }
                None => self.unknown(Reason::SyntaxError),
            },
            Expr::FuncLit(index) => match self.declared().func(file, *index) {
                Some(func) => self.func_type(func),
                None => self.unknown(Reason::SyntaxError),
            },
            Expr::Int(_) => self.basic(Basic::UntypedInt),
            Expr::Literal(literal) => self.basic(match literal {
                Literal::LargeInt => Basic::UntypedInt,
                Literal::Float => Basic::UntypedFloat,
                Literal::Imaginary => Basic::Complex128,
                Literal::Rune => Basic::UntypedRune,
                Literal::String(_) => Basic::UntypedString,
            }),
            Expr::Type(ty) => self.type_expr(file, *ty),
            Expr::Bad => self.unknown(Reason::SyntaxError),
        }
    }

    fn binding_type(&self, binding: Binding) -> TypeId {
        match binding {
            Binding::Entity(Entity::Type(file, decl)) => self.declared_type(file, decl),
            Binding::Entity(Entity::Func(func)) => self.func_type(func),
            Binding::Entity(Entity::Value(file, row)) => self.value_type(file, row),
            Binding::Type(ty) => ty,
            Binding::External(import, _) => self.unknown(Declarations::absent(import.path)),
            Binding::Nil => self.p.types.nil(),
            Binding::Bool => self.basic(Basic::UntypedBool),
            Binding::Iota => self.basic(Basic::UntypedInt),
            // These are no values by themselves.
            Binding::Import(_) | Binding::Builtin(_) | Binding::Blank => self.p.universe.no_values,
            Binding::Unknown(reason) => self.unknown(reason),
        }
    }

    fn selected_type(&self, file: FileId, id: ExprId, base: ExprId, name: Symbol) -> TypeId {
        if self.expr_as_type(file, base).is_none()
            && let Member::Field { ty, .. } = self.find_member(self.expr_type(file, base), name)
        {
            return ty;
        }
        self.called_type(file, id)
    }

    /// The type of a function named by an expression.
    fn called_type(&self, file: FileId, id: ExprId) -> TypeId {
        let called = self.called(file, id);
        self.function_value_type(&called).unwrap_or_else(|| self.unknown(Reason::SyntaxError))
    }

    fn index_type(&self, file: FileId, id: ExprId, base: ExprId) -> TypeId {
        if let Some(ty) = self.expr_as_type(file, id) {
            return ty;
        }
        let ty = self.expr_type(file, base);
        match self.ty(self.core(ty)) {
            Type::Slice(element) | Type::Array(element) | Type::Map { value: element, .. } => *element,
            Type::Pointer(to) => self.part(*to, |ty| match ty {
                Type::Array(element) => Some(*element),
                _ => None,
            }),
            Type::Basic(Basic::String | Basic::UntypedString) => self.basic(Basic::Uint8),
            Type::Func { .. } => match self.called(file, id) {
                Called::Value(_) => self.unknown(Reason::SyntaxError),
                called => self.function_value_type(&called).unwrap_or(ty),
            },
            Type::Unknown(reason) => self.unknown(*reason),
            _ => self.unknown(Reason::SyntaxError),
        }
    }

    fn binary_type(&self, file: FileId, op: BinaryOp, left: ExprId, right: ExprId) -> TypeId {
        let typed = |ty: TypeId| self.default_type(ty) == ty;
        match op {
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Order => self.basic(Basic::UntypedBool),
            BinaryOp::Shift => self.expr_type(file, left),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Arithmetic => {
                let left = self.expr_type(file, left);
                if typed(left) && !matches!(self.ty(left), Type::Unknown(_)) {
                    return left;
                }
                let right = self.expr_type(file, right);
                match (typed(left), typed(right)) {
                    // An operand of unknown type says less than its partner, unless that is an untyped constant.
                    (true, true) => right,
                    (true, false) => left,
                    (false, true) => right,
                    (false, false) => left.max(right),
                }
            }
        }
    }

    /// Gives elided types to the composite literals directly and indirectly inside literal `id` of type `ty`.
    fn give_elements(&self, file: FileId, id: ExprId, ty: TypeId) {
        let Expr::Composite { elements, .. } = &self.facts(file).exprs[id] else { return };
        // `&T{…}` is elided to `{…}` in a literal of pointers.
        let (key, value) = match self.ty(self.core(self.deref(ty))) {
            Type::Slice(element) | Type::Array(element) => (None, *element),
            Type::Map { key, value } => (Some(*key), *value),
            Type::Unknown(_) => (Some(ty), ty),
            _ => return,
        };
        let give = |expr: ExprId, ty: TypeId| {
            if let Expr::Composite { ty: None, .. } = &self.facts(file).exprs[expr] {
                self.p.memo[file].exprs.set(expr.index(), ty);
                self.deeper(|| {
                    self.give_elements(file, expr, ty);
                    ty
                });
            }
        };
        for element in self.facts(file).exprs.elements(*elements) {
            give(element.value, value);
            if let (Some(key), Some(ElementKey::Expr(expr))) = (key, &element.key) {
                give(*expr, key);
            }
        }
    }

    /// A part of the underlying (or core) type, or why there is none.
    fn part(&self, ty: TypeId, part: impl FnOnce(&Type) -> Option<TypeId>) -> TypeId {
        match self.ty(self.core(ty)) {
            Type::Unknown(reason) => self.unknown(*reason),
            core => part(core).unwrap_or_else(|| self.unknown(Reason::SyntaxError)),
        }
    }

    /// The type of one value of an expression.
    pub(crate) fn component_type(&self, file: FileId, value: ValueRef) -> TypeId {
        let ty = self.expr_type(file, value.expr);
        let Some(component) = value.component else { return ty };
        match self.ty(ty) {
            Type::Tuple(parts) => {
                parts.get(component as usize).copied().unwrap_or_else(|| self.unknown(Reason::SyntaxError))
            }
            Type::Unknown(_) if matches!(self.facts(file).exprs[value.expr], Expr::Call { .. }) => ty,
            // `v, ok :=` of a map, a channel or a type assertion.
            _ if component == 0 => ty,
            _ => self.basic(Basic::Bool),
        }
    }

    /// The type a variable gets from an untyped constant; any other type is itself.
    pub(crate) fn default_type(&self, ty: TypeId) -> TypeId {
        let Type::Basic(basic) = self.ty(ty) else { return ty };
        self.basic(match basic {
            Basic::UntypedBool => Basic::Bool,
            Basic::UntypedInt => Basic::Int,
            Basic::UntypedRune => Basic::Int32,
            Basic::UntypedFloat => Basic::Float64,
            Basic::UntypedString => Basic::String,
            _ => return ty,
        })
    }

    /// The type of a local variable.
    pub(crate) fn local_type(&self, file: FileId, local: LocalId) -> TypeId {
        let memo = &self.p.memo[file].locals;
        if let Some(ty) = memo.get(local.index()) {
            return ty;
        }
        let ty = self.once(Active::Local(file, local), || self.find_local_type(file, local));
        memo.set(local.index(), ty);
        ty
    }

    fn find_local_type(&self, file: FileId, local: LocalId) -> TypeId {
        match &self.facts(file).locals[local].decl {
            LocalDecl::Param { ty, variadic: true, .. } => self.intern(Type::Slice(self.type_expr(file, *ty))),
            LocalDecl::Param { ty, .. }
            | LocalDecl::Receiver { ty }
            | LocalDecl::Result { ty, .. }
            | LocalDecl::Typed { ty } => self.type_expr(file, *ty),
            LocalDecl::Value(value) => self.default_type(self.component_type(file, *value)),
            LocalDecl::RangeKey { over } => self.range_types(file, *over).0,
            LocalDecl::RangeValue { over } => self.range_types(file, *over).1,
            LocalDecl::TypeSwitch { subject, types } => match **types {
                [one] => self.type_expr(file, one),
                _ => self.expr_type(file, *subject),
            },
            LocalDecl::Const { ty, value } => match (ty, value) {
                (Some(ty), _) => self.type_expr(file, *ty),
                (None, Some(value)) => self.expr_type(file, *value),
                (None, None) => self.basic(Basic::UntypedInt),
            },
        }
    }

    /// The types that `range over` gives its two variables.
    pub(crate) fn range_types(&self, file: FileId, over: ExprId) -> (TypeId, TypeId) {
        let int = self.basic(Basic::Int);
        let none = |reason| (self.unknown(reason), self.unknown(reason));
        let ty = self.expr_type(file, over);
        let core = self.core(ty);
        match self.ty(core) {
            Type::Slice(element) | Type::Array(element) => (int, *element),
            Type::Pointer(to) => match self.ty(self.core(*to)) {
                Type::Array(element) => (int, *element),
                _ => none(Reason::SyntaxError),
            },
            Type::Map { key, value } => (*key, *value),
            Type::Chan { element, .. } => (*element, *element),
            Type::Basic(Basic::String | Basic::UntypedString) => (int, self.basic(Basic::Int32)),
            Type::Basic(_) => (self.default_type(ty), self.default_type(ty)),
            // `func(yield func(K, V) bool)`
            Type::Func { params, .. } => match params.first().map(|&yields| self.ty(self.core(yields))) {
                Some(Type::Func { params, .. }) => {
                    let param = |i: usize| params.get(i).copied().unwrap_or_else(|| self.unknown(Reason::SyntaxError));
                    (param(0), param(1))
                }
                _ => none(Reason::SyntaxError),
            },
            Type::Unknown(reason) => none(*reason),
            _ => none(Reason::SyntaxError),
        }
    }
}
