//! From a folder to an analysed program: the only place that reads Go files.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use analyzer::{
    base::{Idx, InPieces, IndexVec, Problem, ProblemKind},
    callgraph::CallGraph,
    lifetime::Places,
    locate::keep_linked,
    report::RaceReport,
    resolve::Program,
    source::{FileId, FileRole, InputFile, ReadAgain, SourceFile, SourceSet},
    syntax::{self, FileFacts},
};
use anyhow::{Context, Result, bail};
use ignore::{WalkBuilder, WalkState};
use rayon::prelude::*;

use crate::{args::BuildArgs, dependencies, ignores, say::note};

/// A program with its calls and places, and the trouble met while reading it.
pub(crate) struct Loaded {
    pub(crate) program: Program,
    pub(crate) graph: CallGraph,
    pub(crate) places: Places,
    pub(crate) problems: Vec<Problem>,
}

/// The files of a checkout as they were found, on disk or in a revision.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) inputs: Vec<InputFile>,
    pub(crate) problems: Vec<Problem>,
    /// The folder, of a tree on disk.
    pub(crate) root: Option<PathBuf>,
}

impl Tree {
    /// Whether two trees hold the same files.
    pub(crate) fn same_files(&self, other: &Self) -> bool {
        fn by_path(tree: &Tree) -> Vec<&InputFile> {
            let mut rows: Vec<&InputFile> = tree.inputs.iter().collect();
            rows.sort_by_key(|input| &input.path);
            rows
        }
        let mut pairs = by_path(self).into_iter().zip(by_path(other));
        self.inputs.len() == other.inputs.len() && pairs.all(|(a, b)| a.path == b.path && a.text == b.text)
    }
}

/// What is kept of a tree beside what is lowered from it.
pub(crate) enum Keep<'l> {
    /// All texts.
    Texts,
    /// All texts, and the lowered facts, for another tree with many of the same files.
    Facts(&'l mut Lowered),
    /// The texts of the files that somebody will read as a whole; others are read again where a finding quotes them.
    Ignores,
}

/// What was lowered from texts, for another tree with many of the same files: facts follow from the text alone.
#[derive(Default)]
pub(crate) struct Lowered(HashMap<Arc<str>, Arc<FileFacts>>);

/// Reads and resolves everything below `dir`.
///
/// # Errors
/// When the folder is missing or unreadable, or holds no Go file that takes part in the build.
pub(crate) fn load(dir: &Path, build: &BuildArgs, tests: bool) -> Result<Loaded> {
    load_for(dir, build, tests, &[])
}

/// Reads and resolves what the binaries of `reports` are made of, as far as the reports tell; all of it without any.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_for(dir: &Path, build: &BuildArgs, tests: bool, reports: &[RaceReport]) -> Result<Loaded> {
    let loaded = resolve_for(reports, read(dir)?, build, tests, Keep::Texts, &|_| {});
    if !loaded.program.sources().files.is_empty() {
        return Ok(loaded);
    }
    for problem in &loaded.problems {
        note(format_args!("warning: {problem}"));
    }
    bail!("no Go files to analyse in {}", dir.display());
}

/// Resolves the files of a tree; `stage` hears what is going on. Facts that are kept are looked up for files with the same
/// text, too.
pub(crate) fn resolve(tree: Tree, build: &BuildArgs, tests: bool, keep: Keep<'_>, stage: &dyn Fn(&str)) -> Loaded {
    resolve_for(&[], tree, build, tests, keep, stage)
}

