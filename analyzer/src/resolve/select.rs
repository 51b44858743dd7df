//! Fields and methods of a type, promoted ones included.
//!
//! After `go/types.lookupFieldOrMethod`: breadth first over embedded fields; the shallowest depth with the name
//! decides, and two finds at one depth cancel each other out.

use rustc_hash::FxHashSet;
use smallvec::{SmallVec, smallvec};

use super::{
    declare::Declarations,
    model::{FieldId, FuncId, InterfaceMethod, NamedId, Reason, Type, TypeId},
    typer::Typer,
};
use crate::{base::Symbol, syntax::TypeExpr};

/// Fields from a value to something inside of it.
pub(crate) type Path = SmallVec<[FieldId; 2]>;

/// What a selector finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// A field: the way to it, itself included.
    Field { path: Path, ty: TypeId },
    /// A method of a declared type; `receiver` is that type with its arguments.
    Method { path: Path, func: FuncId, receiver: TypeId },
    /// A method of an interface.
    InterfaceMethod { path: Path, interface: TypeId, ty: TypeId },
    /// A member of a type without source.
    External { path: Path, named: NamedId },
    /// None.
    Missing(Reason),
}

/// An embedded (or the first) type on the way.
struct Embedded {
    ty: TypeId,
    path: Path,
    /// Reached on two ways of the same length.
    ambiguous: bool,
}

impl<'p> Typer<'p> {
    /// The field or method `name` of a value of type `ty`, or of a pointer to one.
    pub(crate) fn find_member(&self, ty: TypeId, name: Symbol) -> Member {
        let mut start = self.deref(ty);
        if let Type::Named { named, .. } = self.ty(start) {
            if let Some(&func) = self.declared().method_of.get(&(*named, name)) {
                return Member::Method { path: Path::new(), func, receiver: start };
            }
            let struct_or_absent = self.declared().named[*named].decl.is_none_or(|(file, decl)| {
                let facts = self.facts(file);
                matches!(facts.type_exprs[facts.types[decl].body], TypeExpr::Struct { .. })
            });
            if !struct_or_absent && let Type::Pointer(to) = self.ty(self.underlying(start)) {
                // `type P *T`: fields are found through P, methods are not.
                start = *to;
            }
        }
        // Most members are the type's own.
        match self.own_member(start, name, &Path::new()) {
            Member::Missing(_) if self.embeds(start) => {}
            own => return own,
        }
        let mut opaque: Option<Member> = None;
        let mut reason = Reason::NoMember(name);
        let mut level = vec![Embedded { ty: start, path: Path::new(), ambiguous: false }];
        let mut seen: FxHashSet<NamedId> = FxHashSet::default();
        while !level.is_empty() {
            let mut found: SmallVec<[(Member, bool); 1]> = smallvec![];
            let mut next: Vec<Embedded> = Vec::new();
            for embedded in level {
                if let Type::Named { named, .. } = self.ty(embedded.ty)
                    && !seen.insert(*named)
                {
                    continue;
                }
                match self.own_member(embedded.ty, name, &embedded.path) {
                    Member::External { path, named } => {
                        opaque.get_or_insert(Member::External { path, named });
                    }
                    Member::Missing(missing) => {
                        if !matches!(missing, Reason::NoMember(_)) {
                            reason = missing;
                        }
                        self.push_embedded(&embedded, &mut next);
                    }
                    member => found.push((member, embedded.ambiguous)),
                }
            }
            match found.len() {
                0 => {}
                1 if !found[0].1 => return found.remove(0).0,
                _ => return Member::Missing(Reason::NoMember(name)),
            }
            level = next;
        }
        opaque.unwrap_or(Member::Missing(reason))
    }

