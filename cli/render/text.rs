//! Output for people: an excerpt, then the proof step by step.

use std::io::{IsTerminal, Write};

use analyzer::base::Problem;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anyhow::Result;
use rules::{
    Confidence,
    finding::{AccessSide, ExplainedReport, ExplainedStack, Finding, JoinState, Site, Verdict},
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
    self::problems(problems);
    let high = findings.iter().filter(|f| f.confidence == Confidence::High).count();
    match findings.len() {
        0 => writeln!(out, "no lifetime races found")?,
        n => writeln!(out, "{n} finding{}, {high} of high confidence", if n == 1 { "" } else { "s" })?,
    }
    Ok(out.flush()?)
}

/// Prints the answer of `explain`.
pub(crate) fn explain(reports: &[ExplainedReport], problems: &[Problem], sources: Option<&Sources>) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if reports.is_empty() {
        writeln!(out, "no race report in this input")?;
    }
    for report in reports {
        write!(out, "{}", explained(report, sources))?;
    }
    self::problems(problems);
    Ok(out.flush()?)
}

/// What could not be read, as notes on standard error.
pub(crate) fn problems(problems: &[Problem]) {
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

fn colours() -> bool {
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
fn short(symbol: &str) -> &str {
    symbol.rsplit('/').next().unwrap_or(symbol)
}

fn explained(report: &ExplainedReport, sources: Option<&Sources>) -> String {
    let mut text = format!("report {}: {}\n", report.id, report.title);
    let quote = |file: &str, line: u32| sources.map_or("", |s| s.line(file, line)).to_owned();
    let at = |site: &Site| {
        let code = quote(&site.file, site.line);
        format!("{}:{}  {}\n         {code}\n", site.file, site.line, short(&site.function))
    };
    let Some(best) = report.explanations.first() else {
        let verdict = match report.verdict {
            Verdict::Lifetime => "a lifetime race",
            Verdict::Unsynchronised => "peers without a common lock",
            Verdict::Unknown => "not explained",
        };
        if sources.is_some() {
            text.push_str(&format!("  verdict: {verdict}\n"));
        }
        if let Some(location) = &report.location {
            text.push_str(&format!("  location: {}\n", location.name));
        }
        text.push_str(&stacks(report));
        text.push_str(&notes(report));
        return text;
    };
    text.push_str(&format!("  {} [{} confidence, {}]\n\n", best.message, best.confidence.name(), best.rule));
    text.push_str(&format!("  location   {} ({})\n\n", best.location.name, best.location.package));
    text.push_str(&format!("  goroutine  {}\n    spawned  {}", short(&best.goroutine), at(&best.spawn)));
    for access in &best.accesses {
        let who = match access.side {
            AccessSide::Goroutine => "goroutine",
            AccessSide::Other => "other side",
        };
        let what = if access.write { "writes" } else { "reads" };
        text.push_str(&format!("    {who} {what}  {}", at(&access.site)));
    }
    let join = &best.join;
    text.push_str("\n  join\n");
    match (&join.object, &join.joined_by) {
        (Some(object), Some(site)) => text.push_str(&format!("    {object} is waited for at  {}", at(site))),
        _ => text.push_str("    nobody waits for this goroutine\n"),
    }
    if !join.reached_by.is_empty() {
        let way: Vec<&str> = join.reached_by.iter().map(|f| short(f)).collect();
        text.push_str(&format!("    reached through  {}\n", way.join(" → ")));
    }
    for (site, exit) in &join.skipped_at {
        text.push_str(&format!("    skipped ({})  {}", exit.name(), at(site)));
    }
    for site in &join.siblings {
        text.push_str(&format!("    not skipped  {}", at(site)));
    }
    if let Some(reset) = &best.reset {
        let round = best.round.as_deref().map_or(String::new(), |r| format!(" in the next round of {}", short(r)));
        text.push_str(&format!("\n  reset{round}\n    {}", at(reset)));
    }
    text.push_str(&stale(report));
    for assumption in &best.assumptions {
        text.push_str(&format!("\n  assumed  {assumption}"));
    }
    text.push_str(&format!("\n  fix  {}\n", best.fix.text));
    for other in report.explanations.iter().skip(1) {
        text.push_str(&format!("  or: {} [{} confidence]\n", other.message, other.confidence.name()));
    }
    text.push_str(&notes(report));
    text
}

fn notes(report: &ExplainedReport) -> String {
    report.notes.iter().map(|note| format!("  note: {note}\n")).collect::<String>() + "\n"
}

fn stale(report: &ExplainedReport) -> String {
    let mut text = String::new();
    let (dim, plain) = if colours() { ("\u{1b}[2m", "\u{1b}[0m") } else { ("", "") };
    let all = report.accesses.iter().chain(&report.created);
    for stack in all.filter(|stack| stack.frames.iter().any(|frame| frame.stale)) {
        let title = if stack.kind.is_empty() { "creation".to_owned() } else { stack.kind.to_owned() };
        text.push_str(&format!("\n  stale frames of the {title} stack of goroutine {}\n", stack.goroutine));
        for frame in stack.frames.iter().filter(|frame| frame.stale) {
            text.push_str(&format!(
                "    {dim}{}  {}:{}  left by a recovered panic{plain}\n",
                short(&frame.function),
                frame.file,
                frame.line
            ));
        }
    }
    text
}

fn stacks(report: &ExplainedReport) -> String {
    let mut text = String::new();
    let mut add = |title: String, stack: &ExplainedStack| {
        text.push_str(&format!("  {title}\n"));
        for frame in &stack.frames {
            let stale = if frame.stale { "  (stale)" } else { "" };
            text.push_str(&format!("    {}  {}:{}{stale}\n", frame.function, frame.file, frame.line));
        }
    };
    for stack in &report.accesses {
        add(format!("{} by goroutine {}", stack.kind, stack.goroutine), stack);
    }
    for stack in &report.created {
        add(format!("goroutine {} created at", stack.goroutine), stack);
    }
    text
}
