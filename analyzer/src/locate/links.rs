//! Whether one frame can have called another.

use super::Locator;
use crate::{
    callgraph::{CallKind, Target},
    report::{Frame, FunctionName, Link},
    resolve::{Callee, FuncId, Meaning},
    syntax::Expr,
};

impl Locator<'_> {
    /// Whether `caller` may have called `callee`: each a frame and the function it was found to be. With `exact`, the
    /// lines of the caller's file are those of the report.
    pub(super) fn link(
        &self,
        (caller, caller_func): (&Frame, Option<FuncId>),
        (callee, callee_func): (&Frame, Option<FuncId>),
        exact: bool,
    ) -> Link {
        let above = FunctionName::parse(&callee.function);
        let below = FunctionName::parse(&caller.function);
        let generated = |frame: &Frame| frame.file.starts_with('<');
        // Tests are called by the testing package or the generated `main`, which nobody calls.
        let harness = matches!(below.package.as_str(), "testing" | "runtime") || caller.file.ends_with("_testmain.go");
        if above.is_entry() && !generated(caller) {
            return if harness { Link::Yes } else { Link::No };
        }
        if generated(caller) || generated(callee) || above.suffix.contains("-range") || below.suffix.contains("-range")
        {
            return Link::Unknown;
        }
        match (caller_func, callee_func) {
            (Some(func), Some(_)) if above.is_wrapper() => {
                let outer = callee_func == Some(func);
                if outer { Link::Yes } else { Link::Unknown }
            }
            (Some(func), Some(target)) => self.calls(func, target, exact.then_some(caller.line)),
            (Some(func), None) => self.calls_library(func, &above),
            // A library calls what it was handed, or a method it knows from an interface.
            (None, Some(target)) if !self.may_be_value(target) => Link::No,
            (None, _) => Link::Unknown,
        }
    }

    /// Whether one function has a call that may reach another, at the line if one is given.
    fn calls(&self, caller: FuncId, callee: FuncId, line: Option<u32>) -> Link {
        let lifetimes = self.lifetimes;
        let (program, graph) = (lifetimes.program, lifetimes.graph);
        let name = program.funcs()[callee].key.as_str().rsplit('.').next().unwrap_or("");
        let literal = program.funcs()[callee].parent.is_some();
        let mut unknown = false;
        for &site in graph.sites_of(caller) {
            let site = &graph.sites()[site];
            let callees = site.targets.callees();
            let mut hit = callees.contains(&Target::Func(callee));
            // What a library does with a function handed to it is not seen.
            let handed = lifetimes.calls.at(caller, site.expr).is_some_and(|row| !row.handed.is_empty());
            unknown |= (literal || handed) && callees.iter().any(|t| matches!(t, Target::External(_)));
            unknown |= callees.is_empty();
            let file = program.funcs()[caller].file;
            match program.callee(file, site.expr) {
                Callee::Interface { method, .. } if method.as_str() == name => hit = true,
                Callee::Value(_) => unknown |= literal || callees.is_empty(),
                _ => {}
            }
            // A deferred call has the line of the return, a loop's body any line of the loop.
            let here = line.is_none_or(|line| {
                let [first, open, last] = self.lines_of(site);
                site.kind != CallKind::Call || [first, open, last].contains(&line)
            });
            if hit && here {
                return Link::Yes;
            }
        }
        if unknown && self.may_be_value(callee) { Link::Unknown } else { Link::No }
    }

    /// Whether a function calls into the package of a library function, or something unknown.
    fn calls_library(&self, caller: FuncId, callee: &FunctionName) -> Link {
        let (program, graph) = (self.lifetimes.program, self.lifetimes.graph);
        let file = program.funcs()[caller].file;
        let possible = graph.sites_of(caller).iter().any(|site| {
            let site = &graph.sites()[*site];
            let dynamic = matches!(program.callee(file, site.expr), Callee::Interface { .. } | Callee::Value(_));
            let callees = site.targets.callees();
            let mut into = callees.iter().map(|target| match target {
                Target::External(key) => {
                    key.as_str().strip_prefix(&callee.package).is_some_and(|rest| rest.starts_with('.'))
                }
                // What it calls may have been inlined, and with it the call of the library.
                Target::Func(inner) => graph.sites_of(*inner).len() <= 3,
            });
            dynamic || callees.is_empty() || into.any(|calls| calls)
        });
        if possible { Link::Unknown } else { Link::No }
    }

    /// Whether a function can be called without being named: a literal, a method, or one that is used as a value.
    fn may_be_value(&self, func: FuncId) -> bool {
        let program = self.lifetimes.program;
        let row = &program.funcs()[func];
        if row.parent.is_some() || row.receiver.is_some() {
            return true;
        }
        let name = row.key.as_str().rsplit('.').next().unwrap_or("");
        let exported = name.chars().next().is_some_and(char::is_uppercase);
        let files = program.sources().files.ids().filter(|file| {
            (exported || program.package_of(*file) == row.package) && program.sources().files[*file].text.contains(name)
        });
        files.into_iter().any(|file| {
            let exprs = &program.facts(file).exprs;
            let called: rustc_hash::FxHashSet<_> = exprs
                .iter()
                .filter_map(|expr| if let Expr::Call { callee, .. } = expr { Some(*callee) } else { None })
                .collect();
            exprs.iter_enumerated().any(|(id, expr)| {
                let named = match expr {
                    Expr::Name(symbol) | Expr::Select { name: symbol, .. } => symbol.as_str() == name,
                    _ => false,
                };
                named && !called.contains(&id) && program.meaning(file, id) == Meaning::Func(func)
            })
        })
    }
}
