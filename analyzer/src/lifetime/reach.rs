//! What a goroutine (or a call) may execute, and which of the objects it was given each access goes to.
//!
//! A breadth-first walk over the calls, nearest functions first, bounded by named budgets. Goroutines started on the
//! way are goroutines of their own and are not entered.

use std::{hash::BuildHasher, ops, sync::OnceLock};

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

use super::{
    binaries::may_meet,
    calls::{CallRef, Calls},
    domain::{Access, Anchor, Location, LockSet, SpawnId, SpawnSite, SyncKey},
    domain_local::{self, Operand},
    events::EventKind,
    handed::root_local,
    objects::{Bindings, Bound, Holders, Object, holder_of, object_at},
    spawns::{Context, Spawns},
};
use crate::{
    base::{Idx, IndexVec, Span},
    resolve::{FuncId, Place, Type},
    source::FileId,
    syntax::{Expr, ExprId, FuncKind, LocalId},
};

/// Functions a walk visits at most, nearest first. Beyond a few thousand functions every goroutine of a large server
/// reaches everything through its most general interfaces, and what is found there is not worth reading.
pub const MAX_FUNCS: usize = 2_000;
/// Calls between a goroutine's body and the access at most.
pub const MAX_DEPTH: u32 = 12;
/// Visits of one function, each with other objects: once with objects known and once without is mostly enough.
const MAX_VISITS: usize = 3;

/// A function on the way. There are thousands of them for every goroutine: variables and locks stand in tables of the
/// [`Reach`], and numbers are small, because [`MAX_FUNCS`] is.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The function.
    pub func: FuncId,
    /// Where the node that calls it does so; of a body nothing.
    call: Span,
    /// The first of its rows of [`Reach::bound`]; they end where those of the next node begin.
    first_binding: u32,
    /// The node that calls it; [`NO_NODE`] for a body.
    caller: u16,
    /// The next node of the same function, or [`NO_NODE`].
    same: u16,
    /// Row of [`Reach::locks`].
    locks: u16,
    depth: u8,
    dispatched: u8,
}

/// No number of a node.
const NO_NODE: u16 = u16::MAX;

impl Node {
    /// The number of the node that calls it, and where; `None` for a body.
    pub fn parent(&self) -> Option<(u32, Span)> {
        (self.caller != NO_NODE).then(|| (u32::from(self.caller), self.call))
    }

    /// Calls on the way, at most [`MAX_DEPTH`].
    pub fn depth(&self) -> u32 {
        u32::from(self.depth)
    }

    /// Calls on the way whose callee was one of several.
    pub fn dispatched(&self) -> u32 {
        u32::from(self.dispatched)
    }
}

/// The row of [`Reach::locks`] without locks.
const NO_LOCKS: u16 = 0;

/// A node before it is known whether it is new.
struct Visit {
    func: FuncId,
    /// The node that calls it, and where; `None` for a body.
    parent: Option<(u16, Span)>,
    depth: u8,
    dispatched: u8,
    locks: u16,
}

/// Everything reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Functions in order of distance.
    pub nodes: Vec<Node>,
    /// The first node of each function, found by it.
    by_func: HashTable<u16>,
    /// Variables of functions that are objects of the starting function: (here, there).
    bound: Holders,
    /// Sets of locks held at the calls on the way.
    locks: Vec<LockSet>,
    /// Whether a budget cut the walk short.
    pub cut: bool,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            by_func: HashTable::new(),
            bound: Holders::default(),
            locks: vec![LockSet::new()],
            cut: false,
        }
    }
}

/// An access reached.
#[derive(Clone, Debug)]
pub struct Reached {
    /// Node of [`Reach::nodes`].
    pub node: u32,
    /// Row of the function's accesses.
    pub row: u32,
    /// The object of the starting function that is accessed, when it is known.
    pub origin: Option<LocalId>,
    /// Locks held, on the way and at the access.
    pub locks: LockSet,
}

