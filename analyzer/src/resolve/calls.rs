//! What a call calls and what it gives back.

use smallvec::SmallVec;

use super::{
    declare::{Declarations, Entity},
    generics::Params,
    model::{Basic, Builtin, Callee, FuncId, NamedId, Place, Reason, Root, Step, Type, TypeId},
    names::Binding,
    select::{Member, Path},
    typer::{Env, Typer},
};
use crate::{
    base::Symbol,
    source::FileId,
    syntax::{Expr, ExprId, FuncIndex},
};

/// Where the receiver of a method comes from.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    /// The expression before the selector; `None` in a method expression, where it is the first argument.
    pub(crate) base: Option<ExprId>,
    /// Embedded fields between it and the receiver.
    pub(crate) path: Path,
    /// The type that has the method, with its type arguments.
    pub(crate) ty: TypeId,
    /// The type of the expression before the selector; in a method expression, the type written.
    pub(crate) base_type: TypeId,
}

/// What an expression in callee position denotes.
#[derive(Clone, Debug)]
pub(crate) enum Called {
    Func { func: FuncId, receiver: Option<Receiver>, explicit: SmallVec<[TypeId; 2]> },
    External { name: External, package: Symbol, receiver: Option<Receiver> },
    Interface { interface: TypeId, method: Symbol, ty: TypeId, receiver: Receiver },
    Literal(FuncIndex),
    Value(ExprId),
    Builtin(Builtin),
    Conversion(TypeId),
    Unknown(Reason),
}

/// A function or method without source, before its names are put together to one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum External {
    Function { package: Symbol, name: Symbol },
    Method { named: NamedId, name: Symbol },
}

impl<'p> Typer<'p> {
    /// `path.F`, `path.T.M`.
    pub(crate) fn external_key(&self, external: External) -> Symbol {
        match external {
            External::Function { package, name } => Symbol::new(&format!("{package}.{name}")),
            External::Method { named, name } => Symbol::new(&format!("{}.{name}", self.named_key(named))),
        }
    }

    /// What `callee` denotes as a function.
    pub(crate) fn called(&self, file: FileId, callee: ExprId) -> Called {
        if let Some(ty) = self.expr_as_type(file, callee) {
            return Called::Conversion(ty);
        }
        match &self.facts(file).exprs[callee] {
            Expr::Name(name) => self.called_binding(callee, self.lookup(file, *name)),
            Expr::Select { base, name } => match self.binding(file, callee) {
                Some(binding) => self.called_binding(callee, binding),
                None => self.called_member(file, callee, *base, *name),
            },
            Expr::Index { base, indices } => match self.called(file, *base) {
                Called::Func { func, receiver, .. } => {
                    let explicit = self.facts(file).exprs.list(*indices).iter().map(|&index| {
                        let unknown = || self.unknown(Reason::Uninferred);
                        self.expr_as_type(file, index).unwrap_or_else(unknown)
                    });
                    Called::Func { func, receiver, explicit: explicit.collect() }
                }
                external @ Called::External { .. } => external,
                _ => Called::Value(callee),
            },
            Expr::FuncLit(index) => Called::Literal(*index),
            Expr::Bad => Called::Unknown(Reason::SyntaxError),
            _ => Called::Value(callee),
        }
    }

    fn called_binding(&self, callee: ExprId, binding: Binding) -> Called {
        match binding {
            Binding::Entity(Entity::Func(func)) => Called::Func { func, receiver: None, explicit: SmallVec::new() },
            Binding::Entity(Entity::Value(..)) => Called::Value(callee),
            Binding::Entity(Entity::Type(file, decl)) => Called::Conversion(self.declared_type(file, decl)),
            Binding::Type(ty) => Called::Conversion(ty),
            Binding::External(import, name) => Called::External {
                name: External::Function { package: import.path, name },
                package: import.path,
                receiver: None,
            },
            Binding::Builtin(builtin) => Called::Builtin(builtin),
            Binding::Import(import) => Called::Unknown(Reason::Undeclared(import.path)),
            Binding::Nil | Binding::Bool | Binding::Iota | Binding::Blank => Called::Unknown(Reason::SyntaxError),
            Binding::Unknown(reason) => Called::Unknown(reason),
        }
    }

