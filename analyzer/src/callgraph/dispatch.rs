//! Methods behind interface calls: which types implement an interface, and which function a method of a type is.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, OnceLock},
};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{collect, node::Item};
use crate::{
    base::Symbol,
    resolve::{
        FieldId, FuncId, InterfaceMethod, Program, Type, TypeId,
        internal::{Member, Typer},
    },
    source::FileRole,
    syntax::{FuncKind, TypeExpr},
};

/// The method of a type that an interface call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Func(FuncId),
    External(Symbol),
    /// The method of an interface embedded in a struct: the call goes on to what is in that field.
    Embedded {
        field: FieldId,
        interface: TypeId,
    },
    None,
}

/// Whether a type has a method of some name in its method set.
#[derive(Clone, Copy, Debug)]
enum Fit {
    Known {
        func: Option<FuncId>,
        signature: TypeId,
    },
    /// It may: it is, or embeds, a type without source.
    External,
    None,
}

/// What all look-ups begin with, on whatever thread.
struct Lists {
    /// Type items by the names of their known methods.
    by_method: FxHashMap<Symbol, Having>,
    /// The same, only of types that embed a type without source, whose methods are not all known.
    partly_by_method: FxHashMap<Symbol, Vec<u32>>,
    /// Type items without source.
    external: Vec<u32>,
    /// Function types by the names of their methods.
    function_types: FxHashMap<Symbol, Vec<TypeId>>,
}

/// The type items that have a method of some name.
#[derive(Default)]
struct Having {
    /// In order.
    items: Vec<u32>,
    /// What the method of each is: found out when an interface with such a method is asked about, for all threads.
    fits: OnceLock<Vec<Fit>>,
}

/// The beginning of look-ups on another thread.
pub(super) struct Start<'p> {
    p: &'p Program,
    lists: Arc<Lists>,
    functions: Arc<Functions>,
}

impl<'p> Start<'p> {
    /// Look-ups of one thread.
    pub(super) fn look_ups(&self) -> Dispatch<'p> {
        Dispatch::with(self.p, self.lists.clone(), self.functions.clone())
    }
}

/// Looks up methods of the types that become interface values. One per thread: its answers are kept.
pub(super) struct Dispatch<'p> {
    pub(super) t: Typer<'p>,
    pub(super) p: &'p Program,
    found: RefCell<FxHashMap<(TypeId, Symbol), Found>>,
    lists: Arc<Lists>,
    functions: Arc<Functions>,
    implementers: RefCell<FxHashMap<TypeId, Rc<[u32]>>>,
    admitted: RefCell<FxHashMap<Filter, Arc<[u64]>>>,
}

/// What may stay at a node, by the node's type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Filter {
    /// Types that implement an interface.
    Interface(TypeId),
    /// Functions of a type.
    Function(TypeId),
}

impl Filter {
    /// The filter of a node whose values have the type; `None` where that says nothing.
    pub(super) fn of_type(t: &Typer<'_>, ty: TypeId) -> Option<Self> {
        let under = t.underlying(ty);
        match t.ty(under) {
            Type::Interface { methods, complete: true } if !methods.is_empty() => Some(Self::Interface(ty)),
            Type::Func { .. } => Some(Self::Function(under)),
            _ => None,
        }
    }
}

