//! The call graph of a program.

use std::sync::{Arc, OnceLock};

use petgraph::{algo::kosaraju_scc, graph::DiGraph};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    collect::{self, Direct, FileFlow},
    dispatch::{Dispatch, Filter},
    instances,
    model::{CallGraphStats, CallKind, CallSite, CallSiteId, Found, Resolution, Target, Targets},
    node::{Dynamic, DynamicKind, Item, Node},
    resolve::{Callees, Resolver},
    solve::{Graph, Solution},
};
use crate::{
    base::{Idx, InPieces, IndexVec, Symbol},
    resolve::{FuncId, Program, Reason, Type, TypeId, internal::Typer},
    source::FileId,
    syntax::{ExprId, InstrKind, Terminator},
};

/// Times the flow graph is solved. The first round links calls to all that fit their types, as class hierarchy
/// analysis does: what a library's own code never passes to a function, its users may. Each further round adds links
/// to functions that reached a call though their types are not the call's own: generic ones, bodies of loops.
const ROUNDS: u32 = 2;

/// Which function calls which.
#[derive(Debug, Default)]
pub struct CallGraph {
    sites: IndexVec<CallSiteId, CallSite>,
    /// First site of each function; sites of a function are consecutive.
    first_site: Vec<u32>,
    site_ids: Vec<CallSiteId>,
    /// By file, sorted by expression.
    by_expr: IndexVec<FileId, Box<[(ExprId, CallSiteId)]>>,
    callers: Callers,
    values: FxHashMap<(FileId, ExprId), u32>,
    value_rows: Vec<Result<SmallVec<[Target; 1]>, Reason>>,
    loop_bodies: FxHashMap<CallSiteId, Vec<(FileId, ExprId)>>,
}

/// The calls that may call each function, in order: those of a function stand together.
#[derive(Debug, Default)]
struct Callers {
    /// First row of each function.
    first: Box<[u32]>,
    rows: Box<[CallSiteId]>,
}

