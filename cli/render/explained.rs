//! `explain` for people: what is known of each report, one of each cause.

use std::{fmt::Write as _, io::Write};

use analyzer::base::Problem;
use anyhow::Result;
use rules::finding::{
    AccessSide, Blame, ExplainedFrame, ExplainedReport, ExplainedStack, Finding, RaceSide, Site, Unsynchronised,
    Verdict,
};

use super::{
    Sources,
    text::{colours, short, write_problems},
};

/// Prints the answer of `explain`.
pub(crate) fn print(reports: &[ExplainedReport], problems: &[Problem], sources: Option<&Sources>) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if reports.is_empty() {
        writeln!(out, "no race report in this input")?;
    }
    for report in reports.iter().filter(|report| report.group == report.id) {
        let same: Vec<&str> =
            reports.iter().filter(|other| other.group == report.id).map(|other| other.id.as_str()).collect();
        write!(out, "{}", Page { report, sources }.text(&same))?;
    }
    write_problems(problems);
    Ok(out.flush()?)
}

/// Reports of one cause that are listed by number; further ones are counted.
const MAX_SAME: usize = 12;
/// Stale frames of one run that are shown: the nearest, and the last two. JSON and the page have all.
const MAX_STALE: usize = 10;

struct Page<'a> {
    report: &'a ExplainedReport,
    sources: Option<&'a Sources>,
}

impl Page<'_> {
    fn text(&self, same: &[&str]) -> String {
        let report = self.report;
        let mut text = format!("report {}: {}\n", report.id, report.title);
        if same.len() > 1 {
            let listed = same.iter().take(MAX_SAME).copied().collect::<Vec<_>>().join(", ");
            let more = if same.len() > MAX_SAME { ", …" } else { "" };
            let _ = writeln!(text, "  {} reports of this cause: {listed}{more}", same.len());
        }
        match (report.verdict, report.explanations.first()) {
            (Verdict::Lifetime, Some(best)) => self.lifetime(&mut text, best),
            _ => self.other(&mut text),
        }
        if let Some(blame) = &report.blame {
            text.push_str(&blamed(blame));
        }
        text.push_str(&report.notes.iter().map(|note| format!("  note: {note}\n")).collect::<String>());
        text.push('\n');
        text
    }

    fn quote(&self, file: &str, line: u32) -> &str {
        self.sources.map_or("", |sources| sources.line(file, line))
    }

    fn at(&self, site: &Site) -> String {
        let code = self.quote(&site.file, site.line);
        format!("{}:{}  {}\n         {code}\n", site.file, site.line, short(site.function))
    }

    fn lifetime(&self, text: &mut String, best: &Finding) {
        let report = self.report;
        let location = report.location.as_ref().unwrap_or(&best.location);
        let _ = write!(
            text,
            "  {} [{} confidence, {}]\n\n  location   {} ({})\n\n",
            best.message,
            report.confidence.name(),
            best.rule,
            location.name,
            location.package
        );
        let _ = write!(text, "  goroutine  {}\n    spawned  {}", short(&best.goroutine), self.at(&best.spawn));
        for access in &best.accesses {
            let who = match access.side {
                AccessSide::Goroutine => "goroutine",
                AccessSide::Other => "other side",
            };
            let what = match (access.side, best.rule.0) {
                // The end of a test has no code of its own.
                (AccessSide::Other, "test-outlived") => "ends",
                _ if access.write => "writes",
                _ => "reads",
            };
            let _ = write!(text, "    {who} {what}  {}", self.at(&access.site));
        }
        let join = &best.join;
        text.push_str("\n  join\n");
        match (&join.object, &join.joined_by) {
            (Some(object), Some(site)) => {
                let _ = write!(text, "    {object} is waited for at  {}", self.at(site));
            }
            _ => text.push_str("    nobody waits for this goroutine\n"),
        }
        if !join.reached_by.is_empty() {
            let way: Vec<&str> = join.reached_by.iter().map(|f| short(f)).collect();
            let _ = writeln!(text, "    reached through  {}", way.join(" → "));
        }
        for (site, exit) in &join.skipped_at {
            let _ = write!(text, "    skipped ({})  {}", exit.name(), self.at(site));
        }
        for site in &join.siblings {
            let _ = write!(text, "    not skipped  {}", self.at(site));
        }
        if let Some(reset) = &best.reset {
            // Mostly it is the other side's access, which stands above.
            let shown = best.accesses.iter().any(|a| a.side == AccessSide::Other && a.site == *reset);
            let round = best.round.as_deref().map_or(String::new(), |r| format!(" in the next round of {}", short(r)));
            match (shown, round.is_empty()) {
                (true, true) => {}
                (true, false) => {
                    let _ = writeln!(text, "\n  reset{round}");
                }
                (false, _) => {
                    let _ = write!(text, "\n  reset{round}\n    {}", self.at(reset));
                }
            }
        }
        text.push_str(&stale(report));
        text.push('\n');
        for assumption in &report.assumptions {
            let _ = writeln!(text, "  assumed  {assumption}");
        }
        let _ = writeln!(text, "  fix  {}", best.fix.text);
        if !best.fix.edits.is_empty() {
            text.push_str("       (--patch prints it as a diff)\n");
        }
        for other in report.explanations.iter().skip(1) {
            let _ = writeln!(text, "  or: {} [{} confidence]", other.message, other.confidence.name());
        }
    }

    fn other(&self, text: &mut String) {
        let report = self.report;
        if self.sources.is_some() {
            let verdict = match (report.verdict, &report.race) {
                (Verdict::Unsynchronised, Some(race)) => race.kind.words(),
                (Verdict::Unsynchronised, None) => "no common lock",
                (Verdict::Lifetime, _) => "a lifetime race",
                (Verdict::Unknown, _) if !report.candidates.is_empty() => "one side has no stack",
                (Verdict::Unknown, _) => "not explained: the two sides were not found in the checkout",
            };
            let _ =
                writeln!(text, "  {} race: {verdict} [{} confidence]", report.verdict.name(), report.confidence.name());
        }
        if let Some(location) = &report.location {
            let _ = writeln!(text, "\n  location   {} ({})", location.name, location.package);
        }
        match &report.race {
            Some(race) => self.race(text, race),
            None => text.push_str(&stacks(report)),
        }
        if !report.candidates.is_empty() {
            text.push_str("\n  the side without a stack may be, best first\n");
            for side in &report.candidates {
                let what = if side.write { "writes" } else { "reads" };
                let _ = writeln!(text, "    {what}  {}         ({})", self.at(&side.site), side.why);
            }
        }
        if report.race.is_some() {
            text.push_str(&stale(report));
        }
        for assumption in &report.assumptions {
            let _ = writeln!(text, "  assumed  {assumption}");
        }
        if let Some(race) = &report.race {
            let _ = writeln!(text, "  fix  {}", race.fix);
        }
        for other in &report.explanations {
            let _ = writeln!(text, "  or: {} [{} confidence]", other.message, other.confidence.name());
        }
    }

    fn race(&self, text: &mut String, race: &Unsynchronised) {
        let side = |side: &RaceSide| {
            let who = if side.goroutine == "main" {
                "main goroutine".to_owned()
            } else {
                format!("goroutine {}", side.goroutine)
            };
            let what = if side.write { "writes" } else { "reads" };
            let locks = if side.locks.is_empty() { "no lock".to_owned() } else { side.locks.join(", ") };
            format!("    {who} {what}  {}         holds {locks}\n", self.at(&side.site))
        };
        text.push('\n');
        race.sides.iter().for_each(|row| text.push_str(&side(row)));
        text.push('\n');
    }
}

