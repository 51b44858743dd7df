//! Declarations as tables: packages, their scopes, functions with their symbols, declared types, methods, fields and
//! package variables. No type is looked at here but a receiver's name.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    model::{Field, FieldId, Func, FuncId, Named, NamedId, Package, PackageId, Reason, TypeId, Var, VarId},
    scope::{FileScope, Imports},
    symbols,
};
use crate::{
    base::{Idx, InPieces, IndexVec, Problem, ProblemKind, Span, Symbol},
    source::{FileId, FileRole, SourceSet},
    syntax::{Expr, FileFacts, FuncIndex, FuncKind, TypeDeclId, TypeExpr, TypeExprId},
};

/// Fields that are looked through one by one; larger structs have an index. 97 of 100 structs of GOROOT/src and a large server
/// are no larger (2026-11).
const MAX_SCANNED_FIELDS: usize = 12;

/// What a name of a package scope stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    Type(FileId, TypeDeclId),
    Func(FuncId),
    /// A variable or constant: a row of [`FileFacts::values`].
    Value(FileId, u32),
}

/// Everything the program declares.
#[derive(Default)]
pub(crate) struct Declarations {
    pub(crate) packages: IndexVec<PackageId, Package>,
    pub(crate) package_of: IndexVec<FileId, PackageId>,
    pub(crate) scopes: IndexVec<PackageId, FxHashMap<Symbol, Entity>>,
    /// Packages that only stubs declare: what they do not declare may still be there.
    pub(crate) partial: IndexVec<PackageId, bool>,
    pub(crate) files: IndexVec<FileId, FileScope>,
    pub(crate) funcs: IndexVec<FuncId, Func>,
    /// Id of each file's first function: functions of a file are consecutive.
    pub(crate) func_base: IndexVec<FileId, u32>,
    pub(crate) named: IndexVec<NamedId, Named>,
    /// Per file and type declaration; `None` for aliases.
    pub(crate) named_of: IndexVec<FileId, Box<[Option<NamedId>]>>,
    /// Declared types of packages without source, by path and name, as far as something uses them as types.
    pub(crate) external: FxHashMap<(Symbol, Symbol), NamedId>,
    pub(crate) methods: IndexVec<NamedId, Vec<FuncId>>,
    pub(crate) method_of: FxHashMap<(NamedId, Symbol), FuncId>,
    pub(crate) fields: IndexVec<FieldId, Field>,
    /// Fields of large structs by the struct's first field and their name.
    pub(crate) field_index: FxHashMap<(FieldId, Symbol), FieldId>,
    /// Per file: the first field of each struct type.
    pub(crate) field_base: IndexVec<FileId, FxHashMap<TypeExprId, FieldId>>,
    pub(crate) vars: IndexVec<VarId, Var>,
    /// Per file and row of [`FileFacts::values`]; `None` for constants.
    pub(crate) var_of: IndexVec<FileId, Box<[Option<VarId>]>>,
    /// Owner numbers of a file's type parameters begin here: first its type declarations, then its functions.
    pub(crate) owner_base: IndexVec<FileId, u32>,
    pub(crate) problems: Vec<Problem>,
}

/// Collects the declarations of all files. `unknown` is the type that fields and variables have until they are typed.
pub(crate) fn declare(
    sources: &SourceSet,
    facts: &IndexVec<FileId, Arc<FileFacts>>,
    universe: &[&str],
    unknown: TypeId,
) -> Declarations {
    let mut all = Declarations::default();
    all.declare_packages(sources, facts);
    let imports = Imports::new(&all.packages, &all.package_of, sources, facts);
    all.problems.extend(imports.clashes(&all.packages, sources));
    let scope = |file| FileScope::new(&facts[file], all.path_of(file), &imports, &all.packages);
    all.files = facts.par_ids().one_by_one().map(scope).collect::<Vec<_>>().into();
    all.declare_named(sources, facts, universe);
    all.declare_fields(facts, unknown);
    all.declare_values(sources, facts, unknown);
    all.declare_funcs(sources, facts);
    all.declare_methods(sources, facts);
    symbols::name_functions(&mut all, sources, facts);
    all.declare_external(facts);
    all
}

