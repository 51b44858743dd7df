//! `outlive graph`: the call graph as edges, as the neighbourhood of a function, or as a path between two.
//!
//! Edges are `caller<TAB>file:line<TAB>callee<TAB>kind`, sorted, no line twice; docs/callgraph-quality.md has the
//! meaning of the columns.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::{self, Write},
};

use analyzer::{
    base::{Problem, Span},
    callgraph::{CallGraph, CallKind, CallSite, CallSiteId, Resolution, Target},
    resolve::{Callee, FuncId, Program},
    source::FileId,
    syntax::{Expr, ExprId},
};

use crate::{names::Meant, render};

/// What to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// All edges.
    Calls,
    /// What a function calls.
    From(Vec<FuncId>),
    /// What calls a function.
    To(Meant),
    /// A shortest path from one function to another.
    Path(Vec<FuncId>, Vec<FuncId>),
}

/// How to print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Tab-separated lines.
    Text,
    /// One JSON document.
    Json,
    /// A graph for Graphviz.
    Dot,
}

/// One call and one function it may reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    /// Symbol of the function the call stands in.
    pub(crate) caller: String,
    /// Path of its file.
    pub(crate) file: String,
    /// Line of the call.
    pub(crate) line: u32,
    /// Symbol of the function called, key of an external one, or `?`.
    pub(crate) callee: String,
    /// How the edge was found.
    pub(crate) kind: String,
}

