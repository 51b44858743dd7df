//! Which files the binaries of reports are made of.
//!
//! The race detector tells what happened in one binary. Where a stack goes through a `_test.go` file, that is the test
//! binary of the file's package: its tests, and the packages they import, directly or not. What other packages and the
//! tests of other packages do, none of the report's goroutines has done.
//!
//! Invariant: what a binary may hold stays. A frame belongs to every package it can belong to, and where a report does not
//! tell its binary, everything stays.

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    base::{Idx, Symbol},
    report::{Frame, FunctionName, RaceReport},
    source::{FileId, FileRole, SourceSet, import_paths},
};

/// Leaves out of `sources` what no binary of the reports holds.
pub fn keep_linked(sources: &mut SourceSet, reports: &[RaceReport]) {
    if let Some(linked) = linked(sources, reports) {
        sources.files.retain(|id| linked.contains(id.index()));
    }
}

/// The files of all binaries together; `None` if one of them is not known.
fn linked(sources: &SourceSet, reports: &[RaceReport]) -> Option<FixedBitSet> {
    let checkout = Checkout::new(sources);
    let mut open: Vec<Symbol> = Vec::new();
    let mut tested: FxHashSet<Symbol> = FxHashSet::default();
    // Whether a frame tells the binary, by package and file: stacks repeat themselves.
    let mut seen: FxHashMap<(String, &str), bool> = FxHashMap::default();
    for report in reports {
        let stacks = report.accesses.iter().map(|a| &a.stack).chain(report.creations.iter().map(|c| &c.stack));
        let mut told = false;
        for frame in stacks.flat_map(|stack| &stack.frames) {
            let package = FunctionName::parse(&frame.function).package;
            told |= *seen.entry((package, &frame.file)).or_insert_with_key(|(package, _)| {
                let mut here = checkout.by_file(frame);
                let test = frame.file.ends_with("_test.go") && !here.is_empty();
                if test {
                    tested.extend(here.iter().copied());
                }
                here.extend(checkout.by_name(package));
                open.extend(here);
                test
            });
        }
        if !told {
            return None;
        }
    }
    (!reports.is_empty()).then(|| checkout.closure(open, &tested))
}

/// The files of a checkout by what frames and imports say of them.
struct Checkout<'s> {
    sources: &'s SourceSet,
    by_file_name: FxHashMap<&'s str, Vec<FileId>>,
    by_import: FxHashMap<&'s str, Vec<FileId>>,
}

impl<'s> Checkout<'s> {
    fn new(sources: &'s SourceSet) -> Self {
        let mut checkout = Self { sources, by_file_name: FxHashMap::default(), by_import: FxHashMap::default() };
        for (id, file) in sources.files.iter_enumerated() {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            checkout.by_file_name.entry(name).or_default().push(id);
            let path = file.import_path.as_str();
            checkout.by_import.entry(path).or_default().push(id);
            // Who imports a vendored package does not say so.
            let vendored = path.rsplit_once("/vendor/").map(|(_, below)| below).or(path.strip_prefix("vendor/"));
            if let Some(below) = vendored {
                checkout.by_import.entry(below).or_default().push(id);
            }
        }
        checkout
    }

    /// The packages a frame can be of by its file: where the report came about, the checkout may have stood elsewhere.
    fn by_file(&self, frame: &Frame) -> Vec<Symbol> {
        let printed = frame.file.replace('\\', "/");
        let name = printed.rsplit('/').next().unwrap_or(&printed);
        let rows = self.by_file_name.get(name).map_or(&[][..], Vec::as_slice);
        let files = rows.iter().map(|&id| (&*self.sources.files[id].path, self.sources.files[id].import_path));
        nearest(files, &printed)
    }

    /// The packages a function can be of by the path in its name: modules are renamed, and files move.
    fn by_name(&self, package: &str) -> Vec<Symbol> {
        let package = package.strip_suffix("_test").unwrap_or(package);
        let paths = self.sources.files.iter().map(|file| (file.import_path.as_str(), file.import_path));
        nearest(paths, package)
    }

    /// The files of `open`, of all they import, and the tests of `tested`.
    fn closure(&self, mut open: Vec<Symbol>, tested: &FxHashSet<Symbol>) -> FixedBitSet {
        let files = &self.sources.files;
        let mut linked = FixedBitSet::with_capacity(files.len());
        let mut imported: FxHashSet<String> = FxHashSet::default();
        files
            .iter_enumerated()
            .filter(|(_, file)| file.role == FileRole::Stub)
            .for_each(|(id, _)| linked.insert(id.index()));
        let mut rows: Vec<FileId> = Vec::new();
        open.sort_unstable_by_key(|path| path.as_str());
        open.dedup();
        rows.extend(open.iter().flat_map(|path| &self.by_import[path.as_str()]));
        while let Some(id) = rows.pop() {
            let file = &files[id];
            if file.test && !tested.contains(&file.import_path) || linked.put(id.index()) {
                continue;
            }
            for path in import_paths(file.text.as_bytes()) {
                if let Some(more) = self.by_import.get(&*path)
                    && imported.insert(path)
                {
                    rows.extend(more);
                }
            }
        }
        linked
    }
}

