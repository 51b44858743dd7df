//! The vocabulary of resolution: declarations as ids, types, places, callees.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    base::{Span, Symbol},
    define_id,
    source::FileId,
    syntax::{ChanDirection, ExprId, FuncIndex, LocalId, TypeDeclId},
};

define_id!(
    /// A package of the analysed program: the files of one folder with one package name.
    PackageId
);
define_id!(
    /// A function, method or function literal with source.
    FuncId
);
define_id!(
    /// An interned type. Equal ids are identical types; the order of ids means nothing.
    TypeId
);
define_id!(
    /// A declared (named) type, with or without source.
    NamedId
);
define_id!(
    /// A field of a struct type. Fields of one declaration are one id in all instantiations.
    FieldId
);
define_id!(
    /// A package variable.
    VarId
);

/// A package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Import path; of an external test package with `_test` appended.
    pub path: Symbol,
    /// Name of the package clause.
    pub name: Symbol,
    /// Its files, by path.
    pub files: Vec<FileId>,
}

/// A function with source.
#[derive(Clone, Debug)]
pub struct Func {
    /// File it stands in.
    pub file: FileId,
    /// Its row in that file.
    pub index: FuncIndex,
    /// Package.
    pub package: PackageId,
    /// The function a literal stands in.
    pub parent: Option<FuncId>,
    /// Symbol as linker and race detector print it, without type arguments: `p/q.F`, `p/q.(*T).M`, `p/q.T.M`,
    /// `p/q.F.func1.2`, `p/q.init.0`, `p/q.init.func3`.
    pub symbol: Symbol,
    /// `p/q.F`, `p/q.T.M`: the symbol without the pointer mark, by which catalogue rows name functions.
    pub key: Symbol,
    /// Receiver base type of a method.
    pub receiver: Option<NamedId>,
}

/// A declared type.
#[derive(Clone, Debug)]
pub struct Named {
    /// Import path of its package; empty for `error` and `comparable`.
    pub package: Symbol,
    /// Name.
    pub name: Symbol,
    /// Declaration, when the source is there.
    pub decl: Option<(FileId, TypeDeclId)>,
}

/// A struct field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Declared type that has the field; `None` for a field of a type literal.
    pub owner: Option<NamedId>,
    /// Name.
    pub name: Symbol,
    /// Type, in terms of the owner's type parameters.
    pub ty: TypeId,
    /// Whether it is embedded.
    pub embedded: bool,
    /// Where its name stands, when the source is there.
    pub site: Option<(FileId, Span)>,
    /// `Type.field` with the type's package name left out, for people: `SessionVars.StmtCtx`; `struct.field` for
    /// type literals.
    pub display: Symbol,
}

/// A package variable.
#[derive(Clone, Debug)]
pub struct Var {
    /// Import path of its package.
    pub package: Symbol,
    /// Name.
    pub name: Symbol,
    /// Type.
    pub ty: TypeId,
    /// Where its name stands, when the source is there.
    pub site: Option<(FileId, Span)>,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Not known, and why.
    Unknown(Reason),
    /// A predeclared basic type (`error` and `any` are not basic).
    Basic(Basic),
    /// A declared type, with its type arguments.
    Named { named: NamedId, args: Box<[TypeId]> },
    /// A type parameter: `owner` tells parameters of different declarations apart.
    Param { owner: u32, index: u32, name: Symbol },
    /// `*T`
    Pointer(TypeId),
    /// `[]T`
    Slice(TypeId),
    /// `[n]T`; the length is left out.
    Array(TypeId),
    /// `map[K]V`
    Map { key: TypeId, value: TypeId },
    /// `chan T`
    Chan { direction: ChanDirection, element: TypeId },
    /// `func(…) …`; a variadic one's last parameter is the slice.
    Func { params: Box<[TypeId]>, variadic: bool, results: Box<[TypeId]> },
    /// `struct{…}`
    Struct(Arc<[FieldId]>),
    /// `interface{…}`: all methods, embedded ones included, sorted by name; `complete` is false when something
    /// embedded is not known.
    Interface { methods: Arc<[InterfaceMethod]>, complete: bool },
    /// Several values.
    Tuple(Box<[TypeId]>),
    /// The type of `nil`.
    Nil,
}

/// A method of an interface type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InterfaceMethod {
    /// Name.
    pub name: Symbol,
    /// A [`Type::Func`].
    pub ty: TypeId,
}

/// Basic types; untyped constants have the type of their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are Go's")]
pub enum Basic {
    Bool,
    String,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    UnsafePointer,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedString,
}

/// Why something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The source of an imported package is not there.
    NoSource(Symbol),
    /// A name that nothing declares.
    Undeclared(Symbol),
    /// The code has a syntax error here.
    SyntaxError,
    /// A type argument could not be inferred.
    Uninferred,
    /// A member that its type does not have, as far as known.
    NoMember(Symbol),
    /// A function value that no known function flows into.
    NoFunctionValue,
    /// An interface no known type implements.
    NoImplementer,
    /// More candidates than the budget of that name admits.
    TooManyCandidates,
    /// Declarations that need each other in a circle.
    Cycle,
    /// `reflect`, assembly, cgo, `linkname`.
    Opaque,
    /// A named budget was reached.
    Budget,
}

