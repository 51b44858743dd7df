//! What names and selectors mean: package scopes, imports, universe, members.

use super::{
    calls::Called,
    declare::{Declarations, Entity},
    model::{Basic, Builtin, Meaning, Reason, Type, TypeId, VarId},
    scope::Import,
    select::Member,
    typer::Typer,
    universe::{self, Predeclared},
};
use crate::{
    base::Symbol,
    source::FileId,
    syntax::{Expr, ExprId, TypeExpr},
};

/// What a name that no local declaration binds stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    Entity(Entity),
    Import(Import),
    Type(TypeId),
    /// A function or variable of a package without source.
    External(Import, Symbol),
    Builtin(Builtin),
    Nil,
    Bool,
    Iota,
    Blank,
    Unknown(Reason),
}

impl<'p> Typer<'p> {
    /// What a name of a file means: package, imports, dot imports, universe.
    pub(crate) fn lookup(&self, file: FileId, name: Symbol) -> Binding {
        let declared = self.declared();
        if let Some(&entity) = declared.scopes[declared.package_of[file]].get(&name) {
            return Binding::Entity(entity);
        }
        let scope = &declared.files[file];
        if let Some(import) = scope.import(name) {
            return Binding::Import(import);
        }
        let exported = name.as_str().chars().next().is_some_and(char::is_uppercase);
        let mut hidden = None;
        for dot in scope.dots.iter().filter(|_| exported) {
            match dot.package {
                Some(package) => {
                    if let Some(&entity) = declared.scopes[package].get(&name) {
                        return Binding::Entity(entity);
                    }
                }
                None => hidden = Some(Declarations::absent(dot.path)),
            }
        }
        match self.p.universe.lookup(name) {
            Some(Predeclared::Type(ty)) => Binding::Type(ty),
            Some(Predeclared::Builtin(builtin)) => Binding::Builtin(builtin),
            Some(Predeclared::Nil) => Binding::Nil,
            Some(Predeclared::Bool) => Binding::Bool,
            Some(Predeclared::Iota) => Binding::Iota,
            Some(Predeclared::Blank) => Binding::Blank,
            None => Binding::Unknown(hidden.unwrap_or(Reason::Undeclared(name))),
        }
    }

    /// What a member of an imported package is.
    pub(crate) fn member(&self, import: Import, name: Symbol) -> Binding {
        let declared = self.declared();
        if universe::is_unsafe(import.path) {
            return match name.as_str() {
                "Pointer" => Binding::Type(self.basic(Basic::UnsafePointer)),
                _ => Binding::Builtin(Builtin::Unsafe),
            };
        }
        match import.package {
            Some(package) if !declared.partial[package] || declared.scopes[package].contains_key(&name) => {
                match declared.scopes[package].get(&name) {
                    Some(&entity) => Binding::Entity(entity),
                    None => Binding::Unknown(Reason::Undeclared(name)),
                }
            }
            _ => match declared.external.get(&(import.path, name)) {
                Some(&named) => Binding::Type(self.intern(Type::Named { named, args: Box::new([]) })),
                None => Binding::External(import, name),
            },
        }
    }

