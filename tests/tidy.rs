//! The layers of ARCHITECTURE.md and the habits of the house, as searches that fail.
//!
//! Cargo keeps crates apart; this keeps modules apart. A search reads source as text: comment lines are skipped where a
//! name in prose does no harm, and imports are found in groups (`use crate::{base, syntax}`), too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Most lines of one file: beyond that nobody reads it from beginning to end.
const MAX_LINES: usize = 800;

/// Every folder of the workspace that holds Rust of ours.
const ALL: [&str; 6] = ["analyzer/src", "rules/src", "cli", "testkit", "tests", "xtask"];
const LIBRARIES: [&str; 2] = ["analyzer/src", "rules/src"];
const LIFETIME: &str = "analyzer/src/lifetime";
const SYNTAX: &str = "analyzer/src/syntax/";

struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The text with comment lines blank, so that line numbers stay.
    fn code(&self) -> String {
        let blank = |line: &str| line.trim_start().starts_with("//");
        self.text.lines().map(|line| if blank(line) { "\n".to_owned() } else { format!("{line}\n") }).collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below some folders, by path. A folder that is gone fails the test: its rule would hold of nothing.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        let before = paths.len();
        collect(&root().join(folder), &mut paths);
        assert!(paths.len() > before, "no Rust files in {folder}: moved? then its rules must move, too");
    }
    paths.sort();
    paths.dedup();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let relative = path.strip_prefix(root()).unwrap_or(&path);
        Source { path: relative.to_string_lossy().replace('\\', "/"), text }
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// `path:line` of every place where a text occurs.
fn places(source: &Source, text: &str, needle: &str) -> Vec<String> {
    let holds = |(_, line): &(usize, &str)| line.contains(needle);
    text.lines().enumerate().filter(holds).map(|(row, _)| format!("{}:{}: {needle}", source.path, row + 1)).collect()
}