impl Reason {
    /// A stable name, without the symbol it may carry.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSource(_) => "no-source",
            Self::Undeclared(_) => "undeclared",
            Self::SyntaxError => "syntax-error",
            Self::Uninferred => "uninferred",
            Self::NoMember(_) => "no-member",
            Self::NoFunctionValue => "no-function-value",
            Self::NoImplementer => "no-implementer",
            Self::TooManyCandidates => "too-many-candidates",
            Self::Cycle => "cycle",
            Self::Opaque => "opaque",
            Self::Budget => "budget",
        }
    }
}

/// Where a value lives, as far as syntax and types tell: a root and the way from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Where the way starts.
    pub root: Root,
    /// The way. Embedded fields that Go lets one leave out are written out; going through a pointer is no step.
    pub steps: SmallVec<[Step; 4]>,
}

/// Start of a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// A local variable, parameter, receiver or result of this file.
    Local(LocalId),
    /// A package variable.
    Global(VarId),
    /// The value of another expression: most often a call (`ctx.GetSessionVars()`), a composite literal, a conversion.
    Value(ExprId),
}

/// Step of a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A field.
    Field(FieldId),
    /// An element of an array, slice, map or channel (receive).
    Element,
    /// What a pointer points to, written `*p` as a whole.
    Deref,
}

/// What a call expression calls, before the call graph narrows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function or method with source (bodies may be absent in stubs).
    Func {
        /// The function.
        func: FuncId,
        /// Where the receiver lives; embedded fields on the way to a promoted method are steps.
        receiver: Option<Place>,
        /// For a method expression `T.M(recv, …)` the receiver is the first argument, and this is set.
        receiver_is_argument: bool,
    },
    /// A function or method of a package without source.
    External {
        /// `path.F`, `path.T.M`, as catalogue rows name it.
        key: Symbol,
        /// Where the receiver lives.
        receiver: Option<Place>,
    },
    /// A method of an interface (or of a type parameter's constraint).
    Interface {
        /// The interface type (a [`Type::Named`] where it has a name).
        interface: TypeId,
        /// `path.T.M` where the interface has a name.
        key: Option<Symbol>,
        /// Method name.
        method: Symbol,
        /// Where the receiver lives.
        receiver: Place,
    },
    /// A literal called on the spot (also by `go` and `defer`).
    Literal(FuncId),
    /// A function value.
    Value(ExprId),
    /// A predeclared function.
    Builtin(Builtin),
    /// Not a call: a conversion to the type.
    Conversion(TypeId),
    /// Not known.
    Unknown(Reason),
}

/// What a call expression calls, without the place of a receiver: a [`Callee`] that is small enough to be kept for every
/// call of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalleeKind {
    /// [`Callee::Func`].
    Func(FuncId),
    /// [`Callee::External`], with its key.
    External(Symbol),
    /// [`Callee::Interface`].
    Interface {
        /// The interface type.
        interface: TypeId,
        /// `path.T.M` where the interface has a name.
        key: Option<Symbol>,
    },
    /// [`Callee::Literal`].
    Literal(FuncId),
    /// [`Callee::Value`].
    Value(ExprId),
    /// [`Callee::Builtin`].
    Builtin(Builtin),
    /// [`Callee::Conversion`].
    Conversion(TypeId),
    /// [`Callee::Unknown`].
    Unknown(Reason),
}

impl Callee {
    /// What is called, without the receiver.
    pub fn kind(&self) -> CalleeKind {
        match *self {
            Self::Func { func, .. } => CalleeKind::Func(func),
            Self::External { key, .. } => CalleeKind::External(key),
            Self::Interface { interface, key, .. } => CalleeKind::Interface { interface, key },
            Self::Literal(func) => CalleeKind::Literal(func),
            Self::Value(value) => CalleeKind::Value(value),
            Self::Builtin(builtin) => CalleeKind::Builtin(builtin),
            Self::Conversion(ty) => CalleeKind::Conversion(ty),
            Self::Unknown(reason) => CalleeKind::Unknown(reason),
        }
    }
}

/// Predeclared functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are Go's")]
pub enum Builtin {
    Append,
    Cap,
    Clear,
    Close,
    Complex,
    Copy,
    Delete,
    Imag,
    Len,
    Make,
    Max,
    Min,
    New,
    Panic,
    Print,
    Println,
    Real,
    Recover,
    /// A function of package `unsafe`.
    Unsafe,
}

/// What a name or selector means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// An imported package, by path.
    Package(Symbol),
    /// A type.
    Type(TypeId),
    /// A function with source.
    Func(FuncId),
    /// A function of a package without source, by key.
    ExternalFunc(Symbol),
    /// A package variable.
    Var(VarId),
    /// A constant.
    Const(TypeId),
    /// A predeclared function.
    Builtin(Builtin),
    /// A field, with the embedded fields on the way before it.
    Field(SmallVec<[FieldId; 2]>),
    /// A method value or method expression (what it calls is in [`Callee`] terms).
    Method(Box<Callee>),
    /// A local variable.
    Local(LocalId),
    /// `nil`, `true`, `false`, `iota`, `_`.
    Predeclared(Symbol),
    /// Not known.
    Unknown(Reason),
}