    fn called_member(&self, file: FileId, callee: ExprId, base: ExprId, name: Symbol) -> Called {
        let (base_type, receiver_base) = match self.expr_as_type(file, base) {
            Some(ty) => (ty, None),
            None => (self.expr_type(file, base), Some(base)),
        };
        match self.find_member(base_type, name) {
            Member::Field { .. } => Called::Value(callee),
            Member::Method { path, func, receiver } => Called::Func {
                func,
                receiver: Some(Receiver { base: receiver_base, path, ty: receiver, base_type }),
                explicit: SmallVec::new(),
            },
            Member::InterfaceMethod { path, interface, ty } => Called::Interface {
                interface,
                method: name,
                ty,
                receiver: Receiver { base: receiver_base, path, ty: interface, base_type },
            },
            Member::External { path, named } => {
                let ty = self.intern(Type::Named { named, args: Box::new([]) });
                Called::External {
                    name: External::Method { named, name },
                    package: self.declared().named[named].package,
                    receiver: Some(Receiver { base: receiver_base, path, ty, base_type }),
                }
            }
            Member::Missing(reason) => Called::Unknown(reason),
        }
    }

    /// The public form. `args` are those of the call, for method expressions.
    pub(crate) fn callee_of(&self, file: FileId, called: Called, args: &[ExprId]) -> Callee {
        let place = |receiver: &Receiver| self.receiver_place(file, receiver, args);
        match called {
            Called::Func { func, receiver, .. } => {
                let row = &self.declared().funcs[func];
                let place_of = receiver.as_ref().and_then(place);
                if self.p.is_stub(func) {
                    return Callee::External { key: row.key, receiver: place_of };
                }
                let receiver_is_argument = receiver.is_some_and(|receiver| receiver.base.is_none());
                Callee::Func { func, receiver: place_of, receiver_is_argument }
            }
            Called::External { name, receiver, .. } => {
                Callee::External { key: self.external_key(name), receiver: receiver.as_ref().and_then(place) }
            }
            Called::Interface { interface, method, receiver, .. } => {
                let key = match self.ty(interface) {
                    Type::Named { named, .. } => Some(Symbol::new(&format!("{}.{method}", self.named_key(*named)))),
                    _ => None,
                };
                match place(&receiver) {
                    Some(receiver) => Callee::Interface { interface, key, method, receiver },
                    // A method expression that is not called on the spot: `f := I.M`.
                    None => Callee::Unknown(Reason::NoMember(method)),
                }
            }
            Called::Literal(index) => match self.declared().func(file, index) {
                Some(func) => Callee::Literal(func),
                None => Callee::Unknown(Reason::SyntaxError),
            },
            Called::Value(value) => Callee::Value(value),
            Called::Builtin(builtin) => Callee::Builtin(builtin),
            Called::Conversion(ty) => Callee::Conversion(ty),
            Called::Unknown(reason) => Callee::Unknown(reason),
        }
    }

    fn receiver_place(&self, file: FileId, receiver: &Receiver, args: &[ExprId]) -> Option<Place> {
        let base = receiver.base.or_else(|| args.first().copied())?;
        let mut place = self.place(file, base);
        place.steps.extend(receiver.path.iter().map(|&field| Step::Field(field)));
        Some(place)
    }