/// Of paths, each with what it stands for, those that end like `printed` for the most elements, and those that do so as a
/// whole.
fn nearest<'p>(paths: impl Iterator<Item = (&'p str, Symbol)>, printed: &str) -> Vec<Symbol> {
    let mut best = 1;
    let mut out: Vec<(usize, bool, Symbol)> = Vec::new();
    for (path, stands_for) in paths {
        let common = path.rsplit('/').zip(printed.rsplit('/')).take_while(|(a, b)| a == b).count();
        let whole = common > 0 && common == path.split('/').count();
        if common >= best || whole {
            best = best.max(common);
            out.push((common, whole, stands_for));
        }
    }
    out.retain(|&(common, whole, _)| whole || common == best);
    let mut found: Vec<Symbol> = out.into_iter().map(|row| row.2).collect();
    found.sort_unstable_by_key(|path| path.as_str());
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::parse_reports,
        source::{BuildOptions, InputFile},
    };

    /// The files that are left of a small checkout for a report whose stacks go through these files.
    fn left(frames: &[&str]) -> Vec<String> {
        let file = |path: &str, text: &str| InputFile {
            path: path.to_owned(),
            text: text.as_bytes().to_vec(),
            role: FileRole::Analysed,
            import_path: None,
        };
        let inputs = vec![
            file("go.mod", "module example.org/m\n"),
            file("a/a.go", "package a\nimport (\n\t_ \"example.org/m/b\"\n\t\"x.org/v\"\n)\n"),
            file("a/a_test.go", "package a_test\nimport \"example.org/m/c\"\n"),
            file("b/b.go", "package b\n"),
            file("b/b_test.go", "package b\nimport \"example.org/m/d\"\n"),
            file("c/c.go", "package c\n"),
            file("d/d.go", "package d\nimport \"example.org/m/a\"\n"),
            file("vendor/x.org/v/v.go", "package v\n"),
            file("vendor/x.org/w/w.go", "package w\n"),
        ];
        let mut sources = SourceSet::new(inputs, &BuildOptions::default());
        let stack: String = frames
            .iter()
            .map(|frame| {
                let folder = frame.split('/').rev().nth(1).unwrap_or("");
                format!("  github.com/old/{folder}.f()\n      {frame}:3 +0x1\n")
            })
            .collect();
        let report = format!(
            "==================\nWARNING: DATA RACE\nWrite at 0x00c000012345 by goroutine 7:\n{stack}\n\
             Previous read at 0x00c000012345 by goroutine 8:\n{stack}\n==================\n"
        );
        let reports = parse_reports(report.as_bytes()).value;
        assert_eq!(reports.len(), 1);
        keep_linked(&mut sources, &reports);
        let files = sources.files.iter().filter(|file| file.role != FileRole::Stub);
        files.map(|file| file.path.to_string()).collect()
    }

    #[test]
    fn a_test_binary_is_its_tests_and_what_they_import() {
        let binary = ["a/a.go", "a/a_test.go", "b/b.go", "c/c.go", "vendor/x.org/v/v.go"];
        assert_eq!(left(&["/home/u/old/a/a.go", "/home/u/old/a/a_test.go"]), binary);
        let binary = ["a/a.go", "b/b.go", "b/b_test.go", "d/d.go", "vendor/x.org/v/v.go"];
        assert_eq!(left(&["/home/u/old/b/b.go", "/home/u/old/b/b_test.go"]), binary);
    }

    #[test]
    fn what_else_frames_name_stays() {
        // Of an older revision, whose tests imported it.
        assert!(left(&["/home/u/old/d/d.go", "/home/u/old/a/a_test.go"]).contains(&"d/d.go".to_owned()));
        assert!(left(&["/home/u/old/d/moved.go", "/home/u/old/a/a_test.go"]).contains(&"d/d.go".to_owned()));
    }

    #[test]
    fn without_a_test_in_the_stacks_everything_stays() {
        assert_eq!(left(&["/home/u/old/a/a.go"]).len(), 8);
        assert_eq!(left(&["/home/u/old/a/a.go", "/home/u/old/z/gone_test.go"]).len(), 8);
    }
}
