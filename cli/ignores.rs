//! Comments that allow a finding: `//outlive:ignore RULE reason` and `//nolint:outlive`.
//!
//! A comment at the end of a line speaks of that line, one on a line of its own of the next line of code. It allows
//! every finding with its spawn, an access, the reset or a skipped exit there. An `ignore` without a rule or a reason
//! allows nothing and is a problem; so is one that allows nothing.
//!
//! A `nolint` right above a declaration or a statement, as far indented, speaks of all of it, and above the package clause
//! of the file: that is what golangci-lint does. Without a name, or with `all`, it speaks to every linter, hence to this
//! one, too.

use std::collections::BTreeMap;

use analyzer::{
    base::{InPieces, Problem, ProblemKind},
    resolve::Program,
    source::FileRole,
};
use rayon::prelude::*;
use rules::{Finding, RuleId, finding::Site};

use crate::config::did_you_mean;

/// What stands behind `//` in an ignore of ours.
const IGNORE: &str = "outlive:ignore";

/// What stands behind `//` in an ignore of golangci-lint; of its list one name is ours.
const NOLINT: &str = "nolint";

/// Whether there may be such comments in a text. Nearly none has one: a look at the bytes saves the walk over the tokens.
pub(crate) fn may_have(text: &str) -> bool {
    text.contains(IGNORE) || text.contains(NOLINT)
}

/// A comment that allows findings.
struct Ignore {
    file: String,
    /// Where the comment stands.
    line: u32,
    /// The lines it speaks of, first and last.
    target: (u32, u32),
    allows: Allows,
    used: bool,
}

/// Which findings a comment allows.
enum Allows {
    /// Those of one rule.
    Rule(String),
    /// All, and it names this program.
    Outlive,
    /// All, as those of every other linter.
    Everybody,
}

/// All such comments of a program.
#[derive(Default)]
pub(crate) struct Ignores {
    rows: Vec<Ignore>,
    malformed: Vec<Problem>,
}

impl Ignores {
    /// Reads the comments of all files that are reported on.
    pub(crate) fn of(program: &Program) -> Self {
        let mut out = Self::default();
        let files = program.sources().files.as_slice().par_iter().one_by_one();
        let read = files.filter(|file| file.role == FileRole::Analysed).filter_map(|file| {
            // A text that may have one is not let go of.
            let text = file.text.here().filter(|text| may_have(text))?;
            let mut own = Self::default();
            own.read(&file.path, text);
            Some(own)
        });
        for own in read.collect::<Vec<_>>() {
            out.rows.extend(own.rows);
            out.malformed.extend(own.malformed);
        }
        out
    }

    fn read(&mut self, file: &str, text: &str) {
        for comment in comments(text) {
            let mut malformed = |message: String| {
                let kind = ProblemKind::Configuration;
                self.malformed.push(Problem { kind, message, file: Some(file.into()), line: Some(comment.line) });
            };
            let mut row = |allows: Allows, last: u32| {
                let (line, target) = (comment.line, (comment.target, last));
                self.rows.push(Ignore { file: file.to_owned(), line, target, allows, used: false });
            };
            if let Some(allows) = nolint(comment.text) {
                row(allows, comment.last_of_block(text));
                continue;
            }
            let spaced = comment.text.trim_start();
            let Some(rest) =
                spaced.strip_prefix(IGNORE).filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
            else {
                continue;
            };
            if spaced.len() < comment.text.len() {
                malformed(format!("write `//{IGNORE}` without a space, as other directives; it allows nothing now"));
                continue;
            }
            let rest = rest.trim();
            let (id, reason) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
            if id.is_empty() {
                malformed(format!("which rule? write `//{IGNORE} RULE reason`; it allows nothing now"));
            } else if rules::rule(id).is_none() {
                let near = did_you_mean(id, rules::RULES.iter().map(|rule| rule.meta().id.0));
                malformed(format!("no rule `{id}`{near}; this ignore allows nothing"));
            } else if reason.trim().is_empty() {
                malformed(format!("why? write `//{IGNORE} {id} reason`; without a reason it allows nothing"));
            } else {
                row(Allows::Rule(id.to_owned()), comment.target);
            }
        }
    }