fn blamed(blame: &Blame) -> String {
    let printed = blame.printed_under.as_deref().filter(|name| name.split('/').next() != Some(&blame.leaked_by));
    let who = match printed {
        Some(printed) => format!("printed under {printed}, leaked by {}", blame.leaked_by),
        None => format!("leaked by {}", blame.leaked_by),
    };
    let together = if blame.run.len() > 1 { "; run together: " } else { "; to see it: " };
    format!("  blame  {who}{together}{}\n", blame.command)
}

/// The stale frames, each run once: creation stacks copy what their parent's stack held.
fn stale(report: &ExplainedReport) -> String {
    let mut runs: Vec<(&[ExplainedFrame], Vec<String>)> = Vec::new();
    for stack in report.accesses.iter().chain(&report.created) {
        let title = if stack.kind.is_empty() { "creation".to_owned() } else { stack.kind.to_owned() };
        let title = format!("the {title} stack of goroutine {}", stack.goroutine);
        for run in stack.frames.chunk_by(|a, b| a.stale == b.stale).filter(|run| run[0].stale) {
            let same = |known: &&mut (&[ExplainedFrame], Vec<String>)| {
                known.0.len() == run.len()
                    && known.0.iter().zip(run).all(|(a, b)| (&a.function, a.line) == (&b.function, b.line))
            };
            match runs.iter_mut().find(same) {
                Some(known) => known.1.push(title.clone()),
                None => runs.push((run, vec![title.clone()])),
            }
        }
    }
    let (dim, plain) = if colours() { ("\u{1b}[2m", "\u{1b}[0m") } else { ("", "") };
    let mut text = String::new();
    for (run, titles) in runs {
        let by = run[0].left_by.as_deref().map_or_else(String::new, |by| format!(" in {by}"));
        let _ = writeln!(
            text,
            "\n  stale frames of {}\n    left by a recovered panic{by}; not running",
            titles.join(" and of ")
        );
        let hidden = run.len().saturating_sub(MAX_STALE);
        let head = if hidden > 0 { MAX_STALE - 2 } else { run.len() };
        for (at, frame) in run.iter().enumerate() {
            if at == head {
                let _ = writeln!(text, "    {dim}… {hidden} more{plain}");
            }
            if at < head || at >= head + hidden {
                let _ = writeln!(text, "    {dim}{}  {}:{}{plain}", short(&frame.function), frame.file, frame.line);
            }
        }
    }
    text
}

fn stacks(report: &ExplainedReport) -> String {
    let mut text = String::new();
    let mut add = |title: String, stack: &ExplainedStack| {
        let lost = if stack.frames.is_empty() { "  (no stack)" } else { "" };
        let _ = writeln!(text, "  {title}{lost}");
        for frame in &stack.frames {
            let remark = match (frame.stale, frame.left_out) {
                (true, _) => "  (stale)",
                (_, true) => "  (left out by the detector)",
                _ => "",
            };
            let _ = writeln!(text, "    {}  {}:{}{remark}", frame.function, frame.file, frame.line);
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