    /// The type of a function value: what the expression denotes, not called.
    pub(crate) fn function_value_type(&self, called: &Called) -> Option<TypeId> {
        let with_receiver = |ty: TypeId, receiver: &Receiver| match (receiver.base, self.ty(ty)) {
            (None, Type::Func { params, variadic, results }) => self.intern(Type::Func {
                params: std::iter::once(receiver.base_type).chain(params.iter().copied()).collect(),
                variadic: *variadic,
                results: results.clone(),
            }),
            _ => ty,
        };
        match called {
            Called::Func { func, receiver: Some(receiver), .. } => {
                Some(with_receiver(self.method_type(*func, receiver.ty), receiver))
            }
            Called::Func { func, receiver: None, explicit } => {
                let ty = self.func_type(*func);
                Some(if explicit.is_empty() {
                    ty
                } else {
                    self.subst(ty, Env { owner: self.func_owner(*func), args: explicit })
                })
            }
            Called::Interface { ty, receiver, .. } => Some(with_receiver(*ty, receiver)),
            Called::External { package, .. } => Some(self.unknown(Declarations::absent(*package))),
            Called::Unknown(reason) => Some(self.unknown(*reason)),
            Called::Literal(_) | Called::Value(_) | Called::Builtin(_) | Called::Conversion(_) => None,
        }
    }

    /// The type of a call: of its result, of all results as a tuple, or of the conversion.
    pub(crate) fn call_type(&self, file: FileId, call: ExprId) -> TypeId {
        let Expr::Call { callee, args, .. } = &self.facts(file).exprs[call] else {
            return self.unknown(Reason::SyntaxError);
        };
        let called = self.called(file, *callee);
        match &called {
            Called::Func { func, receiver: None, .. } => {
                let results = self.results(self.func_type(*func));
                match self.call_type_args(file, call, &called) {
                    Some(found) => self.subst(results, Env { owner: self.func_owner(*func), args: &found }),
                    None => results,
                }
            }
            Called::Func { .. } | Called::Interface { .. } | Called::External { .. } | Called::Unknown(_) => {
                let unknown = || self.unknown(Reason::SyntaxError);
                self.results(self.function_value_type(&called).unwrap_or_else(unknown))
            }
            Called::Literal(index) => match self.declared().func(file, *index) {
                Some(func) => self.results(self.func_type(func)),
                None => self.unknown(Reason::SyntaxError),
            },
            Called::Value(value) => self.results(self.core(self.expr_type(file, *value))),
            Called::Conversion(ty) => *ty,
            Called::Builtin(builtin) => self.builtin_type(file, *builtin, *callee, self.facts(file).exprs.list(*args)),
        }
    }

    /// The type arguments of a call of a generic function, written or inferred; `None` for other calls.
    pub(crate) fn call_type_args(&self, file: FileId, call: ExprId, called: &Called) -> Option<Vec<TypeId>> {
        let Expr::Call { args, spread, .. } = &self.facts(file).exprs[call] else { return None };
        let args = self.facts(file).exprs.list(*args);
        let Called::Func { func, receiver: None, explicit } = called else { return None };
        let row = &self.declared().funcs[*func];
        let count = self.facts(row.file).functions[row.index].type_params.len();
        if count == 0 {
            return None;
        }
        let Type::Func { params, variadic, .. } = self.ty(self.func_type(*func)) else { return None };
        let arg_types = self.argument_types(file, args);
        let params = Params { types: params, variadic: *variadic, spread: *spread };
        Some(self.infer(self.func_owner(*func), count, explicit, params, &arg_types))
    }

    /// Types of arguments; a single call of several results gives several.
    pub(crate) fn argument_types(&self, file: FileId, args: &[ExprId]) -> Vec<TypeId> {
        let types: Vec<TypeId> = args.iter().map(|&arg| self.expr_type(file, arg)).collect();
        match types[..] {
            [one] => match self.ty(one) {
                Type::Tuple(parts) => parts.to_vec(),
                _ => types,
            },
            _ => types,
        }
    }

    fn results(&self, function: TypeId) -> TypeId {
        match self.ty(function) {
            Type::Func { results, .. } => match **results {
                [one] => one,
                _ => self.intern(Type::Tuple(results.clone())),
            },
            Type::Unknown(_) => function,
            _ => self.unknown(Reason::NoFunctionValue),
        }
    }