impl Declarations {
    fn path_of(&self, file: FileId) -> Symbol {
        self.packages[self.package_of[file]].path
    }

    /// One package per folder and package name; external tests apart.
    fn declare_packages(&mut self, sources: &SourceSet, facts: &IndexVec<FileId, Arc<FileFacts>>) {
        let mut ids: FxHashMap<(Symbol, Symbol), PackageId> = FxHashMap::default();
        for (file, source) in sources.files.iter_enumerated() {
            let name = facts.get(file).and_then(|f| f.package).unwrap_or(Symbol::new(""));
            let external_test = source.test && name.as_str().ends_with("_test");
            let path = match external_test {
                true => Symbol::new(&format!("{}_test", source.import_path)),
                false => source.import_path,
            };
            let id = *ids
                .entry((path, name))
                .or_insert_with(|| self.packages.push(Package { path, name, files: Vec::new() }));
            self.packages[id].files.push(file);
            self.package_of.push(id);
        }
        self.scopes = self.packages.iter().map(|_| FxHashMap::default()).collect();
        let stub = |&file: &FileId| sources.files[file].role == FileRole::Stub;
        self.partial = self.packages.iter().map(|package| package.files.iter().all(stub)).collect();
    }

    /// Puts a name into a package's scope. The first declaration stays.
    fn bind(&mut self, sources: &SourceSet, facts: &FileFacts, file: FileId, name: Symbol, span: Span, entity: Entity) {
        if matches!(name.as_str(), "_" | "init" | "") && !matches!(entity, Entity::Type(..)) {
            return;
        }
        if let std::collections::hash_map::Entry::Vacant(slot) = self.scopes[self.package_of[file]].entry(name) {
            slot.insert(entity);
            return;
        }
        self.duplicate(sources, facts, file, name.as_str(), span);
    }

    fn duplicate(&mut self, sources: &SourceSet, facts: &FileFacts, file: FileId, name: &str, span: Span) {
        self.problems.push(Problem {
            kind: ProblemKind::DuplicateDeclaration,
            message: format!(
                "{name} is declared twice in package {}; the first declaration counts",
                self.path_of(file)
            ),
            file: Some(sources.files[file].path.clone()),
            line: Some(facts.lines.line(span.start)),
        });
    }

    fn declare_named(&mut self, sources: &SourceSet, facts: &IndexVec<FileId, Arc<FileFacts>>, universe: &[&str]) {
        for name in universe {
            self.named.push(Named { package: Symbol::new(""), name: Symbol::new(name), decl: None });
        }
        let mut owners = 0_u32;
        for (file, f) in facts.iter_enumerated() {
            self.owner_base.push(owners);
            owners = owners.saturating_add((f.types.len() + f.functions.len()) as u32);
            let package = self.path_of(file);
            let mut rows = Vec::with_capacity(f.types.len());
            for (decl, ty) in f.types.iter_enumerated() {
                rows.push(
                    (!ty.alias).then(|| self.named.push(Named { package, name: ty.name, decl: Some((file, decl)) })),
                );
                if ty.function.is_none() {
                    self.bind(sources, f, file, ty.name, ty.span, Entity::Type(file, decl));
                }
            }
            self.named_of.push(rows.into());
        }
    }

    fn declare_fields(&mut self, facts: &IndexVec<FileId, Arc<FileFacts>>, unknown: TypeId) {
        let found = facts.par_ids().one_by_one().map(|file| self.structs_in(file, &facts[file], unknown));
        for structs in found.collect::<Vec<_>>() {
            let mut base = FxHashMap::default();
            for (id, fields) in structs {
                let first = FieldId::new(self.fields.len());
                base.insert(id, first);
                let large = fields.len() > MAX_SCANNED_FIELDS;
                for field in fields {
                    let name = field.name;
                    let id = self.fields.push(field);
                    if large {
                        self.field_index.entry((first, name)).or_insert(id);
                    }
                }
            }
            self.field_base.push(base);
        }
    }

