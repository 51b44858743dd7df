//! What the dynamic calls of a program call, given what flows where.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    dispatch::{Dispatch, Found},
    model::Target,
    node::{Dynamic, DynamicKind, Item, Node},
    solve::{Graph, SetId, Sets, Solution},
};
use crate::{
    base::Symbol,
    resolve::{FuncId, Reason, Type, TypeId},
    source::FileId,
    syntax::ExprId,
};

/// Implementers that stand in for a receiver whose types no flow tells, at most. Above it the call is unknown rather
/// than everything. Of the interfaces called, 88 % in GOROOT/src and 95 % in a server of a million lines have no more (2026-11).
const MAX_FALLBACK: usize = 24;

/// What a dynamic call may call.
#[derive(Clone, Debug, Default)]
pub(super) struct Callees {
    /// Functions, and whether each takes its receiver as first argument.
    pub(super) funcs: Vec<(FuncId, bool)>,
    pub(super) external: Vec<Symbol>,
    /// Bodies of `range` loops.
    pub(super) ranges: Vec<(FileId, ExprId)>,
    /// Why more may be called than is listed.
    pub(super) open: Option<Reason>,
    /// Of an interface call: how many types fit.
    pub(super) implementers: u32,
    /// No flow is known; the functions are those of all types that fit.
    pub(super) guessed: bool,
}

impl Callees {
    /// As targets, in order of their names.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> {
        self.funcs
            .iter()
            .map(|&(func, _)| Target::Func(func))
            .chain(self.external.iter().copied().map(Target::External))
    }

    fn finish(&mut self, dispatch: &Dispatch<'_>) {
        let name = |func: FuncId| dispatch.p.funcs()[func].symbol.as_str();
        self.funcs.sort_unstable_by_key(|&(func, shifted)| (name(func), func, shifted));
        self.funcs.dedup();
        self.external.sort_unstable_by_key(|key| key.as_str());
        self.external.dedup();
        self.ranges.sort_unstable();
        self.ranges.dedup();
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Interface(TypeId, Symbol, SetId, SetId),
    Value(TypeId, SetId),
}

/// Resolves dynamic calls against one solution. Calls that see the same items share one answer.
pub(super) struct Resolver<'a, 'p> {
    pub(super) dispatch: &'a Dispatch<'p>,
    pub(super) graph: &'a Graph,
    pub(super) solution: &'a mut Solution,
    pub(super) dynamic: &'a [Dynamic],
    /// The rows of `dynamic` that are method values, by selector.
    pub(super) bound: &'a FxHashMap<(FileId, ExprId), u32>,
    /// Items that flow anywhere come before this one.
    flowing: u32,
    answers: FxHashMap<Key, u32>,
    pub(super) rows: Vec<Callees>,
}

impl<'a, 'p> Resolver<'a, 'p> {
    pub(super) fn new(
        dispatch: &'a Dispatch<'p>,
        graph: &'a Graph,
        solution: &'a mut Solution,
        dynamic: &'a [Dynamic],
        bound: &'a FxHashMap<(FileId, ExprId), u32>,
        flowing: u32,
    ) -> Self {
        Self { dispatch, graph, solution, dynamic, bound, flowing, answers: FxHashMap::default(), rows: Vec::new() }
    }

    /// The row of [`Self::rows`] that says what a call calls.
    pub(super) fn resolve(&mut self, call: &Dynamic) -> u32 {
        let key = match call.what {
            DynamicKind::Interface { interface, method, receiver } => {
                let set = receiver.map_or(Sets::EMPTY, |node| self.set(node));
                Key::Interface(interface, method, set, self.type_argument_set(call, receiver))
            }
            DynamicKind::Value { signature, value } => Key::Value(signature, self.set(value)),
        };
        if let Some(&row) = self.answers.get(&key) {
            return row;
        }
        let mut callees = Callees::default();
        match key {
            Key::Interface(interface, method, set, arguments) => {
                self.interface(&mut callees, interface, method, set, arguments);
            }
            Key::Value(_, set) => self.value(&mut callees, set, &mut FxHashSet::default()),
        }
        callees.finish(self.dispatch);
        let row = self.rows.len() as u32;
        self.rows.push(callees);
        self.answers.insert(key, row);
        row
    }

    pub(super) fn set(&mut self, node: Node) -> SetId {
        match self.graph.known(node) {
            Some(node) => self.solution.node_set(node, self.dispatch, &self.graph.items),
            None => Sets::EMPTY,
        }
    }