impl Reach {
    /// What the goroutines of `site` may execute.
    pub fn of_spawn(cx: Context<'_>, calls: &Calls, site: &SpawnSite) -> Self {
        let mut reach = Self::default();
        for (body, bindings) in bodies(cx, site).filter(|(body, _)| may_meet(cx.program, site.func, *body)) {
            reach.push(Visit { func: body, parent: None, depth: 0, dispatched: 0, locks: NO_LOCKS }, &bindings);
        }
        reach.walk(cx, calls, site.func, (MAX_FUNCS, MAX_DEPTH));
        reach
    }

    /// What one call of `func` may execute, at most `depth` calls deep.
    pub fn of_call(cx: Context<'_>, calls: &Calls, func: FuncId, row: &CallRef, depth: u32) -> Self {
        let mut reach = Self::default();
        let dispatched = u8::from(row.dispatched);
        let at = calls.row(func, row.call);
        for (target, bindings) in at.into_iter().flat_map(|at| callees(cx, calls, func).of_call(at)) {
            let bindings: Bindings = bindings.collect();
            reach.push(Visit { func: target, parent: None, depth: 0, dispatched, locks: NO_LOCKS }, &bindings);
        }
        reach.walk(cx, calls, func, (MAX_FUNCS, depth));
        reach
    }

    /// What `func` itself may execute, its own variables standing for themselves.
    pub fn of_func(cx: Context<'_>, calls: &Calls, func: FuncId, depth: u32) -> Self {
        let mut reach = Self::default();
        let mut bindings = Bindings::new();
        let itself = |local: LocalId| (local, Object::whole(local));
        let facts = cx.program.facts(cx.program.funcs()[func].file);
        let function = cx.program.function(func);
        if let FuncKind::Decl { receiver: Some(receiver), .. } = &function.kind {
            bindings.extend(receiver.local.map(itself));
        }
        bindings.extend(function.signature.params.iter().filter_map(|p| p.local).map(itself));
        debug_assert!(bindings.iter().all(|(l, _)| facts.locals.get(*l).is_some()));
        reach.push(Visit { func, parent: None, depth: 0, dispatched: 0, locks: NO_LOCKS }, &bindings);
        reach.walk(cx, calls, func, (MAX_FUNCS, depth));
        reach
    }

    /// Whether `func` is reached.
    pub fn contains(&self, func: FuncId) -> bool {
        self.first_of(func).is_some()
    }

    /// Whether `func` is reached by calls that have one callee each: with several, it is a guess that it is this one.
    pub fn surely_contains(&self, func: FuncId) -> bool {
        self.nodes_of(func).any(|node| self.nodes[node as usize].dispatched == 0)
    }

