//! File scopes: what imports bind, and which package an import path means.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::model::{Package, PackageId};
use crate::{
    base::{IndexVec, Problem, ProblemKind, Symbol},
    source::{FileId, SourceSet, standing_for},
    syntax::{FileFacts, ImportBinding},
};

/// An imported package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Its path as resolved; as written when the source is not there.
    pub(crate) path: Symbol,
    /// The package, when its source is there.
    pub(crate) package: Option<PackageId>,
}

/// What the imports of one file bind.
#[derive(Default)]
pub(crate) struct FileScope {
    names: FxHashMap<Symbol, Import>,
    /// Dot imports.
    pub(crate) dots: Vec<Import>,
    /// All imported packages that have source.
    pub(crate) packages: Box<[PackageId]>,
}

/// Packages by import path.
pub(crate) struct Imports {
    by_path: FxHashMap<Symbol, PackageId>,
    /// Folders (as import paths) that have a `vendor` folder whose packages carry `vendor` in their paths.
    vendors: Vec<&'static str>,
    clashes: Vec<(PackageId, PackageId)>,
}

impl Imports {
    pub(crate) fn new(
        packages: &IndexVec<PackageId, Package>,
        package_of: &IndexVec<FileId, PackageId>,
        sources: &SourceSet,
        facts: &IndexVec<FileId, Arc<FileFacts>>,
    ) -> Self {
        // Files that count: those of the package itself. A folder of tests only has no others.
        let mut weight: IndexVec<PackageId, usize> = IndexVec::filled(0, packages.len());
        for (file, source) in sources.files.iter_enumerated() {
            let clause = facts.get(file).is_some_and(|f| f.package.is_some());
            weight[package_of[file]] += usize::from(!source.test && clause);
        }
        let mut imports = Self { by_path: FxHashMap::default(), vendors: Vec::new(), clashes: Vec::new() };
        for (id, package) in packages.iter_enumerated() {
            let kept = *imports.by_path.entry(package.path).or_insert(id);
            if kept != id {
                imports.clashes.push((kept, id));
                if weight[kept] < weight[id] {
                    imports.by_path.insert(package.path, id);
                }
            }
            let path = package.path.as_str();
            let vendor = path.find("/vendor/").map(|at| &path[..at]).or(path.starts_with("vendor/").then_some(""));
            imports.vendors.extend(vendor);
        }
        // The innermost vendor folder wins.
        imports.vendors.sort_unstable_by_key(|v| (std::cmp::Reverse(v.len()), *v));
        imports.vendors.dedup();
        imports
    }

    /// The package that `path` means in a file of package `from`.
    fn resolve(&self, from: &str, path: Symbol) -> Import {
        let path = standing_for(path.as_str()).map_or(path, Symbol::new);
        let first = from.split('/').next().unwrap_or("");
        for vendor in &self.vendors {
            let below = from.strip_prefix(vendor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            // The vendor folder of GOROOT has no folder above it; it serves the standard library only.
            let (applies, vendored) = match vendor.is_empty() {
                true => (!first.contains('.'), format!("vendor/{path}")),
                false => (below, format!("{vendor}/vendor/{path}")),
            };
            if applies {
                let path = Symbol::new(&vendored);
                if let Some(&package) = self.by_path.get(&path) {
                    return Import { path, package: Some(package) };
                }
            }
        }
        Import { path, package: self.by_path.get(&path).copied() }
    }

    /// Folders with more than one package.
    pub(crate) fn clashes<'a>(
        &'a self,
        packages: &'a IndexVec<PackageId, Package>,
        sources: &'a SourceSet,
    ) -> impl Iterator<Item = Problem> + 'a {
        self.clashes.iter().map(|&(one, other)| Problem {
            kind: ProblemKind::PackageClash,
            message: format!(
                "packages {} and {} share the import path {}; the one with more files is imported by it",
                packages[one].name, packages[other].name, packages[one].path
            ),
            file: packages[other].files.first().map(|&file| sources.files[file].path.clone()),
            line: None,
        })
    }
}

impl FileScope {
    pub(crate) fn new(
        facts: &FileFacts,
        from: Symbol,
        imports: &Imports,
        packages: &IndexVec<PackageId, Package>,
    ) -> Self {
        let mut scope = Self::default();
        let mut guesses = Vec::new();
        let mut known = Vec::with_capacity(facts.imports.len());
        for row in &facts.imports {
            let import = imports.resolve(from.as_str(), row.path);
            known.extend(import.package);
            match row.binding {
                ImportBinding::Named(name) => {
                    scope.names.insert(name, import);
                }
                ImportBinding::Dot => scope.dots.push(import),
                ImportBinding::Blank => {}
                ImportBinding::PackageName => match import.package {
                    Some(package) => {
                        scope.names.insert(packages[package].name, import);
                    }
                    None => guesses.push(import),
                },
            }
        }
        // Names that are certain go first; guesses take what is left.
        for import in guesses {
            for name in likely_names(import.path.as_str()) {
                scope.names.entry(Symbol::new(name)).or_insert(import);
            }
        }
        scope.packages = known.into();
        scope
    }

    /// The package a name means, when it means one.
    pub(crate) fn import(&self, name: Symbol) -> Option<Import> {
        self.names.get(&name).copied()
    }
}

/// Names that a package without source may have, by its path. Certain only for paths whose last element is a plain
/// name; the rest are customs: `/v2`, `gopkg.in/x.v1`, `go-x`, `x-go`, `x.go`, `go.x`.
fn likely_names(path: &str) -> impl Iterator<Item = &str> {
    let mut elements = path.rsplit('/');
    let mut last = elements.next().unwrap_or(path);
    let version = |s: &str| s.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if version(last) {
        last = elements.next().unwrap_or(last);
    }
    if let Some((stem, suffix)) = last.rsplit_once('.')
        && version(suffix)
    {
        last = stem;
    }
    let stripped = [
        last.strip_prefix("go-"),
        last.strip_prefix("go."),
        last.strip_suffix("-go"),
        last.strip_suffix(".go"),
        last.strip_suffix("-golang"),
        last.rsplit_once('-').map(|(_, tail)| tail),
        last.rsplit_once('.').map(|(_, tail)| tail),
    ];
    let identifier = |s: &&str| !s.is_empty() && s.chars().all(|c| c == '_' || c.is_alphanumeric());
    std::iter::once(last).chain(stripped.into_iter().flatten()).filter(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_absent_packages_follow_from_their_paths() {
        let first = |path| likely_names(path).next();
        assert_eq!(first("sync"), Some("sync"));
        assert_eq!(first("k8s.io/klog/v2"), Some("klog"));
        assert_eq!(first("gopkg.in/yaml.v3"), Some("yaml"));
        assert_eq!(first("github.com/mattn/go-isatty"), Some("isatty"));
        assert_eq!(first("github.com/nats-io/nats.go"), Some("nats"));
        assert_eq!(first("github.com/satori/go.uuid"), Some("uuid"));
    }
}