    /// Takes away the findings that are allowed, by their rules and the places where an ignore may stand; the answer is how
    /// many.
    pub(crate) fn apply<T>(&mut self, findings: &mut Vec<T>, said: impl Fn(&T) -> (RuleId, Vec<Site>)) -> usize {
        if self.rows.is_empty() {
            return 0;
        }
        let mut by_file: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, row) in self.rows.iter().enumerate() {
            by_file.entry(&row.file).or_default().push(index);
        }
        let mut used = Vec::new();
        let before = findings.len();
        findings.retain(|finding| {
            let (rule, places) = said(finding);
            let fits = |row: &Ignore, site: &Site| {
                let allows = match &row.allows {
                    Allows::Rule(id) => id == rule.0,
                    Allows::Outlive | Allows::Everybody => true,
                };
                allows && (row.target.0..=row.target.1).contains(&site.line)
            };
            let here = |site: &Site| by_file.get(&*site.file).into_iter().flatten().copied();
            let allowed: Vec<usize> = places
                .iter()
                .flat_map(|site| here(site).filter(|index| fits(&self.rows[*index], site)).collect::<Vec<_>>())
                .collect();
            used.extend_from_slice(&allowed);
            allowed.is_empty()
        });
        drop(by_file);
        used.into_iter().for_each(|index| self.rows[index].used = true);
        before - findings.len()
    }

    /// Ignores that allow nothing: malformed ones, and those that no finding needs.
    pub(crate) fn problems(self) -> Vec<Problem> {
        let unused = self.rows.into_iter().filter(|row| !row.used).filter_map(|row| {
            let lines = match row.target {
                (first, last) if first == last => format!("at line {first}"),
                (first, u32::MAX) => format!("at line {first} or below"),
                (first, last) => format!("at lines {first} to {last}"),
            };
            let message = match row.allows {
                Allows::Rule(id) => format!("this ignore is not needed: there is no finding of `{id}` {lines}"),
                Allows::Outlive => format!("`nolint:outlive` is not needed: there is no finding {lines}"),
                // Some other linter may need it.
                Allows::Everybody => return None,
            };
            let kind = ProblemKind::Configuration;
            Some(Problem { kind, message, file: Some(row.file.into()), line: Some(row.line) })
        });
        self.malformed.into_iter().chain(unused).collect()
    }
}

/// Where an ignore of a finding may stand.
pub(crate) fn places(finding: &Finding) -> Vec<Site> {
    let accesses = finding.accesses.iter().map(|access| &access.site);
    let skipped = finding.join.skipped_at.iter().map(|(site, _)| site);
    accesses.chain(skipped).chain(finding.reset.as_ref()).chain([&finding.spawn]).cloned().collect()
}

/// What a `nolint` allows of ours; none if the comment is none, or only for others.
fn nolint(comment: &str) -> Option<Allows> {
    let rest = comment.trim_start().strip_prefix(NOLINT)?;
    let Some(list) = rest.strip_prefix(':') else {
        // Prose may begin with the word; a directive has no space before it.
        let bare = comment.starts_with(NOLINT) && (rest.is_empty() || rest.starts_with([' ', '\t']));
        return bare.then_some(Allows::Everybody);
    };
    let list = list.split("//").next().unwrap_or("");
    let mut allows = None;
    for name in list.split(',').filter_map(|name| name.split_whitespace().next()) {
        match name.to_ascii_lowercase().as_str() {
            "outlive" => return Some(Allows::Outlive),
            "all" => allows = Some(Allows::Everybody),
            _ => {}
        }
    }
    allows
}

/// A `//` comment.
struct Comment<'a> {
    line: u32,
    /// The line of code it speaks of: its own, or the next one when it stands alone.
    target: u32,
    /// Where it begins, and where the code of the target begins, in the text; none below the last code.
    at: usize,
    code: Option<usize>,
    /// What stands behind `//`.
    text: &'a str,
}