    /// Variables of a node's function that hold objects of the starting function: (here, there).
    pub(super) fn bindings(&self, node: u32) -> impl ExactSizeIterator<Item = (LocalId, Object)> + '_ {
        let first = |at: usize| self.nodes.get(at).map_or(self.bound.len(), |node| node.first_binding);
        self.bound.rows(first(node as usize), first(node as usize + 1))
    }

    /// Variables of a node's function that are variables of the starting function: (here, there).
    pub(super) fn variables(&self, node: u32) -> impl Iterator<Item = (LocalId, LocalId)> + '_ {
        self.bindings(node).filter_map(|(here, there)| Some((here, there.as_variable()?)))
    }

    fn first_of(&self, func: FuncId) -> Option<u32> {
        self.by_func.find(hash_of(func), |at| self.nodes[usize::from(*at)].func == func).map(|at| u32::from(*at))
    }

    /// The nodes of a function, nearest first.
    fn nodes_of(&self, func: FuncId) -> impl Iterator<Item = u32> + '_ {
        let next = |at: &u32| Some(self.nodes[*at as usize].same).filter(|same| *same != NO_NODE);
        std::iter::successors(self.first_of(func), move |at| next(at).map(u32::from))
    }

    fn push(&mut self, visit: Visit, bindings: &[(LocalId, Object)]) {
        let Visit { func, parent, depth, dispatched, locks } = visit;
        let Some(at) = u16::try_from(self.nodes.len()).ok().filter(|at| *at != NO_NODE) else {
            self.cut = true;
            return;
        };
        let mut last = None;
        for (count, known) in self.nodes_of(func).enumerate() {
            // One that is made under a lock says nothing of another without it.
            let alike = bindings.is_empty() || self.bindings(known).eq(bindings.iter().copied());
            if count + 1 == MAX_VISITS || alike && self.holds_no_more(known, locks) {
                return;
            }
            last = Some(known);
        }
        let first_binding = self.bound.len();
        self.bound.extend(bindings.iter().copied());
        let (caller, call) = parent.unwrap_or((NO_NODE, Span::default()));
        self.nodes.push(Node { func, call, first_binding, caller, same: NO_NODE, locks, depth, dispatched });
        match last {
            Some(last) => self.nodes[last as usize].same = at,
            None => {
                self.by_func.insert_unique(hash_of(func), at, |at| hash_of(self.nodes[usize::from(*at)].func));
            }
        }
    }

    /// Whether a visit holds no lock that is not among those of the row.
    fn holds_no_more(&self, node: u32, locks: u16) -> bool {
        let own = self.nodes[node as usize].locks;
        own == locks || own == NO_LOCKS || {
            let others = &self.locks[usize::from(locks)];
            self.locks[usize::from(own)].iter().all(|key| others.contains(key))
        }
    }

    fn walk(&mut self, cx: Context<'_>, calls: &Calls, from: FuncId, limits: (usize, u32)) {
        self.visit(cx, calls, from, limits);
        self.nodes.shrink_to_fit();
        self.bound.shrink_to_fit();
        self.by_func.shrink_to_fit(|at| hash_of(self.nodes[usize::from(*at)].func));
    }

    fn visit(&mut self, cx: Context<'_>, calls: &Calls, from: FuncId, (max_funcs, max_depth): (usize, u32)) {
        let of_a_test = cx.program.in_test_file(from);
        let mut at: u16 = 0;
        let mut known_locks: FxHashMap<LockSet, u16> = FxHashMap::default();
        let mut bindings = Bindings::new();
        while usize::from(at) < self.nodes.len() {
            let node = self.nodes[usize::from(at)];
            let number = at;
            at += 1;
            if node.depth() >= max_depth {
                self.cut = true;
                continue;
            }
            let rows = calls.of(node.func);
            if rows.is_empty() {
                continue;
            }
            let bound = callees(cx, calls, node.func);
            for (call, row) in rows.iter().enumerate() {
                let dispatched = node.dispatched.saturating_add(u8::from(row.dispatched));
                let mut locks = None;
                for (target, inner) in bound.of_call(call) {
                    if self.nodes.len() >= max_funcs {
                        self.cut = true;
                        return;
                    }
                    let visits = self.nodes_of(target).take(MAX_VISITS).count();
                    let unlocked = || self.first_of(target).is_some_and(|at| self.nodes[at as usize].locks == NO_LOCKS);
                    if visits == MAX_VISITS || visits > 0 && inner.len() == 0 && unlocked() {
                        continue;
                    }
                    if of_a_test && !may_meet(cx.program, from, target) {
                        continue;
                    }
                    bindings.clear();
                    bindings.extend(inner.filter_map(|(here, given)| {
                        Some((here, self.object_of(cx, u32::from(number), given.root)?.along(&given.way)?))
                    }));
                    let parent = Some((number, row.span));
                    let locks = match locks {
                        Some(locks) => locks,
                        None => *locks.insert(self.locks_at(cx, &node, row.call, &mut known_locks)),
                    };
                    self.push(
                        Visit { func: target, parent, depth: node.depth.saturating_add(1), dispatched, locks },
                        &bindings,
                    );
                }
            }
        }
    }

    /// Row of the locks certainly held at a call, those of the callers included.
    fn locks_at(&mut self, cx: Context<'_>, node: &Node, call: ExprId, known: &mut FxHashMap<LockSet, u16>) -> u16 {
        let more = cx.events.of(node.func).locks_at(call);
        let outer = &self.locks[usize::from(node.locks)];
        let given_back = |key: &SyncKey| cx.events.of(node.func).handed_over.contains(key) && !more.contains(key);
        if more.iter().all(|key| outer.contains(key)) && !outer.iter().any(given_back) {
            return node.locks;
        }
        let mut locks = outer.clone();
        locks.retain(|key| !given_back(key));
        for key in more {
            if let Err(at) = locks.binary_search(key) {
                locks.insert(at, *key);
            }
        }
        *known.entry(locks).or_insert_with_key(|locks| {
            self.locks.push(locks.clone());
            u16::try_from(self.locks.len() - 1).unwrap_or(NO_LOCKS)
        })
    }

    /// The variable of the starting function that `local` of a node's function is.
    pub(super) fn origin_of(&self, cx: Context<'_>, node: u32, local: LocalId) -> Option<LocalId> {
        self.object_of(cx, node, local)?.as_variable()
    }

    /// The object of the starting function that `local` of a node's function holds.
    fn object_of(&self, cx: Context<'_>, node: u32, local: LocalId) -> Option<Object> {
        if let Some((_, there)) = self.bindings(node).find(|(here, _)| *here == local) {
            return Some(there);
        }
        let func = self.nodes[node as usize].func;
        let file = cx.program.funcs()[func].file;
        if domain_local::operand(cx.program, func, file, local) != Operand::Captured {
            return None;
        }
        // What a literal captures of a function on the way, `s.once.Do(func() { s.stop() })`, is what that function has;
        // of the starting function it stands for itself.
        let declaring = cx.program.declaring(file, local);
        let above = std::iter::successors(self.nodes[node as usize].parent(), |at| self.nodes[at.0 as usize].parent());
        match above.map(|at| at.0).find(|at| Some(self.nodes[*at as usize].func) == declaring) {
            Some(at) => self.object_of(cx, at, local),
            None => Some(Object::whole(local)),
        }
    }

    /// The object of the starting function that holds the location of an access, when it is known.
    pub(super) fn holder_of(&self, cx: Context<'_>, reached: &Reached) -> Option<Object> {
        let func = self.nodes[reached.node as usize].func;
        let here = holder_of(cx, &cx.events.of(func).accesses[reached.row as usize])?;
        self.object_of(cx, reached.node, here.root)?.along(&here.way)
    }

    /// The accesses among those listed, which stand in order of functions: nearest first.
    pub fn accesses<'a>(
        &'a self,
        cx: Context<'a>,
        listed: &[(FuncId, u32)],
    ) -> impl Iterator<Item = Reached> + use<'a> {
        let mut found: Vec<(u8, u32, u32)> = Vec::new();
        // Whichever there are fewer of are looked for among the others.
        if listed.len() <= self.nodes.len() {
            for &(func, row) in listed {
                found.extend(self.nodes_of(func).map(|node| (self.nodes[node as usize].depth, node, row)));
            }
        } else {
            for (node, number) in self.nodes.iter().zip(0..) {
                let from = listed.partition_point(|row| row.0 < node.func);
                let rows = listed[from..].iter().take_while(|row| row.0 == node.func);
                found.extend(rows.map(|&(_, row)| (node.depth, number, row)));
            }
        }
        found.sort_unstable();
        found.into_iter().map(move |(_, node, row)| self.reached(cx, node, row))
    }

    /// The access `row` of the function of `node`.
    pub fn reached(&self, cx: Context<'_>, node: u32, row: u32) -> Reached {
        let here = &self.nodes[node as usize];
        let access = &cx.events.of(here.func).accesses[row as usize];
        let origin = match access.anchor {
            Anchor::Local(local) => {
                let file = cx.program.funcs()[here.func].file;
                let root = canonical_root(cx, file, local).unwrap_or(local);
                self.origin_of(cx, node, local).or_else(|| self.origin_of(cx, node, root))
            }
            Anchor::Global | Anchor::Value => None,
        };
        let mut locks = self.locks[usize::from(here.locks)].clone();
        let handed_over = &cx.events.of(here.func).handed_over;
        locks.retain(|key| !handed_over.contains(key) || access.locks.contains(key));
        for key in &access.locks {
            if let Err(at) = locks.binary_search(key) {
                locks.insert(at, *key);
            }
        }
        Reached { node, row, origin, locks }
    }

    /// The calls from a body down to `node`: (caller, where).
    pub fn path(&self, node: u32) -> Vec<(FuncId, Span)> {
        let mut path = Vec::new();
        let mut at = &self.nodes[node as usize];
        while let Some((parent, span)) = at.parent() {
            at = &self.nodes[parent as usize];
            path.push((at.func, span));
        }
        path.reverse();
        path
    }
}

