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

impl Default for BuildOptions {
    fn default() -> Self {
        Self { goos: "linux".into(), goarch: "amd64".into(), tags: Vec::new(), tests: true }
    }
}

impl SourceSet {
    /// TEMPORARY until the source colleague lands.
    pub fn new(inputs: Vec<InputFile>, options: &BuildOptions) -> Self {
        let mut set = Self::default();
        let mut inputs = inputs;
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        for input in &inputs {
            let (dir, name) = input.path.rsplit_once('/').unwrap_or(("", &input.path));
            if name == "go.mod" {
                let text = String::from_utf8_lossy(&input.text);
                let line = |key: &str| {
                    text.lines().find_map(|l| {
                        l.trim()
                            .strip_prefix(key)
                            .filter(|r| r.starts_with([' ', '\t']))
                            .map(|r| r.trim().trim_matches('"').to_owned())
                    })
                };
                let Some(path) = line("module") else { continue };
                let mut parts = line("go").unwrap_or_default();
                if parts.is_empty() {
                    parts = "1.16".into();
                }
                let mut numbers = parts.split('.').map(|n| n.parse().unwrap_or(0));
                let go = GoVersion { major: numbers.next().unwrap_or(1), minor: numbers.next().unwrap_or(16) };
                set.modules.push(Module { path: Symbol::new(&path), dir: dir.into(), go });
            }
        }
        for input in inputs {
            let (dir, name) = input.path.rsplit_once('/').unwrap_or(("", &input.path));
            if !name.ends_with(".go")
                || input.path.split('/').any(|p| p == "testdata" || p.starts_with('_') || p.starts_with('.'))
            {
                continue;
            }
            let text = String::from_utf8_lossy(&input.text).into_owned();
            if !admits(name, &text, options) {
                continue;
            }
            let module = set
                .modules
                .iter()
                .enumerate()
                .filter(|(_, m)| m.dir.is_empty() || dir == &*m.dir || dir.starts_with(&format!("{}/", m.dir)))
                .max_by_key(|(_, m)| m.dir.len());
            let (role, import_path) = match dir.find("vendor/").filter(|at| *at == 0 || dir.as_bytes()[at - 1] == b'/')
            {
                Some(at) => (FileRole::Dependency, dir[at + 7..].to_owned()),
                None => {
                    let path = match module {
                        Some((_, m)) => {
                            let rest = dir[m.dir.len()..].trim_start_matches('/');
                            let base = m.path.as_str();
                            match (base, rest) {
                                ("std", rest) => rest.to_owned(),
                                (base, "") => base.to_owned(),
                                (base, rest) => format!("{base}/{rest}"),
                            }
                        }
                        None if dir.is_empty() => "main".to_owned(),
                        None => dir.to_owned(),
                    };
                    (input.role, path)
                }
            };
            let import_path = input.import_path.unwrap_or(import_path);
            set.files.push(SourceFile {
                path: input.path.as_str().into(),
                test: name.ends_with("_test.go"),
                text: text.into(),
                import_path: Symbol::new(&import_path),
                module: module.map(|(i, _)| i as u32),
                role,
            });
        }
        set
    }
}

fn admits(name: &str, text: &str, options: &BuildOptions) -> bool {
    const OSES: &[&str] = &[
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "illumos",
        "ios",
        "js",
        "linux",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
    ];
    const ARCHES: &[&str] = &[
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
        "riscv64", "s390x", "wasm", "sparc64", "riscv",
    ];
    let stem = name.trim_end_matches(".go");
    let stem = stem.strip_suffix("_test").unwrap_or(stem);
    let parts: Vec<&str> = stem.split('_').skip(1).collect();
    let bad = |p: &str| (OSES.contains(&p) && p != options.goos) || (ARCHES.contains(&p) && p != options.goarch);
    if let Some(last) = parts.last() {
        if bad(last) {
            return false;
        }
        if ARCHES.contains(last) && parts.len() > 1 && bad(parts[parts.len() - 2]) {
            return false;
        }
    }
    for line in text.lines() {
        let line = line.trim();
        if let Some(expr) = line.strip_prefix("//go:build ") {
            let tokens: Vec<String> = expr
                .replace("(", " ( ")
                .replace(")", " ) ")
                .replace("!", " ! ")
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            let mut at = 0;
            return or(&tokens, &mut at, options);
        }
        if line.starts_with("package ") {
            break;
        }
    }
    true
}
fn or(t: &[String], at: &mut usize, o: &BuildOptions) -> bool {
    let mut v = and(t, at, o);
    while t.get(*at).is_some_and(|x| x == "||") {
        *at += 1;
        v |= and(t, at, o);
    }
    v
}
fn and(t: &[String], at: &mut usize, o: &BuildOptions) -> bool {
    let mut v = not(t, at, o);
    while t.get(*at).is_some_and(|x| x == "&&") {
        *at += 1;
        v &= not(t, at, o);
    }
    v
}
fn not(t: &[String], at: &mut usize, o: &BuildOptions) -> bool {
    let Some(x) = t.get(*at) else { return true };
    *at += 1;
    match x.as_str() {
        "!" => !not(t, at, o),
        "(" => {
            let v = or(t, at, o);
            *at += 1;
            v
        }
        tag => {
            tag == o.goos
                || tag == o.goarch
                || tag == "unix"
                || tag == "gc"
                || tag == "cgo"
                || tag.starts_with("go1.")
                || o.tags.iter().any(|x| x == tag)
        }
    }
}