impl<'p> Dispatch<'p> {
    pub(super) fn new(p: &'p Program, items: &[Item]) -> Self {
        let t = Typer::new(p);
        let mut by_method: FxHashMap<Symbol, Having> = FxHashMap::default();
        let mut partly_by_method: FxHashMap<Symbol, Vec<u32>> = FxHashMap::default();
        let mut external = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let Item::Type(ty) = *item else { continue };
            let mut names = FxHashSet::default();
            let mut seen = FxHashSet::default();
            let partly = method_names(&t, p, ty, &mut names, &mut seen);
            if partly && t.fields(t.deref(ty)).is_none() {
                external.push(i as u32);
                continue;
            }
            #[allow(clippy::iter_over_hash_type, reason = "each name has a list of its own")]
            for name in names {
                by_method.entry(name).or_default().items.push(i as u32);
                if partly {
                    partly_by_method.entry(name).or_default().push(i as u32);
                }
            }
        }
        let mut function_types: FxHashMap<Symbol, Vec<TypeId>> = FxHashMap::default();
        let with_methods = p.named_types().iter_enumerated().filter(|&(named, _)| !p.methods_of(named).is_empty());
        for (named, (file, decl)) in with_methods.filter_map(|(named, row)| Some((named, row.decl?))) {
            let ty = t.declared_type(file, decl);
            if matches!(t.ty(t.underlying(ty)), Type::Func { .. }) {
                for &func in p.methods_of(named) {
                    if let FuncKind::Decl { name, .. } = &p.function(func).kind {
                        function_types.entry(*name).or_default().push(ty);
                    }
                }
            }
        }
        let functions = Arc::new(Functions::new(&t, items));
        Self::with(p, Arc::new(Lists { by_method, partly_by_method, external, function_types }), functions)
    }

    /// What all look-ups begin with, to begin the same ones on another thread.
    pub(super) fn start(&self) -> Start<'p> {
        Start { p: self.p, lists: self.lists.clone(), functions: self.functions.clone() }
    }

    fn with(p: &'p Program, lists: Arc<Lists>, functions: Arc<Functions>) -> Self {
        Self {
            t: Typer::new(p),
            p,
            found: RefCell::default(),
            lists,
            functions,
            implementers: RefCell::default(),
            admitted: RefCell::default(),
        }
    }

    /// The method `name` of values of type `ty`.
    pub(super) fn find(&self, ty: TypeId, name: Symbol) -> Found {
        if let Some(&found) = self.found.borrow().get(&(ty, name)) {
            return found;
        }
        let found = match self.t.find_member(ty, name) {
            Member::Method { func, .. } => match self.p.is_stub(func) {
                true => Found::External(self.p.funcs()[func].key),
                false => Found::Func(func),
            },
            Member::InterfaceMethod { path, interface, .. } => match path.last() {
                Some(&field) => Found::Embedded { field, interface },
                None => Found::None,
            },
            Member::External { named, .. } => {
                Found::External(Symbol::new(&format!("{}.{name}", self.t.named_key(named))))
            }
            Member::Field { .. } | Member::Missing(_) => Found::None,
        };
        self.found.borrow_mut().insert((ty, name), found);
        found
    }

    /// Whether what a type has under the name of an interface's method is known, and is such a method: with a signature
    /// that agrees as far as known. What was said of signatures is kept in `agreeing`.
    fn fits(
        &self,
        fit: Fit,
        interface: TypeId,
        method: &InterfaceMethod,
        agreeing: &mut FxHashMap<TypeId, bool>,
    ) -> bool {
        match fit {
            Fit::Known { func, signature } => {
                func.is_none_or(|func| self.visible(func, interface, method.name))
                    && *agreeing.entry(signature).or_insert_with(|| self.agree(signature, method.ty, 0))
            }
            Fit::External | Fit::None => false,
        }
    }

    /// The type items that have a method of that name, in order, with what it is.
    fn having(&self, name: Symbol, items: &[Item]) -> (&[u32], &[Fit]) {
        let Some(having) = self.lists.by_method.get(&name) else { return (&[], &[]) };
        let fits = having.fits.get_or_init(|| {
            let fit = |&item: &u32| match items[item as usize] {
                Item::Type(ty) => self.fit(ty, name),
                _ => Fit::None,
            };
            having.items.iter().map(fit).collect()
        });
        (&having.items, fits)
    }

    fn fit(&self, ty: TypeId, name: Symbol) -> Fit {
        match self.t.find_member(ty, name) {
            Member::Method { path, func, receiver } => {
                let declared_on_pointer = matches!(
                    &self.p.function(func).kind,
                    FuncKind::Decl { receiver: Some(receiver), .. } if receiver.pointer
                );
                let through_pointer = || {
                    matches!(self.t.ty(ty), Type::Pointer(_))
                        || path.iter().any(|&field| matches!(self.t.ty(self.p.field(field).ty), Type::Pointer(_)))
                };
                match declared_on_pointer && !through_pointer() {
                    true => Fit::None,
                    false => Fit::Known { func: Some(func), signature: self.t.method_type(func, receiver) },
                }
            }
            Member::InterfaceMethod { ty, .. } => Fit::Known { func: None, signature: ty },
            Member::External { .. } => Fit::External,
            Member::Field { .. } | Member::Missing(_) => Fit::None,
        }
    }

    /// Methods that are not exported implement interfaces of their own package only.
    fn visible(&self, func: FuncId, interface: TypeId, name: Symbol) -> bool {
        if name.as_str().chars().next().is_some_and(char::is_uppercase) {
            return true;
        }
        let Type::Named { named, .. } = self.t.ty(interface) else { return true };
        let row = self.p.named(*named);
        if self.p.packages()[self.p.funcs()[func].package].path == row.package {
            return true;
        }
        // An interface of another package may be embedded here, and its hidden methods with it.
        let Some((file, decl)) = row.decl else { return true };
        let facts = self.p.facts(file);
        match &facts.type_exprs[facts.types[decl].body] {
            TypeExpr::Interface { embedded, .. } => !embedded.is_empty(),
            _ => true,
        }
    }

    /// Whether two types may be the same; unknown types and type parameters may be any.
    pub(super) fn agree(&self, a: TypeId, b: TypeId, depth: u32) -> bool {
        /// Nesting that is compared; beyond it types count as the same.
        const MAX_DEPTH: u32 = 8;
        if a == b || MAX_DEPTH < depth {
            return true;
        }
        let all = |a: &[TypeId], b: &[TypeId]| {
            a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.agree(a, b, depth + 1))
        };
        match (self.t.ty(a), self.t.ty(b)) {
            (Type::Unknown(_) | Type::Param { .. }, _) | (_, Type::Unknown(_) | Type::Param { .. }) => true,
            (Type::Named { named: a, args: x }, Type::Named { named: b, args: y }) => a == b && all(x, y),
            (Type::Pointer(a), Type::Pointer(b))
            | (Type::Slice(a), Type::Slice(b))
            | (Type::Array(a), Type::Array(b)) => self.agree(*a, *b, depth + 1),
            (Type::Chan { element: a, direction: x }, Type::Chan { element: b, direction: y }) => {
                x == y && self.agree(*a, *b, depth + 1)
            }
            (Type::Map { key, value }, Type::Map { key: k, value: v }) => {
                self.agree(*key, *k, depth + 1) && self.agree(*value, *v, depth + 1)
            }
            (Type::Func { params, variadic, results }, Type::Func { params: p, variadic: v, results: r }) => {
                variadic == v && all(params, p) && all(results, r)
            }
            (Type::Interface { methods, .. }, Type::Interface { methods: other, .. }) => {
                methods.len() == other.len()
                    && methods
                        .iter()
                        .zip(other.iter())
                        .all(|(a, b)| a.name == b.name && self.agree(a.ty, b.ty, depth + 1))
            }
            (Type::Struct(a), Type::Struct(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|(&a, &b)| {
                        let (a, b) = (self.p.field(a), self.p.field(b));
                        a.name == b.name && self.agree(a.ty, b.ty, depth + 1)
                    })
            }
            _ => false,
        }
    }

    /// The type items that certainly implement an interface, in order.
    pub(super) fn implementers(&self, interface: TypeId, items: &[Item]) -> Rc<[u32]> {
        if let Some(known) = self.implementers.borrow().get(&interface) {
            return known.clone();
        }
        let mut list: Vec<u32> = Vec::new();
        if let Type::Interface { methods, .. } = self.t.ty(self.t.underlying(interface)) {
            let has = |m: &InterfaceMethod| self.lists.by_method.get(&m.name).map_or(0, |having| having.items.len());
            let mut methods: Vec<&InterfaceMethod> = methods.iter().collect();
            methods.sort_by_key(|m| has(m));
            if let Some(rarest) = methods.first() {
                list.extend(self.having(rarest.name, items).0);
            }
            for method in methods {
                if list.is_empty() {
                    break;
                }
                let (having, fits) = self.having(method.name, items);
                let mut agreeing = FxHashMap::default();
                list.retain(|item| {
                    let row = having.binary_search(item);
                    row.is_ok_and(|row| self.fits(fits[row], interface, method, &mut agreeing))
                });
            }
        }
        let list: Rc<[u32]> = list.into();
        self.implementers.borrow_mut().insert(interface, list.clone());
        list
    }

    /// The type items that may implement an interface because of a type without source they are or embed: nothing
    /// known speaks against it, and at least one method for it.
    fn possible_implementers(&self, interface: TypeId, items: &[Item]) -> Vec<u32> {
        let mut agreeing: FxHashMap<u32, bool> = FxHashMap::default();
        let Type::Interface { methods, .. } = self.t.ty(self.t.underlying(interface)) else { return Vec::new() };
        for method in methods.iter() {
            let Some(partly) = self.lists.partly_by_method.get(&method.name) else { continue };
            let (having, fits) = self.having(method.name, items);
            let mut alike: FxHashMap<TypeId, bool> = FxHashMap::default();
            for &i in partly {
                let agrees = match having.binary_search(&i).map_or(Fit::None, |row| fits[row]) {
                    Fit::Known { signature, .. } => {
                        *alike.entry(signature).or_insert_with(|| self.agree(signature, method.ty, 0))
                    }
                    Fit::External => true,
                    Fit::None => false,
                };
                *agreeing.entry(i).or_insert(true) &= agrees;
            }
        }
        #[allow(clippy::iter_over_hash_type, reason = "they become a set")]
        agreeing
            .into_iter()
            .filter(|&(_, agrees)| agrees)
            .map(|(i, _)| i)
            .chain(self.lists.external.iter().copied())
            .collect()
    }

    /// The methods with source that a call of an interface's method may reach, by types alone.
    pub(super) fn methods_that_fit(&self, interface: TypeId, method: Symbol, items: &[Item]) -> Vec<(FuncId, bool)> {
        let possible = self.possible_implementers(interface, items);
        let implementers = self.implementers(interface, items);
        let (having, fits) = self.having(method, items);
        let fit = |item: &u32| match (having.binary_search(item), items[*item as usize]) {
            (Ok(row), _) => fits[row],
            (Err(_), Item::Type(ty)) => self.fit(ty, method),
            (Err(_), _) => Fit::None,
        };
        let mut funcs: Vec<(FuncId, bool)> = implementers
            .iter()
            .chain(&possible)
            .filter_map(|item| match fit(item) {
                Fit::Known { func, .. } => func.filter(|&func| !self.p.is_stub(func)),
                Fit::External | Fit::None => None,
            })
            .map(|func| (func, false))
            .collect();
        funcs.sort_unstable();
        funcs.dedup();
        funcs
    }

    /// The key of a method of an interface that stands for a library's.
    pub(super) fn library_method(&self, interface: TypeId, method: Symbol) -> Option<Symbol> {
        let Type::Named { named, .. } = self.t.ty(interface) else { return None };
        let (file, _) = self.p.named(*named).decl?;
        let stub = self.p.sources().files[file].role == FileRole::Stub;
        stub.then(|| Symbol::new(&format!("{}.{method}", self.t.named_key(*named))))
    }

    /// Whether a function type with methods implements the interface, so that functions travel inside of it.
    pub(super) fn function_implements(&self, interface: TypeId) -> bool {
        match self.t.ty(self.t.underlying(interface)) {
            Type::Interface { methods, .. } => {
                let Some(first) = methods.first() else { return !self.lists.function_types.is_empty() };
                let has = |ty: TypeId, method: &InterfaceMethod| {
                    self.fits(self.fit(ty, method.name), interface, method, &mut FxHashMap::default())
                };
                let types = self.lists.function_types.get(&first.name);
                types.into_iter().flatten().any(|&ty| methods.iter().all(|method| has(ty, method)))
            }
            _ => false,
        }
    }

    /// Works out what many filters admit, so that it is known when one asks.
    pub(super) fn admit_all(&self, filters: &[Filter], items: &[Item]) {
        let start = self.start();
        let sets =
            filters.par_iter().map_init(|| start.look_ups(), |own, &filter| (filter, own.admitted(filter, items)));
        self.admitted.borrow_mut().extend(sets.collect::<Vec<_>>());
    }

    /// The items that a filter admits, as a bit set.
    pub(super) fn admitted(&self, filter: Filter, items: &[Item]) -> Arc<[u64]> {
        if let Some(known) = self.admitted.borrow().get(&filter) {
            return known.clone();
        }
        let bits = match filter {
            Filter::Interface(interface) => {
                let mut bits = match self.function_implements(interface) {
                    true => self.functions.all.clone(),
                    false => self.functions.open.clone(),
                };
                let possible = self.possible_implementers(interface, items);
                for &i in self.implementers(interface, items).iter().chain(&possible).chain(&self.lists.external) {
                    admit(&mut bits, i);
                }
                bits
            }
            Filter::Function(signature) => {
                let mut bits = self.functions.untyped.clone();
                let functions = &self.functions;
                let alike = functions.by_shape.get(&shape(&self.t, signature)).map_or(&[][..], Vec::as_slice);
                let unknown = functions.by_shape.get(&None).map_or(&[][..], Vec::as_slice);
                for (_, group) in alike.iter().chain(unknown).filter(|&&(own, _)| self.agree(own, signature, 0)) {
                    for &i in group {
                        admit(&mut bits, i);
                    }
                }
                bits
            }
        };
        let bits: Arc<[u64]> = bits.into();
        self.admitted.borrow_mut().insert(filter, bits.clone());
        bits
    }

    /// The node and type of a method's receiver where it is a function value.
    pub(super) fn receiver_local(&self, func: FuncId) -> Option<super::node::Node> {
        collect::receiver_local(&self.t, self.p, func).map(|(node, _)| node)
    }
}