    /// The struct types of a file with their fields.
    fn structs_in(&self, file: FileId, facts: &FileFacts, unknown: TypeId) -> Vec<(TypeExprId, Vec<Field>)> {
        let mut owners: FxHashMap<TypeExprId, NamedId> = FxHashMap::default();
        for (decl, ty) in facts.types.iter_enumerated() {
            if let Some(named) = self.named_of[file][decl.index()] {
                owners.insert(ty.body, named);
            }
        }
        let mut out = Vec::new();
        for (id, ty) in facts.type_exprs.iter_enumerated() {
            let TypeExpr::Struct { fields } = ty else { continue };
            let owner = owners.get(&id).copied();
            let owner_name = owner.map_or("struct", |owner| self.named[owner].name.as_str());
            let fields = fields.iter().map(|field| Field {
                owner,
                name: field.name,
                ty: unknown,
                embedded: field.embedded,
                site: Some((file, field.span)),
                display: Symbol::new(&format!("{owner_name}.{}", field.name)),
            });
            out.push((id, fields.collect()));
        }
        out
    }

    fn declare_values(&mut self, sources: &SourceSet, facts: &IndexVec<FileId, Arc<FileFacts>>, unknown: TypeId) {
        for (file, f) in facts.iter_enumerated() {
            let package = self.path_of(file);
            let mut rows = Vec::with_capacity(f.values.len());
            for (row, value) in f.values.iter().enumerate() {
                rows.push((!value.constant).then(|| {
                    self.vars.push(Var { package, name: value.name, ty: unknown, site: Some((file, value.span)) })
                }));
                self.bind(sources, f, file, value.name, value.span, Entity::Value(file, row as u32));
            }
            self.var_of.push(rows.into());
        }
    }

    fn declare_funcs(&mut self, sources: &SourceSet, facts: &IndexVec<FileId, Arc<FileFacts>>) {
        for (file, f) in facts.iter_enumerated() {
            let base = self.funcs.len();
            self.func_base.push(base as u32);
            for (index, function) in f.functions.iter_enumerated() {
                let parent = match function.kind {
                    FuncKind::Literal { parent, .. } => Some(FuncId::new(base + parent.index())),
                    FuncKind::Decl { .. } | FuncKind::VarInit => None,
                };
                let id = self.funcs.push(Func {
                    file,
                    index,
                    package: self.package_of[file],
                    parent,
                    symbol: Symbol::new(""),
                    key: Symbol::new(""),
                    receiver: None,
                });
                if let FuncKind::Decl { name, receiver: None, .. } = function.kind {
                    self.bind(sources, f, file, name, function.name_span, Entity::Func(id));
                }
            }
        }
    }

    /// Methods by receiver type. The receiver may be written through aliases.
    fn declare_methods(&mut self, sources: &SourceSet, facts: &IndexVec<FileId, Arc<FileFacts>>) {
        self.methods = self.named.iter().map(|_| Vec::new()).collect();
        for id in self.funcs.ids() {
            let Func { file, index, package, .. } = self.funcs[id];
            let function = &facts[file].functions[index];
            let FuncKind::Decl { name, receiver: Some(receiver), .. } = &function.kind else { continue };
            let Some(named) = self.receiver_named(facts, package, receiver.type_name) else { continue };
            self.funcs[id].receiver = Some(named);
            if name.as_str() == "_" {
                continue;
            }
            if self.method_of.contains_key(&(named, *name)) {
                let name = format!("{}.{name}", receiver.type_name);
                self.duplicate(sources, &facts[file], file, &name, function.name_span);
                continue;
            }
            self.method_of.insert((named, *name), id);
            self.methods[named].push(id);
        }
    }

