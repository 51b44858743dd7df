//! The files an analysis runs on, and what `go.mod` says about them.
//!
//! Invariant: paths are relative to the root of the checkout, with `/`; the order of files is the order of their paths.
//! Nothing here opens a file: the caller hands over bytes.

use std::sync::Arc;

use crate::{
    base::{IndexVec, Problem, Symbol},
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
    pub text: Arc<str>,
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
    /// Go files that the build constraints admit, by path.
    pub files: IndexVec<FileId, SourceFile>,
    /// Modules found, by folder.
    pub modules: Vec<Module>,
    /// Trouble on the way.
    pub problems: Vec<Problem>,
}