impl Callers {
    fn new(sites: &IndexVec<CallSiteId, CallSite>, functions: usize) -> Self {
        let mut first = vec![0_u32; functions + 1];
        for func in sites.iter().flat_map(|site| site.targets.funcs()) {
            first[func.index() + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut rows = vec![CallSiteId::new(0); first.last().map_or(0, |&count| count as usize)];
        let mut next = first.clone();
        for (id, site) in sites.iter_enumerated() {
            for func in site.targets.funcs() {
                rows[next[func.index()] as usize] = id;
                next[func.index()] += 1;
            }
        }
        Self { first: first.into(), rows: rows.into() }
    }

    fn of(&self, func: FuncId) -> &[CallSiteId] {
        let bound = |at: usize| self.first.get(at).map_or(self.rows.len(), |&row| row as usize);
        &self.rows[bound(func.index())..bound(func.index() + 1)]
    }
}

/// The calls of one file; numbers are of its own calls.
#[derive(Default)]
struct FileSites {
    sites: Vec<CallSite>,
    /// Number of the first among the calls of all files.
    first: u32,
    /// First site of each function.
    first_site: Vec<u32>,
    /// Sorted by expression.
    by_expr: Vec<(ExprId, u32)>,
    loop_bodies: Vec<(u32, Vec<(FileId, ExprId)>)>,
}

impl FileSites {
    fn new(flows: &Flows<'_>, file: FileId, part: &FileFlow, answers: &Answers<'_>) -> Self {
        let program = flows.program;
        let facts = program.facts(file);
        let mut found = Self::default();
        let mut by_expr: FxHashMap<ExprId, u32> = FxHashMap::default();
        let funcs = facts.functions.ids().filter_map(|index| program.func_of(file, index));
        for func in funcs {
            found.first_site.push(found.sites.len() as u32);
            let Some(body) = &program.function(func).body else { continue };
            for block in body.blocks.iter() {
                for instr in body.instrs_of(block) {
                    let (expr, kind) = match instr.kind {
                        InstrKind::Call(expr) => (expr, CallKind::Call),
                        InstrKind::Go(expr) => (expr, CallKind::Go),
                        InstrKind::Defer(expr) => (expr, CallKind::Defer),
                        InstrKind::Read(_)
                        | InstrKind::Write { .. }
                        | InstrKind::Define { .. }
                        | InstrKind::Send { .. }
                        | InstrKind::Receive(_) => continue,
                    };
                    let Ok(at) = part.calls.binary_search_by_key(&expr, |&(expr, _)| expr) else { continue };
                    let mut bodies: &[(FileId, ExprId)] = &[];
                    let targets = match part.calls[at].1 {
                        Direct::Func { func, method } => Targets::Named { callee: Target::Func(func), method },
                        Direct::External { key, method } => Targets::Named { callee: Target::External(key), method },
                        Direct::Dynamic(i) => {
                            let i = (flows.base[file] + i) as usize;
                            bodies = &answers.callees(i).ranges;
                            answers.targets(&flows.dynamic, i)
                        }
                        Direct::Unknown(reason) => Targets::Unknown(reason),
                    };
                    let at = found.sites.len() as u32;
                    found.sites.push(CallSite { func, expr, kind, span: facts.exprs.span(expr), targets });
                    by_expr.insert(expr, at);
                    if !bodies.is_empty() {
                        found.loop_bodies.push((at, bodies.to_vec()));
                    }
                }
                if let Terminator::Range { over, .. } = block.end
                    && let Some(&i) = flows.ranges.get(&(file, over))
                {
                    let targets = answers.targets(&flows.dynamic, i as usize);
                    let ty = program.underlying(program.expr_type(file, over));
                    let unknown_type = matches!(program.ty(ty), Type::Unknown(_));
                    if unknown_type && matches!(targets, Targets::Unknown(_)) {
                        continue;
                    }
                    let at = found.sites.len() as u32;
                    let span = block.end_span;
                    found.sites.push(CallSite { func, expr: over, kind: CallKind::Range, span, targets });
                    by_expr.entry(over).or_insert(at);
                }
            }
        }
        found.by_expr = by_expr.into_iter().collect();
        found.by_expr.sort_unstable();
        found
    }

    /// The calls by expression, numbered among those of all files.
    fn by_expr(self) -> Box<[(ExprId, CallSiteId)]> {
        let id = |at: u32| CallSiteId::new((self.first + at) as usize);
        self.by_expr.into_iter().map(|(expr, at)| (expr, id(at))).collect()
    }
}

/// What the dynamic calls of all files call.
struct Answers<'r> {
    /// Row of the answer about each call.
    of: Vec<u32>,
    rows: &'r [Callees],
    /// The answers as targets, which their calls share.
    targets: Vec<OnceLock<Targets>>,
}

impl<'r> Answers<'r> {
    fn new(of: Vec<u32>, rows: &'r [Callees]) -> Self {
        Self { of, rows, targets: vec![OnceLock::new(); rows.len()] }
    }

    fn callees(&self, call: usize) -> &'r Callees {
        &self.rows[self.of[call] as usize]
    }

    fn targets(&self, dynamic: &[Dynamic], call: usize) -> Targets {
        let known = &self.targets[self.of[call] as usize];
        known.get_or_init(|| targets(&dynamic[call], self.callees(call))).clone()
    }
}

/// The flow graph with the calls that depend on it.
struct Flows<'p> {
    program: &'p Program,
    graph: Graph,
    dynamic: Vec<Dynamic>,
    /// First dynamic call of each file.
    base: IndexVec<FileId, u32>,
    bound: FxHashMap<(FileId, ExprId), u32>,
    ranges: FxHashMap<(FileId, ExprId), u32>,
    /// Groups of calls so far.
    groups: u32,
    /// Items from here on flow nowhere: they are types that nothing makes an interface value of.
    flowing: u32,
}

