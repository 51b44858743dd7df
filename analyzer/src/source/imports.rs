//! Import paths read from the head of a file without a grammar, and what they say about a checkout without `go.mod`.

use rustc_hash::FxHashMap;
use std::collections::HashSet;

use super::InputFile;

/// The import paths of a file. What is read too much is found nowhere and does no harm.
pub fn import_paths(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let mut out = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("func ") || line.starts_with("type ") {
            break;
        }
        let spec = if inside { Some(line) } else { line.strip_prefix("import").map(str::trim_start) };
        let Some(spec) = spec else { continue };
        if spec.starts_with('(') {
            inside = true;
        } else if inside && spec.starts_with(')') {
            inside = false;
        }
        if let Some(path) = spec.split('"').nth(1) {
            out.push(path.to_owned());
        }
    }
    out
}

/// The import path of the root, where no `go.mod` tells it: what most imports have before the folders of the checkout.
///
/// Before modules a checkout stood below GOPATH, and where it stood is known to its own imports only.
pub(super) fn root_path(inputs: &[InputFile]) -> Option<String> {
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned();
    let go = || inputs.iter().filter(|f| f.path.ends_with(".go") && f.import_path.is_none());
    let folders: HashSet<String> = go().map(|f| folder(&f.path)).filter(|dir| !dir.is_empty()).collect();
    let mut votes: FxHashMap<String, usize> = FxHashMap::default();
    for file in go().filter(|f| !f.path.starts_with("vendor/") && !f.path.contains("/vendor/")) {
        for path in import_paths(&file.text) {
            // The shortest rest is the least likely to be a folder by accident only when nothing longer fits.
            let rests = path.match_indices('/').map(|(at, _)| (at, &path[at + 1..]));
            let fits = rests.into_iter().find(|(_, rest)| folders.contains(*rest));
            if let Some((at, _)) = fits
                && path[..at].split('/').next().is_some_and(|host| host.contains('.'))
            {
                *votes.entry(path[..at].to_owned()).or_default() += 1;
            }
        }
    }
    #[allow(clippy::iter_over_hash_type, reason = "the maximum is unique: ties are broken by the path")]
    votes.into_iter().max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0))).map(|(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileRole;

    #[test]
    fn imports_tell_where_a_checkout_stood() {
        let file = |path: &str, text: &str| InputFile {
            path: path.to_owned(),
            text: text.as_bytes().to_vec(),
            role: FileRole::Analysed,
            import_path: None,
        };
        let files = [
            file("a/a.go", "package a\nimport (\n\t\"context\"\n\t\"example.org/team/tool/b/c\"\n)\n"),
            file("b/c/c.go", "package c\nimport x \"example.org/team/tool/a\"\n"),
            file("context/c.go", "package context\nimport \"other.org/a\"\n"),
        ];
        assert_eq!(root_path(&files).as_deref(), Some("example.org/team/tool"));
        assert_eq!(root_path(&files[2..]), None);
    }
}
