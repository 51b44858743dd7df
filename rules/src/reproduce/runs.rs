//! Which tests to run: those the report names, else those that reach both sides in the call graph.

use analyzer::{
    callgraph::CallGraph,
    report::FunctionName,
    resolve::{FuncId, Program},
};
use rustc_hash::FxHashMap;

use super::{Subject, points};
use crate::finding::{Blame, Site};

/// Sets of tests that are proposed, before all of a package; each costs a run or more before it is known to be of no use.
const MAX_RUNS: usize = 4;

/// Tests to run in one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRun {
    /// Folder of the package, relative to the repository; empty for the root.
    pub folder: String,
    /// Functions, in the order in which they run; all of the package if there is none.
    pub tests: Vec<String>,
    /// Why these.
    pub why: String,
    /// Whether the set runs twice, because Go runs the test that leaks the goroutine behind the one that meets it.
    pub twice: bool,
}

/// The folder of the package with an import path, as a report prints it.
pub fn package_folder(program: &Program, package: &str) -> Option<String> {
    let plain = package.strip_suffix("_test").unwrap_or(package);
    let files = program.sources().files.iter().filter(|file| file.test);
    let of =
        |wanted: &str| files.clone().find(|file| file.import_path.as_str() == wanted).map(|file| folder(&file.path));
    of(package).or_else(|| of(plain)).or_else(|| {
        // The module may have another path in the checkout.
        let tail = files.clone().filter(|file| {
            let own = file.import_path.as_str();
            own.len() > 1 && plain.rsplit('/').next() == own.rsplit('/').next()
        });
        let common = |path: &str| path.rsplit('/').zip(plain.rsplit('/')).take_while(|(a, b)| a == b).count();
        tail.max_by_key(|file| common(file.import_path.as_str())).map(|file| folder(&file.path))
    })
}

/// Whether a function is a test that `-run` chooses.
pub fn is_test(program: &Program, func: FuncId) -> bool {
    let row = &program.funcs()[func];
    let name = FunctionName::parse(row.symbol.as_str());
    let chosen = ["Test", "Example", "Fuzz"].iter().any(|prefix| name.base.starts_with(prefix));
    row.parent.is_none()
        && program.sources().files[row.file].test
        && name.is_entry()
        && chosen
        && name.base != "TestMain"
}

/// Tests worth running, best first.
pub fn test_runs(program: &Program, graph: &CallGraph, subject: &Subject, blame: Option<&Blame>) -> Vec<TestRun> {
    let mut out: Vec<TestRun> = Vec::new();
    if let Some(blame) = blame
        && let Some(folder) = blame.package.as_deref().and_then(|package| package_folder(program, package))
    {
        let why = match &blame.run[..] {
            [one] => format!("the goroutine was created under {one}"),
            [first, ..] => {
                format!("the goroutine was created under {first} and met by another test, so they share a process")
            }
            [] => String::new(),
        };
        push(&mut out, ordered(program, folder, &blame.run, why));
    }
    let inside = subject.goroutine.iter().take(1).chain(&subject.spawn);
    let near = inside.filter_map(|site| points::function(program, site)).map(|func| distances(program, graph, func));
    // Where the goroutine starts is in the graph more surely than what it calls in the end.
    let near = near.min_by_key(|found| std::cmp::Reverse(found.len())).unwrap_or_default();
    let far = subject.other.first().and_then(|site: &Site| points::function(program, site));
    let far = far.map(|func| distances(program, graph, func)).unwrap_or_default();
    let tests = |found: &FxHashMap<FuncId, u32>| -> Vec<(u32, FuncId)> {
        let mut rows: Vec<(u32, FuncId)> =
            found.iter().filter(|(func, _)| is_test(program, **func)).map(|(func, far)| (*far, *func)).collect();
        rows.sort_unstable();
        rows
    };
    let mut both: Vec<(u32, FuncId)> =
        tests(&near).into_iter().filter_map(|(steps, func)| Some((steps + far.get(&func)?, func))).collect();
    both.sort_unstable();
    for (_, func) in both {
        let (folder, name) = place(program, func);
        push(&mut out, ordered(program, folder, &[name], "it reaches both sides in the call graph".to_owned()));
    }
    // No test does both: one leaks, another of the package meets.
    for (_, leaker) in tests(&near) {
        let (folder, first) = place(program, leaker);
        let met = tests(&far).into_iter().map(|(_, func)| place(program, func)).find(|(other, _)| *other == folder);
        if let Some((_, second)) = met.filter(|(_, second)| *second != first) {
            let why = format!("{first} starts the goroutine, {second} comes to the other side: they share a process");
            push(&mut out, ordered(program, folder, &[first, second], why));
        }
    }
    // Which test leaks may not be in the graph, nor in the report.
    let mut folders: Vec<String> = out.iter().map(|run| run.folder.clone()).collect();
    folders.extend(tests(&far).into_iter().map(|(_, func)| place(program, func).0));
    if let Some(folder) = folders.into_iter().next() {
        let why = "some test of the package leaks the goroutine".to_owned();
        out.push(TestRun { folder, tests: Vec::new(), why, twice: false });
    }
    out
}

fn push(out: &mut Vec<TestRun>, run: TestRun) {
    let known = out.iter().any(|other| (&other.folder, &other.tests) == (&run.folder, &run.tests));
    if out.len() < MAX_RUNS && !known {
        out.push(run);
    }
}

/// A set of tests in the order in which Go runs them: by file name and place, the package's own before external ones.
fn ordered(program: &Program, folder: String, names: &[String], why: String) -> TestRun {
    let position = |name: &String| {
        let found = program.funcs().iter_enumerated().filter(|(func, _)| is_test(program, *func));
        let mut found = found.filter(|(func, _)| place(program, *func) == (folder.clone(), name.clone()));
        found.next().map(|(func, row)| {
            let external = program.facts(row.file).package.is_some_and(|package| package.as_str().ends_with("_test"));
            (external, program.sources().files[row.file].path.to_string(), program.function(func).span.start)
        })
    };
    let mut tests: Vec<String> = names.to_vec();
    tests.sort_by_key(position);
    TestRun { twice: tests.first() != names.first(), tests, folder, why }
}

fn place(program: &Program, func: FuncId) -> (String, String) {
    let row = &program.funcs()[func];
    (folder(&program.sources().files[row.file].path), FunctionName::parse(row.symbol.as_str()).base)
}

fn folder(path: &str) -> String {
    path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

/// Calls from every function that reaches `to`, fewest first; what starts a goroutine reaches what it runs, and a
/// function reaches its literals.
fn distances(program: &Program, graph: &CallGraph, to: FuncId) -> FxHashMap<FuncId, u32> {
    let mut found: FxHashMap<FuncId, u32> = FxHashMap::default();
    found.insert(to, 0);
    let mut level = vec![to];
    let mut steps = 0;
    while !level.is_empty() {
        steps += 1;
        let mut above = Vec::new();
        for func in level {
            let callers = graph.callers(func).iter().map(|site| graph.sites()[*site].func);
            for caller in callers.chain(program.funcs()[func].parent) {
                if let std::collections::hash_map::Entry::Vacant(slot) = found.entry(caller) {
                    slot.insert(steps);
                    above.push(caller);
                }
            }
        }
        level = above;
    }
    found
}
