//! The whole program, resolved: the answers everything above asks for.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    callees::FileCallees,
    declare::{self, Declarations},
    initorder,
    memo::FileMemo,
    model::{
        Callee, CalleeKind, Field, FieldId, Func, FuncId, Meaning, Named, NamedId, Package, PackageId, Place, Reason,
        Type, TypeId, Var, VarId,
    },
    select::Member,
    symbols,
    typer::Typer,
    types::Types,
    universe::{self, Universe},
};
use crate::{
    base::{Idx, InPieces, IndexVec, Parsed, Symbol},
    source::{FileId, FileRole, SourceSet},
    syntax::{ExprId, FileFacts, FuncIndex, Function, LocalId, TypeExpr},
};

/// All packages of one analysis with everything that follows from declarations.
pub struct Program {
    pub(super) sources: Arc<SourceSet>,
    pub(super) facts: IndexVec<FileId, Arc<FileFacts>>,
    pub(super) declared: Declarations,
    pub(super) types: Types,
    pub(super) universe: Universe,
    pub(super) memo: IndexVec<FileId, FileMemo>,
    /// What calls call, known after types are.
    pub(super) callees: IndexVec<FileId, FileCallees>,
    /// Keys of declared types: see [`Program::type_key`].
    pub(super) keys: IndexVec<NamedId, Symbol>,
    /// Types of fields, known after type expressions are.
    field_types: IndexVec<FieldId, (FileId, crate::syntax::TypeExprId)>,
    /// Made when it is first asked for.
    by_symbol: OnceLock<FxHashMap<Symbol, Vec<FuncId>>>,
}

impl Program {
    /// Resolves all files. `facts` has one row per file of `sources`; programs may share rows, which are never changed.
    pub fn build(sources: Arc<SourceSet>, facts: IndexVec<FileId, Arc<FileFacts>>) -> Parsed<Self> {
        let mut facts = facts;
        while facts.len() < sources.files.len() {
            facts.push(Arc::default());
        }
        let types = Types::new();
        let universe = Universe::new(&types);
        let unknown = types.unknown(Reason::Cycle);
        let mut declared = declare::declare(&sources, &facts, &universe::NAMED, unknown);
        let problems = std::mem::take(&mut declared.problems);
        let memo = facts.par_ids().one_by_one().map(|file| FileMemo::new(&facts[file])).collect::<Vec<_>>().into();
        let field_types = field_type_exprs(&facts);
        let key = |named| universe::key(named, &declared.named[named]);
        let keys = declared.named.par_ids().map(key).collect::<Vec<_>>().into();
        let (callees, by_symbol) = (IndexVec::new(), OnceLock::new());
        let mut program =
            Self { sources, facts, declared, types, universe, memo, callees, keys, field_types, by_symbol };
        program.type_everything();
        let files = program.facts.par_ids().one_by_one();
        let callees: Vec<FileCallees> = files.map(|file| FileCallees::new(&Typer::new(&program), file)).collect();
        program.callees = callees.into();
        program.number_literals();
        Parsed { value: program, problems }
    }

    fn type_everything(&mut self) {
        self.facts.par_ids().one_by_one().for_each(|file| Typer::new(self).type_file(file));
        let typer = Typer::new(self);
        let fields: Vec<TypeId> = self.field_types.par_ids().map(|field| self.field_type(field)).collect();
        let vars: Vec<(VarId, TypeId)> = self
            .declared
            .var_of
            .iter_enumerated()
            .flat_map(|(file, rows)| rows.iter().enumerate().filter_map(move |(row, var)| Some((file, row, (*var)?))))
            .map(|(file, row, var)| (var, typer.value_type(file, row as u32)))
            .collect();
        for (field, ty) in self.declared.fields.iter_mut().zip(fields) {
            field.ty = ty;
        }
        for (var, ty) in vars {
            self.declared.vars[var].ty = ty;
        }
    }

    /// Numbers the literals of package variables in the order of initialisation.
    fn number_literals(&mut self) {
        let packages = self.declared.packages.par_ids().one_by_one();
        let numbers: Vec<_> =
            packages.filter_map(|package| initorder::literal_numbers(&Typer::new(self), package)).collect();
        for (files, numbers) in numbers {
            symbols::renumber(&mut self.declared, &self.facts, &files, &numbers);
        }
    }

    /// The files.
    pub fn sources(&self) -> &SourceSet {
        &self.sources
    }

    /// The files, for who needs them when the program is gone.
    pub fn shared_sources(&self) -> Arc<SourceSet> {
        self.sources.clone()
    }

