//! Goroutines that use a test through what was made of it: `s := NewServer(t.Logf)`, or `NewServer(zaptest.NewLogger(t))`,
//! whose goroutines go on to log when the test is over.
//!
//! A test gives itself away as a method value, or to a logger. Which object got it is not known: a goroutine that the test
//! starts, somewhere below, and that calls a function value which may be such a method, or that logs, may be one that has
//! it. Absent on purpose: goroutines that name the test's variable (`engine`), interfaces ([`super::kept_handle`]).

use std::collections::VecDeque;

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{AccessKind, Exit, Location, SpawnId},
    models::Effect,
    owner::keys_of,
};
use crate::{
    base::{Idx, Span, Symbol},
    callgraph::{CallSite, Resolution, Target},
    resolve::FuncId,
    source::FileId,
    syntax::{Expr, ExprId, LocalId},
};

/// Calls, goroutines' bodies among them, from a test down to where the goroutine is started.
const MAX_START_DEPTH: u32 = 6;
/// Calls from the goroutine's body to the use.
const MAX_USE_DEPTH: u32 = 2;

/// A test function with the handle that it gives away.
struct Test {
    func: FuncId,
    file: FileId,
    handle: LocalId,
    given: Given,
}

/// How a test gives itself away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// As a method: `t.Logf`.
    Method,
    /// In a logger: `zaptest.NewLogger(t)`.
    Logger,
}

/// Finds goroutines that may use a test, through a method of it that something was given, after it is over.
pub(super) fn used_by_others(facts: Facts<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let tests = tests(facts);
    if tests.is_empty() {
        return Vec::new();
    }
    let users = users(facts, alive, &tests);
    let rows = tests.par_iter().map(|test| of_test(facts, test, &users));
    let mut found: Vec<(u32, Conflict)> = rows.collect::<Vec<_>>().into_iter().flatten().collect();
    // Each goroutine once, for the test that is nearest to it.
    found.sort_by_key(|(distance, conflict)| (conflict.spawn, *distance, conflict.other.func));
    found.dedup_by_key(|(_, conflict)| conflict.spawn);
    found.into_iter().map(|(_, conflict)| conflict).collect()
}

/// Functions of test files that give their handle away.
fn tests(facts: Facts<'_>) -> Vec<Test> {
    let program = facts.cx.program;
    let files = &program.sources().files;
    let tested: Vec<FileId> = files.ids().filter(|file| files[*file].test).collect();
    tested.into_par_iter().flat_map_iter(|file| tests_of(facts, file)).collect()
}

fn tests_of(facts: Facts<'_>, file: FileId) -> Vec<Test> {
    let program = facts.cx.program;
    let source = program.facts(file);
    let mut out: Vec<Test> = Vec::new();
    let is_handle = |expr: ExprId| match source.exprs[expr] {
        Expr::Local(local) => {
            let key = program.type_key(program.local_type(file, local));
            key.filter(|key| facts.cx.models.is_test_handle(*key)).map(|_| local)
        }
        _ => None,
    };
    let called: FxHashSet<ExprId> = source
        .exprs
        .iter()
        .filter_map(|expr| match expr {
            Expr::Call { callee, .. } => Some(*callee),
            _ => None,
        })
        .collect();
    let mut give = |handle: LocalId, given: Given| {
        if let Some(func) = program.declaring(file, handle)
            && out.iter().all(|test| (test.handle, test.given) != (handle, given))
        {
            out.push(Test { func, file, handle, given });
        }
    };
    for (expr, row) in source.exprs.iter_enumerated() {
        match row {
            Expr::Select { base, .. } if !called.contains(&expr) => {
                is_handle(*base).into_iter().for_each(|handle| give(handle, Given::Method));
            }
            Expr::Call { callee, args, .. } => {
                let handle = source.exprs.list(*args).iter().find_map(|arg| is_handle(*arg));
                if let Some(handle) = handle.filter(|_| makes_logger(facts, file, *callee)) {
                    give(handle, Given::Logger);
                }
            }
            _ => {}
        }
    }
    out
}

/// Whether a function is one that makes a logger, as its name says: its result has no type where its source is absent.
fn makes_logger(facts: Facts<'_>, file: FileId, callee: ExprId) -> bool {
    match facts.cx.program.facts(file).exprs[callee] {
        Expr::Select { name, .. } | Expr::Name(name) => facts.cx.models.is_logger(name.as_str()),
        _ => false,
    }
}

/// Per goroutine that outlives who starts it, where it calls a function value that may be a method of a test, and where it
/// logs.
type Users = FxHashMap<SpawnId, [Option<Side>; 2]>;