impl CallGraph {
    /// Finds what every call calls.
    pub fn build(program: &Program) -> Self {
        let files = program.sources().files.par_ids().one_by_one();
        let mut parts: Vec<FileFlow> = files.map(|file| collect::collect(program, file)).collect();
        let mut flows = Flows::new(program, &mut parts);
        let dispatch = Dispatch::new(program, &flows.graph.items);
        let mut links = flows.link_by_type(&dispatch);
        let mut filters: Vec<Option<Filter>> = Vec::new();
        for _ in 1..ROUNDS {
            flows.add_filters(&mut filters, &dispatch);
            let mut solution = Solution::new(&flows.graph, &links, &dispatch, &filters);
            let mut resolver = flows.resolver(&dispatch, &mut solution);
            // Calls through interfaces are linked as they will be.
            let values =
                flows.dynamic.iter().zip(0..).filter(|(call, _)| matches!(call.what, DynamicKind::Value { .. }));
            let answers: Vec<(u32, u32)> = values.map(|(call, at)| (at, resolver.resolve(call))).collect();
            let rows = resolver.rows;
            flows.link_by_answers(&dispatch, &mut links, &answers, &rows);
        }
        flows.add_filters(&mut filters, &dispatch);
        let mut solution = Solution::new(&flows.graph, &links, &dispatch, &filters);
        let mut resolver = flows.resolver(&dispatch, &mut solution);
        let answers: Vec<u32> = flows.dynamic.iter().map(|call| resolver.resolve(call)).collect();
        let (values, value_rows) = function_values(&flows, &parts, &mut resolver);
        let rows = resolver.rows;
        let mut call_graph = Self { values, value_rows, ..Self::default() };
        call_graph.add_sites(&flows, &parts, &Answers::new(answers, &rows));
        call_graph
    }

    fn add_sites(&mut self, flows: &Flows<'_>, parts: &[FileFlow], answers: &Answers<'_>) {
        let program = flows.program;
        let files = &program.sources().files;
        let found = files.par_ids().one_by_one().map(|file| FileSites::new(flows, file, &parts[file.index()], answers));
        let mut found: Vec<FileSites> = found.collect();
        let mut first = 0;
        let mut sites: Vec<CallSite> = Vec::with_capacity(found.iter().map(|found| found.sites.len()).sum());
        for found in &mut found {
            found.first = first;
            let id = |at: u32| CallSiteId::new((first + at) as usize);
            self.first_site.extend(found.first_site.iter().map(|&at| first + at));
            self.loop_bodies.extend(found.loop_bodies.drain(..).map(|(at, bodies)| (id(at), bodies)));
            first += found.sites.len() as u32;
            sites.append(&mut found.sites);
        }
        self.first_site.push(first);
        self.sites = sites.into();
        self.site_ids = self.sites.ids().collect();
        let by_expr = || found.into_par_iter().one_by_one().map(FileSites::by_expr).collect::<Vec<_>>();
        let (callers, by_expr) = rayon::join(|| Callers::new(&self.sites, program.funcs().len()), by_expr);
        (self.callers, self.by_expr) = (callers, by_expr.into());
    }

    /// All calls, those of a function together.
    pub fn sites(&self) -> &IndexVec<CallSiteId, CallSite> {
        &self.sites
    }

    /// The calls of a function, in the order of its blocks and of evaluation.
    pub fn sites_of(&self, func: FuncId) -> &[CallSiteId] {
        let bound = |i: usize| self.first_site.get(i).map_or(self.site_ids.len(), |&at| at as usize);
        &self.site_ids[bound(func.index())..bound(func.index() + 1)]
    }

    /// The call that an expression is.
    pub fn site_at(&self, file: FileId, expr: ExprId) -> Option<CallSiteId> {
        let rows = self.by_expr.get(file)?;
        rows.binary_search_by_key(&expr, |row| row.0).ok().map(|at| rows[at].1)
    }

    /// The calls that may call a function, `go` and `defer` included.
    pub fn callers(&self, func: FuncId) -> &[CallSiteId] {
        self.callers.of(func)
    }

    /// Loops over functions whose bodies a call runs (`yield(x)`), by file and operand of the `range`. They are no
    /// callees: the body belongs to the function around the loop.
    pub fn loop_bodies(&self, site: CallSiteId) -> &[(FileId, ExprId)] {
        self.loop_bodies.get(&site).map_or(&[], Vec::as_slice)
    }

    /// The functions that an expression of function type may be.
    pub fn function_values(&self, file: FileId, expr: ExprId) -> Result<SmallVec<[Target; 1]>, Reason> {
        match self.values.get(&(file, expr)) {
            Some(&row) => self.value_rows[row as usize].clone(),
            None => Err(Reason::NoFunctionValue),
        }
    }