fn hash_of(func: FuncId) -> u64 {
    FxBuildHasher.hash_one(func)
}

/// The variable that a local one is another name of.
pub(super) fn canonical_root(cx: Context<'_>, file: FileId, local: LocalId) -> Option<LocalId> {
    let place = Place { root: crate::resolve::Root::Local(local), steps: SmallVec::new() };
    let place = cx.places.canonical(cx.program, file, place);
    place.steps.is_empty().then(|| root_local(&place)).flatten()
}

/// What the calls of a function run, each callee with its variables in terms of the caller's.
pub(super) fn callees<'c>(cx: Context<'_>, calls: &'c Calls, func: FuncId) -> &'c Bound {
    calls.bound[func].get_or_init(|| {
        let rows = calls.of(func).iter().map(|row| bound_callees(cx, func, row));
        Box::new(Bound::new(rows))
    })
}

fn bound_callees(cx: Context<'_>, func: FuncId, row: &CallRef) -> SmallVec<[(FuncId, Bindings); 2]> {
    let mut out = SmallVec::new();
    let file = cx.program.funcs()[func].file;
    let Some(args) = cx.program.facts(file).exprs.args(row.call) else { return out };
    let args: SmallVec<[(u32, ExprId); 4]> = args.iter().copied().zip(0..).map(|(e, at)| (at, e)).collect();
    let receiver = (!row.targets.is_empty()).then(|| row.receiver(cx, func)).flatten();
    for &target in &row.targets {
        let mut bindings = Bindings::new();
        bind(cx, file, target, receiver.as_ref(), &args, &mut bindings);
        out.push((target, bindings));
    }
    for handed in &row.handed {
        let mut bindings = Bindings::new();
        bind(cx, file, handed.func, handed.receiver.as_ref(), &[], &mut bindings);
        out.push((handed.func, bindings));
    }
    out
}