    /// What a file says.
    pub fn facts(&self, file: FileId) -> &FileFacts {
        &self.facts[file]
    }

    /// All packages.
    pub fn packages(&self) -> &IndexVec<PackageId, Package> {
        &self.declared.packages
    }

    /// The package of a file.
    pub fn package_of(&self, file: FileId) -> PackageId {
        self.declared.package_of[file]
    }

    /// Packages with source that a file imports, under whatever name.
    pub fn imports(&self, file: FileId) -> &[PackageId] {
        &self.declared.files[file].packages
    }

    /// All functions with source, by file and row.
    pub fn funcs(&self) -> &IndexVec<FuncId, Func> {
        &self.declared.funcs
    }

    /// Whether the function stands in a file of tests.
    pub fn in_test_file(&self, func: FuncId) -> bool {
        self.sources().files[self.funcs()[func].file].test
    }

    /// Whether `inner` is `outer`, or a literal in it at any depth.
    pub fn encloses(&self, outer: FuncId, inner: FuncId) -> bool {
        std::iter::successors(Some(inner), |at| self.funcs()[*at].parent).any(|at| at == outer)
    }

    /// The function that declares a local variable.
    pub fn declaring(&self, file: FileId, local: LocalId) -> Option<FuncId> {
        self.func_of(file, self.facts(file).locals[local].function)
    }

    /// The first parameter of a function whose type, or what it points to, has such a name (`pkgpath.Name`).
    pub fn param_of_type(&self, func: FuncId, is: impl Fn(Symbol) -> bool) -> Option<LocalId> {
        let file = self.funcs()[func].file;
        let mut params = self.function(func).signature.params.iter().filter_map(|param| param.local);
        params.find(|local| self.type_key(self.local_type(file, *local)).is_some_and(&is))
    }

    /// The function of a row of a file.
    pub fn func_of(&self, file: FileId, index: FuncIndex) -> Option<FuncId> {
        self.declared.func(file, index)
    }

    /// What the file says about a function.
    pub fn function(&self, func: FuncId) -> &Function {
        let row = &self.declared.funcs[func];
        &self.facts[row.file].functions[row.index]
    }

    /// Whether a function is a declaration that stands for a library's: calls of it are [`Callee::External`].
    pub fn is_stub(&self, func: FuncId) -> bool {
        let file = self.declared.funcs[func].file;
        self.sources.files[file].role == FileRole::Stub && self.function(func).body.is_none()
    }

    /// Functions with a symbol; several packages `main` share theirs.
    pub fn funcs_by_symbol(&self, symbol: Symbol) -> &[FuncId] {
        let by_symbol = self.by_symbol.get_or_init(|| {
            let mut by_symbol: FxHashMap<Symbol, Vec<FuncId>> = FxHashMap::default();
            for (id, func) in self.declared.funcs.iter_enumerated() {
                by_symbol.entry(func.symbol).or_default().push(id);
            }
            by_symbol
        });
        by_symbol.get(&symbol).map_or(&[], Vec::as_slice)
    }

    /// A declared type.
    pub fn named(&self, named: NamedId) -> &Named {
        &self.declared.named[named]
    }

    /// All declared types.
    pub fn named_types(&self) -> &IndexVec<NamedId, Named> {
        &self.declared.named
    }

    /// A struct field.
    pub fn field(&self, field: FieldId) -> &Field {
        &self.declared.fields[field]
    }

    /// All struct fields.
    pub fn fields(&self) -> &IndexVec<FieldId, Field> {
        &self.declared.fields
    }

    /// A package variable.
    pub fn var(&self, var: VarId) -> &Var {
        &self.declared.vars[var]
    }

    /// All package variables.
    pub fn vars(&self) -> &IndexVec<VarId, Var> {
        &self.declared.vars
    }

    /// A type.
    pub fn ty(&self, ty: TypeId) -> &Type {
        self.types.get(ty)
    }

    /// The underlying type; of a type parameter itself.
    pub fn underlying(&self, ty: TypeId) -> TypeId {
        Typer::new(self).underlying(ty)
    }

    /// The declared type of a type, or of what it points to.
    pub fn named_of(&self, ty: TypeId) -> Option<NamedId> {
        match self.ty(ty) {
            Type::Named { named, .. } => Some(*named),
            Type::Pointer(to) => match self.ty(*to) {
                Type::Named { named, .. } => Some(*named),
                _ => None,
            },
            _ => None,
        }
    }

    /// The fields of a struct type, a declared one, or one that a pointer points to; empty for others.
    pub fn fields_of(&self, ty: TypeId) -> &[FieldId] {
        let typer = Typer::new(self);
        typer.fields(typer.deref(ty)).map_or(&[], |(fields, _)| fields)
    }

