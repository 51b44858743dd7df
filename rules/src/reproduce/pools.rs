//! Calls of `sync.Pool` that can be replaced by calls that always reuse.
//!
//! Under the race detector a pool drops one object in four, and each processor has its own: whether the object that was
//! put back is the one that is taken next is chance. The replacement keeps what a pool promises, a `Put` before the
//! `Get` of its object, and nothing else.

use analyzer::resolve::Program;

use super::{placements::HELPER, points};

/// A call of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCall {
    /// Path relative to the repository.
    pub file: String,
    /// Where the call begins.
    pub start: u32,
    /// Behind its opening parenthesis.
    pub open: u32,
    /// The pool, as written.
    pool: String,
    put: bool,
}

impl PoolCall {
    /// What stands in place of the call, up to its arguments.
    pub(super) fn replacement(&self) -> String {
        let pool = &self.pool;
        if self.put {
            format!("{HELPER}.Put(&{pool}, {pool}.Put, ")
        } else {
            format!("{HELPER}.Get(&{pool}, {pool}.Get")
        }
    }
}

/// The calls in the packages of two files, whose pool is written so that it has an address.
pub(super) fn calls(program: &Program, first: &str, second: &str) -> Vec<PoolCall> {
    let package = |path: &str| points::file(program, path).map(|id| program.package_of(id));
    let packages = [package(first), package(second)];
    let mut out = Vec::new();
    for (file, facts) in program.sources().files.iter_enumerated().map(|(id, _)| (id, program.facts(id))) {
        let row = &program.sources().files[file];
        if !packages.contains(&Some(program.package_of(file))) || points::file(program, &row.path).is_none() {
            continue;
        }
        for (expr, what) in facts.exprs.iter_enumerated() {
            if !matches!(what, analyzer::syntax::Expr::Call { .. }) {
                continue;
            }
            let put = match program.callee(file, expr) {
                analyzer::resolve::Callee::External { key, .. } if key.as_str() == "sync.Pool.Get" => false,
                analyzer::resolve::Callee::External { key, .. } if key.as_str() == "sync.Pool.Put" => true,
                _ => continue,
            };
            let span = facts.exprs.span(expr);
            let text = span.of(&row.text);
            let name = if put { ".Put(" } else { ".Get(" };
            let Some((pool, _)) = text.split_once(name) else { continue };
            if pool.is_empty() || !pool.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') {
                continue;
            }
            let open = span.start + u32::try_from(pool.len() + name.len()).unwrap_or(0);
            out.push(PoolCall { file: row.path.to_string(), start: span.start, open, pool: pool.to_owned(), put });
        }
    }
    out
}