/// The bodies of a goroutine, with the objects of the starting function that they are given.
pub(super) fn bodies(cx: Context<'_>, site: &SpawnSite) -> impl Iterator<Item = (FuncId, Bindings)> {
    let file = cx.program.funcs()[site.func].file;
    site.bodies.iter().map(move |&body| {
        let mut bindings = Bindings::new();
        // A struct is copied before the goroutine starts.
        let copied = |at: u32| {
            let param = cx.program.function(body).signature.params.get(at as usize).and_then(|param| param.local);
            param.is_some_and(|local| {
                let ty = cx.program.local_type(cx.program.funcs()[body].file, local);
                matches!(cx.program.ty(cx.program.underlying(ty)), Type::Struct(_))
            })
        };
        let args = site.arguments.iter().filter(|(b, at, _)| *b == body && !copied(*at));
        let args: Vec<(u32, ExprId)> = args.map(|&(_, at, expr)| (at, expr)).collect();
        let receiver = receiver_of(cx, file, site.call, body);
        bind(cx, file, body, receiver.as_ref(), &args, &mut bindings);
        (body, bindings)
    })
}

fn receiver_of(cx: Context<'_>, file: FileId, call: ExprId, body: FuncId) -> Option<Place> {
    use crate::resolve::{Callee, Meaning};
    let of_callee = |callee: Callee| match callee {
        Callee::Func { func, receiver, .. } if func == body => receiver,
        Callee::Interface { receiver, .. } => Some(receiver),
        _ => None,
    };
    if let Some(place) = of_callee(cx.program.callee(file, call)) {
        return Some(place);
    }
    let args = cx.program.facts(file).exprs.args(call)?;
    args.iter().find_map(|arg| match cx.program.facts(file).exprs[*arg] {
        Expr::Select { .. } => match cx.program.meaning(file, *arg) {
            Meaning::Method(callee) => of_callee(*callee),
            _ => None,
        },
        _ => None,
    })
}