    /// The types that stand for the receiver's type where that is a type parameter.
    fn type_argument_set(&mut self, call: &Dynamic, receiver: Option<Node>) -> SetId {
        let Some(Node::Expr(file, expr, _)) = receiver else { return Sets::EMPTY };
        debug_assert_eq!(file, call.file);
        let ty = self.dispatch.t.deref(self.dispatch.t.expr_type(file, expr));
        match self.dispatch.t.ty(ty) {
            Type::Param { owner, index, .. } => self.set(Node::TypeParam(*owner, *index)),
            _ => Sets::EMPTY,
        }
    }

    fn items(&self, set: SetId) -> Vec<Item> {
        self.solution.sets.get(set).iter().map(|&i| self.graph.items[i as usize]).collect()
    }

    fn interface(&mut self, callees: &mut Callees, interface: TypeId, method: Symbol, set: SetId, arguments: SetId) {
        let implementers = self.dispatch.implementers(interface, &self.graph.items);
        let implementers = &implementers[..implementers.partition_point(|&item| item < self.flowing)];
        callees.implementers = implementers.len() as u32;
        let mut seen = FxHashSet::default();
        self.methods(callees, method, set, &mut seen);
        if callees.funcs.is_empty() && callees.external.is_empty() {
            self.methods(callees, method, arguments, &mut seen);
        }
        // There are always more implementers of a library's interface than those in sight.
        if let Some(key) = self.dispatch.library_method(interface, method) {
            callees.external.push(key);
            callees.open = None;
        }
        if callees.funcs.is_empty() && callees.external.is_empty() {
            self.fallback(callees, method, implementers);
        }
    }

    /// The types the program makes interface values of and that fit, where no flow tells more.
    fn fallback(&mut self, callees: &mut Callees, method: Symbol, implementers: &[u32]) {
        let mut funcs = Vec::new();
        for &i in implementers {
            let Item::Type(ty) = self.graph.items[i as usize] else { continue };
            if let Found::Func(func) = self.dispatch.find(ty, method) {
                funcs.push((func, false));
            }
        }
        funcs.sort_unstable();
        funcs.dedup();
        match funcs.len() {
            0 => callees.open = callees.open.or(Some(Reason::NoImplementer)),
            1..=MAX_FALLBACK => {
                callees.funcs = funcs;
                callees.guessed = true;
            }
            _ => callees.open = Some(Reason::TooManyCandidates),
        }
    }

    fn methods(&mut self, callees: &mut Callees, method: Symbol, set: SetId, seen: &mut FxHashSet<SetId>) {
        if !seen.insert(set) {
            return;
        }
        for item in self.items(set) {
            match item {
                Item::Type(ty) => match self.dispatch.find(ty, method) {
                    Found::Func(func) => callees.funcs.push((func, false)),
                    Found::External(key) => callees.external.push(key),
                    Found::Embedded { field, .. } => {
                        let inner = self.set(Node::Field(field));
                        self.methods(callees, method, inner, seen);
                    }
                    Found::None => {}
                },
                Item::Open(reason) => callees.open = callees.open.or(Some(reason)),
                Item::Func { .. } | Item::Bound(..) | Item::RangeBody(..) => {}
            }
        }
    }

    fn value(&mut self, callees: &mut Callees, set: SetId, seen: &mut FxHashSet<u32>) {
        for item in self.items(set) {
            match item {
                Item::Func { target: Target::Func(func), method_expression, .. } => {
                    callees.funcs.push((func, method_expression));
                }
                Item::Func { target: Target::External(key), .. } => callees.external.push(key),
                Item::Bound(file, expr) => {
                    let Some(&row) = self.bound.get(&(file, expr)) else { continue };
                    if seen.insert(row) {
                        let dynamic = self.dynamic;
                        let row = self.resolve(&dynamic[row as usize]);
                        let inner = self.rows[row as usize].clone();
                        callees.funcs.extend(inner.funcs);
                        callees.external.extend(inner.external);
                        callees.open = callees.open.or(inner.open);
                    }
                }
                Item::RangeBody(file, expr) => callees.ranges.push((file, expr)),
                Item::Open(reason) => callees.open = callees.open.or(Some(reason)),
                Item::Type(_) => {}
            }
        }
        if callees.funcs.is_empty() && callees.external.is_empty() {
            callees.open = callees.open.or(Some(Reason::NoFunctionValue));
        }
    }
}
