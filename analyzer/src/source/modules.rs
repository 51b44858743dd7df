//! Where folders belong: modules of `go.mod`, `vendor` trees, GOPATH trees, the standard library.

use std::collections::BTreeMap;

use crate::base::{Problem, ProblemKind, Symbol};

use super::{GoVersion, InputFile, Module, imports};

/// What Go assumes for a `go.mod` without a `go` line.
const OLDEST_GO: GoVersion = GoVersion { major: 1, minor: 16 };

/// The modules of a checkout and what they say about folders.
pub(super) struct Layout {
    modules: Vec<Module>,
    /// The root is GOROOT/src: import paths are folders.
    standard: bool,
    /// The folder of every package that stands in a `vendor` tree: the one nearest to the root. Further copies, those
    /// of nested modules, are packages of their own.
    vendored: BTreeMap<String, String>,
}

/// What a folder is.
pub(super) struct Place {
    pub(super) import_path: String,
    pub(super) module: Option<u32>,
    pub(super) vendored: bool,
    /// Whether the import path is known without a module.
    pub(super) known: bool,
}

impl Layout {
    /// Reads every `go.mod` among the files.
    pub(super) fn read(inputs: &[InputFile], problems: &mut Vec<Problem>) -> Self {
        let mut modules = Vec::new();
        for input in inputs {
            let (dir, name) = input.path.rsplit_once('/').unwrap_or(("", &input.path));
            if name != "go.mod" || dir.split('/').any(|part| part == "vendor") {
                continue;
            }
            match module(dir, &String::from_utf8_lossy(&input.text)) {
                Some(module) => modules.push(module),
                None => problems.push(Problem {
                    kind: ProblemKind::Module,
                    message: "no `module` line with a path".to_owned(),
                    file: Some(input.path.as_str().into()),
                    line: None,
                }),
            }
        }
        let has = |folder: &str| inputs.iter().any(|i| i.path.starts_with(folder));
        let standard = modules.iter().any(|m| m.dir.is_empty() && m.path.as_str() == "std")
            || (modules.is_empty() && has("runtime/") && has("internal/") && has("cmd/"));
        let placed = inputs.iter().any(|i| i.path.strip_prefix("src/").is_some_and(|rest| rest.contains('.')));
        if !standard
            && !placed
            && !modules.iter().any(|m: &Module| m.dir.is_empty())
            && let Some(path) = imports::root_path(inputs)
        {
            problems.push(Problem {
                kind: ProblemKind::Module,
                message: format!("no go.mod at the root: taken for {path}, as its imports have it"),
                file: None,
                line: None,
            });
            let go = oldest(&modules).unwrap_or(OLDEST_GO);
            modules.push(Module { path: Symbol::new(&path), dir: "".into(), go });
        }
        let mut first_copies: BTreeMap<String, String> = BTreeMap::new();
        for (dir, _) in inputs.iter().filter_map(|input| input.path.rsplit_once('/')) {
            if let Some((_, path)) = vendored(dir)
                && first_copies.get(path).is_none_or(|first| dir.len() < first.len())
            {
                first_copies.insert(path.to_owned(), dir.to_owned());
            }
        }
        Self { modules, standard, vendored: first_copies }
    }

    /// The version of Go that the module of a folder names, if it names one: the oldest stands for none.
    pub(super) fn go_of(&self, dir: &str) -> Option<GoVersion> {
        self.nearest(dir).map(|(_, module)| module.go).filter(|go| *go > OLDEST_GO)
    }

    /// The module that a folder belongs to, with its number.
    fn nearest(&self, dir: &str) -> Option<(usize, &Module)> {
        self.modules.iter().enumerate().filter(|(_, m)| below(dir, &m.dir)).max_by_key(|(_, m)| m.dir.len())
    }

    /// What a folder (relative to the root) is.
    pub(super) fn place(&self, dir: &str) -> Place {
        let nearest = self.nearest(dir);
        let module = nearest.and_then(|(at, _)| u32::try_from(at).ok());
        if let Some((above, path)) = vendored(dir) {
            let import_path = match self.vendored.get(path) {
                // As the go command names them.
                _ if self.standard => dir.to_owned(),
                Some(first) if first != dir => format!("{}/vendor/{path}", self.place(above).import_path),
                _ => path.to_owned(),
            };
            return Place { import_path, module, vendored: true, known: true };
        }
        let import_path = match nearest {
            Some((_, m)) => {
                let rest = dir[m.dir.len()..].trim_start_matches('/');
                match (m.path.as_str(), rest) {
                    ("std", rest) => rest.to_owned(),
                    (path, "") => path.to_owned(),
                    (path, rest) => format!("{path}/{rest}"),
                }
            }
            None => return self.without_module(dir),
        };
        Place { import_path, module, vendored: false, known: true }
    }

    fn without_module(&self, dir: &str) -> Place {
        // A GOPATH tree: what stands below `src` is the import path.
        let below_src = match dir.strip_prefix("src/") {
            Some(rest) => Some(rest),
            None => dir.rfind("/src/").map(|at| &dir[at + 5..]),
        };
        let import_path = match below_src {
            Some(rest) if rest.contains('.') => rest.to_owned(),
            _ if dir.is_empty() => "main".to_owned(),
            _ => dir.to_owned(),
        };
        let known = self.standard || below_src.is_some();
        Place { import_path, module: None, vendored: false, known }
    }

