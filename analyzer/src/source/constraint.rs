//! Build constraints: file name suffixes and `//go:build` lines (`go help buildconstraint`).

use super::BuildOptions;

/// Newest language version whose `go1.N` tag is set.
pub(super) const NEWEST_GO: u32 = 27;

const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];
const ARCHITECTURES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];
/// Systems that the `unix` tag stands for.
const UNIX: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

/// What tags are set in a build.
#[derive(Clone, Copy)]
pub(super) struct Tags<'a> {
    /// Systems, architectures and tags of one's own.
    pub(super) options: &'a BuildOptions,
    /// Newest `go1.N`.
    pub(super) go: u32,
}

/// Whether a file takes part in a build with these tags.
pub(super) fn admits(name: &str, text: &str, tags: Tags<'_>) -> bool {
    name_admits(name, tags) && text_admits(text, tags)
}

/// Whether a constraint in front of the package clause may ask for a version of Go.
pub(super) fn asks_for_version(text: &[u8]) -> bool {
    let clause = memchr::memmem::find(text, b"\npackage ").unwrap_or(text.len());
    memchr::memmem::find(&text[..clause], b"go1.").is_some()
}

fn name_admits(name: &str, tags: Tags<'_>) -> bool {
    let stem = name.strip_suffix(".go").unwrap_or(name);
    let stem = stem.strip_suffix("_test").unwrap_or(stem);
    // What stands before the first underscore is never a constraint: `linux.go` is for all systems.
    let parts: Vec<&str> = stem.split('_').skip(1).collect();
    match parts[..] {
        [.., system, architecture] if SYSTEMS.contains(&system) && ARCHITECTURES.contains(&architecture) => {
            matches(system, tags) && matches(architecture, tags)
        }
        [.., last] if SYSTEMS.contains(&last) || ARCHITECTURES.contains(&last) => matches(last, tags),
        _ => true,
    }
}

fn text_admits(text: &str, tags: Tags<'_>) -> bool {
    let mut in_comment = false;
    let mut old_lines = true;
    for line in text.lines() {
        let line = line.trim();
        if in_comment {
            in_comment = !line.contains("*/");
            continue;
        }
        if let Some(expression) = line.strip_prefix("//go:build") {
            let tokens = tokens(expression);
            return either(&tokens, &mut 0, tags);
        }
        if let Some(terms) = line.strip_prefix("// +build").or_else(|| line.strip_prefix("//+build")) {
            old_lines &= terms.split_whitespace().any(|term| {
                term.split(',').all(|tag| match tag.strip_prefix('!') {
                    Some(tag) => !matches(tag, tags),
                    None => matches(tag, tags),
                })
            });
            continue;
        }
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if let Some(rest) = line.strip_prefix("/*") {
            in_comment = !rest.contains("*/");
            continue;
        }
        break;
    }
    old_lines
}

fn tokens(expression: &str) -> Vec<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('!', " ! ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn either(tokens: &[String], at: &mut usize, tags: Tags<'_>) -> bool {
    let mut value = both(tokens, at, tags);
    while tokens.get(*at).is_some_and(|t| t == "||") {
        *at += 1;
        value |= both(tokens, at, tags);
    }
    value
}

fn both(tokens: &[String], at: &mut usize, tags: Tags<'_>) -> bool {
    let mut value = single(tokens, at, tags);
    while tokens.get(*at).is_some_and(|t| t == "&&") {
        *at += 1;
        value &= single(tokens, at, tags);
    }
    value
}

fn single(tokens: &[String], at: &mut usize, tags: Tags<'_>) -> bool {
    let mut negated = false;
    while tokens.get(*at).is_some_and(|t| t == "!") {
        *at += 1;
        negated = !negated;
    }
    let Some(token) = tokens.get(*at) else { return true };
    *at += 1;
    let value = if token == "(" {
        let value = either(tokens, at, tags);
        *at += 1;
        value
    } else {
        matches(token, tags)
    };
    value != negated
}

fn matches(tag: &str, tags: Tags<'_>) -> bool {
    let version = tag.strip_prefix("go1.").and_then(|n| n.parse::<u32>().ok());
    tag == tags.options.goos
        || tag == tags.options.goarch
        || (tag == "unix" && UNIX.contains(&tags.options.goos.as_str()))
        || (tag == "linux" && tags.options.goos == "android")
        || matches!(tag, "gc" | "cgo")
        || version.is_some_and(|n| n <= tags.go)
        || tags.options.tags.iter().any(|t| t == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(name: &str, text: &str) -> bool {
        admits(name, text, Tags { options: &BuildOptions::default(), go: NEWEST_GO })
    }

    #[test]
    fn file_names_name_systems_and_architectures() {
        assert!(admitted("a_linux.go", ""));
        assert!(admitted("a_linux_amd64_test.go", ""));
        assert!(admitted("windows.go", ""));
        assert!(!admitted("a_windows.go", ""));
        assert!(!admitted("a_linux_arm64.go", ""));
        assert!(!admitted("a_arm64_test.go", ""));
    }

    #[test]
    fn expressions_are_evaluated() {
        assert!(admitted("a.go", "//go:build unix && !(arm64 || windows)\n\npackage a"));
        assert!(!admitted("a.go", "// Copyright\n\n//go:build ignore\n\npackage a"));
        assert!(!admitted("a.go", "//go:build !go1.5\npackage a"));
        assert!(!admitted("a.go", "// +build windows darwin\n\npackage a"));
        assert!(!admitted("a.go", "//go:build go1.13 && !go1.20\npackage a"));
        assert!(admitted("a.go", "/* notes\n*/\npackage a\n//go:build ignore"));
    }
}