    fn builtin_type(&self, file: FileId, builtin: Builtin, callee: ExprId, args: &[ExprId]) -> TypeId {
        let arg = |i: usize| match args.get(i) {
            Some(&arg) => self.expr_type(file, arg),
            None => self.unknown(Reason::SyntaxError),
        };
        match builtin {
            Builtin::Append | Builtin::Make => arg(0),
            Builtin::Cap | Builtin::Copy | Builtin::Len => self.basic(Basic::Int),
            Builtin::Clear | Builtin::Close | Builtin::Delete | Builtin::Panic | Builtin::Print | Builtin::Println => {
                self.p.universe.no_values
            }
            Builtin::Complex => self.basic(Basic::Complex128),
            Builtin::Imag | Builtin::Real => self.basic(Basic::Float64),
            Builtin::Max | Builtin::Min => {
                let types = args.iter().map(|&arg| self.expr_type(file, arg));
                let typed = types.clone().find(|&ty| self.default_type(ty) == ty);
                typed.or(types.max()).unwrap_or_else(|| self.unknown(Reason::SyntaxError))
            }
            // `new(T)`, and from Go 1.26 `new(x)`.
            Builtin::New => self.p.types.pointer(self.default_type(arg(0))),
            Builtin::Recover => self.p.universe.any,
            Builtin::Unsafe => {
                let name = match &self.facts(file).exprs[callee] {
                    Expr::Select { name, .. } => name.as_str(),
                    _ => "",
                };
                match (name, self.ty(self.core(arg(0)))) {
                    ("Add", _) => self.basic(Basic::UnsafePointer),
                    ("Slice", Type::Pointer(to)) => self.intern(Type::Slice(*to)),
                    ("String", _) => self.basic(Basic::String),
                    ("StringData", _) => self.p.types.pointer(self.basic(Basic::Uint8)),
                    ("SliceData", Type::Slice(element)) => self.p.types.pointer(*element),
                    _ => self.basic(Basic::Uintptr),
                }
            }
        }
    }

    /// Where an expression's value lives.
    pub(crate) fn place(&self, file: FileId, expr: ExprId) -> Place {
        let value = || Place { root: Root::Value(expr), steps: SmallVec::new() };
        let step = |base: ExprId, step: Step| {
            let mut place = self.place(file, base);
            place.steps.push(step);
            place
        };
        match &self.facts(file).exprs[expr] {
            Expr::Local(local) => Place { root: Root::Local(*local), steps: SmallVec::new() },
            Expr::Name(_) => self.global(file, expr).unwrap_or_else(value),
            Expr::Select { base, name } => {
                if self.binding(file, expr).is_some() {
                    return self.global(file, expr).unwrap_or_else(value);
                }
                if self.expr_as_type(file, *base).is_some() {
                    return value();
                }
                let Member::Field { path, .. } = self.find_member(self.expr_type(file, *base), *name) else {
                    return value();
                };
                let mut place = self.place(file, *base);
                place.steps.extend(path.into_iter().map(Step::Field));
                place
            }
            Expr::Index { base, .. } => match self.ty(self.core(self.expr_type(file, *base))) {
                // An instance of a generic function is a value of its own.
                Type::Func { .. } => value(),
                _ => step(*base, Step::Element),
            },
            Expr::Slice { base, .. } | Expr::AddressOf(base) | Expr::TypeAssert { base, .. } => self.place(file, *base),
            Expr::Deref(base) => step(*base, Step::Deref),
            Expr::Receive(base) => step(*base, Step::Element),
            Expr::Call { callee, args, .. } => match *self.facts(file).exprs.list(*args) {
                [converted] if self.expr_as_type(file, *callee).is_some() => self.place(file, converted),
                _ => value(),
            },
            Expr::Not(_)
            | Expr::Unary(_)
            | Expr::Binary { .. }
            | Expr::Composite { .. }
            | Expr::FuncLit(_)
            | Expr::Int(_)
            | Expr::Literal(_)
            | Expr::Type(_)
            | Expr::Bad => value(),
        }
    }

    fn global(&self, file: FileId, expr: ExprId) -> Option<Place> {
        let Binding::Entity(Entity::Value(file, row)) = self.binding(file, expr)? else { return None };
        Some(Place { root: Root::Global(self.var(file, row)?), steps: SmallVec::new() })
    }
}
