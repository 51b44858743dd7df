//! What runs in one process: a test can meet only the goroutines of packages that its binary is made of.
//!
//! Invariant: what may be linked is; a package whose source is absent imports nothing here, and is imported by nobody.

use std::sync::OnceLock;

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use crate::{
    base::{Idx, IndexVec, Symbol},
    resolve::{FuncId, PackageId, Program},
};

/// The packages of test binaries, worked out where they are asked for.
pub(super) struct Binaries<'a> {
    program: &'a Program,
    by_path: FxHashMap<Symbol, Vec<PackageId>>,
    /// By package of the test.
    linked: IndexVec<PackageId, OnceLock<FixedBitSet>>,
}

impl<'a> Binaries<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        let mut by_path: FxHashMap<Symbol, Vec<PackageId>> = FxHashMap::default();
        for (id, package) in program.packages().iter_enumerated() {
            by_path.entry(package.path).or_default().push(id);
        }
        Self { program, by_path, linked: IndexVec::filled(OnceLock::new(), program.packages().len()) }
    }

    /// The packages that the test binary with this function is made of.
    pub(super) fn of_test(&self, test: FuncId) -> &FixedBitSet {
        let package = self.program.funcs()[test].package;
        self.linked[package].get_or_init(|| self.link(package))
    }

    /// Whether the test binary with `test` has `func`, too: it has the tests of one package only, whatever it links.
    pub(super) fn has(&self, test: FuncId, func: FuncId) -> bool {
        let program = self.program;
        let package = |func: FuncId| program.funcs()[func].package;
        let tested = |func: FuncId| tested(program, package(func));
        self.of_test(test).contains(package(func).index())
            && (!program.in_test_file(func) || tested(func) == tested(test))
    }

    /// A test's own package, its external tests, and all that these and their imports import: tests are imported by nobody.
    fn link(&self, package: PackageId) -> FixedBitSet {
        let packages = self.program.packages();
        let tested = tested(self.program, package);
        let own = [tested.to_owned(), format!("{tested}_test")];
        let own = own.iter().filter_map(|path| self.by_path.get(&Symbol::new(path))).flatten().copied();
        let mut linked = FixedBitSet::with_capacity(packages.len());
        let mut work: Vec<(PackageId, bool)> = std::iter::once(package).chain(own).map(|own| (own, true)).collect();
        while let Some((package, with_tests)) = work.pop() {
            if linked.put(package.index()) {
                continue;
            }
            let files = packages[package].files.iter();
            let files = files.filter(|file| with_tests || !self.program.sources().files[**file].test);
            work.extend(files.flat_map(|file| self.program.imports(*file)).map(|package| (*package, false)));
        }
        linked
    }
}

/// Whether functions of two files are ever in one binary, as far as tests tell: each has the test files of one package.
pub(super) fn may_meet(program: &Program, a: FuncId, b: FuncId) -> bool {
    let package = |func: FuncId| tested(program, program.funcs()[func].package);
    !(program.in_test_file(a) && program.in_test_file(b)) || package(a) == package(b)
}

/// The path of the package that a package tests: its own, but for external tests.
fn tested(program: &Program, package: PackageId) -> &str {
    let path = program.packages()[package].path.as_str();
    path.strip_suffix("_test").unwrap_or(path)
}
