//! Fixes as a unified diff.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use rules::finding::{Edit, ExplainedReport};
use similar::TextDiff;

use crate::render::Sources;

/// Prints the fixes of the best explanations as one diff that `git apply` and `patch -p1` take.
pub(crate) fn print(reports: &[ExplainedReport], sources: Option<&Sources>) -> Result<()> {
    let best = reports.iter().filter_map(|report| report.explanations.first());
    let diff = sources.map_or(String::new(), |sources| {
        unified(best.map(|finding| finding.fix.edits.as_slice()), |path| sources.text(path))
    });
    if diff.is_empty() {
        eprintln!("note: no fix of these reports is mechanical; without --patch they are in words");
    }
    let mut out = std::io::stdout().lock();
    out.write_all(diff.as_bytes())?;
    Ok(out.flush()?)
}

/// The diff of several fixes. A fix that overlaps one before it is left out whole.
pub(crate) fn unified<'a>(fixes: impl Iterator<Item = &'a [Edit]>, text: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut chosen: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for fix in fixes {
        let new: Vec<&Edit> = fix
            .iter()
            .filter(|edit| !chosen.get(edit.file.as_str()).is_some_and(|known| known.contains(edit)))
            .collect();
        let clashes = new.iter().any(|edit| {
            chosen.get(edit.file.as_str()).is_some_and(|known| known.iter().any(|other| overlap(edit, other)))
        });
        if !clashes {
            new.into_iter().for_each(|edit| chosen.entry(&edit.file).or_default().push(edit));
        }
    }
    let mut out = String::new();
    for (path, edits) in chosen {
        let Some(old) = text(path) else { continue };
        let new = apply(old, &edits);
        let diff = TextDiff::from_lines(old, &new);
        out.push_str(
            &diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string(),
        );
    }
    out
}

fn overlap(a: &Edit, b: &Edit) -> bool {
    let inside = |at: u32, of: &Edit| of.start_line <= at && at < of.end_line.max(of.start_line + 1);
    inside(a.start_line, b) || inside(b.start_line, a)
}

/// A text with its edits applied.
fn apply(old: &str, edits: &[&Edit]) -> String {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let mut edits: Vec<&&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.start_line, edit.end_line));
    let mut out = String::with_capacity(old.len() + 256);
    let mut at = 1;
    for edit in edits {
        let until = (edit.start_line as usize).clamp(at, lines.len() + 1);
        lines[at - 1..until - 1].iter().for_each(|line| out.push_str(line));
        out.push_str(&edit.replacement);
        at = until.max((edit.end_line as usize).min(lines.len() + 1));
    }
    lines[at - 1..].iter().for_each(|line| out.push_str(line));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start_line: u32, end_line: u32, replacement: &str) -> Edit {
        Edit { file: "a.go".to_owned(), start_line, end_line, replacement: replacement.to_owned() }
    }

    #[test]
    fn edits_are_applied_in_order() {
        let edits = [edit(4, 5, ""), edit(2, 2, "new\n"), edit(1, 2, "ONE\n")];
        assert_eq!(apply("one\ntwo\nthree\nfour\n", &edits.iter().collect::<Vec<_>>()), "ONE\nnew\ntwo\nthree\n");
        let end = edit(9, 9, "more\n");
        assert_eq!(apply("one\n", &[&end]), "one\nmore\n");
    }

    #[test]
    fn overlapping_fixes_are_left_out() {
        let (a, b) = ([edit(2, 3, "x\n")], [edit(2, 3, "y\n")]);
        let diff = unified([&a[..], &a[..], &b[..]].into_iter(), |_| Some("one\ntwo\n"));
        assert_eq!(diff, "--- a/a.go\n+++ b/a.go\n@@ -1,2 +1,2 @@\n one\n-two\n+x\n");
    }
}
