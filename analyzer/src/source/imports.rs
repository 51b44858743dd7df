//! Import paths read from the head of a file without a grammar, and what they say about a checkout without `go.mod`.

use rustc_hash::FxHashMap;
use std::collections::HashSet;

use super::InputFile;

/// The import paths of a file, read from its head: the package clause, and what is imported before anything else is
/// declared.
pub fn import_paths(text: &[u8]) -> Vec<String> {
    let mut head = Head { rest: text };
    let mut out = Vec::new();
    if head.word() != b"package" {
        return out;
    }
    head.word();
    while head.takes(b';') {}
    while head.word() == b"import" {
        let listed = head.takes(b'(');
        loop {
            // A name, `.` or `_` may stand before the path.
            while head.takes(b'.') || head.takes(b';') || !head.word().is_empty() {}
            let Some(path) = head.text() else { break };
            out.push(path);
            if !listed {
                break;
            }
        }
        _ = listed && head.takes(b')');
        while head.takes(b';') {}
    }
    out
}

/// What is left to read of a file's head.
struct Head<'t> {
    rest: &'t [u8],
}

impl<'t> Head<'t> {
    /// Goes past blanks and comments.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_ascii_start();
            let end = match self.rest {
                [b'/', b'/', ..] => memchr::memchr(b'\n', self.rest),
                [b'/', b'*', rest @ ..] => memchr::memmem::find(rest, b"*/").map(|at| at + 4),
                // A byte order mark.
                [0xEF, 0xBB, 0xBF, ..] => Some(3),
                _ => return,
            };
            self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip();
        let taken = self.rest.first() == Some(&byte);
        self.rest = &self.rest[usize::from(taken)..];
        taken
    }

    /// The next word; empty if something else comes.
    fn word(&mut self) -> &'t [u8] {
        self.skip();
        let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        let end = self.rest.iter().position(|byte| !letter(byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// The next string.
    fn text(&mut self) -> Option<String> {
        self.skip();
        let quote = *self.rest.first().filter(|byte| matches!(byte, b'"' | b'`'))?;
        let end = memchr::memchr(quote, &self.rest[1..])?;
        let text = String::from_utf8_lossy(&self.rest[1..=end]).into_owned();
        self.rest = &self.rest[end + 2..];
        Some(text)
    }
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
    fn imports_stand_in_the_head() {
        let text = b"// func f\n/* type T\nimport \"no\" */\npackage p; import . \"a\"; import (b \"b/c\"; _ `d`\n\
            // \"no\"\n\t\"e\" /* x */\n)\nimport (\n)\nimport \"f\"\nvar import_ = \"no\"\nimport \"no\"\n";
        assert_eq!(import_paths(text), ["a", "b/c", "d", "e", "f"]);
        assert_eq!(import_paths(b"\xEF\xBB\xBFpackage p\nimport \"C\"\nfunc f() {}\n"), ["C"]);
        for damaged in [&b""[..], b"package", b"package p import", b"package p\nimport (\n\"a", b"import \"a\"", b"/*"]
        {
            assert!(import_paths(damaged).is_empty());
        }
    }

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