impl Comment<'_> {
    /// The last line of the declaration or statement that begins right below the comment, as far indented as the
    /// comment; of the file, if that is its package clause; otherwise the target.
    fn last_of_block(&self, text: &str) -> u32 {
        let column = |at: usize| at - text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let Some(code) = self.code else { return self.target };
        if self.target != self.line + 1 || column(self.at) != column(code) {
            return self.target;
        }
        let clause = |rest: &str| rest.starts_with("package ") || rest.starts_with("package\t");
        if clause(&text[code..]) { u32::MAX } else { self.target + lines_of_statement(&text.as_bytes()[code..]) }
    }
}

/// How many lines below its first a statement or declaration at the start of `text` goes on: it ends with a line that ends
/// outside of brackets and not in an operator.
fn lines_of_statement(text: &[u8]) -> u32 {
    let (mut line, mut depth, mut at) = (0, 0_u32, 0);
    let mut goes_on = true;
    while at < text.len() {
        let rest = &text[at..];
        let end = at + token(rest);
        match rest[0] {
            b'\n' if depth == 0 && !goes_on => return line,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'/' if rest.starts_with(b"//") || rest.starts_with(b"/*") => {}
            b'(' | b'[' | b'{' => (depth, goes_on) = (depth + 1, true),
            // The bracket around the statement: it ends before.
            b')' | b']' | b'}' if depth == 0 => return line,
            b')' | b']' | b'}' => (depth, goes_on) = (depth - 1, false),
            // `x++` is a whole statement.
            b'+' | b'-' => goes_on = !(at > 0 && text[at - 1] == rest[0]),
            b',' | b'.' | b'=' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>' | b'!' | b':' | b'~' => {
                goes_on = true;
            }
            _ => goes_on = false,
        }
        line += u32::try_from(text[at..end].iter().filter(|b| **b == b'\n').count()).unwrap_or(0);
        at = end;
    }
    line
}

/// The length of what begins here: a comment, a literal, or one byte.
fn token(rest: &[u8]) -> usize {
    let until = |skip: usize, end: &[u8]| {
        rest[skip..].windows(end.len()).position(|w| w == end).map_or(rest.len(), |n| skip + n + end.len())
    };
    match rest[0] {
        b'/' if rest.starts_with(b"//") => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
        b'/' if rest.starts_with(b"/*") => until(2, b"*/"),
        b'`' => until(1, b"`"),
        quote @ (b'"' | b'\'') => quoted(rest, quote),
        _ => 1,
    }
}

/// The line comments of a Go file. Strings and block comments may hold `//` and worse.
fn comments(text: &str) -> Vec<Comment<'_>> {
    let bytes = text.as_bytes();
    let mut out: Vec<Comment<'_>> = Vec::new();
    // Comments that stand alone and wait for their line of code.
    let mut waiting = 0;
    let (mut line, mut code_on_line, mut at) = (1, false, 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = at + token(rest);
        match rest[0] {
            b'\n' => {
                line += 1;
                code_on_line = false;
            }
            b' ' | b'\t' | b'\r' => {}
            b'/' if rest.starts_with(b"//") => {
                out.push(Comment { line, target: line, at, code: None, text: text[at + 2..end].trim_end() });
                if code_on_line {
                    // This one has its line; those above it have it, too.
                    waiting = out.len();
                }
            }
            first => {
                if !(first == b'/' && rest.starts_with(b"/*")) {
                    out[waiting..].iter_mut().for_each(|comment| (comment.target, comment.code) = (line, Some(at)));
                    waiting = out.len();
                    code_on_line = true;
                }
                line += u32::try_from(bytes[at..end].iter().filter(|b| **b == b'\n').count()).unwrap_or(0);
            }
        }
        at = end;
    }
    out
}