fn users(facts: Facts<'_>, alive: &FixedBitSet, tests: &[Test]) -> Users {
    let mut calls: FxHashMap<FuncId, Span> = FxHashMap::default();
    for site in facts.cx.graph.sites().iter().filter(|site| may_be_of_test(facts, site)) {
        calls.entry(site.func).or_insert(site.span);
    }
    let logged = tests.iter().any(|test| test.given == Given::Logger);
    let mut logs: FxHashMap<FuncId, Option<Span>> = FxHashMap::default();
    let mut users = Users::default();
    for id in facts.spawns.sites.ids().filter(|id| alive.contains(id.index())) {
        let reach = &facts.reaches[id];
        let near = |at: &mut dyn FnMut(FuncId) -> Option<Span>| {
            let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_USE_DEPTH);
            nodes.filter(|(node, _)| node.dispatched() == 0).find_map(|(node, number)| {
                Some(Side::at(node.func, at(node.func)?, AccessKind::Read).reached_by(reach.path(number), 1))
            })
        };
        let method = near(&mut |func| calls.get(&func).copied());
        let mut logging = |func| logged.then(|| *logs.entry(func).or_insert_with(|| logs_at(facts, func))).flatten();
        let logger = near(&mut logging);
        if method.is_some() || logger.is_some() {
            users.insert(id, [method, logger]);
        }
    }
    users
}

/// The first call of a function that is a method of a logger, or is given one.
fn logs_at(facts: Facts<'_>, func: FuncId) -> Option<Span> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let exprs = &program.facts(file).exprs;
    let is_logger = |expr: ExprId| {
        let key = program.type_key(program.expr_type(file, expr));
        key.is_some_and(|key| facts.cx.models.is_logger(key.as_str()))
    };
    let logs = |call: ExprId| match &exprs[call] {
        Expr::Call { callee, args, .. } => {
            let receiver = match exprs[*callee] {
                Expr::Select { base, .. } => is_logger(base),
                _ => false,
            };
            receiver || exprs.list(*args).iter().any(|arg| is_logger(*arg))
        }
        _ => false,
    };
    facts.calls.of(func).iter().find(|row| logs(row.call)).map(|row| row.span)
}

/// Whether a call of a function value may be one of a method that needs a running test.
fn may_be_of_test(facts: Facts<'_>, site: &CallSite) -> bool {
    if site.targets.resolution() != Ok(Resolution::FunctionValue) {
        return false;
    }
    let needs = |key: Symbol| {
        let effects = facts.cx.models.effects(key);
        effects.iter().any(|effect| matches!(effect, Effect::NeedsTest { .. } | Effect::EndsGoroutine))
    };
    site.targets.callees().iter().any(|target| matches!(target, Target::External(key) if needs(*key)))
}

fn of_test(facts: Facts<'_>, test: &Test, users: &Users) -> Vec<(u32, Conflict)> {
    let program = facts.cx.program;
    let mut ends = facts.cx.events.of(test.func).blocks.iter().filter_map(|block| block.exit());
    let Some((_, end)) = ends.rfind(|exit| exit.0 != Exit::Panic) else { return Vec::new() };
    let waited = facts.joins.may(test.func);
    let mut out = Vec::new();
    for (id, distance) in started_below(facts, test.func) {
        let Some([method, logger]) = users.get(&id) else { continue };
        let Some(inside) = (if test.given == Given::Method { method } else { logger }) else { continue };
        // Who ends what it has made waits for it there.
        let joined = keys_of(facts, id).iter().any(|key| waited.contains(*key));
        // What names the variable is asked elsewhere.
        let started_here = facts.spawns.sites[id].func == test.func && test.given == Given::Method;
        let own = program.encloses(test.func, inside.func) || started_here;
        if joined || own {
            continue;
        }
        out.push((
            distance,
            Conflict {
                assumptions: vec![Assumption::SameObject, Assumption::TakesThatWay],
                ..Conflict::new(
                    id,
                    Location::Local(test.file, test.handle),
                    inside.clone(),
                    Side::at(test.func, end, AccessKind::End),
                    Relation::TestEnd,
                )
            },
        ));
    }
    out
}

/// Goroutines that a test starts, itself, in what it calls by name or in goroutines started there, with the number of
/// calls down to their start.
fn started_below(facts: Facts<'_>, test: FuncId) -> Vec<(SpawnId, u32)> {
    let mut out: Vec<(SpawnId, u32)> = Vec::new();
    let mut seen: FxHashSet<FuncId> = FxHashSet::from_iter([test]);
    let mut queue = VecDeque::from([(test, 0)]);
    while let Some((func, depth)) = queue.pop_front() {
        let mut next: Vec<FuncId> = Vec::new();
        for &id in facts.spawns.of(func) {
            out.push((id, depth));
            next.extend(facts.spawns.sites[id].bodies.iter().copied());
        }
        for row in facts.calls.of(func) {
            let targets = row.targets.iter().copied().filter(|_| !row.dispatched);
            next.extend(targets.chain(row.handed.iter().map(|handed| handed.func)));
        }
        for func in next {
            if depth < MAX_START_DEPTH && seen.insert(func) {
                queue.push_back((func, depth + 1));
            }
        }
    }
    out
}