    /// Groups of functions that call each other in a circle, callees before callers.
    pub fn components(&self) -> Vec<Vec<FuncId>> {
        let edges = self
            .sites
            .iter()
            .flat_map(|site| site.targets.funcs().map(|callee| (site.func.index() as u32, callee.index() as u32)));
        let mut graph: DiGraph<(), (), u32> = DiGraph::from_edges(edges);
        while graph.node_count() < self.first_site.len().saturating_sub(1) {
            graph.add_node(());
        }
        // Kosaraju's: petgraph's Tarjan recurses, and a call chain may be as long as the program.
        let components = kosaraju_scc(&graph).into_iter().map(|members| {
            let mut members: Vec<FuncId> = members.into_iter().map(|node| FuncId::new(node.index())).collect();
            members.sort_unstable();
            members
        });
        components.collect()
    }

    /// Counts of edges and of unknown calls.
    pub fn stats(&self) -> CallGraphStats {
        let mut stats = CallGraphStats::default();
        for site in self.sites.iter() {
            stats.count(site);
        }
        stats
    }
}

fn targets(call: &Dynamic, callees: &Callees) -> Targets {
    let list: Box<[Target]> = callees.targets().collect();
    if list.is_empty() {
        // A call of nothing but loop bodies stays inside of the function around the loop.
        return Targets::Unknown(callees.open.unwrap_or(Reason::NoFunctionValue));
    }
    let resolution = match call.what {
        DynamicKind::Interface { .. } => Resolution::Interface {
            found: if callees.guessed { 0 } else { list.len() as u32 },
            implementers: callees.implementers.max(list.len() as u32),
        },
        DynamicKind::Value { .. } => Resolution::FunctionValue,
    };
    Targets::Found(Arc::new(Found { callees: list, resolution }))
}

type Values = (FxHashMap<(FileId, ExprId), u32>, Vec<Result<SmallVec<[Target; 1]>, Reason>>);

/// What every expression of function type may be.
fn function_values(flows: &Flows<'_>, parts: &[FileFlow], resolver: &mut Resolver<'_, '_>) -> Values {
    let program = flows.program;
    let mut values = FxHashMap::default();
    let mut row_of: FxHashMap<u32, u32> = FxHashMap::default();
    let mut rows = Vec::new();
    for (file, part) in program.sources().files.ids().zip(parts) {
        let called = flows.dynamic_of(file).iter().filter_map(|call| match call.what {
            DynamicKind::Value { value: Node::Expr(_, expr, _), .. } => Some(expr),
            _ => None,
        });
        for expr in part.values.iter().copied().chain(called) {
            let signature = resolver.dispatch.t.core(program.expr_type(file, expr));
            let call = Dynamic {
                file,
                expr,
                what: DynamicKind::Value { signature, value: Node::Expr(file, expr, 0) },
                args: Vec::new(),
                results: Vec::new(),
            };
            let answer = resolver.resolve(&call);
            let row = *row_of.entry(answer).or_insert_with(|| {
                let callees = &resolver.rows[answer as usize];
                let targets: SmallVec<[Target; 1]> = callees.targets().collect();
                rows.push(match targets.is_empty() {
                    true => Err(callees.open.unwrap_or(Reason::NoFunctionValue)),
                    false => Ok(targets),
                });
                rows.len() as u32 - 1
            });
            values.insert((file, expr), row);
        }
    }
    (values, rows)
}

/// The type that restricts what a node holds.
fn node_type(t: &Typer<'_>, node: Node) -> Option<TypeId> {
    let program = t.p;
    match node {
        Node::Local(file, local) => Some(t.local_type(file, local)),
        Node::Global(var) => Some(program.var(var).ty),
        Node::Field(field) => Some(program.field(field).ty),
        Node::Result(func, i) => match program.ty(t.func_type(func)) {
            Type::Func { results, .. } => results.get(i as usize).copied(),
            _ => None,
        },
        Node::Expr(file, expr, i) => {
            let ty = program.expr_type(file, expr);
            match program.ty(ty) {
                Type::Tuple(parts) => parts.get(i as usize).copied(),
                _ if i == 0 => Some(ty),
                _ => None,
            }
        }
        Node::Element(_, ty) => Some(ty),
        Node::TypeParam(..)
        | Node::Yield(..)
        | Node::GroupParam(..)
        | Node::GroupReceiver(_)
        | Node::GroupResult(..)
        | Node::Panic
        | Node::Outside => None,
    }
}

