//! Type parameters: substitution, constraints and their core types, inference of type arguments.
//!
//! Inference follows the Go specification ("Type inference", unification with inexact rules) as far as it decides
//! types of results: arguments first, then core types of constraints, then defaults of untyped constants.

use std::sync::Arc;

use super::{
    model::{Basic, InterfaceMethod, Reason, Type, TypeId},
    select::Member,
    typer::{Active, Env, Typer},
};
use crate::{
    base::Idx,
    source::FileId,
    syntax::{FuncIndex, FuncKind, TypeDeclId, TypeExpr, TypeExprId, TypeParam, TypeParamOwner},
};

/// Nesting of types that unification follows: deeper ones come from circular constraints only.
const MAX_UNIFY_DEPTH: u32 = 32;

/// A constraint as written, and the type arguments it has to be read with.
type Constraint = (FileId, TypeExprId, Option<(u32, Vec<TypeId>)>);

/// The parameters that a call gives its arguments to.
#[derive(Clone, Copy)]
pub(crate) struct Params<'a> {
    pub(crate) types: &'a [TypeId],
    pub(crate) variadic: bool,
    /// `f(x...)`
    pub(crate) spread: bool,
}

/// Type arguments found so far.
struct Inference {
    owner: u32,
    args: Vec<Option<TypeId>>,
    /// Untyped constants' types, which count only where nothing else does.
    untyped: Vec<Option<TypeId>>,
}