/// Pairs the callee's receiver and parameters with the objects that the caller gives for them.
fn bind(
    cx: Context<'_>,
    caller_file: FileId,
    callee: FuncId,
    receiver: Option<&Place>,
    args: &[(u32, ExprId)],
    bindings: &mut Bindings,
) {
    let function = cx.program.function(callee);
    if let FuncKind::Decl { receiver: Some(declared), .. } = &function.kind
        && let (Some(here), Some(place)) = (declared.local, receiver)
        && let Some(there) = object_at(cx, caller_file, place)
    {
        bindings.push((here, there));
    }
    for &(at, arg) in args {
        let Some(here) = function.signature.params.get(at as usize).and_then(|p| p.local) else { continue };
        if let Some(there) = object_at(cx, caller_file, &cx.program.place(caller_file, arg)) {
            bindings.push((here, there));
        }
    }
}

/// What each goroutine may execute, worked out when it is first asked for.
#[derive(Clone, Copy)]
pub struct Reaches<'a> {
    /// What is known so far.
    pub(super) known: &'a IndexVec<SpawnId, OnceLock<Reach>>,
    /// What it follows from.
    pub(super) cx: Context<'a>,
    /// Calls.
    pub(super) calls: &'a Calls,
    /// The spawn sites.
    pub(super) spawns: &'a Spawns,
}

impl ops::Index<SpawnId> for Reaches<'_> {
    type Output = Reach;
    fn index(&self, id: SpawnId) -> &Reach {
        self.known[id].get_or_init(|| Reach::of_spawn(self.cx, self.calls, &self.spawns.sites[id]))
    }
}

/// Accesses of the whole program by location.
#[derive(Debug, Default)]
pub struct AccessIndex {
    /// Function and row of its accesses; those of a location stand together, in order of functions.
    rows: Vec<(FuncId, u32)>,
    /// First and end of the rows of each location.
    of: FxHashMap<Location, (u32, u32)>,
}

impl AccessIndex {
    /// Indexes every access of every function.
    pub fn build(cx: Context<'_>) -> Self {
        let accesses = || cx.program.funcs().ids().map(|func| (func, cx.events.of(func).accesses.iter().zip(0..)));
        let mut of: FxHashMap<Location, (u32, u32)> = FxHashMap::default();
        for (access, _) in accesses().flat_map(|(_, rows)| rows) {
            of.entry(access.location).or_default().1 += 1;
        }
        let mut count = 0;
        #[allow(clippy::iter_over_hash_type, reason = "each location has rows of its own, wherever they stand")]
        for range in of.values_mut() {
            let first = count;
            count += range.1;
            *range = (first, first);
        }
        let mut rows = vec![(FuncId::new(0), 0); count as usize];
        for (func, listed) in accesses() {
            for (access, at) in listed {
                let end = &mut of.entry(access.location).or_default().1;
                rows[*end as usize] = (func, at);
                *end += 1;
            }
        }
        Self { rows, of }
    }

    /// Accesses of a location, in order of functions.
    pub fn of(&self, location: Location) -> &[(FuncId, u32)] {
        self.of.get(&location).map_or(&[], |&(first, end)| &self.rows[first as usize..end as usize])
    }

    /// Locations that satisfy `wanted` for one of their accesses, sorted.
    pub fn locations(&self) -> Vec<Location> {
        let mut all: Vec<Location> = self.of.keys().copied().collect();
        all.sort();
        all
    }
}

/// The access a row of the index speaks of.
pub fn access<'a>(cx: Context<'a>, (func, row): (FuncId, u32)) -> &'a Access {
    &cx.events.of(func).accesses[row as usize]
}

/// Whether an event is a call that runs here.
pub fn is_call(kind: &EventKind) -> Option<ExprId> {
    match kind {
        EventKind::Call(call) => Some(*call),
        _ => None,
    }
}