/// How many parameters and results a function type has, and whether the last parameter is variadic: types that differ
/// in these never agree. `None` for what is not known to be a function type.
type Shape = Option<(usize, usize, bool)>;

fn shape(t: &Typer<'_>, ty: TypeId) -> Shape {
    match t.ty(ty) {
        Type::Func { params, variadic, results } => Some((params.len(), results.len(), *variadic)),
        _ => None,
    }
}

/// The items that are no types, sorted once: a program has thousands of function types to look for among tens of
/// thousands of functions.
#[derive(Default)]
struct Functions {
    /// By shape, then by underlying type.
    by_shape: FxHashMap<Shape, Vec<(TypeId, Vec<u32>)>>,
    /// All of them, as a bit set like those below.
    all: Vec<u64>,
    /// What comes from outside.
    open: Vec<u64>,
    /// What any function type admits: loop bodies, and what comes from outside.
    untyped: Vec<u64>,
}

impl Functions {
    fn new(t: &Typer<'_>, items: &[Item]) -> Self {
        let none = vec![0; items.len().div_ceil(64)];
        let mut functions =
            Self { by_shape: FxHashMap::default(), all: none.clone(), open: none.clone(), untyped: none };
        let mut group_of: FxHashMap<TypeId, (Shape, usize)> = FxHashMap::default();
        for (i, item) in (0_u32..).zip(items) {
            let own = match *item {
                Item::Type(_) => continue,
                Item::Func { signature, .. } => Some(signature),
                Item::Bound(file, expr) => Some(t.expr_type(file, expr)),
                Item::RangeBody(..) => None,
                Item::Open(_) => {
                    admit(&mut functions.open, i);
                    None
                }
            };
            admit(&mut functions.all, i);
            let Some(own) = own else {
                admit(&mut functions.untyped, i);
                continue;
            };
            let own = t.underlying(own);
            let &mut (shape, group) = group_of.entry(own).or_insert_with(|| {
                let shape = shape(t, own);
                let groups = functions.by_shape.entry(shape).or_default();
                groups.push((own, Vec::new()));
                (shape, groups.len() - 1)
            });
            if let Some(groups) = functions.by_shape.get_mut(&shape) {
                groups[group].1.push(i);
            }
        }
        functions
    }
}

fn admit(bits: &mut [u64], item: u32) {
    bits[item as usize / 64] |= 1 << (item % 64);
}

/// Collects the names of a type's methods, promoted ones included. Whether a type without source is among those that
/// have them.
fn method_names(
    t: &Typer<'_>,
    p: &Program,
    ty: TypeId,
    names: &mut FxHashSet<Symbol>,
    seen: &mut FxHashSet<TypeId>,
) -> bool {
    let ty = t.deref(ty);
    if !seen.insert(ty) {
        return false;
    }
    let mut partly = false;
    if let Type::Named { named, .. } = t.ty(ty) {
        for &func in p.methods_of(*named) {
            if let FuncKind::Decl { name, .. } = &p.function(func).kind {
                names.insert(*name);
            }
        }
    }
    if let Some((fields, env)) = t.fields(ty) {
        for &field in fields.iter().filter(|&&field| p.field(field).embedded) {
            partly |= method_names(t, p, t.field_type(field, env), names, seen);
        }
        return partly;
    }
    match t.ty(t.underlying(ty)) {
        Type::Interface { methods, complete } => {
            names.extend(methods.iter().map(|m| m.name));
            partly | !complete
        }
        Type::Unknown(_) => true,
        _ => partly,
    }
}
