//! Comments that allow a finding: `//outlive:ignore RULE reason` and `//nolint:outlive`.
//!
//! A comment at the end of a line speaks of that line, one on a line of its own of the next line of code. It allows
//! every finding with its spawn, an access, the reset or a skipped exit there. An `ignore` without a rule or a reason
//! allows nothing and is a problem; so is one that allows nothing.

use std::collections::BTreeMap;

use analyzer::{
    base::{Problem, ProblemKind},
    resolve::Program,
    source::FileRole,
};
use rules::{Finding, finding::Site};

use crate::config::did_you_mean;

/// What stands behind `//` in an ignore of ours.
const IGNORE: &str = "outlive:ignore";

/// What stands behind `//` in an ignore of golangci-lint; of its list one name is ours.
const NOLINT: &str = "nolint:";

/// A comment that allows findings.
struct Ignore {
    file: String,
    /// Where the comment stands.
    line: u32,
    /// The line it speaks of.
    target: u32,
    /// None: any rule.
    rule: Option<String>,
    used: bool,
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
        for file in program.sources().files.iter().filter(|file| file.role == FileRole::Analysed) {
            // Nearly no file has one: a look at the bytes saves the walk over the tokens.
            if file.text.contains(IGNORE) || file.text.contains(NOLINT) {
                out.read(&file.path, &file.text);
            }
        }
        out
    }

    fn read(&mut self, file: &str, text: &str) {
        for comment in comments(text) {
            let mut malformed = |message: String| {
                let kind = ProblemKind::Configuration;
                self.malformed.push(Problem { kind, message, file: Some(file.into()), line: Some(comment.line) });
            };
            let mut row = |rule: Option<String>| {
                let (line, target) = (comment.line, comment.target);
                self.rows.push(Ignore { file: file.to_owned(), line, target, rule, used: false });
            };
            if let Some(list) = comment.text.strip_prefix(NOLINT) {
                let names = list.split([' ', '\t', '/']).next().unwrap_or("");
                if names.split(',').any(|name| name.trim() == "outlive") {
                    row(None);
                }
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
                row(Some(id.to_owned()));
            }
        }
    }

    /// Takes away the findings that are allowed; the answer is how many.
    pub(crate) fn apply(&mut self, findings: &mut Vec<Finding>) -> usize {
        let mut by_place: BTreeMap<(&str, u32), Vec<usize>> = BTreeMap::new();
        for (index, row) in self.rows.iter().enumerate() {
            by_place.entry((&row.file, row.target)).or_default().push(index);
        }
        let mut used = Vec::new();
        let before = findings.len();
        findings.retain(|finding| {
            let here = places(finding).filter_map(|site| by_place.get(&(site.file.as_str(), site.line))).flatten();
            let fits = |index: &&usize| self.rows[**index].rule.as_deref().is_none_or(|id| id == finding.rule.0);
            let allowed: Vec<usize> = here.filter(fits).copied().collect();
            used.extend_from_slice(&allowed);
            allowed.is_empty()
        });
        drop(by_place);
        used.into_iter().for_each(|index| self.rows[index].used = true);
        before - findings.len()
    }

    /// Ignores that allow nothing: malformed ones, and those that no finding needs.
    pub(crate) fn problems(self) -> Vec<Problem> {
        let unused = self.rows.into_iter().filter(|row| !row.used).map(|row| Problem {
            kind: ProblemKind::Configuration,
            message: match row.rule {
                Some(id) => format!("this ignore is not needed: there is no finding of `{id}` at line {}", row.target),
                None => format!("`nolint:outlive` is not needed: there is no finding at line {}", row.target),
            },
            file: Some(row.file.into()),
            line: Some(row.line),
        });
        self.malformed.into_iter().chain(unused).collect()
    }
}

/// Where an ignore of a finding may stand.
fn places(finding: &Finding) -> impl Iterator<Item = &Site> {
    let accesses = finding.accesses.iter().map(|access| &access.site);
    let skipped = finding.join.skipped_at.iter().map(|(site, _)| site);
    accesses.chain(skipped).chain(finding.reset.as_ref()).chain([&finding.spawn])
}

/// A `//` comment.
struct Comment<'a> {
    line: u32,
    /// The line of code it speaks of: its own, or the next one when it stands alone.
    target: u32,
    /// What stands behind `//`.
    text: &'a str,
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
        let end = match rest[0] {
            b'\n' => {
                line += 1;
                code_on_line = false;
                at += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'/' if rest.starts_with(b"//") => {
                let end = rest.iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
                out.push(Comment { line, target: line, text: text[at + 2..end].trim_end() });
                if code_on_line {
                    // This one has its line; those above it have it, too.
                    waiting = out.len();
                }
                at = end;
                continue;
            }
            b'/' if rest.starts_with(b"/*") => text[at + 2..].find("*/").map_or(bytes.len(), |n| at + 2 + n + 2),
            b'`' => text[at + 1..].find('`').map_or(bytes.len(), |n| at + 1 + n + 1),
            quote @ (b'"' | b'\'') => at + quoted(rest, quote),
            _ => at + 1,
        };
        if !rest.starts_with(b"/*") {
            out[waiting..].iter_mut().for_each(|comment| comment.target = line);
            waiting = out.len();
            code_on_line = true;
        }
        line += u32::try_from(bytes[at..end].iter().filter(|b| **b == b'\n').count()).unwrap_or(0);
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