/// What follows a path root (`crate::`, `std::`): the first names, those of a group one by one, with their offsets.
fn first_names<'t>(code: &'t str, root: &str) -> Vec<(usize, &'t str)> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(root) {
        let inside_name = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let start = at + root.len();
        if inside_name {
            continue;
        }
        if !code[start..].starts_with('{') {
            names.push((start, name_at(code, start)));
            continue;
        }
        let mut depth = 0_usize;
        let mut item_begins = false;
        for (offset, c) in code[start..].char_indices() {
            match c {
                '{' => {
                    depth += 1;
                    item_begins = depth == 1;
                }
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                ',' => item_begins = depth == 1,
                c if c.is_whitespace() => {}
                _ if item_begins => {
                    names.push((start + offset, name_at(code, start + offset)));
                    item_begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn name_at(code: &str, start: usize) -> &str {
    let rest = &code[start..];
    &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
}

/// `path:line` of every use of one of the names under a path root.
fn uses(source: &Source, code: &str, root: &str, names: &[&str]) -> Vec<String> {
    let wrong = |(_, name): &(usize, &str)| names.contains(name);
    let place = |(at, name): (usize, &str)| {
        let line = code[..at].matches('\n').count() + 1;
        format!("{}:{line}: {root}{name}", source.path)
    };
    first_names(code, root).into_iter().filter(wrong).map(place).collect()
}

/// Code with its `#[cfg(test)] mod … { … }` blocks blank; rustfmt puts their last brace where their first line begins.
fn without_test_modules(code: &str) -> String {
    let lines: Vec<&str> = code.lines().collect();
    let mut out = String::new();
    let mut end: Option<String> = None;
    for (row, line) in lines.iter().enumerate() {
        let next = lines.get(row + 1).copied().unwrap_or_default();
        let opens = next.trim_start().starts_with("mod ") && next.ends_with('{');
        if end.is_none() && line.trim() == "#[cfg(test)]" && opens {
            let indent = &line[..line.len() - line.trim_start().len()];
            end = Some(format!("{indent}}}"));
        }
        match &end {
            Some(last) if line == last => end = None,
            Some(_) => {}
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

/// One layer of `analyzer` uses none of some others.
fn assert_layer(layer: &str, above: &[&str]) {
    let mut found = Vec::new();
    for source in sources(&[&format!("analyzer/src/{layer}")]) {
        let code = source.code();
        found.extend(uses(&source, &code, "crate::", above));
        // The same by another way: two steps up from a module of the layer, or one from its root.
        found.extend(uses(&source, &code, "super::super::", above));
        if source.path == format!("analyzer/src/{layer}/mod.rs") {
            found.extend(uses(&source, &code, "super::", above));
        }
    }
    assert_none(&format!("`{layer}` must not use {}", above.join(", ")), &found);
}

#[test]
fn only_syntax_knows_the_grammar() {
    // What is measured against the grammar has to run it.
    let outside =
        sources(&ALL).into_iter().filter(|s| !s.path.starts_with(SYNTAX) && s.path != "xtask/src/raw_parse.rs");
    let found: Vec<String> = outside.flat_map(|s| places(&s, &s.code(), concat!("tree", "_sitter"))).collect();
    assert_none("tree-sitter is for analyzer/src/syntax alone", &found);
}

#[test]
fn libraries_do_no_io() {
    let mut found = Vec::new();
    for source in sources(&LIBRARIES).iter().filter(|source| !source.is_test()) {
        found.extend(uses(source, &without_test_modules(&source.code()), "std::", &["fs", "env", "process"]));
    }
    assert_none("files, environment and processes are for cli", &found);
}

#[test]
fn lifetime_names_no_library() {
    let found: Vec<String> = sources(&[LIFETIME]).iter().flat_map(|s| places(s, &s.text, "\"sync.")).collect();
    assert_none("what a library does is a row of rules/catalogue", &found);
}

#[test]
fn report_knows_no_source() {
    assert_layer("report", &["source", "syntax", "resolve", "callgraph", "lifetime"]);
}

#[test]
fn syntax_is_below_resolve() {
    assert_layer("syntax", &["resolve", "callgraph", "lifetime", "report", "locate"]);
}

#[test]
fn resolve_is_below_callgraph() {
    assert_layer("resolve", &["callgraph", "lifetime", "report", "locate"]);
}

#[test]
fn callgraph_is_below_lifetime() {
    assert_layer("callgraph", &["lifetime", "report", "locate"]);
}

#[test]
fn lifetime_knows_no_reports() {
    assert_layer("lifetime", &["report", "locate"]);
}

#[test]
fn files_are_short() {
    let lines = |source: &Source| source.text.lines().count();
    let long =
        |source: &Source| (lines(source) > MAX_LINES).then(|| format!("{}: {} lines", source.path, lines(source)));
    let found: Vec<String> = sources(&ALL).iter().filter_map(long).collect();
    assert_none(&format!("at most {MAX_LINES} lines a file"), &found);
}

#[test]
fn modules_say_what_they_are_for() {
    let silent = |source: &Source| (!source.text.starts_with("//!")).then(|| format!("{}:1", source.path));
    let found: Vec<String> = sources(&ALL).iter().filter_map(silent).collect();
    assert_none("every module begins with `//!`", &found);
}

#[test]
fn no_project_is_named() {
    let mut found = Vec::new();
    for source in sources(&LIBRARIES) {
        let text = source.text.to_lowercase();
        for project in ["tidb", "etcd", "fasthttp", "gin-gonic"] {
            found.extend(places(&source, &text, project));
        }
    }
    assert_none("no project under analysis is named in the libraries, not even in comments", &found);
}

/// Methods no library calls: the part of `clippy.toml` that must not get lost.
const DISALLOWED: [&str; 8] = [
    "std::fs::read",
    "std::fs::read_dir",
    "std::fs::read_to_string",
    "std::fs::write",
    "std::fs::File::open",
    "std::fs::File::create",
    "std::env::var",
    "std::process::Command::new",
];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn clippy_keeps_libraries_from_io() {
    let mut found = Vec::new();
    for path in ["analyzer/clippy.toml", "rules/clippy.toml"] {
        let text = read(path);
        let missing = |method: &&&str| !text.contains(&format!("\"{method}\""));
        found.extend(DISALLOWED.iter().filter(missing).map(|method| format!("{path}: {method}")));
    }
    assert_none("disallowed methods that are not listed", &found);
}

/// The texts of a folder's Markdown files, by name.
fn markdown(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let name = |path: &Path| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let markdown = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    markdown.map(|path| (name(&path), fs::read_to_string(&path).expect("readable documentation"))).collect()
}

/// The documentation of rules stands in `rules/src/docs`; a copy in `docs/rules`, if there is one, is the same.
#[test]
fn rule_documentation_has_one_source() {
    let own = markdown(&root().join("rules/src/docs"));
    assert!(!own.is_empty(), "no documentation in rules/src/docs: moved? then this test must move, too");
    let copies = root().join("docs/rules");
    if !copies.exists() {
        return;
    }
    let copies = markdown(&copies);
    let names: BTreeSet<&String> = own.keys().chain(copies.keys()).collect();
    let differs = |name: &&&String| own.get(**name) != copies.get(**name);
    let found: Vec<String> = names.iter().filter(differs).map(|name| format!("docs/rules/{name}")).collect();
    assert_none("docs/rules must equal rules/src/docs", &found);
}

/// Name, file and value of every `const MAX_…`; a value without `_` and spaces.
fn budgets(source: &Source) -> Vec<(String, String, String)> {
    let code = source.code();
    let budget = |line: &str| {
        let (_, rest) = line.split_once("const MAX_")?;
        let (name, rest) = rest.split_once(':')?;
        let (_, value) = rest.split_once('=')?;
        let value: String = value.chars().filter(|c| !matches!(c, '_' | ' ' | ';')).collect();
        Some((format!("MAX_{name}"), source.path.clone(), value))
    };
    code.lines().filter_map(budget).collect()
}

/// The same out of docs/budgets.md, whose rows begin with name, value and file; of `8 MiB (`8 << 20`)` the code counts.
fn listed_budgets(text: &str) -> Vec<(String, String, String)> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `MAX_")?.split('|');
        let name = cells.next()?.trim().trim_matches('`');
        let value = cells.next()?;
        let value = value.split('`').nth(1).unwrap_or(value);
        let file = cells.next()?.trim().trim_matches('`');
        Some((format!("MAX_{name}"), file.to_owned(), value.replace(' ', "")))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn budgets_are_documented() {
    let files = sources(&["analyzer/src", "rules/src", "cli"]);
    let real: BTreeSet<_> = files.iter().filter(|source| !source.is_test()).flat_map(budgets).collect();
    let listed: BTreeSet<_> = listed_budgets(&read("docs/budgets.md")).into_iter().collect();
    let show = |(name, file, value): &(String, String, String)| format!("{file}: {name} = {value}");
    let found: Vec<String> = real.difference(&listed).map(show).collect();
    assert_none("budgets that are not in docs/budgets.md, or with another value", &found);
    let found: Vec<String> = listed.difference(&real).map(show).collect();
    assert_none("rows of docs/budgets.md that are not true", &found);
}

#[test]
fn searches_see_groups_and_skip_tests() {
    let code = "use crate::{\n    base::{Idx, lifetime_like},\n    lifetime::Lifetimes, report,\n};\ncrate::locate::f();\nmy_crate::syntax::g();\n";
    let names: Vec<&str> = first_names(code, "crate::").into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["base", "lifetime", "report", "locate"]);

    let code = "use std::fs;\n#[cfg(test)]\nmod tests {\n    use std::env;\n}\nuse std::process;\n";
    let source = Source { path: "x.rs".to_owned(), text: code.to_owned() };
    let found = uses(&source, &without_test_modules(code), "std::", &["fs", "env", "process"]);
    assert_eq!(found, ["x.rs:1: std::fs", "x.rs:6: std::process"]);
}