    /// `pkgpath.Name` of the declared type of a type, or of what it points to.
    pub fn type_key(&self, ty: TypeId) -> Option<Symbol> {
        self.named_of(ty).map(|named| Typer::new(self).named_key(named))
    }

    /// The type of an expression. A call of no or several results has a [`Type::Tuple`].
    pub fn expr_type(&self, file: FileId, expr: ExprId) -> TypeId {
        Typer::new(self).expr_type(file, expr)
    }

    /// The type of a local variable.
    pub fn local_type(&self, file: FileId, local: LocalId) -> TypeId {
        Typer::new(self).local_type(file, local)
    }

    /// The type of a function, without its receiver.
    pub fn func_type(&self, func: FuncId) -> TypeId {
        Typer::new(self).func_type(func)
    }

    /// Where the value of an expression lives. `&x`, `x[a:b]`, `x.(T)` and conversions of `x` live where `x` does.
    pub fn place(&self, file: FileId, expr: ExprId) -> Place {
        Typer::new(self).place(file, expr)
    }

    /// What a call expression calls.
    pub fn callee(&self, file: FileId, call: ExprId) -> Callee {
        Typer::new(self).callee(file, call)
    }

    /// The key by which what a call expression calls is known elsewhere: of a function with source, of one without, or of
    /// a method of an interface that has a name.
    pub fn callee_key(&self, file: FileId, call: ExprId) -> Option<Symbol> {
        match self.callee_kind(file, call) {
            CalleeKind::Func(func) => Some(self.funcs()[func].key),
            CalleeKind::External(key) => Some(key),
            CalleeKind::Interface { key, .. } => key,
            _ => None,
        }
    }

    /// What a call expression calls, without where its receiver lives.
    pub fn callee_kind(&self, file: FileId, call: ExprId) -> CalleeKind {
        Typer::new(self).callee_kind(file, call)
    }

    /// What a name, local or selector means.
    pub fn meaning(&self, file: FileId, expr: ExprId) -> Meaning {
        Typer::new(self).meaning(file, expr)
    }

    /// The methods declared for a type, by file and row.
    pub fn methods_of(&self, named: NamedId) -> &[FuncId] {
        self.declared.methods.get(named).map_or(&[], Vec::as_slice)
    }

    /// The field or method `name` of a value of type `ty`: a [`Meaning::Field`], a [`Meaning::Func`] (of a declared
    /// type, maybe promoted), a [`Meaning::ExternalFunc`], or [`Meaning::Unknown`]; a method of an interface is a
    /// [`Meaning::Type`] of its signature.
    pub fn lookup_method(&self, ty: TypeId, name: Symbol) -> Meaning {
        let typer = Typer::new(self);
        match typer.find_member(ty, name) {
            Member::Field { path, .. } => Meaning::Field(path),
            Member::Method { func, .. } => Meaning::Func(func),
            Member::InterfaceMethod { ty, .. } => Meaning::Type(ty),
            Member::External { named, .. } => {
                Meaning::ExternalFunc(Symbol::new(&format!("{}.{name}", typer.named_key(named))))
            }
            Member::Missing(reason) => Meaning::Unknown(reason),
        }
    }

    pub(super) fn field_type(&self, field: FieldId) -> TypeId {
        match self.field_types.get(field) {
            Some(&(file, ty)) => Typer::new(self).type_expr(file, ty),
            None => self.types.unknown(Reason::SyntaxError),
        }
    }

    /// All types met, in no order that means anything.
    pub fn all_types(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..self.types.len()).map(TypeId::new)
    }

    /// Number of interned types, for measurements.
    pub fn type_count(&self) -> usize {
        self.types.len()
    }
}

/// File and type expression of every field, in the order in which `declare` numbers fields.
fn field_type_exprs(
    facts: &IndexVec<FileId, Arc<FileFacts>>,
) -> IndexVec<FieldId, (FileId, crate::syntax::TypeExprId)> {
    facts
        .iter_enumerated()
        .flat_map(|(file, f)| f.type_exprs.iter().map(move |ty| (file, ty)))
        .filter_map(|(file, ty)| match ty {
            TypeExpr::Struct { fields } => Some(fields.iter().map(move |field| (file, field.ty))),
            _ => None,
        })
        .flatten()
        .collect()
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("files", &self.facts.len())
            .field("funcs", &self.declared.funcs.len())
            .field("types", &self.types.len())
            .finish_non_exhaustive()
    }
}