impl Typer<'_> {
    /// The type with type arguments in place of one declaration's type parameters.
    pub(crate) fn subst(&self, ty: TypeId, env: Env<'_>) -> TypeId {
        self.deeper(|| match self.ty(ty) {
            Type::Param { owner, index, .. } if *owner == env.owner => {
                env.args.get(*index as usize).copied().unwrap_or_else(|| self.unknown(Reason::Uninferred))
            }
            Type::Named { named, args } if !args.is_empty() => {
                self.rebuild(ty, args, env, |args| Type::Named { named: *named, args })
            }
            Type::Pointer(to) => self.rebuild(ty, &[*to], env, |t| Type::Pointer(t[0])),
            Type::Slice(element) => self.rebuild(ty, &[*element], env, |t| Type::Slice(t[0])),
            Type::Array(element) => self.rebuild(ty, &[*element], env, |t| Type::Array(t[0])),
            Type::Map { key, value } => {
                self.rebuild(ty, &[*key, *value], env, |t| Type::Map { key: t[0], value: t[1] })
            }
            Type::Chan { direction, element } => {
                self.rebuild(ty, &[*element], env, |t| Type::Chan { direction: *direction, element: t[0] })
            }
            Type::Func { params, variadic, results } => {
                let parts: Vec<TypeId> = params.iter().chain(results).copied().collect();
                self.rebuild(ty, &parts, env, |t| Type::Func {
                    params: t[..params.len()].into(),
                    variadic: *variadic,
                    results: t[params.len()..].into(),
                })
            }
            Type::Interface { methods, complete } => {
                let parts: Vec<TypeId> = methods.iter().map(|m| m.ty).collect();
                self.rebuild(ty, &parts, env, |t| {
                    let methods: Arc<[_]> =
                        methods.iter().zip(&*t).map(|(m, &ty)| InterfaceMethod { name: m.name, ty }).collect();
                    Type::Interface { methods, complete: *complete }
                })
            }
            Type::Tuple(parts) => self.rebuild(ty, parts, env, Type::Tuple),
            Type::Unknown(_)
            | Type::Basic(_)
            | Type::Named { .. }
            | Type::Param { .. }
            | Type::Struct(_)
            | Type::Nil => ty,
        })
    }

    fn rebuild(&self, ty: TypeId, parts: &[TypeId], env: Env<'_>, make: impl FnOnce(Box<[TypeId]>) -> Type) -> TypeId {
        let new: Box<[TypeId]> = parts.iter().map(|&part| self.subst(part, env)).collect();
        if *new == *parts { ty } else { self.intern(make(new)) }
    }

    /// The file and declaration that an owner number stands for.
    fn owner(&self, owner: u32) -> Option<(FileId, TypeParamOwner)> {
        let bases = &self.declared().owner_base;
        let at = bases.as_slice().partition_point(|&base| base <= owner).checked_sub(1)?;
        // Files without declarations share their base with the next file: take the last.
        let file = FileId::new(at);
        let within = (owner - bases[file]) as usize;
        let types = self.facts(file).types.len();
        Some((
            file,
            match within.checked_sub(types) {
                None => TypeParamOwner::Type(TypeDeclId::new(within)),
                Some(func) => TypeParamOwner::Func(FuncIndex::new(func)),
            },
        ))
    }

    /// Constraint of a type parameter.
    fn constraint(&self, owner: u32, index: u32) -> Option<Constraint> {
        let (file, declaration) = self.owner(owner)?;
        let params: &[TypeParam] = match declaration {
            TypeParamOwner::Type(decl) => &self.facts(file).types.get(decl)?.type_params,
            TypeParamOwner::Func(func) => &self.facts(file).functions.get(func)?.type_params,
        };
        if let Some(constraint) = params.get(index as usize)?.constraint {
            return Some((file, constraint, None));
        }
        // The parameters of a method's receiver have the constraints of the type's own.
        let TypeParamOwner::Func(func) = declaration else { return None };
        let FuncKind::Decl { receiver: Some(_), .. } = &self.facts(file).functions.get(func)?.kind else { return None };
        let receiver = self.declared().funcs[self.declared().func(file, func)?].receiver?;
        let (type_file, decl) = self.declared().named[receiver].decl?;
        let constraint = self.facts(type_file).types[decl].type_params.get(index as usize)?.constraint?;
        let args = params
            .iter()
            .enumerate()
            .map(|(index, param)| self.intern(Type::Param { owner, index: index as u32, name: param.name }))
            .collect();
        Some((type_file, constraint, Some((self.owner_number(type_file, TypeParamOwner::Type(decl)), args))))
    }

    /// The constraint of a type parameter as a type.
    pub(crate) fn constraint_type(&self, owner: u32, index: u32) -> TypeId {
        let Some((file, constraint, env)) = self.constraint(owner, index) else { return self.p.universe.any };
        let ty = self.type_expr(file, constraint);
        env.map_or(ty, |(owner, args)| self.subst(ty, Env { owner, args: &args }))
    }

    /// The underlying type; of a type parameter its core type.
    pub(crate) fn core(&self, ty: TypeId) -> TypeId {
        let Type::Param { owner, index, .. } = self.ty(ty) else { return self.underlying(ty) };
        self.once(Active::Constraint(*owner, *index), || {
            let none = || self.unknown(Reason::Uninferred);
            let Some((file, constraint, env)) = self.constraint(*owner, *index) else { return none() };
            let Some(core) = self.core_of(file, constraint, 0) else { return none() };
            let core = env.map_or(core, |(owner, args)| self.subst(core, Env { owner, args: &args }));
            match self.ty(core) {
                Type::Param { .. } => self.core(core),
                _ => self.underlying(core),
            }
        })
    }

    /// The single type (up to bytes and strings) that a constraint admits.
    fn core_of(&self, file: FileId, constraint: TypeExprId, depth: u32) -> Option<TypeId> {
        if MAX_UNIFY_DEPTH < depth {
            return None;
        }
        let named = |ty: TypeId| -> Option<TypeId> {
            let Type::Named { named, args } = self.ty(ty) else { return Some(ty) };
            if !matches!(self.ty(self.underlying(ty)), Type::Interface { .. }) {
                return Some(ty);
            }
            let (file, decl) = self.declared().named[*named].decl?;
            let core = self.core_of(file, self.facts(file).types[decl].body, depth + 1)?;
            let owner = self.owner_number(file, TypeParamOwner::Type(decl));
            Some(if args.is_empty() { core } else { self.subst(core, Env { owner, args }) })
        };
        match self.facts(file).type_exprs.get(constraint)? {
            TypeExpr::Interface { embedded, .. } => {
                let cores: Vec<TypeId> =
                    embedded.iter().filter_map(|&part| self.core_of(file, part, depth + 1)).collect();
                let first = *cores.first()?;
                let same = |&ty: &TypeId| self.underlying(ty) == self.underlying(first);
                let bytes = self.intern(Type::Slice(self.basic(Basic::Uint8)));
                let bytelike = |&ty: &TypeId| [bytes, self.basic(Basic::String)].contains(&self.underlying(ty));
                match cores.len() {
                    1 => Some(first),
                    _ if cores.iter().all(same) => Some(self.underlying(first)),
                    _ if cores.iter().all(bytelike) => Some(bytes),
                    _ => None,
                }
            }
            // `any` and other interfaces without terms have no core type.
            _ => named(self.type_expr(file, constraint))
                .filter(|&ty| !matches!(self.ty(ty), Type::Interface { .. } | Type::Unknown(_))),
        }
    }

    /// Type arguments of a call of a generic function: `explicit` ones first, the rest from `args` (types of the
    /// arguments, in order).
    pub(crate) fn infer(
        &self,
        owner: u32,
        count: usize,
        explicit: &[TypeId],
        params: Params<'_>,
        args: &[TypeId],
    ) -> Vec<TypeId> {
        let Params { types: params, variadic, spread } = params;
        let mut found = Inference { owner, args: vec![None; count], untyped: vec![None; count] };
        for (slot, &ty) in found.args.iter_mut().zip(explicit) {
            *slot = Some(ty);
        }
        for (i, &arg) in args.iter().enumerate() {
            let variadic_part = variadic && !spread && i + 1 >= params.len();
            let param = match params.get(i).or(params.last().filter(|_| variadic_part)) {
                Some(&last) if variadic_part => match self.ty(last) {
                    Type::Slice(element) => *element,
                    _ => last,
                },
                Some(&param) => param,
                None => break,
            };
            self.unify(&mut found, param, arg, 0);
        }
        self.use_constraints(&mut found);
        for i in 0..count {
            if found.args[i].is_none() {
                found.args[i] = found.untyped[i].map(|ty| self.default_type(ty));
            }
        }
        self.use_constraints(&mut found);
        found.args.into_iter().map(|ty| ty.unwrap_or_else(|| self.unknown(Reason::Uninferred))).collect()
    }

    /// Core types of constraints tie type parameters to each other: `S ~[]E`.
    fn use_constraints(&self, found: &mut Inference) {
        // Two rounds follow chains of two ties, `M ~map[K]S, S ~[]E`.
        for _ in 0..2 {
            for i in 0..found.args.len() {
                let Some((file, constraint, None)) = self.constraint(found.owner, i as u32) else { continue };
                let Some(core) = self.core_of(file, constraint, 0) else { continue };
                match found.args[i] {
                    Some(arg) => self.unify(found, core, arg, 0),
                    None if found.untyped[i].is_none() => {
                        let unknown = self.unknown(Reason::Uninferred);
                        let args: Vec<TypeId> = found.args.iter().map(|arg| arg.unwrap_or(unknown)).collect();
                        let ty = self.subst(core, Env { owner: found.owner, args: &args });
                        if !self.mentions(ty, unknown) {
                            found.args[i] = Some(ty);
                        }
                    }
                    None => {}
                }
            }
        }
    }

    /// Whether `part` occurs in `ty` at a place where inference would have put it.
    fn mentions(&self, ty: TypeId, part: TypeId) -> bool {
        ty == part
            || match self.ty(ty) {
                Type::Pointer(to) | Type::Slice(to) | Type::Array(to) => self.mentions(*to, part),
                Type::Chan { element, .. } => self.mentions(*element, part),
                Type::Map { key, value } => self.mentions(*key, part) || self.mentions(*value, part),
                Type::Named { args, .. } => args.iter().any(|&arg| self.mentions(arg, part)),
                Type::Func { params, results, .. } => params.iter().chain(results).any(|&ty| self.mentions(ty, part)),
                Type::Tuple(parts) => parts.iter().any(|&ty| self.mentions(ty, part)),
                Type::Unknown(_)
                | Type::Basic(_)
                | Type::Param { .. }
                | Type::Struct(_)
                | Type::Interface { .. }
                | Type::Nil => false,
            }
    }

    fn unify(&self, found: &mut Inference, param: TypeId, arg: TypeId, depth: u32) {
        if MAX_UNIFY_DEPTH < depth || matches!(self.ty(arg), Type::Unknown(_) | Type::Nil) {
            return;
        }
        let depth = depth + 1;
        match (self.ty(param), self.ty(arg)) {
            (Type::Param { owner, index, .. }, _) if *owner == found.owner => {
                let i = *index as usize;
                let Some(slot) = found.args.get_mut(i) else { return };
                let untyped = self.default_type(arg) != arg;
                match *slot {
                    Some(bound) if !untyped && bound != arg => self.unify_bound(found, i, bound, arg),
                    Some(_) => {}
                    // Of several untyped constants the later kind wins (`max(1, 2.0)`).
                    None if untyped => found.untyped[i] = found.untyped[i].max(Some(arg)),
                    None => *slot = Some(arg),
                }
            }
            (Type::Named { named, args }, Type::Named { named: other, args: other_args }) if named == other => {
                for (&a, &b) in args.iter().zip(other_args) {
                    self.unify(found, a, b, depth);
                }
            }
            (Type::Pointer(a), Type::Pointer(b))
            | (Type::Slice(a), Type::Slice(b))
            | (Type::Array(a), Type::Array(b))
            | (Type::Chan { element: a, .. }, Type::Chan { element: b, .. }) => self.unify(found, *a, *b, depth),
            (Type::Map { key, value }, Type::Map { key: other_key, value: other_value }) => {
                self.unify(found, *key, *other_key, depth);
                self.unify(found, *value, *other_value, depth);
            }
            (Type::Func { params, results, .. }, Type::Func { params: p, results: r, .. }) => {
                for (&a, &b) in params.iter().zip(p).chain(results.iter().zip(r)) {
                    self.unify(found, a, b, depth);
                }
            }
            (Type::Interface { methods, .. }, _) => self.unify_methods(found, methods, arg, depth),
            (Type::Named { .. }, _) => {
                let under = self.underlying(param);
                match self.ty(under) {
                    Type::Interface { methods, .. } => self.unify_methods(found, methods, arg, depth),
                    Type::Named { .. } | Type::Unknown(_) => {}
                    _ => self.unify(found, under, self.underlying(arg), depth),
                }
            }
            (_, Type::Named { .. }) => {
                let under = self.underlying(arg);
                if !matches!(self.ty(under), Type::Named { .. }) {
                    self.unify(found, param, under, depth);
                }
            }
            _ => {}
        }
    }

    /// A parameter bound twice: a declared type wins over its underlying type, a two-way channel loses.
    fn unify_bound(&self, found: &mut Inference, i: usize, bound: TypeId, arg: TypeId) {
        let named = |ty: TypeId| matches!(self.ty(ty), Type::Named { .. });
        if !named(bound) && named(arg) && self.underlying(arg) == bound {
            found.args[i] = Some(arg);
        }
    }

    fn unify_methods(&self, found: &mut Inference, methods: &[InterfaceMethod], arg: TypeId, depth: u32) {
        for method in methods {
            match self.find_member(arg, method.name) {
                Member::Method { func, receiver, .. } => {
                    self.unify(found, method.ty, self.method_type(func, receiver), depth);
                }
                Member::InterfaceMethod { ty, .. } => self.unify(found, method.ty, ty, depth),
                Member::Field { .. } | Member::External { .. } | Member::Missing(_) => {}
            }
        }
    }
}