impl<'p> Flows<'p> {
    fn new(program: &'p Program, parts: &mut [FileFlow]) -> Self {
        let mut flows = Self {
            program,
            graph: Graph::default(),
            dynamic: Vec::new(),
            base: IndexVec::new(),
            bound: FxHashMap::default(),
            ranges: FxHashMap::default(),
            groups: 0,
            flowing: 0,
        };
        for part in parts {
            flows.base.push(flows.dynamic.len() as u32);
            flows.graph.append(std::mem::take(&mut part.graph));
            flows.dynamic.append(&mut part.dynamic);
        }
        instances::instantiations(program, &mut flows.graph);
        for (i, call) in flows.dynamic.iter().enumerate() {
            let first = call.args.first().copied().flatten();
            match (call.what, first) {
                (DynamicKind::Value { .. }, Some(Node::Yield(..))) => {
                    flows.ranges.insert((call.file, call.expr), i as u32);
                }
                (DynamicKind::Interface { .. }, _) => {
                    flows.bound.entry((call.file, call.expr)).or_insert(i as u32);
                }
                _ => {}
            }
        }
        instances::link_containers(program, &mut flows.graph);
        flows.flowing = flows.graph.items.len() as u32;
        flows.add_declared_types();
        flows
    }

    /// The dynamic calls of a file.
    fn dynamic_of(&self, file: FileId) -> &[Dynamic] {
        let bound = |at: usize| self.base.as_slice().get(at).map_or(self.dynamic.len(), |&first| first as usize);
        &self.dynamic[bound(file.index())..bound(file.index() + 1)]
    }

    /// Adds what may stay at the nodes that came since.
    fn add_filters(&self, filters: &mut Vec<Option<Filter>>, dispatch: &Dispatch<'_>) {
        let known = filters.len();
        let new = self.graph.nodes[known..].par_iter().few_at_once();
        let typer = || Typer::new(self.program);
        let of_new = new.map_init(typer, |t, &node| node_type(t, node).and_then(|ty| Filter::of_type(t, ty)));
        filters.par_extend(of_new);
        let mut seen: FxHashSet<Filter> = filters[..known].iter().copied().flatten().collect();
        let new: Vec<Filter> =
            filters[known..].iter().copied().flatten().filter(|filter| seen.insert(*filter)).collect();
        dispatch.admit_all(&new, &self.graph.items);
    }

