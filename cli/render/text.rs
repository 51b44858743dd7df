//! Output for people: an excerpt, then the proof step by step.

use std::io::{IsTerminal, Write};

use analyzer::base::Problem;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anyhow::Result;
use rules::{
    Confidence,
    finding::{AccessSide, Finding, JoinState, Site},
};

use super::Sources;

/// Problems printed one by one; further ones are counted.
const MAX_PROBLEMS: usize = 20;

/// Prints the answer of `check`.
pub(crate) fn check(findings: &[Finding], problems: &[Problem], sources: &Sources) -> Result<()> {
    let page = Page::new(sources);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for finding in findings {
        write!(out, "{}", page.finding(finding))?;
    }
    write_problems(problems);
    let high = findings.iter().filter(|f| f.confidence == Confidence::High).count();
    match findings.len() {
        0 => writeln!(out, "no lifetime races found")?,
        n => writeln!(out, "{n} finding{}, {high} of high confidence", if n == 1 { "" } else { "s" })?,
    }
    Ok(out.flush()?)
}

pub(super) fn write_problems(problems: &[Problem]) {
    for problem in problems.iter().take(MAX_PROBLEMS) {
        eprintln!("note: {problem}");
    }
    if problems.len() > MAX_PROBLEMS {
        eprintln!("note: {} more of this kind; --format json lists all", problems.len() - MAX_PROBLEMS);
    }
}

struct Page<'a> {
    sources: &'a Sources,
    renderer: Renderer,
    colours: bool,
}

impl<'a> Page<'a> {
    fn new(sources: &'a Sources) -> Self {
        let colours = colours();
        Self { sources, renderer: if colours { Renderer::styled() } else { Renderer::plain() }, colours }
    }

    fn finding(&self, finding: &Finding) -> String {
        let place = finding.place();
        let title = format!("{} [{} confidence]", finding.message, finding.confidence.name());
        let level = if finding.confidence == Confidence::High { Level::ERROR } else { Level::WARNING };
        let mut text = String::new();
        if let Some(source) = self.sources.text(&place.file) {
            let mut snippet = Snippet::source(source).path(place.file.as_str()).fold(true);
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
        debug_assert!(!self.colours || !text.is_empty());
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
        let name = &finding.location.name;
        let skipped = finding.join.state == JoinState::Skipped;
        let primary = if skipped { "left here without the join".to_owned() } else { format!("{name} is touched here") };
        add(place, true, &primary);
        for site in &finding.join.siblings {
            add(site, false, "this path joins");
        }
        if let Some(site) = &finding.join.joined_by {
            add(site, false, "the join");
        }
        add(&finding.spawn, false, "the goroutine starts");
        for access in finding.accesses.iter().take(2) {
            let label = match access.side {
                AccessSide::Goroutine => "the goroutine's access",
                AccessSide::Other => "the other access",
            };
            add(&access.site, false, label);
        }
        labels
    }
}

pub(super) fn colours() -> bool {
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
