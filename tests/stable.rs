//! Fingerprints do not change with what a reviewer would not call a change: moved lines, renamed locals, another layout,
//! another file. Every fixture is changed in these ways, and must have the same causes as before.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::{Scratch, json, outlive, root};

/// A Go file: its path below the module, and its text.
type File = (PathBuf, String);

fn files(dir: &Path, module: &Path, out: &mut Vec<File>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).expect("a folder").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, module, out);
        } else if path.extension().is_some_and(|e| e == "go") || path.ends_with("go.mod") {
            let below = path.strip_prefix(module).expect("below the module").to_owned();
            out.push((below, fs::read_to_string(&path).expect("a text")));
        }
    }
}

/// Fingerprints with the place's function, counted. Numbers of closures in it are those of the compiler: a new closure
/// would change them, but nothing here is new.
fn causes(dir: &Path) -> BTreeMap<String, usize> {
    let answer = json(&outlive(&["check", "--all", "--format", "json", dir.to_str().expect("a plain path")]));
    let mut out = BTreeMap::new();
    for finding in answer["findings"].as_array().expect("findings") {
        *out.entry(finding["fingerprint"].as_str().expect("a fingerprint").to_owned()).or_default() += 1;
    }
    out
}

fn go(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "go")
}

/// Declarations further down, with comments between them.
fn moved((path, text): &File) -> File {
    let declaration = |line: &str| ["func ", "type ", "var ", "const "].iter().any(|word| line.starts_with(word));
    let line = |line: &str| {
        if declaration(line) { format!("\n// Moved.\n\n//\n{line}\n") } else { format!("{line}\n") }
    };
    (path.clone(), if go(path) { text.lines().map(line).collect() } else { text.clone() })
}

/// Spaces for tabs, and empty lines in every block.
fn reformatted((path, text): &File) -> File {
    let line = |line: &str| {
        let open = if line.ends_with('{') { "\n\n" } else { "\n" };
        line.replace('\t', "    ") + open
    };
    (path.clone(), if go(path) { text.lines().map(line).collect() } else { text.clone() })
}

/// The file has another name.
fn elsewhere((path, text): &File) -> File {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    (if go(path) { path.with_file_name(format!("zz_{name}")) } else { path.clone() }, text.clone())
}

/// The words of a Go file and what stands between them.
fn words(text: &str) -> Vec<&str> {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| last != of_word(c)) {
            out.push(&text[start..at]);
            start = at;
        }
        last = Some(of_word(c));
    }
    out.push(&text[start..]);
    out
}

/// Names that only locals have: declared with `:=`, and nowhere a field, a method, a key, a package or a declaration of a
/// package.
fn local_names(module: &[File]) -> BTreeSet<String> {
    let mut locals = BTreeSet::new();
    let mut others: BTreeSet<String> = BTreeSet::new();
    for (_, text) in module.iter().filter(|(path, _)| go(path)) {
        let words = words(text);
        for (at, word) in words.iter().enumerate() {
            let before = if at == 0 { "" } else { words[at - 1] };
            let after = words.get(at + 1).copied().unwrap_or("");
            if before.ends_with('.') && !before.ends_with("...")
                || after.trim_start().starts_with(':') && !after.contains(":=")
            {
                others.insert((*word).to_owned());
            }
        }
        for line in text.lines() {
            let mut names = line.trim_start_matches("\t").split([' ', '(', '\t', ',']);
            let first = names.next().unwrap_or("");
            // A field, a constant of a group; or `func`, `type` and `var` with their name.
            if !line.contains(":=") {
                others.insert(first.to_owned());
            }
            if ["func", "type", "var", "const", "package", "import"].contains(&first) {
                others.extend(names.take(2).map(str::to_owned));
            }
            if let Some((left, _)) = line.split_once(":=") {
                let left = left.rsplit(['{', ';', '(']).next().unwrap_or(left);
                let left =
                    left.trim().trim_start_matches("if ").trim_start_matches("for ").trim_start_matches("switch ");
                let names = left.split(',').map(str::trim);
                locals.extend(names.filter(|n| n.chars().all(|c| c.is_ascii_alphanumeric())).map(str::to_owned));
            }
            if line.contains('"') {
                let quoted = line.split('"').skip(1).step_by(2);
                others.extend(quoted.flat_map(|text| self::words(text)).map(str::to_owned));
            }
        }
    }
    locals.retain(|name| !name.is_empty() && !others.contains(name));
    locals
}

fn renamed((path, text): &File, locals: &BTreeSet<String>) -> File {
    let word = |word: &str| if locals.contains(word) { format!("{word}Renamed") } else { word.to_owned() };
    (path.clone(), if go(path) { words(text).into_iter().map(word).collect() } else { text.clone() })
}

fn written(name: &str, module: &[File]) -> Scratch {
    let scratch = Scratch::new(name);
    for (path, text) in module {
        let path = scratch.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    scratch
}

#[test]
fn fingerprints_survive_what_is_no_change() {
    let mut modules: Vec<PathBuf> =
        fs::read_dir(root().join("testdata/modules")).expect("fixtures").flatten().map(|entry| entry.path()).collect();
    modules.sort();
    let (mut findings, mut renames) = (0, 0);
    for path in modules {
        let mut module = Vec::new();
        files(&path, &path, &mut module);
        let before = causes(&path);
        findings += before.len();
        let locals = local_names(&module);
        renames += locals.len();
        let all = |file: &File| renamed(&elsewhere(&reformatted(&moved(file))), &locals);
        let ways: [(&str, Vec<File>); 5] = [
            ("moved", module.iter().map(moved).collect()),
            ("reformatted", module.iter().map(reformatted).collect()),
            ("elsewhere", module.iter().map(elsewhere).collect()),
            ("renamed", module.iter().map(|file| renamed(file, &locals)).collect()),
            ("all-of-it", module.iter().map(all).collect()),
        ];
        for (way, changed) in ways {
            assert_ne!(changed, module, "{way} changes nothing in {}", path.display());
            let scratch = written(&format!("stable-{way}"), &changed);
            assert_eq!(causes(&scratch.0), before, "{way}: {} {locals:?}", path.display());
        }
    }
    assert!(findings > 50 && renames > 80, "{findings} causes, {renames} names: the test has nothing to look at");
}
