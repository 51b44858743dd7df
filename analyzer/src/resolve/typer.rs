//! The worker that types things on demand: guards against circles and runaway depth, and the way from types as
//! written to interned types.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use super::{
    declare::{Declarations, Entity},
    model::{Basic, FieldId, InterfaceMethod, NamedId, Reason, Type, TypeId},
    names::Binding,
    program::Program,
};
use crate::{
    base::{Idx, Symbol},
    source::FileId,
    syntax::{FileFacts, LocalId, Param, Signature, TypeDeclId, TypeExpr, TypeExprId, TypeParamOwner},
};

/// Nesting of expressions and declarations that is followed. The deepest met is 24 in GOROOT/src and 8 in a server of a million lines
/// (2026-11); the value keeps the recursion within the 2 MiB stack of a worker thread.
const MAX_TYPING_DEPTH: u32 = 400;

/// Declared types that may stand between a type and its underlying type. The most met is 3 (GOROOT/src, 2026-11).
const MAX_DECLARATION_CHAIN: usize = 64;

/// Something being typed, so that needing it again is a circle.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Active {
    TypeExpr(FileId, TypeExprId),
    Local(FileId, LocalId),
    Value(FileId, u32),
    Constraint(u32, u32),
}

/// Types things of one program. One per task: it is not shared between threads, its answers are.
pub(crate) struct Typer<'p> {
    pub(crate) p: &'p Program,
    depth: Cell<u32>,
    active: RefCell<Vec<Active>>,
}

/// Type arguments for the type parameters of one declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Env<'a> {
    pub(crate) owner: u32,
    pub(crate) args: &'a [TypeId],
}

/// The type arguments that the types of a struct's fields need: the owner of the parameters, and what stands for them.
pub(crate) type Args<'a> = Option<(u32, &'a [TypeId])>;

impl<'p> Typer<'p> {
    pub(crate) fn new(p: &'p Program) -> Self {
        Self { p, depth: Cell::new(0), active: RefCell::default() }
    }

