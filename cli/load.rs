//! From a folder to an analysed program: the only place that reads Go files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use analyzer::{
    base::{Idx, IndexVec, Problem, ProblemKind},
    callgraph::CallGraph,
    resolve::Program,
    source::{FileId, FileRole, InputFile, SourceSet},
    syntax::{self, FileFacts},
};
use anyhow::{Context, Result, bail};
use ignore::{WalkBuilder, WalkState};
use rayon::prelude::*;

use crate::{args::BuildArgs, dependencies, say::note};

/// A program with its calls, and the trouble met while reading it.
pub(crate) struct Loaded {
    pub(crate) program: Program,
    pub(crate) graph: CallGraph,
    pub(crate) problems: Vec<Problem>,
}

/// The files of a checkout as they were found, on disk or in a revision.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) inputs: Vec<InputFile>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads and resolves everything below `dir`.
///
/// # Errors
/// When the folder is missing or unreadable, or holds no Go file that takes part in the build.
pub(crate) fn load(dir: &Path, build: &BuildArgs, tests: bool) -> Result<Loaded> {
    let loaded = resolve(read(dir)?, build, tests, &|_| {});
    if !loaded.program.sources().files.is_empty() {
        return Ok(loaded);
    }
    for problem in &loaded.problems {
        note(format_args!("warning: {problem}"));
    }
    bail!("no Go files to analyse in {}", dir.display());
}

/// Resolves the files of a tree; `stage` hears what is going on.
pub(crate) fn resolve(tree: Tree, build: &BuildArgs, tests: bool, stage: &dyn Fn(&str)) -> Loaded {
    let Tree { mut inputs, mut problems } = tree;
    if build.goroot.is_some() || build.modcache.is_some() {
        inputs.extend(dependencies::read(&inputs, build));
    }
    let options = &build.options(tests);
    let set = SourceSet::new(inputs, options);
    problems.extend(set.problems.iter().cloned());
    stage(&format!("parsing {} files", set.files.len()));
    let facts = lower(&set);
    for (id, row) in facts.iter_enumerated() {
        problems.extend(row.problems.iter().cloned().map(|mut problem| {
            problem.file.get_or_insert_with(|| set.files[id].path.clone());
            problem
        }));
    }
    stage("resolving names and types");
    let resolved = Program::build(Arc::new(set), facts);
    problems.extend(resolved.problems);
    problems.sort();
    problems.dedup();
    let program = resolved.value;
    stage("following calls");
    let graph = CallGraph::build(&program);
    Loaded { program, graph, problems }
}

/// Lowers all files in parallel, large ones first so that none is left over at the end.
fn lower(set: &SourceSet) -> IndexVec<FileId, FileFacts> {
    let mut order: Vec<FileId> = set.files.ids().collect();
    order.sort_by_key(|id| std::cmp::Reverse(set.files[*id].text.len()));
    let mut rows: Vec<(FileId, FileFacts)> =
        order.into_par_iter().with_max_len(1).map(|id| (id, syntax::lower(set.files[id].text.as_bytes()))).collect();
    rows.sort_by_key(|(id, _)| id.index());
    rows.into_iter().map(|(_, facts)| facts).collect()
}

/// Files below `dir` by path, those that `.gitignore` excludes left out.
///
/// # Errors
/// When the folder is missing or unreadable.
pub(crate) fn read(dir: &Path) -> Result<Tree> {
    let meta = fs::metadata(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    if !meta.is_dir() {
        bail!("{} is not a folder", dir.display());
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    WalkBuilder::new(dir).hidden(false).require_git(false).build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            if let Ok(entry) = entry
                && entry.file_type().is_some_and(|t| t.is_file())
                && wanted(entry.file_name().to_str().unwrap_or(""))
            {
                // The receiver lives until all walkers are done.
                let _ = sender.send(entry.into_path());
            }
            WalkState::Continue
        })
    });
    drop(sender);
    let mut paths: Vec<PathBuf> = receiver.into_iter().collect();
    paths.sort();
    let (above, prefix) = module_above(dir);
    let read: Vec<(String, io::Result<Vec<u8>>)> =
        paths.par_iter().map(|path| (relative(path, dir), fs::read(path))).collect();
    let mut inputs = Vec::with_capacity(read.len());
    let mut problems = Vec::new();
    for (path, text) in read {
        match text {
            Ok(text) => inputs.push(InputFile { path, text, role: FileRole::Analysed, import_path: None }),
            Err(error) => problems.push(Problem {
                kind: ProblemKind::Unreadable,
                message: format!("cannot be read: {error}"),
                file: Some(path.into()),
                line: None,
            }),
        }
    }
    if let Some(text) = above {
        add_module(&mut inputs, &text, &prefix);
    }
    Ok(Tree { inputs, problems })
}

/// Adds the `go.mod` of a folder above, for a tree without its own; `prefix` is the way down to the tree.
pub(crate) fn add_module(inputs: &mut Vec<InputFile>, text: &[u8], prefix: &str) {
    if inputs.iter().any(|input| input.path == "go.mod") {
        return;
    }
    let whole = String::from_utf8_lossy(text);
    let text = whole.lines().map(|line| match line.trim().strip_prefix("module ") {
        Some(path) => format!("module {}/{prefix}\n", path.trim().trim_matches('"')),
        None => format!("{line}\n"),
    });
    let text: String = text.collect();
    let text = text.into_bytes();
    inputs.push(InputFile { path: "go.mod".to_owned(), text, role: FileRole::Analysed, import_path: None });
}

/// The `go.mod` of the nearest folder above, and the way from there down to `dir`: a folder inside of a module keeps
/// its import path.
fn module_above(dir: &Path) -> (Option<Vec<u8>>, String) {
    let Ok(dir) = dir.canonicalize() else { return (None, String::new()) };
    for above in dir.ancestors().skip(1) {
        if let Ok(text) = fs::read(above.join("go.mod")) {
            return (Some(text), relative(&dir, above));
        }
    }
    (None, String::new())
}

/// Whether a file of this name takes part in an analysis.
pub(crate) fn wanted(name: &str) -> bool {
    name.ends_with(".go") || matches!(name, "go.mod" | "go.work" | "modules.txt")
}

/// A path below `root`, with `/`.
pub(crate) fn relative(path: &Path, root: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