/// The length of a quoted literal; it ends with its line at the latest.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_know_their_line_of_code() {
        let text = "package a\n// one\n// two\n\nfunc f() { // three\n\ts := \"// no\" + `\n// no`\n\t/* // no */ x() // four\n}\n// five";
        let found: Vec<(u32, u32, &str)> = comments(text).iter().map(|c| (c.line, c.target, c.text)).collect();
        assert_eq!(found, [(2, 5, " one"), (3, 5, " two"), (5, 5, " three"), (8, 8, " four"), (10, 10, " five")]);
        assert_eq!(comments("'\\'' // a\n\"\\\"// no").len(), 1);
        assert!(comments("\"\\").is_empty());
    }

    #[test]
    fn a_nolint_speaks_to_whom_it_names() {
        let told = |comment: &str| match nolint(comment) {
            Some(Allows::Outlive) => "us",
            Some(Allows::Everybody) => "all",
            Some(Allows::Rule(_)) => "a rule",
            None => "others",
        };
        let forms = [
            ("nolint:outlive", "us"),
            ("nolint:errcheck,outlive // reason", "us"),
            ("nolint:errcheck, Outlive // reason", "us"),
            (" nolint:outlive // gofmt moved it", "us"),
            ("nolint:outlive the caller waits", "us"),
            ("nolint", "all"),
            ("nolint // reason", "all"),
            ("nolint:all", "all"),
            ("nolint:errcheck // not outlive", "others"),
            ("nolint:outlived", "others"),
            (" nolint is a word of prose", "others"),
            ("nolintlint", "others"),
            ("nolint:", "others"),
        ];
        for (comment, who) in forms {
            assert_eq!(told(comment), who, "{comment}");
        }
    }

    /// The first and last line that the comment of each text speaks of.
    #[test]
    fn a_nolint_above_a_block_speaks_of_all_of_it() {
        let cases = [
            ("package a\n\n//nolint\nfunc f() {\n\tg()\n}\n\nfunc g() {}\n", (4, 6)),
            (
                "package a\n\n// F does.\n//\n//nolint\nfunc (t *T) f(\n\ta int,\n) error {\n\treturn nil\n}\nvar x int\n",
                (6, 10),
            ),
            ("package a\n\n//nolint\nvar (\n\ta = 1\n\tb = `}`\n)\n", (4, 7)),
            // Not right above, or not as far indented: the next line of code only.
            ("package a\n\n//nolint\n\nfunc f() {\n\tg()\n}\n", (5, 5)),
            ("package a\n\nfunc f() {\n//nolint\n\tif g() {\n\t}\n}\n", (5, 5)),
            ("package a\n\nfunc f() { //nolint\n\tg()\n}\n", (3, 3)),
            ("package a\n\nfunc f() {\n\t//nolint\n\tif g() {\n\t\th()\n\t} else {\n\t\ti()\n\t}\n\tj()\n}\n", (5, 9)),
            ("package a\n\nfunc f() {\n\t//nolint\n\ta.\n\t\tb(c,\n\t\t\td).\n\t\te()\n\tx++\n}\n", (5, 8)),
            ("package a\n\nfunc f() {\n\t//nolint\n\tx++\n\ty := x + // more\n\t\t1\n}\n", (5, 5)),
            ("package a\n\nfunc f() {\n\tx++\n\t//nolint\n\ty := x + // more\n\t\t1\n\tz()\n}\n", (6, 7)),
            ("package a\n\nfunc f() {\n\tg(\n\t\t//nolint\n\t\tx)\n\th()\n}\n", (6, 6)),
            ("//nolint\npackage a\n\nfunc f() {}\n", (2, u32::MAX)),
            ("package a\n\nfunc f() {}\n\n//nolint", (5, 5)),
        ];
        for (text, lines) in cases {
            let mut ignores = Ignores::default();
            ignores.read("a.go", text);
            assert_eq!(ignores.rows.iter().map(|row| row.target).collect::<Vec<_>>(), [lines], "{text}");
            assert!(ignores.problems().is_empty(), "others may need it");
        }
    }

    #[test]
    fn an_ignore_needs_a_rule_and_a_reason() {
        let mut ignores = Ignores::default();
        let text = "//outlive:ignore test-outlived it waits elsewhere\n//outlive:ignore test-outlived\n\
                    //outlive:ignore\n//outlive:ignore test-outlive why\n// outlive:ignore test-outlived why\n\
                    //outlive:ignored by nobody\n//nolint:errcheck,outlive // why\n//nolint:errcheck\n";
        ignores.read("a.go", text);
        assert_eq!(ignores.rows.len(), 2);
        let lines: Vec<_> = ignores.malformed.iter().filter_map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
        assert!(ignores.malformed[2].message.contains("did you mean `test-outlived`?"));
        assert_eq!(ignores.problems().len(), 6);
    }
}