/// The edges `query` asks for. `packages` restricts callers to packages with these import paths or below them; empty for
/// all.
pub(crate) fn edges(program: &Program, graph: &CallGraph, query: &Query, packages: &[String]) -> Vec<Edge> {
    let printer = Printer::new(program, graph);
    let admitted = |func: FuncId| {
        let path = program.packages()[program.funcs()[func].package].path.as_str();
        packages.is_empty()
            || packages.iter().any(|prefix| {
                path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    };
    let mut edges = Vec::new();
    let sites = graph.sites();
    match query {
        Query::Calls => {
            for (id, site) in sites.iter_enumerated().filter(|(_, site)| admitted(site.func)) {
                printer.edges(id, site, &mut edges);
            }
        }
        Query::From(funcs) => {
            for &id in funcs.iter().flat_map(|&func| graph.sites_of(func)) {
                printer.edges(id, &sites[id], &mut edges);
            }
        }
        Query::To(Meant::Funcs(funcs)) => {
            for &func in funcs {
                let callers = graph.callers(func).iter().map(|&id| &sites[id]).filter(|site| admitted(site.func));
                edges.extend(callers.map(|site| printer.edge(site, &Target::Func(func))));
            }
        }
        Query::To(Meant::External(key)) => {
            let target = Target::External(*key);
            let calls = |site: &&CallSite| site.targets.callees().contains(&target);
            let callers = sites.iter().filter(|site| admitted(site.func)).filter(calls);
            edges.extend(callers.map(|site| printer.edge(site, &target)));
        }
        Query::Path(from, to) => {
            // In the order of the path.
            let steps = path(graph, from, to).unwrap_or_default();
            return steps.iter().map(|&(id, callee)| printer.edge(&sites[id], &Target::Func(callee))).collect();
        }
    }
    edges.sort();
    edges.dedup();
    edges
}

/// A shortest path, as calls with the callee taken.
fn path(graph: &CallGraph, from: &[FuncId], to: &[FuncId]) -> Option<Vec<(CallSiteId, FuncId)>> {
    let mut came: BTreeMap<FuncId, Option<(CallSiteId, FuncId)>> = from.iter().map(|&func| (func, None)).collect();
    let mut queue: VecDeque<FuncId> = from.iter().copied().collect();
    let mut end = None;
    while let Some(func) = queue.pop_front() {
        if to.contains(&func) {
            end = Some(func);
            break;
        }
        for &id in graph.sites_of(func) {
            for callee in graph.sites()[id].targets.funcs() {
                if let std::collections::btree_map::Entry::Vacant(slot) = came.entry(callee) {
                    slot.insert(Some((id, func)));
                    queue.push_back(callee);
                }
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = end?;
    while let Some(Some((id, before))) = came.get(&at) {
        steps.push((*id, at));
        at = *before;
    }
    steps.reverse();
    Some(steps)
}

struct Printer<'a> {
    program: &'a Program,
    graph: &'a CallGraph,
    /// Loops over functions of each function that has some: the statement, the end of its operand, the number.
    ranges: BTreeMap<FuncId, Vec<(Span, ExprId)>>,
}

impl<'a> Printer<'a> {
    fn new(program: &'a Program, graph: &'a CallGraph) -> Self {
        let mut ranges: BTreeMap<FuncId, Vec<(Span, ExprId)>> = BTreeMap::new();
        for site in graph.sites().iter().filter(|site| site.kind == CallKind::Range) {
            let Some(body) = &program.function(site.func).body else { continue };
            let operand = program.facts(program.funcs()[site.func].file).exprs.span(site.expr);
            let around = body.loops.iter().map(|l| l.span);
            let innermost = around.filter(|span| span.contains(operand)).min_by_key(|span| span.end - span.start);
            if let Some(span) = innermost {
                ranges.entry(site.func).or_default().push((span, site.expr));
            }
        }
        for loops in ranges.values_mut() {
            loops.sort();
        }
        Self { program, graph, ranges }
    }

    /// Symbol of the body of a loop over a function: Go makes a function of it.
    fn loop_symbol(&self, func: FuncId, over: ExprId) -> Option<String> {
        let number = self.ranges.get(&func)?.iter().position(|&(_, own)| own == over)? + 1;
        Some(format!("{}-range{number}", self.program.funcs()[func].symbol))
    }

    /// Symbol of the function, or of the loop's body, that a call stands in.
    fn caller(&self, site: &CallSite) -> String {
        let file = self.program.funcs()[site.func].file;
        let exprs = &self.program.facts(file).exprs;
        let inner = self.ranges.get(&site.func).and_then(|loops| {
            let inside =
                |&&(span, over): &&(Span, ExprId)| span.contains(site.span) && exprs.span(over).end <= site.span.start;
            loops.iter().filter(inside).min_by_key(|(span, _)| span.end - span.start)
        });
        inner
            .and_then(|&(_, over)| self.loop_symbol(site.func, over))
            .unwrap_or_else(|| self.program.funcs()[site.func].symbol.to_string())
    }

    fn edges(&self, id: CallSiteId, site: &CallSite, edges: &mut Vec<Edge>) {
        for &(file, over) in self.graph.loop_bodies(id) {
            if let Some(callee) = self.loop_body(file, over) {
                edges.push(self.row(site, callee, self.kind(site, "function-value".to_owned())));
            }
        }
        match site.targets.resolution() {
            // Nothing is known to reach the call: the interface's method stands for all that fit.
            Ok(Resolution::Interface { found: 0, implementers }) => {
                let file = self.program.funcs()[site.func].file;
                if let Some(method) = self.interface_method(file, site) {
                    edges.push(self.row(site, method, self.kind(site, format!("interface:0/{implementers}"))));
                }
            }
            Ok(_) => edges.extend(site.targets.callees().iter().map(|callee| self.edge(site, callee))),
            Err(_) if !self.graph.loop_bodies(id).is_empty() => {}
            Err(reason) => {
                let file = self.program.funcs()[site.func].file;
                let (callee, kind) = match self.interface_method(file, site) {
                    Some(method) => (method, "interface:0/0".to_owned()),
                    None => ("?".to_owned(), format!("unknown:{}", reason.name())),
                };
                edges.push(self.row(site, callee, self.kind(site, kind)));
            }
        }
    }

    fn loop_body(&self, file: FileId, over: ExprId) -> Option<String> {
        let holds = |func: &&FuncId| self.program.funcs()[**func].file == file;
        self.ranges.keys().filter(holds).find_map(|&func| self.loop_symbol(func, over))
    }

    fn interface_method(&self, file: FileId, site: &CallSite) -> Option<String> {
        if site.kind == CallKind::Range {
            return None;
        }
        match self.program.callee(file, site.expr) {
            Callee::Interface { key, method, .. } => {
                Some(key.map_or_else(|| format!("interface.{method}"), |key| key.to_string()))
            }
            _ => None,
        }
    }

    fn edge(&self, site: &CallSite, target: &Target) -> Edge {
        let resolution = match site.targets.resolution() {
            Ok(Resolution::Static) => "static".to_owned(),
            Ok(Resolution::Method) => "method".to_owned(),
            Ok(Resolution::Interface { found, implementers }) => format!("interface:{found}/{implementers}"),
            Ok(Resolution::FunctionValue) => "function-value".to_owned(),
            Err(reason) => format!("unknown:{}", reason.name()),
        };
        match target {
            Target::Func(func) => {
                self.row(site, self.program.funcs()[*func].symbol.to_string(), self.kind(site, resolution))
            }
            Target::External(key) => self.row(site, key.to_string(), self.kind(site, "external".to_owned())),
        }
    }

    fn kind(&self, site: &CallSite, resolution: String) -> String {
        match site.kind {
            CallKind::Call | CallKind::Range => resolution,
            CallKind::Go => format!("go {resolution}"),
            CallKind::Defer => format!("defer {resolution}"),
        }
    }

    fn row(&self, site: &CallSite, callee: String, kind: String) -> Edge {
        let file = self.program.funcs()[site.func].file;
        let facts = self.program.facts(file);
        // A call stands where its left parenthesis does; `go` and `defer` statements where they begin.
        let at = match (&facts.exprs[site.expr], site.kind) {
            (Expr::Call { callee, .. }, CallKind::Call) => facts.exprs.span(*callee).end,
            _ => site.span.start,
        };
        Edge {
            caller: self.caller(site),
            file: self.program.sources().files[file].path.to_string(),
            line: facts.lines.line(at),
            callee,
            kind,
        }
    }
}

/// Prints edges; JSON has the trouble met while reading, too.
pub(crate) fn write(edges: &[Edge], problems: &[Problem], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => {
            for edge in edges {
                writeln!(out, "{}\t{}:{}\t{}\t{}", edge.caller, edge.file, edge.line, edge.callee, edge.kind)?;
            }
        }
        Format::Json => {
            let rows: Vec<_> = edges
                .iter()
                .map(|edge| {
                    serde_json::json!({
                        "caller": edge.caller,
                        "file": edge.file,
                        "line": edge.line,
                        "callee": edge.callee,
                        "kind": edge.kind,
                    })
                })
                .collect();
            let problems: Vec<_> = problems.iter().map(render::json::problem).collect();
            let answer = serde_json::json!({ "schema": "outlive.graph/1", "edges": rows, "problems": problems });
            writeln!(out, "{answer}")?;
        }
        Format::Dot => {
            writeln!(out, "digraph calls {{")?;
            let names: BTreeSet<(&str, &str)> =
                edges.iter().map(|edge| (edge.caller.as_str(), edge.callee.as_str())).collect();
            for (caller, callee) in names {
                writeln!(out, "  {} -> {};", quoted(caller), quoted(callee))?;
            }
            writeln!(out, "}}")?;
        }
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
