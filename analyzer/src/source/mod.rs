//! The files an analysis runs on, and what `go.mod` says about them.
//!
//! Invariant: paths are relative to the root of the checkout, with `/`; the order of files is the order of their paths.
//! Nothing here opens a file: the caller hands over bytes.

mod constraint;
mod imports;
mod modules;
mod stubs;
mod text;

use std::sync::Arc;

use constraint::{NEWEST_GO, Tags};
pub use imports::import_paths;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
pub(crate) use stubs::standing_for;
pub use text::{ReadAgain, Text};

use crate::{
    base::{InPieces, IndexVec, Problem, ProblemKind, Symbol},
    define_id,
};

define_id!(
    /// A Go file of a [`SourceSet`].
    FileId
);

/// What part a file plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileRole {
    /// Code to be analysed and reported on.
    Analysed,
    /// Source of a dependency (vendor, module cache, GOROOT): resolved and followed, never reported on.
    Dependency,
    /// Declarations without bodies that stand for a library whose source is absent.
    Stub,
}

/// A file as the caller found it.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// Path relative to the root, with `/`. Of a dependency outside of the root: its path below the place it was
    /// found in, with `import_path` set.
    pub path: String,
    /// Its bytes.
    pub text: Vec<u8>,
    /// What part it plays; `vendor/` below the root becomes [`FileRole::Dependency`] by itself.
    pub role: FileRole,
    /// Import path of its folder, where the caller knows it (dependencies and stubs); otherwise it follows from the
    /// nearest `go.mod`, GOPATH tree, or GOROOT.
    pub import_path: Option<String>,
}

/// A Go file that takes part in the analysis.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path relative to the root.
    pub path: Arc<str>,
    /// Text; invalid UTF-8 was replaced and is a problem of the set.
    pub text: Text,
    /// Import path of the folder. Files of an external test package (`package p_test`) have the same one.
    pub import_path: Symbol,
    /// The module it belongs to, an index of [`SourceSet::modules`].
    pub module: Option<u32>,
    /// What part it plays.
    pub role: FileRole,
    /// Whether its name ends in `_test.go`.
    pub test: bool,
}

/// A module of the checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Module path.
    pub path: Symbol,
    /// Folder of its `go.mod`, relative to the root; empty for the root itself.
    pub dir: Arc<str>,
    /// The `go` line; without one Go assumes 1.16.
    pub go: GoVersion,
}

/// A language version. Loop variables are per iteration from 1.22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoVersion {
    /// The `1` of `1.22`.
    pub major: u16,
    /// The `22` of `1.22`.
    pub minor: u16,
}

/// What build constraints are decided with.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// `GOOS`, `linux` unless told.
    pub goos: String,
    /// `GOARCH`, `amd64` unless told.
    pub goarch: String,
    /// Further tags (`--tags`).
    pub tags: Vec<String>,
    /// Whether `_test.go` files take part.
    pub tests: bool,
}

/// Everything one analysis reads.
#[derive(Debug, Default)]
pub struct SourceSet {
    /// Go files that the build constraints admit, by path; stubs after all others.
    pub files: IndexVec<FileId, SourceFile>,
    /// Modules found, by folder.
    pub modules: Vec<Module>,
    /// Trouble on the way.
    pub problems: Vec<Problem>,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { goos: "linux".into(), goarch: "amd64".into(), tags: Vec::new(), tests: true }
    }
}

/// Largest file that is read. The largest hand-written Go files are below 1 MB and the largest generated ones in use
/// (parser tables, protocol definitions) below 6 MB; beyond that a file is data in the form of Go.
pub const MAX_FILE_BYTES: usize = 8 << 20;

impl SourceSet {
    /// Sorts out which files take part, and where they belong.
    pub fn new(inputs: Vec<InputFile>, options: &BuildOptions) -> Self {
        let mut inputs = inputs;
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        let mut set = Self::default();
        let layout = modules::Layout::read(&inputs, &mut set.problems);
        let older = folders_of_older_versions(&inputs, &layout, options);
        let sorted = inputs.into_par_iter().one_by_one().map(|input| sort_out(input, &layout, options, &older));
        let mut homeless = false;
        for (file, problem) in sorted.collect::<Vec<_>>() {
            set.problems.extend(problem);
            let Some((file, module_known)) = file else { continue };
            homeless |= !module_known;
            set.files.push(file);
        }
        if !set.files.is_empty() {
            stubs::add(&mut set);
        }
        set.modules = layout.into_modules();
        if homeless && set.modules.is_empty() {
            let message = "no go.mod here or above: folders are taken for import paths".to_owned();
            set.problems.push(Problem { kind: ProblemKind::Module, message, file: None, line: None });
        }
        set
    }

    /// The version of Go that a file is for: its module's; without a module, that of the modules beside it.
    pub fn go_of(&self, file: FileId) -> Option<GoVersion> {
        let file = &self.files[file];
        match file.module.and_then(|module| self.modules.get(module as usize)) {
            Some(module) => Some(module.go),
            None if file.role == FileRole::Analysed => modules::oldest(&self.modules),
            None => None,
        }
    }

