//! Output for people: an excerpt, then the proof step by step.

use std::io::IsTerminal;

use analyzer::base::{Problem, ProblemKind};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use rules::finding::{AccessSide, Finding, JoinState, Site};

use super::{Answer, Sources, Statistics};
use crate::{
    config::Severity,
    say::{counted, note},
};

/// Problems printed one by one; further ones are counted.
const MAX_PROBLEMS: usize = 20;

/// The answer of `check`; colours only where a person looks on.
pub(crate) fn check(answer: &Answer, coloured: bool) -> Vec<u8> {
    let page = Page::new(&answer.sources, coloured);
    let mut out = String::new();
    for (finding, others) in answer.by_cause() {
        let mut text = page.finding(finding, answer.severity(finding));
        if !others.is_empty() {
            // Nine goroutines left running by one exit are one thing to mend.
            text.truncate(text.trim_end().len());
            text.push_str("\n   = the same leaves running, too:\n");
            for other in others {
                let (what, name) = (short(&other.goroutine), &other.location.name);
                text.push_str(&format!("     {}:{} {what}, which uses {name}\n", other.spawn.file, other.spawn.line));
            }
            text.push('\n');
        }
        out.push_str(&text);
    }
    out.push_str(&answer.summary());
    out.push('\n');
    if let Some(numbers) = &answer.statistics {
        let Statistics { files, lines, functions, spawn_sites, considered, allowed, known, gone, .. } = numbers;
        out.push_str(&format!(
            "\n{files} files, {lines} lines, {functions} functions, {spawn_sites} places that start goroutines\n\
             {} of any rule and confidence, {allowed} allowed by comments, {known} known before, \
             {gone} of those known are gone\n",
            counted(*considered, "finding")
        ));
        for (rule, count) in &numbers.by_rule {
            out.push_str(&format!("{count:6} {rule}\n"));
        }
    }
    out.into_bytes()
}

/// Trouble with the input, beside the answer.
pub(crate) fn write_problems(problems: &[Problem]) {
    for text in problem_notes(problems) {
        note(format_args!("{text}"));
    }
}

/// Problems as lines for standard error.
pub(crate) fn problem_notes(problems: &[Problem]) -> Vec<String> {
    // What the user wrote for this command is a warning, and none of it is left out.
    let (own, others): (Vec<_>, Vec<_>) = problems.iter().partition(|p| p.kind == ProblemKind::Configuration);
    let mut notes: Vec<String> = own.into_iter().map(|problem| format!("warning: {problem}")).collect();
    notes.extend(others.iter().take(MAX_PROBLEMS).map(|problem| format!("note: {problem}")));
    if others.len() > MAX_PROBLEMS {
        notes.push(format!("note: {} more of this kind; --format json lists all", others.len() - MAX_PROBLEMS));
    }
    notes
}

struct Page<'a> {
    sources: &'a Sources,
    renderer: Renderer,
}

impl<'a> Page<'a> {
    fn new(sources: &'a Sources, coloured: bool) -> Self {
        Self { sources, renderer: if coloured { Renderer::styled() } else { Renderer::plain() } }
    }

    fn finding(&self, finding: &Finding, severity: Severity) -> String {
        let place = finding.place();
        let title = format!("{} [{} confidence]", finding.message, finding.confidence.name());
        let level = match severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note | Severity::Off => Level::NOTE,
        };
        let mut text = String::new();
        if let Some(source) = self.sources.text(&place.file) {
            let mut snippet = Snippet::source(source).path(&*place.file).fold(true);
            for (line, primary, label) in self.labels(finding) {
                let Some(range) = line_range(source, line) else { continue };
                let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                snippet = snippet.annotation(kind.span(range).label(label));
            }
            let group = level.primary_title(title.as_str()).id(finding.rule.0).element(snippet);
            text.push_str(&self.renderer.render(&[group]).to_string());
            text.push('\n');
        } else {
            text.push_str(&format!("{title} [{}]\n", finding.rule.0));
        }
        for (number, step) in finding.witness.iter().enumerate() {
            let site = &step.site;
            text.push_str(&format!(
                "  {:2}. {}:{} {}\n      {}\n",
                number + 1,
                site.file,
                site.line,
                short(&site.function),
                step.what
            ));
        }
        for assumption in &finding.assumptions {
            text.push_str(&format!("   = assumed: {assumption}\n"));
        }
        text.push_str(&format!("   = fix: {}\n\n", finding.fix.text));
        text
    }

    /// Labels of the file that the finding is shown in: line, whether primary, text.
    fn labels(&self, finding: &Finding) -> Vec<(u32, bool, String)> {
        let place = finding.place();
        let mut labels: Vec<(u32, bool, String)> = Vec::new();
        let mut add = |site: &Site, primary: bool, label: &str| {
            if site.file == place.file && !labels.iter().any(|row| row.0 == site.line) {
                labels.push((site.line, primary, label.to_owned()));
            }
        };
        // In the words of the step there: `it reads x`, `and closes y`.
        let said = |site: &Site, subject: &str| {
            let step = finding.witness.iter().rev().find(|step| step.site == *site)?;
            let words = step.what.split(": `").next().unwrap_or(&step.what);
            let words = words.strip_prefix("and ").unwrap_or(words);
            Some(words.strip_prefix("it ").map_or_else(|| words.to_owned(), |words| format!("{subject} {words}")))
        };
        let skipped = finding.join.state == JoinState::Skipped;
        let primary = said(place, "this").filter(|_| !skipped);
        add(place, true, primary.as_deref().unwrap_or("left here without the join"));
        for site in &finding.join.siblings {
            add(site, false, "this path joins");
        }
        if let Some(site) = &finding.join.joined_by {
            add(site, false, "the join");
        }
        add(&finding.spawn, false, "the goroutine starts");
        for access in finding.accesses.iter().take(2) {
            let label = match access.side {
                AccessSide::Goroutine => said(&access.site, "the goroutine"),
                AccessSide::Other => said(&access.site, "this"),
            };
            add(&access.site, false, label.as_deref().unwrap_or("the other access"));
        }
        labels
    }
}

/// Whether standard output is a terminal that may be coloured.
pub(crate) fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The bytes of a line without its indentation.
fn line_range(text: &str, line: u32) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line as usize {
            let indent = content.len() - content.trim_start().len();
            let end = start + content.trim_end().len();
            return Some((start + indent).min(end)..end);
        }
        start += content.len();
    }
    None
}

/// The last part of a symbol.
pub(super) fn short(symbol: &str) -> &str {
    symbol.rsplit('/').next().unwrap_or(symbol)
}