    /// What a bare name, or `pkg.name`, is bound to; `None` for expressions that are neither.
    pub(crate) fn binding(&self, file: FileId, expr: ExprId) -> Option<Binding> {
        match &self.facts(file).exprs[expr] {
            Expr::Name(name) => Some(self.lookup(file, *name)),
            Expr::Select { base, name } => match self.facts(file).exprs[*base] {
                Expr::Name(package) => match self.lookup(file, package) {
                    Binding::Import(import) => Some(self.member(import, *name)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The type that an expression denotes, when it denotes one rather than a value.
    pub(crate) fn expr_as_type(&self, file: FileId, expr: ExprId) -> Option<TypeId> {
        match &self.facts(file).exprs[expr] {
            Expr::Name(_) | Expr::Select { .. } => match self.binding(file, expr)? {
                Binding::Entity(Entity::Type(file, decl)) => Some(self.declared_type(file, decl)),
                Binding::Type(ty) => Some(ty),
                _ => None,
            },
            Expr::Type(ty) => Some(self.type_expr(file, *ty)),
            Expr::Deref(to) => Some(self.p.types.pointer(self.expr_as_type(file, *to)?)),
            Expr::Index { base, indices } => {
                let generic = match self.facts(file).exprs[*base] {
                    Expr::Type(ty) => match self.facts(file).type_exprs[ty] {
                        TypeExpr::Local(decl) => Binding::Entity(Entity::Type(file, decl)),
                        _ => return None,
                    },
                    _ => self.binding(file, *base)?,
                };
                if !matches!(generic, Binding::Entity(Entity::Type(..)) | Binding::Type(_)) {
                    return None;
                }
                let indices = self.facts(file).exprs.list(*indices).iter();
                let args: Option<Vec<TypeId>> = indices.map(|&index| self.expr_as_type(file, index)).collect();
                Some(self.instance(generic, &args?))
            }
            _ => None,
        }
    }

    /// The variable of a row of values.
    pub(crate) fn var(&self, file: FileId, row: u32) -> Option<VarId> {
        self.declared().var_of[file].get(row as usize).copied().flatten()
    }

    /// What an expression means when it is a name or selector.
    pub(crate) fn meaning(&self, file: FileId, expr: ExprId) -> Meaning {
        let facts = self.facts(file);
        if let Some(binding) = self.binding(file, expr) {
            return self.binding_meaning(file, binding, expr);
        }
        match &facts.exprs[expr] {
            Expr::Local(local) => Meaning::Local(*local),
            Expr::Type(ty) => Meaning::Type(self.type_expr(file, *ty)),
            Expr::Select { base, name } => {
                if self.expr_as_type(file, *base).is_none()
                    && let Member::Field { path, .. } = self.find_member(self.expr_type(file, *base), *name)
                {
                    return Meaning::Field(path);
                }
                match self.called(file, expr) {
                    Called::Unknown(reason) => Meaning::Unknown(reason),
                    called => Meaning::Method(Box::new(self.callee_of(file, called, &[]))),
                }
            }
            Expr::Index { .. } | Expr::Deref(_) => match self.expr_as_type(file, expr) {
                Some(ty) => Meaning::Type(ty),
                None => Meaning::Unknown(Reason::SyntaxError),
            },
            _ => Meaning::Unknown(Reason::SyntaxError),
        }
    }

    fn binding_meaning(&self, file: FileId, binding: Binding, expr: ExprId) -> Meaning {
        let name = match &self.facts(file).exprs[expr] {
            Expr::Name(name) | Expr::Select { name, .. } => *name,
            _ => Symbol::new("_"),
        };
        match binding {
            Binding::Entity(Entity::Type(file, decl)) => Meaning::Type(self.declared_type(file, decl)),
            Binding::Entity(Entity::Func(func)) => Meaning::Func(func),
            Binding::Entity(Entity::Value(file, row)) => match self.var(file, row) {
                Some(var) => Meaning::Var(var),
                None => Meaning::Const(self.value_type(file, row)),
            },
            Binding::Import(import) => Meaning::Package(import.path),
            Binding::Type(ty) => Meaning::Type(ty),
            Binding::External(import, name) => Meaning::ExternalFunc(Symbol::new(&format!("{}.{name}", import.path))),
            Binding::Builtin(builtin) => Meaning::Builtin(builtin),
            Binding::Nil | Binding::Bool | Binding::Iota | Binding::Blank => Meaning::Predeclared(name),
            Binding::Unknown(reason) => Meaning::Unknown(reason),
        }
    }

    /// The type of a package variable or constant.
    pub(crate) fn value_type(&self, file: FileId, row: u32) -> TypeId {
        let memo = &self.p.memo[file].values;
        if let Some(ty) = memo.get(row as usize) {
            return ty;
        }
        let ty = self.once(super::typer::Active::Value(file, row), || {
            let Some(value) = self.facts(file).values.get(row as usize) else {
                return self.unknown(Reason::SyntaxError);
            };
            match (value.ty, value.value) {
                (Some(ty), _) => self.type_expr(file, ty),
                (None, Some(value_ref)) => {
                    let ty = self.component_type(file, value_ref);
                    if value.constant { ty } else { self.default_type(ty) }
                }
                (None, None) if value.constant => self.basic(Basic::UntypedInt),
                (None, None) => self.unknown(Reason::SyntaxError),
            }
        });
        memo.set(row as usize, ty);
        ty
    }

    /// Key of a declared type: `path.Name`, or the bare name of a type of the universe.
    pub(crate) fn named_key(&self, named: super::model::NamedId) -> Symbol {
        self.p.keys[named]
    }
}