    /// The member that `ty` has itself, without promotion.
    fn own_member(&self, ty: TypeId, name: Symbol, path: &Path) -> Member {
        if let Type::Named { named, .. } = self.ty(ty) {
            if let Some(&func) = self.declared().method_of.get(&(*named, name)) {
                return Member::Method { path: path.clone(), func, receiver: ty };
            }
            if self.declared().named[*named].decl.is_none() && self.p.universe.underlying(*named).is_none() {
                return Member::External { path: path.clone(), named: *named };
            }
        }
        if let Some((fields, env)) = self.fields(ty) {
            if let Some(field) = self.declared().field_named(fields, name) {
                let mut path = path.clone();
                path.push(field);
                return Member::Field { path, ty: self.field_type(field, env) };
            }
            return Member::Missing(Reason::NoMember(name));
        }
        let method_of = |interface: TypeId, methods: &[InterfaceMethod], complete: bool| match methods
            .iter()
            .find(|m| m.name == name)
        {
            Some(m) => Member::InterfaceMethod { path: path.clone(), interface, ty: m.ty },
            None if complete => Member::Missing(Reason::NoMember(name)),
            None => Member::Missing(self.hidden_reason(interface)),
        };
        match self.ty(self.underlying(ty)) {
            Type::Interface { methods, complete } => method_of(ty, methods, *complete),
            Type::Param { .. } => {
                let constraint = self.constraint_beyond_parameters(ty);
                match self.ty(self.underlying(constraint)) {
                    Type::Interface { methods, complete } => method_of(constraint, methods, *complete),
                    Type::Unknown(reason) => Member::Missing(*reason),
                    // `[P *T]`: the one type the constraint admits has the members.
                    _ => self.find_member(constraint, name),
                }
            }
            Type::Unknown(reason) => Member::Missing(*reason),
            _ => Member::Missing(Reason::NoMember(name)),
        }
    }

    /// The constraint of a type parameter; of one constrained by another (`[T U, U any]`), the other's.
    fn constraint_beyond_parameters(&self, ty: TypeId) -> TypeId {
        let mut ty = ty;
        let mut seen = Vec::new();
        while let Type::Param { owner, index, .. } = self.ty(self.underlying(ty)) {
            if seen.contains(&ty) {
                return self.unknown(Reason::Cycle);
            }
            seen.push(ty);
            ty = self.deref(self.constraint_type(*owner, *index));
        }
        ty
    }

    /// Why an interface is not known completely: something it embeds has no source.
    fn hidden_reason(&self, interface: TypeId) -> Reason {
        let Type::Named { named, .. } = self.ty(interface) else { return Reason::Opaque };
        Declarations::absent(self.declared().named[*named].package)
    }

    fn embeds(&self, ty: TypeId) -> bool {
        self.fields(ty).is_some_and(|(fields, _)| fields.iter().any(|&field| self.declared().fields[field].embedded))
    }

    fn push_embedded(&self, outer: &Embedded, next: &mut Vec<Embedded>) {
        let Some((fields, env)) = self.fields(outer.ty) else { return };
        for &field in fields.iter().filter(|&&f| self.declared().fields[f].embedded) {
            let ty = self.deref(self.field_type(field, env));
            if let Some(twin) = next.iter_mut().find(|e| e.ty == ty) {
                twin.ambiguous = true;
                continue;
            }
            let mut path = outer.path.clone();
            path.push(field);
            next.push(Embedded { ty, path, ambiguous: outer.ambiguous });
        }
    }

    /// The type of a method, without its receiver, for a receiver of type `receiver` (with its type arguments).
    pub(crate) fn method_type(&self, func: FuncId, receiver: TypeId) -> TypeId {
        let ty = self.func_type(func);
        match self.ty(receiver) {
            Type::Named { args, .. } if !args.is_empty() => {
                self.subst(ty, super::typer::Env { owner: self.func_owner(func), args })
            }
            _ => ty,
        }
    }

    /// The type of a function or method as declared, without its receiver.
    pub(crate) fn func_type(&self, func: FuncId) -> TypeId {
        use crate::base::Idx;
        let row = &self.declared().funcs[func];
        let memo = &self.p.memo[row.file].functions;
        if let Some(ty) = memo.get(row.index.index()) {
            return ty;
        }
        let ty = self.signature(row.file, &self.facts(row.file).functions[row.index].signature);
        memo.set(row.index.index(), ty);
        ty
    }

    /// The owner number of a function's type parameters.
    pub(crate) fn func_owner(&self, func: FuncId) -> u32 {
        let row = &self.declared().funcs[func];
        self.owner_number(row.file, crate::syntax::TypeParamOwner::Func(row.index))
    }
}
