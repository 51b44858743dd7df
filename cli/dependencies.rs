//! Sources of what the code imports: the standard library below a Go installation, modules below a module cache.
//!
//! Only packages that are imported, directly or by another dependency, are read; their tests are not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use analyzer::source::{FileRole, InputFile, import_paths};

use crate::args::BuildArgs;

/// Reads the packages that `inputs` import, and those that these import.
pub(crate) fn read(inputs: &[InputFile], build: &BuildArgs) -> Vec<InputFile> {
    let versions = required(inputs);
    let mut wanted: Vec<String> =
        inputs.iter().filter(|f| f.path.ends_with(".go")).flat_map(|f| import_paths(&f.text)).collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut out = Vec::new();
    while let Some(path) = wanted.pop() {
        if path == "C" || path == "unsafe" || !seen.insert(path.clone()) {
            continue;
        }
        let Some(folder) = folder(&path, &versions, build) else { continue };
        for (name, text) in go_files(&folder) {
            wanted.extend(import_paths(&text));
            let path_in_set = format!("$deps/{path}/{name}");
            let role = FileRole::Dependency;
            out.push(InputFile { path: path_in_set, text, role, import_path: Some(path.clone()) });
        }
    }
    out
}

/// Where a package stands: below `GOROOT/src` (its own vendored packages included), or in the module cache.
fn folder(path: &str, versions: &Versions, build: &BuildArgs) -> Option<PathBuf> {
    if let Some(root) = &build.goroot {
        let source = root.join("src");
        let found = [source.join(path), source.join("vendor").join(path)].into_iter().find(|dir| dir.is_dir());
        if found.is_some() {
            return found;
        }
    }
    let cache = build.modcache.as_ref()?;
    let (module, (folder, version)) = versions.iter().rev().find(|(module, _)| {
        path.strip_prefix(module.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })?;
    let below = path[module.len()..].trim_start_matches('/');
    let dir = cache.join(format!("{}@{version}", escaped(folder))).join(below);
    dir.is_dir().then_some(dir)
}

/// Upper-case letters are `!` and the small letter in the module cache.
fn escaped(module: &str) -> String {
    let mut out = String::with_capacity(module.len());
    for letter in module.chars() {
        if letter.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Where a module stands in the cache, by its path: the path and the version of itself, or of what replaces it.
type Versions = BTreeMap<String, (String, String)>;

/// Modules and versions that the `go.mod` files of the checkout require or put in the place of others. What a folder
/// replaces has a `go.mod` there, with the path of what it replaces.
fn required(inputs: &[InputFile]) -> Versions {
    let mut required = Versions::new();
    let mut replaced = Versions::new();
    for input in inputs.iter().filter(|f| f.path.rsplit('/').next() == Some("go.mod")) {
        let mut block = String::new();
        for line in String::from_utf8_lossy(&input.text).lines() {
            let line = line.split("//").next().unwrap_or("");
            let mut words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('"')).collect();
            match words.as_slice() {
                [verb, "("] => block = (*verb).to_owned(),
                [")"] => block.clear(),
                _ if block.is_empty() && !words.is_empty() => block = words.remove(0).to_owned() + " ",
                _ => {}
            }
            match (block.trim_end(), words.as_slice()) {
                ("require", [module, version]) if version.starts_with('v') => {
                    required.insert((*module).to_owned(), ((*module).to_owned(), (*version).to_owned()));
                }
                ("replace", [module, "=>", other, version] | [module, _, "=>", other, version]) => {
                    replaced.insert((*module).to_owned(), ((*other).to_owned(), (*version).to_owned()));
                }
                _ => {}
            }
            // The verb of a single line.
            if block.ends_with(' ') {
                block.clear();
            }
        }
    }
    required.extend(replaced);
    required
}

fn go_files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let go = names.into_iter().filter(|name| name.ends_with(".go") && !name.ends_with("_test.go"));
    go.filter_map(|name| Some((name.clone(), fs::read(dir.join(&name)).ok()?))).collect()
}