fn resolve_for(
    reports: &[RaceReport],
    tree: Tree,
    build: &BuildArgs,
    tests: bool,
    keep: Keep<'_>,
    stage: &dyn Fn(&str),
) -> Loaded {
    let Tree { mut inputs, mut problems, mut root } = tree;
    if build.goroot.is_some() || build.modcache.is_some() {
        inputs.extend(dependencies::read(&inputs, build));
        // Their paths are of other folders.
        root = None;
    }
    let options = &build.options(tests);
    let mut set = SourceSet::new(inputs, options);
    keep_linked(&mut set, reports);
    problems.extend(set.problems.iter().cloned());
    stage(&format!("parsing {} files", set.files.len()));
    let (lowered, texts) = match keep {
        Keep::Texts => (None, true),
        Keep::Facts(lowered) => (Some(lowered), true),
        Keep::Ignores => (None, false),
    };
    let facts = lower(&set, lowered);
    if let Some(root) = root.filter(|_| !texts) {
        // A path that is no UTF-8 leads to no file.
        let lost = |file: &SourceFile| file.role == FileRole::Stub || file.path.contains(char::REPLACEMENT_CHARACTER);
        let reader: Arc<dyn ReadAgain> = Arc::new(Folder(root));
        set.let_go_of_texts(&reader, |file| lost(file) || file.text.here().is_some_and(|text| ignores::may_have(text)));
    }
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
    // Large parts of the first take one thread: the second fills the others.
    let (graph, places) = rayon::join(|| CallGraph::build(&program), || Places::build(&program));
    Loaded { program, graph, places, problems }
}

/// The folder that the files of a tree stand in.
struct Folder(PathBuf);

impl ReadAgain for Folder {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.0.join(path)).ok()
    }
}

/// Lowers all files in parallel, large ones first so that none is left over at the end.
fn lower(set: &SourceSet, lowered: Option<&mut Lowered>) -> IndexVec<FileId, Arc<FileFacts>> {
    let known = lowered.as_ref().map(|lowered| &lowered.0);
    let mut order: Vec<FileId> = set.files.ids().collect();
    order.sort_by_key(|id| std::cmp::Reverse(set.files[*id].text.len()));
    let row = |id: FileId| {
        let text = &set.files[id].text;
        let found = known.zip(text.here()).and_then(|(known, text)| known.get(text)).cloned();
        (id, found.unwrap_or_else(|| Arc::new(syntax::lower(text.as_bytes()))))
    };
    let mut rows: Vec<(FileId, Arc<FileFacts>)> = order.into_par_iter().one_by_one().map(row).collect();
    rayon::broadcast(|_| syntax::forget_last_file());
    if let Some(lowered) = lowered {
        let texts = rows.iter().filter_map(|(id, facts)| Some((set.files[*id].text.here()?.clone(), facts.clone())));
        lowered.0.extend(texts);
    }
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
    let (refused, refusals) = std::sync::mpsc::channel();
    WalkBuilder::new(dir).hidden(false).require_git(false).build_parallel().run(|| {
        let (sender, refused) = (sender.clone(), refused.clone());
        // The receivers live until all walkers are done.
        Box::new(move |entry| {
            match entry {
                Ok(entry) => {
                    let file = entry.file_type().is_some_and(|t| t.is_file());
                    if file && wanted(entry.file_name().to_str().unwrap_or("")) {
                        let _ = sender.send(entry.into_path());
                    }
                }
                Err(error) => {
                    let _ = refused.send(error);
                }
            }
            WalkState::Continue
        })
    });
    drop((sender, refused));
    let mut paths: Vec<PathBuf> = receiver.into_iter().collect();
    paths.sort();
    let (above, prefix) = module_above(dir);
    let read: Vec<(String, io::Result<Vec<u8>>)> =
        paths.par_iter().map(|path| (relative(path, dir), fs::read(path))).collect();
    let mut inputs = Vec::with_capacity(read.len());
    let unreadable = |path: String, error: io::Error| Problem {
        kind: ProblemKind::Unreadable,
        message: format!("cannot be read: {error}"),
        file: Some(path.into()),
        line: None,
    };
    // What is no error of a file is a pattern of a `.gitignore` that git does not understand, either.
    let mut problems: Vec<Problem> = refusals
        .into_iter()
        .filter_map(|error| {
            let path = refused_path(&error).map(|path| relative(path, dir))?;
            Some(unreadable(path, error.into_io_error()?))
        })
        .collect();
    problems.sort();
    for (path, text) in read {
        match text {
            Ok(text) => inputs.push(InputFile { path, text, role: FileRole::Analysed, import_path: None }),
            Err(error) => problems.push(unreadable(path, error)),
        }
    }
    if let Some(text) = above {
        add_module(&mut inputs, &text, &prefix);
    }
    Ok(Tree { inputs, problems, root: Some(dir.to_owned()) })
}

/// The file or folder that the walk could not read.
fn refused_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => refused_path(err),
        _ => None,
    }
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