    pub(crate) fn declared(&self) -> &'p Declarations {
        &self.p.declared
    }

    pub(crate) fn facts(&self, file: FileId) -> &'p FileFacts {
        &self.p.facts[file]
    }

    pub(crate) fn ty(&self, ty: TypeId) -> &'p Type {
        self.p.types.get(ty)
    }

    pub(crate) fn intern(&self, ty: Type) -> TypeId {
        self.p.types.intern(ty)
    }

    pub(crate) fn unknown(&self, reason: Reason) -> TypeId {
        self.p.types.unknown(reason)
    }

    pub(crate) fn basic(&self, basic: Basic) -> TypeId {
        self.p.types.basic(basic)
    }

    /// Runs `work` one level deeper, unless that is too deep.
    pub(crate) fn deeper(&self, work: impl FnOnce() -> TypeId) -> TypeId {
        if self.depth.get() >= MAX_TYPING_DEPTH {
            return self.unknown(Reason::Budget);
        }
        self.depth.set(self.depth.get() + 1);
        let ty = work();
        self.depth.set(self.depth.get() - 1);
        ty
    }

    /// Runs `work` unless it is running already, further up.
    pub(crate) fn once(&self, what: Active, work: impl FnOnce() -> TypeId) -> TypeId {
        if self.active.borrow().contains(&what) {
            return self.unknown(Reason::Cycle);
        }
        self.active.borrow_mut().push(what);
        let ty = self.deeper(work);
        self.active.borrow_mut().pop();
        ty
    }

    /// The type that a type expression denotes.
    pub(crate) fn type_expr(&self, file: FileId, id: TypeExprId) -> TypeId {
        let memo = &self.p.memo[file].type_exprs;
        if let Some(ty) = memo.get(id.index()) {
            return ty;
        }
        let ty = self.once(Active::TypeExpr(file, id), || self.read_type_expr(file, id));
        memo.set(id.index(), ty);
        ty
    }

    fn read_type_expr(&self, file: FileId, id: TypeExprId) -> TypeId {
        let Some(expr) = self.facts(file).type_exprs.get(id) else { return self.unknown(Reason::SyntaxError) };
        match expr {
            TypeExpr::Name(name) => self.bound_type(self.lookup(file, *name), *name),
            TypeExpr::Qualified { package, name } => match self.lookup(file, *package) {
                Binding::Import(import) => self.bound_type(self.member(import, *name), *name),
                Binding::Unknown(reason) => self.unknown(reason),
                _ => self.unknown(Reason::NoMember(*name)),
            },
            TypeExpr::Local(decl) => self.declared_type(file, *decl),
            TypeExpr::Param { owner, index, name } => {
                self.intern(Type::Param { owner: self.owner_number(file, *owner), index: *index, name: *name })
            }
            TypeExpr::Instance { generic, args } => {
                let args: Vec<TypeId> = args.iter().map(|&arg| self.type_expr(file, arg)).collect();
                self.instance_expr(file, *generic, &args)
            }
            TypeExpr::Pointer(to) => self.intern(Type::Pointer(self.type_expr(file, *to))),
            TypeExpr::Slice(element) => self.intern(Type::Slice(self.type_expr(file, *element))),
            TypeExpr::Array { element, .. } => self.intern(Type::Array(self.type_expr(file, *element))),
            TypeExpr::Map { key, value } => {
                self.intern(Type::Map { key: self.type_expr(file, *key), value: self.type_expr(file, *value) })
            }
            TypeExpr::Chan { direction, element } => {
                self.intern(Type::Chan { direction: *direction, element: self.type_expr(file, *element) })
            }
            TypeExpr::Func(signature) => self.signature(file, signature),
            TypeExpr::Struct { fields } => {
                let base = self.declared().field_base[file].get(&id).map_or(0, |base| base.index());
                self.intern(Type::Struct((base..base + fields.len()).map(FieldId::new).collect()))
            }
            TypeExpr::Interface { methods, embedded, .. } => {
                let mut all: Vec<InterfaceMethod> = methods
                    .iter()
                    .map(|m| InterfaceMethod { name: m.name, ty: self.signature(file, &m.signature) })
                    .collect();
                let mut complete = true;
                for &part in embedded {
                    match self.ty(self.underlying(self.type_expr(file, part))) {
                        Type::Interface { methods, complete: part_complete } => {
                            all.extend(methods.iter().cloned());
                            complete &= part_complete;
                        }
                        Type::Unknown(_) => complete = false,
                        // A term of a constraint (`~int | string`) has no methods to give.
                        _ => {}
                    }
                }
                all.sort_by_key(|m| m.name.as_str());
                all.dedup_by(|a, b| a.name == b.name);
                self.intern(Type::Interface { methods: all.into(), complete })
            }
            TypeExpr::Bad => self.unknown(Reason::SyntaxError),
        }
    }

    /// The type a name is bound to.
    pub(crate) fn bound_type(&self, binding: Binding, name: Symbol) -> TypeId {
        match binding {
            Binding::Entity(Entity::Type(file, decl)) => self.declared_type(file, decl),
            Binding::Type(ty) => ty,
            Binding::Unknown(reason) => self.unknown(reason),
            _ => self.unknown(Reason::Undeclared(name)),
        }
    }

    /// The type that a declaration declares, without type arguments.
    pub(crate) fn declared_type(&self, file: FileId, decl: TypeDeclId) -> TypeId {
        match self.declared().named_of[file].get(decl.index()) {
            Some(Some(named)) => self.intern(Type::Named { named: *named, args: Box::new([]) }),
            Some(None) => self.type_expr(file, self.facts(file).types[decl].body),
            None => self.unknown(Reason::SyntaxError),
        }
    }

    /// `generic[args]`.
    fn instance_expr(&self, file: FileId, generic: TypeExprId, args: &[TypeId]) -> TypeId {
        let binding = match self.facts(file).type_exprs.get(generic) {
            Some(TypeExpr::Name(name)) => self.lookup(file, *name),
            Some(TypeExpr::Qualified { package, name }) => match self.lookup(file, *package) {
                Binding::Import(import) => self.member(import, *name),
                other => other,
            },
            Some(TypeExpr::Local(decl)) => Binding::Entity(Entity::Type(file, *decl)),
            _ => Binding::Unknown(Reason::SyntaxError),
        };
        self.instance(binding, args)
    }

    /// The instance of a generic type, or the expansion of a generic alias.
    pub(crate) fn instance(&self, generic: Binding, args: &[TypeId]) -> TypeId {
        match generic {
            Binding::Entity(Entity::Type(file, decl)) => match self.declared().named_of[file].get(decl.index()) {
                Some(Some(named)) => self.intern(Type::Named { named: *named, args: args.into() }),
                Some(None) => {
                    let owner = self.owner_number(file, TypeParamOwner::Type(decl));
                    self.subst(self.declared_type(file, decl), Env { owner, args })
                }
                None => self.unknown(Reason::SyntaxError),
            },
            Binding::Type(ty) => match self.ty(ty) {
                Type::Named { named, .. } => self.intern(Type::Named { named: *named, args: args.into() }),
                _ => ty,
            },
            Binding::Unknown(reason) => self.unknown(reason),
            _ => self.unknown(Reason::SyntaxError),
        }
    }

    /// Parameters and results as a [`Type::Func`].
    pub(crate) fn signature(&self, file: FileId, signature: &Signature) -> TypeId {
        let read = |rows: &[Param]| rows.iter().map(|row| self.type_expr(file, row.ty)).collect::<Vec<_>>();
        let mut params = read(&signature.params);
        if let (true, Some(last)) = (signature.variadic, params.last_mut()) {
            *last = self.intern(Type::Slice(*last));
        }
        self.intern(Type::Func {
            params: params.into(),
            variadic: signature.variadic,
            results: read(&signature.results).into(),
        })
    }

    /// The number that tells an owner of type parameters from all others.
    pub(crate) fn owner_number(&self, file: FileId, owner: TypeParamOwner) -> u32 {
        let within = match owner {
            TypeParamOwner::Type(decl) => decl.index(),
            TypeParamOwner::Func(index) => self.facts(file).types.len() + index.index(),
        };
        self.declared().owner_base[file].saturating_add(within as u32)
    }

    /// The right-hand side of a declared type with its arguments put in.
    pub(crate) fn right_hand_side(&self, named: NamedId, args: &[TypeId]) -> TypeId {
        let Some((file, decl)) = self.declared().named[named].decl else {
            let absent = || self.unknown(Declarations::absent(self.declared().named[named].package));
            return self.p.universe.underlying(named).unwrap_or_else(absent);
        };
        let body = self.type_expr(file, self.facts(file).types[decl].body);
        if args.is_empty() {
            return body;
        }
        self.subst(body, Env { owner: self.owner_number(file, TypeParamOwner::Type(decl)), args })
    }

    /// The underlying type. Of a generic struct the fields keep the types of their declaration; [`Self::fields`]
    /// gives them with their arguments.
    pub(crate) fn underlying(&self, ty: TypeId) -> TypeId {
        let mut ty = ty;
        for _ in 0..MAX_DECLARATION_CHAIN {
            let Type::Named { named, args } = self.ty(ty) else { return ty };
            ty = self.right_hand_side(*named, args);
        }
        self.unknown(Reason::Cycle)
    }

    /// The fields of a struct type, and the type arguments that their types need.
    pub(crate) fn fields(&self, ty: TypeId) -> Option<(&'p Arc<[FieldId]>, Args<'p>)> {
        let mut ty = ty;
        for _ in 0..MAX_DECLARATION_CHAIN {
            match self.ty(ty) {
                Type::Struct(fields) => return Some((fields, None)),
                Type::Named { named, args } => {
                    let (file, decl) = self.declared().named[*named].decl?;
                    let body = self.type_expr(file, self.facts(file).types[decl].body);
                    let owner = self.owner_number(file, TypeParamOwner::Type(decl));
                    match self.ty(body) {
                        Type::Struct(fields) if args.is_empty() => return Some((fields, None)),
                        Type::Struct(fields) => return Some((fields, Some((owner, args)))),
                        _ if args.is_empty() => ty = body,
                        _ => ty = self.subst(body, Env { owner, args }),
                    }
                }
                Type::Param { .. } => ty = self.core(ty),
                _ => return None,
            }
        }
        None
    }

    /// The type of a field of `fields(…)`.
    pub(crate) fn field_type(&self, field: FieldId, env: Args<'_>) -> TypeId {
        let ty = self.p.field_type(field);
        env.map_or(ty, |(owner, args)| self.subst(ty, Env { owner, args }))
    }

    /// What a pointer points to; any other type is itself.
    pub(crate) fn deref(&self, ty: TypeId) -> TypeId {
        match self.ty(ty) {
            Type::Pointer(to) => *to,
            _ => ty,
        }
    }
}