    fn resolver<'a>(&'a self, dispatch: &'a Dispatch<'p>, solution: &'a mut Solution) -> Resolver<'a, 'p> {
        Resolver::new(dispatch, &self.graph, solution, &self.dynamic, &self.bound, self.flowing)
    }

    /// Types that nothing here makes an interface value of; users of a library may.
    fn add_declared_types(&mut self) {
        let t = Typer::new(self.program);
        for row in self.program.named_types().iter() {
            let Some((file, decl)) = row.decl else { continue };
            let ty = t.declared_type(file, decl);
            if !matches!(t.ty(t.underlying(ty)), Type::Interface { .. }) {
                self.graph.item(Item::Type(ty));
                self.graph.item(Item::Type(t.intern(Type::Pointer(ty))));
            }
        }
    }

    /// Links every dynamic call to all that fits its types, as class hierarchy analysis does.
    fn link_by_type(&mut self, dispatch: &Dispatch<'_>) -> Vec<(u32, u32)> {
        let mut links = Vec::new();
        let mut groups: FxHashMap<(TypeId, Option<Symbol>), u32> = FxHashMap::default();
        let mut by_signature: FxHashMap<TypeId, Vec<(FuncId, bool)>> = FxHashMap::default();
        for item in &self.graph.items {
            if let Item::Func { target: Target::Func(func), signature, method_expression } = *item {
                by_signature.entry(dispatch.t.underlying(signature)).or_default().push((func, method_expression));
            }
        }
        let key_of = |call: &Dynamic| match call.what {
            DynamicKind::Interface { interface, method, .. } => (interface, Some(method)),
            DynamicKind::Value { signature, .. } => (signature, None),
        };
        let mut seen = FxHashSet::default();
        let keys = self.dynamic.iter().map(key_of).filter(|key| seen.insert(*key));
        let keys: Vec<(TypeId, Symbol)> = keys.filter_map(|(ty, method)| Some((ty, method?))).collect();
        let (items, start) = (&self.graph.items, dispatch.start());
        // No small pieces: each would look everything up anew.
        let fitting = keys.par_iter().map_init(
            || start.look_ups(),
            |dispatch, &(interface, method)| dispatch.methods_that_fit(interface, method, items),
        );
        // In the order in which the calls ask for them.
        let mut fitting = fitting.collect::<Vec<_>>().into_iter();
        for i in 0..self.dynamic.len() {
            let key = key_of(&self.dynamic[i]);
            let next = groups.len() as u32;
            let group = *groups.entry(key).or_insert(next);
            if group == next {
                let funcs = match key.1 {
                    Some(_) => fitting.next().unwrap_or_default(),
                    None => by_signature.get(&key.0).cloned().unwrap_or_default(),
                };
                self.link_group(dispatch, &mut links, group, &funcs);
            }
            self.link_call(&mut links, i, group);
        }
        self.groups = groups.len() as u32;
        links
    }

    /// Links calls of function values, each with the number of its answer, to the functions a round found.
    fn link_by_answers(
        &mut self,
        dispatch: &Dispatch<'_>,
        links: &mut Vec<(u32, u32)>,
        answers: &[(u32, u32)],
        rows: &[Callees],
    ) {
        let mut linked = vec![false; rows.len()];
        for &(call, answer) in answers {
            let group = self.groups + answer;
            if !std::mem::replace(&mut linked[answer as usize], true) {
                let callees = &rows[answer as usize];
                self.link_group(dispatch, links, group, &callees.funcs);
                for &(file, over) in &callees.ranges {
                    for i in 0..2 {
                        let from = self.graph.node(Node::GroupParam(group, i));
                        let to = self.graph.node(Node::Yield(file, over, i));
                        links.push((from, to));
                    }
                }
            }
            self.link_call(links, call as usize, group);
        }
        self.groups += rows.len() as u32;
    }

    /// Links a call to its group.
    fn link_call(&mut self, links: &mut Vec<(u32, u32)>, call: usize, group: u32) {
        let call = &self.dynamic[call];
        let mut link = |from: Node, to: Node| links.push((self.graph.node(from), self.graph.node(to)));
        for (i, arg) in call.args.iter().enumerate() {
            if let Some(arg) = *arg {
                link(arg, Node::GroupParam(group, i as u32));
            }
        }
        for (i, result) in call.results.iter().enumerate() {
            if let Some(result) = *result {
                link(Node::GroupResult(group, i as u32), result);
            }
        }
        if let DynamicKind::Interface { receiver: Some(receiver), .. } = call.what {
            link(receiver, Node::GroupReceiver(group));
        }
    }

    /// Links a group to its functions.
    fn link_group(
        &mut self,
        dispatch: &Dispatch<'_>,
        links: &mut Vec<(u32, u32)>,
        group: u32,
        funcs: &[(FuncId, bool)],
    ) {
        for &(func, shifted) in funcs {
            let function = self.program.function(func);
            let file = self.program.funcs()[func].file;
            let mut link = |from: Node, to: Node| links.push((self.graph.node(from), self.graph.node(to)));
            if let Some(receiver) = dispatch.receiver_local(func) {
                link(if shifted { Node::GroupParam(group, 0) } else { Node::GroupReceiver(group) }, receiver);
            }
            for (i, param) in function.signature.params.iter().enumerate() {
                if let Some(local) = param.local
                    && collect::carries(&dispatch.t, dispatch.t.local_type(file, local))
                {
                    link(Node::GroupParam(group, i as u32 + u32::from(shifted)), Node::Local(file, local));
                }
            }
            if let Type::Func { results, .. } = dispatch.t.ty(dispatch.t.func_type(func)) {
                for (i, &ty) in results.iter().enumerate() {
                    if collect::carries(&dispatch.t, ty) {
                        link(Node::Result(func, i as u32), Node::GroupResult(group, i as u32));
                    }
                }
            }
        }
    }
}