    /// Lets go of the texts that are not to be kept. What asks for one later gets it from `reader`.
    pub fn let_go_of_texts(&mut self, reader: &Arc<dyn ReadAgain>, keep: impl Fn(&SourceFile) -> bool + Sync) {
        let files = self.files.as_mut_slice().par_iter_mut().few_at_once();
        files.filter(|file| !keep(file)).for_each(|file| file.text.let_go(&file.path, reader));
    }
}

/// Folders with files for the version of Go that `go.mod` names and not for newer ones, where no other file takes their place:
/// code that goes around the language (`//go:build go1.17 && !go1.20`) says how far it was tried. With that version.
fn folders_of_older_versions(
    inputs: &[InputFile],
    layout: &modules::Layout,
    options: &BuildOptions,
) -> FxHashMap<Box<str>, u32> {
    let asks = |input: &&InputFile| input.path.ends_with(".go") && constraint::asks_for_version(&input.text);
    let rows = inputs.par_iter().filter(asks).filter_map(|input| {
        let (dir, name) = input.path.rsplit_once('/').unwrap_or(("", &input.path));
        let go = u32::from(layout.go_of(dir)?.minor);
        let text = String::from_utf8_lossy(&input.text);
        let admitted = |go| constraint::admits(name, &text, Tags { options, go });
        Some((dir, go, admitted(go), admitted(NEWEST_GO)))
    });
    let rows: Vec<(&str, u32, bool, bool)> = rows.collect();
    let replaced: FxHashSet<&str> = rows.iter().filter(|row| !row.2 && row.3).map(|row| row.0).collect();
    let left_out = rows.iter().filter(|row| row.2 && !row.3 && !replaced.contains(row.0));
    left_out.map(|row| (row.0.into(), row.1)).collect()
}

/// The file that an input becomes, and whether it is known to which module it belongs; `None` for one that takes no part.
fn sort_out(
    input: InputFile,
    layout: &modules::Layout,
    options: &BuildOptions,
    older: &FxHashMap<Box<str>, u32>,
) -> (Option<(SourceFile, bool)>, Option<Problem>) {
    let (dir, name) = input.path.rsplit_once('/').unwrap_or(("", &input.path));
    let test = name.ends_with("_test.go");
    if !name.ends_with(".go") || !belongs(dir, name) || test && !options.tests {
        return (None, None);
    }
    let path: Arc<str> = input.path.as_str().into();
    let problem = |kind, message: String| Some(Problem { kind, message, file: Some(path.clone()), line: None });
    if input.text.len() > MAX_FILE_BYTES {
        let megabytes = input.text.len() >> 20;
        let message = format!("{megabytes} MB is more than {} MB; left out", MAX_FILE_BYTES >> 20);
        return (None, problem(ProblemKind::TooLarge, message));
    }
    let mut trouble = None;
    let text: Text = match String::from_utf8(input.text) {
        Ok(text) => text.into(),
        Err(error) => {
            let message = "not UTF-8; what could not be read was replaced".to_owned();
            trouble = problem(ProblemKind::NotUtf8, message);
            String::from_utf8_lossy(error.as_bytes()).into()
        }
    };
    let go = older.get(dir).copied().unwrap_or(NEWEST_GO);
    if !constraint::admits(name, &text, Tags { options, go }) {
        return (None, trouble);
    }
    let place = layout.place(dir);
    let file = SourceFile {
        path,
        text,
        import_path: Symbol::new(&input.import_path.unwrap_or(place.import_path)),
        module: place.module,
        role: if place.vendored { FileRole::Dependency } else { input.role },
        test,
    };
    (Some((file, place.module.is_some() || place.known)), trouble)
}

/// The go command ignores folders and files that begin with `.` or `_`, and folders named `testdata`.
fn belongs(dir: &str, name: &str) -> bool {
    let hidden = |part: &str| part.starts_with('_') || part.starts_with('.');
    !hidden(name) && !dir.split('/').any(|part| part == "testdata" || hidden(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sources: &[(&str, &str)]) -> Vec<String> {
        let input = |(path, text): &(&str, &str)| InputFile {
            path: (*path).to_owned(),
            text: text.as_bytes().to_vec(),
            role: FileRole::Analysed,
            import_path: None,
        };
        let set = SourceSet::new(sources.iter().map(input).collect(), &BuildOptions::default());
        let own = set.files.iter().filter(|file| sources.iter().any(|(path, _)| **path == *file.path));
        own.map(|file| file.path.to_string()).collect()
    }

    #[test]
    fn files_for_older_versions_count_where_nothing_takes_their_place() {
        let module = |go| format!("module example.com/m\n\ngo {go}\n");
        let (old, new) = ("//go:build go1.17 && !go1.20\n\npackage a\n", "//go:build go1.20\n\npackage a\n");
        assert_eq!(files(&[("go.mod", &module("1.18")), ("a/old.go", old)]), ["a/old.go"]);
        assert_eq!(
            files(&[("go.mod", &module("1.18")), ("a/old.go", old), ("b/new.go", new)]),
            ["a/old.go", "b/new.go"]
        );
        assert_eq!(files(&[("go.mod", &module("1.18")), ("a/new.go", new), ("a/old.go", old)]), ["a/new.go"]);
        assert!(files(&[("go.mod", &module("1.21")), ("a/old.go", old)]).is_empty());
        assert!(files(&[("a/old.go", old)]).is_empty());
    }
}