    fn receiver_named(
        &self,
        facts: &IndexVec<FileId, Arc<FileFacts>>,
        package: PackageId,
        name: Symbol,
    ) -> Option<NamedId> {
        let mut name = name;
        // Invariant: each round follows one alias; a circle of aliases ends by having been seen.
        let mut seen = FxHashSet::default();
        while seen.insert(name) {
            let Entity::Type(file, decl) = *self.scopes[package].get(&name)? else { return None };
            if let Some(named) = self.named_of[file][decl.index()] {
                return Some(named);
            }
            let mut body = facts[file].types[decl].body;
            while let TypeExpr::Instance { generic, .. } | TypeExpr::Pointer(generic) = &facts[file].type_exprs[body] {
                body = *generic;
            }
            let TypeExpr::Name(next) = facts[file].type_exprs[body] else { return None };
            name = next;
        }
        None
    }

    /// Types of packages without source, told from functions by being used as types.
    fn declare_external(&mut self, facts: &IndexVec<FileId, Arc<FileFacts>>) {
        let used = facts.par_ids().one_by_one().flat_map_iter(|file| {
            let f = &facts[file];
            let mut used: FxHashSet<(Symbol, Symbol)> = FxHashSet::default();
            let absent = |package, name: &Symbol| {
                let absent = |package| self.partial[package] && !self.scopes[package].contains_key(name);
                self.files[file].import(package).filter(|import| import.package.is_none_or(absent))
            };
            for ty in f.type_exprs.iter() {
                if let TypeExpr::Qualified { package, name } = ty
                    && let Some(import) = absent(*package, name)
                {
                    used.insert((import.path, *name));
                }
            }
            for (base, name) in f.exprs.iter().filter_map(|expr| type_operand(f, expr)) {
                if let Some(import) = absent(base, &name) {
                    used.insert((import.path, name));
                }
            }
            used
        });
        let mut used: Vec<_> = used.collect();
        used.sort_by_key(|&(path, name)| (path.as_str(), name.as_str()));
        used.dedup();
        for (path, name) in used {
            let id = self.named.push(Named { package: path, name, decl: None });
            self.methods.push(Vec::new());
            self.external.insert((path, name), id);
        }
    }

    /// The field of a struct that has a name.
    pub(crate) fn field_named(&self, fields: &[FieldId], name: Symbol) -> Option<FieldId> {
        if fields.len() > MAX_SCANNED_FIELDS {
            return self.field_index.get(&(*fields.first()?, name)).copied();
        }
        fields.iter().copied().find(|&field| self.fields[field].name == name)
    }

    /// The function of a row of a file.
    pub(crate) fn func(&self, file: FileId, index: FuncIndex) -> Option<FuncId> {
        let id = FuncId::new(*self.func_base.get(file)? as usize + index.index());
        self.funcs.get(id).filter(|func| func.file == file).map(|_| id)
    }

    /// Why a member of an absent package is not known.
    pub(crate) fn absent(path: Symbol) -> Reason {
        match path.as_str() {
            "C" => Reason::Opaque,
            _ => Reason::NoSource(path),
        }
    }
}

/// `pkg.T` where the expression can only be read with `pkg.T` as a type: `new(pkg.T)`, `make(pkg.T)`, `(*pkg.T)(x)`.
fn type_operand(facts: &FileFacts, expr: &Expr) -> Option<(Symbol, Symbol)> {
    let Expr::Call { callee, args, .. } = expr else { return None };
    let operand = match &facts.exprs[*callee] {
        Expr::Name(name) if matches!(name.as_str(), "new" | "make") => *facts.exprs.list(*args).first()?,
        // The operand of `*p` as a callee is a type unless `p` points to a function, which nobody does with a
        // member of another package.
        Expr::Deref(operand) => *operand,
        _ => return None,
    };
    let Expr::Select { base, name } = &facts.exprs[operand] else { return None };
    match &facts.exprs[*base] {
        Expr::Name(package) => Some((*package, *name)),
        _ => None,
    }
}