    /// The modules, in order of their folders.
    pub(super) fn into_modules(self) -> Vec<Module> {
        self.modules
    }
}

fn below(dir: &str, module: &str) -> bool {
    module.is_empty() || dir == module || dir.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder above the `vendor` tree that a folder stands in, and the import path of the package there.
fn vendored(dir: &str) -> Option<(&str, &str)> {
    let (above, at) = match dir.rfind("/vendor/") {
        Some(at) => (&dir[..at], at + 1),
        None if dir.starts_with("vendor/") => ("", 0),
        None => return None,
    };
    Some((above, &dir[at + "vendor/".len()..]))
}

fn module(dir: &str, text: &str) -> Option<Module> {
    let mut path = None;
    let mut go = OLDEST_GO;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or("").trim();
        if let Some(rest) = line.strip_prefix("module").filter(|r| r.starts_with([' ', '\t', '"'])) {
            // A path has no quotes or blanks in it: what has is not what the go command would read.
            let rest = rest.trim().trim_matches(['"', '`']);
            path = Some(rest.to_owned()).filter(|path| !path.is_empty() && !path.contains(['"', '`', '(', ' ', '\t']));
        } else if let Some(rest) = line.strip_prefix("go").filter(|r| r.starts_with([' ', '\t'])) {
            go = version(rest.trim()).unwrap_or(OLDEST_GO);
        }
    }
    Some(Module { path: Symbol::new(&path?), dir: dir.into(), go })
}

/// The oldest version of Go that one of the modules names. Code of the checkout that belongs to none is taken to be as old:
/// nobody says which Go it is for, and they were written beside it.
pub(super) fn oldest(modules: &[Module]) -> Option<GoVersion> {
    modules.iter().map(|module| module.go).min()
}

/// `1.22`, `1.22.3`, `1.23rc1`.
fn version(text: &str) -> Option<GoVersion> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some(GoVersion { major, minor: minor.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::super::{BuildOptions, FileRole, SourceSet};
    use super::*;

    fn paths(files: &[(&str, &str)]) -> Vec<(String, String, bool)> {
        let inputs = files.iter().map(|(path, text)| InputFile {
            path: (*path).to_owned(),
            text: text.as_bytes().to_vec(),
            role: FileRole::Analysed,
            import_path: None,
        });
        let set = SourceSet::new(inputs.collect(), &BuildOptions::default());
        let row = |f: &super::super::SourceFile| {
            (f.path.to_string(), f.import_path.as_str().to_owned(), f.role == FileRole::Dependency)
        };
        set.files.iter().filter(|f| f.role != FileRole::Stub).map(row).collect()
    }

    #[test]
    fn folders_take_the_path_of_the_nearest_module() {
        let found = paths(&[
            ("go.mod", "module example.com/a // mine\n\ngo 1.22\n"),
            ("x.go", "package a"),
            ("b/x.go", "package b"),
            ("tools/go.mod", "module \"example.com/tools\"\n"),
            ("tools/gen/x.go", "package gen"),
            ("vendor/golang.org/x/sync/x.go", "package sync"),
            ("testdata/x.go", "package t"),
        ]);
        let expect = [
            ("b/x.go", "example.com/a/b", false),
            ("tools/gen/x.go", "example.com/tools/gen", false),
            ("vendor/golang.org/x/sync/x.go", "golang.org/x/sync", true),
            ("x.go", "example.com/a", false),
        ];
        assert_eq!(found, expect.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c)));
    }

    #[test]
    fn copies_in_several_vendor_trees_are_packages_of_their_own() {
        let found = paths(&[
            ("go.mod", "module example.com/a\n"),
            ("vendor/x.org/lib/l.go", "package lib"),
            ("tools/go.mod", "module example.com/tools\n"),
            ("tools/vendor/x.org/lib/l.go", "package lib"),
            ("tools/vendor/x.org/more/m.go", "package more"),
        ]);
        let found: Vec<&str> = found.iter().map(|(_, path, _)| path.as_str()).collect();
        assert_eq!(found, ["example.com/tools/vendor/x.org/lib", "x.org/more", "x.org/lib"]);
        let found = paths(&[
            ("go.mod", "module std\n"),
            ("vendor/x.org/lib/l.go", "package lib"),
            ("cmd/go.mod", "module cmd\n"),
            ("cmd/vendor/x.org/lib/l.go", "package lib"),
        ]);
        let found: Vec<&str> = found.iter().map(|(_, path, _)| path.as_str()).collect();
        assert_eq!(found, ["cmd/vendor/x.org/lib", "vendor/x.org/lib"]);
    }

    #[test]
    fn a_gopath_tree_needs_no_module() {
        let found = paths(&[("src/github.com/x/y/a.go", "package y")]);
        assert_eq!(found[0].1, "github.com/x/y");
    }

    #[test]
    fn versions_keep_major_and_minor() {
        assert_eq!(version("1.23rc1"), Some(GoVersion { major: 1, minor: 23 }));
        assert_eq!(version("1.21.13"), Some(GoVersion { major: 1, minor: 21 }));
        assert_eq!(version("x"), None);
    }
}
