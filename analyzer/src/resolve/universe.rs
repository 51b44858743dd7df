//! The universe scope: predeclared types, functions and constants, and package `unsafe`.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    model::{Basic, Builtin, InterfaceMethod, Named, NamedId, Type, TypeId},
    types::Types,
};
use crate::base::{Idx, Symbol};

/// Predeclared types that have names of their own in the table of declared types, in order of their ids.
pub(super) const NAMED: [&str; 2] = ["error", "comparable"];

/// The key of a declared type: `path.Name`, or the bare name of a type of the universe.
pub(super) fn key(named: NamedId, row: &Named) -> Symbol {
    match named.index() < NAMED.len() {
        true => row.name,
        false => Symbol::new(&format!("{}.{}", row.package, row.name)),
    }
}

/// What a predeclared name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predeclared {
    Type(TypeId),
    Builtin(Builtin),
    Nil,
    /// `true`, `false`.
    Bool,
    Iota,
    /// `_`.
    Blank,
}

/// The universe scope.
pub(super) struct Universe {
    names: FxHashMap<Symbol, Predeclared>,
    /// `any`.
    pub(super) any: TypeId,
    /// Underlying types of [`NAMED`].
    underlying: [TypeId; 2],
    /// `struct{}`.
    pub(super) no_values: TypeId,
}

impl Universe {
    pub(super) fn new(types: &Types) -> Self {
        let any = types.intern(Type::Interface { methods: Arc::new([]), complete: true });
        let string = types.basic(Basic::String);
        let error_method =
            types.intern(Type::Func { params: Box::new([]), variadic: false, results: Box::new([string]) });
        let error = types.intern(Type::Interface {
            methods: Arc::new([InterfaceMethod { name: Symbol::new("Error"), ty: error_method }]),
            complete: true,
        });
        let basics = [
            ("bool", Basic::Bool),
            ("string", Basic::String),
            ("int", Basic::Int),
            ("int8", Basic::Int8),
            ("int16", Basic::Int16),
            ("int32", Basic::Int32),
            ("int64", Basic::Int64),
            ("uint", Basic::Uint),
            ("uint8", Basic::Uint8),
            ("uint16", Basic::Uint16),
            ("uint32", Basic::Uint32),
            ("uint64", Basic::Uint64),
            ("uintptr", Basic::Uintptr),
            ("float32", Basic::Float32),
            ("float64", Basic::Float64),
            ("complex64", Basic::Complex64),
            ("complex128", Basic::Complex128),
            ("byte", Basic::Uint8),
            ("rune", Basic::Int32),
        ];
        let builtins = [
            ("append", Builtin::Append),
            ("cap", Builtin::Cap),
            ("clear", Builtin::Clear),
            ("close", Builtin::Close),
            ("complex", Builtin::Complex),
            ("copy", Builtin::Copy),
            ("delete", Builtin::Delete),
            ("imag", Builtin::Imag),
            ("len", Builtin::Len),
            ("make", Builtin::Make),
            ("max", Builtin::Max),
            ("min", Builtin::Min),
            ("new", Builtin::New),
            ("panic", Builtin::Panic),
            ("print", Builtin::Print),
            ("println", Builtin::Println),
            ("real", Builtin::Real),
            ("recover", Builtin::Recover),
        ];
        let named = NAMED.iter().enumerate().map(|(id, &name)| {
            let ty = types.intern(Type::Named { named: NamedId::new(id), args: Box::new([]) });
            (name, Predeclared::Type(ty))
        });
        let names = basics
            .into_iter()
            .map(|(name, basic)| (name, Predeclared::Type(types.basic(basic))))
            .chain(builtins.into_iter().map(|(name, builtin)| (name, Predeclared::Builtin(builtin))))
            .chain(named)
            .chain([
                ("any", Predeclared::Type(any)),
                ("nil", Predeclared::Nil),
                ("true", Predeclared::Bool),
                ("false", Predeclared::Bool),
                ("iota", Predeclared::Iota),
                ("_", Predeclared::Blank),
            ])
            .map(|(name, meaning)| (Symbol::new(name), meaning))
            .collect();
        let no_values = types.intern(Type::Tuple(Box::new([])));
        Self { names, any, underlying: [error, any], no_values }
    }

    /// What a name means when nothing nearer declares it.
    pub(super) fn lookup(&self, name: Symbol) -> Option<Predeclared> {
        self.names.get(&name).copied()
    }

    /// The interface that a declared type of the universe stands for.
    pub(super) fn underlying(&self, named: NamedId) -> Option<TypeId> {
        self.underlying.get(named.index()).copied()
    }
}

/// Whether a path is the one of package `unsafe`, which is part of the language.
pub(super) fn is_unsafe(path: Symbol) -> bool {
    path.as_str() == "unsafe"
}
