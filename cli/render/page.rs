//! Pages of `check` and `explain` that need nothing but themselves, light and dark.
//!
//! Invariant: no script, no request to anywhere; every text from a report or a source goes through the escaping of the
//! template.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rules::finding::{
    AccessSide, ExplainedFrame, ExplainedReport, ExplainedStack, Finding, JoinState, RaceSide, Site, Verdict,
};

use super::{Answer, Sources, text::short};

/// Lines of source around the one that matters.
const AROUND: usize = 2;

/// The page of all reports, one of each cause.
pub(crate) fn page(reports: &[ExplainedReport], sources: Option<&Sources>) -> String {
    let page = Page { sources };
    let first: Vec<&ExplainedReport> = reports.iter().filter(|report| report.group == report.id).collect();
    document(
        "outlive explain",
        &html! {
            @if first.is_empty() { p { "no race report in this input" } }
            @for report in first { (page.article(report)) }
        },
    )
}

/// The page of what `check` found: a list of all, then each with its two lanes and its steps.
pub(crate) fn check(answer: &Answer) -> Vec<u8> {
    let page = Page { sources: Some(&answer.sources) };
    let rows = answer.by_cause();
    let body = html! {
        p.meta { (answer.summary()) }
        @if rows.len() > 1 {
            ol.list {
                @for (number, (finding, _)) in rows.iter().enumerate() {
                    li { a href=(format!("#finding-{}", number + 1)) { (finding.message) } }
                }
            }
        }
        @for (number, (finding, others)) in rows.iter().enumerate() {
            (page.finding(number + 1, finding, others))
        }
        @if !answer.problems.is_empty() {
            h2 { "Not read, or not needed" }
            ul.notes { @for problem in &answer.problems { li { (problem) } } }
        }
    };
    document("outlive check", &body).into_bytes()
}

fn document(title: &str, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body { (body) }
        }
    };
    markup.into_string()
}

struct Page<'a> {
    sources: Option<&'a Sources>,
}

impl Page<'_> {
    fn article(&self, report: &ExplainedReport) -> Markup {
        let best = report.explanations.first().filter(|_| report.verdict == Verdict::Lifetime);
        let title = match (best, &report.race) {
            (Some(best), _) => best.message.clone(),
            (None, Some(race)) => {
                let name = report.location.as_ref().map_or("", |l| l.name.as_str());
                format!("{name}: {}", race.kind.words())
            }
            (None, None) => "The two sides of this report were not found in the checkout".to_owned(),
        };
        html! {
            article {
                h1 { (title) }
                p.meta {
                    span class=(format!("tag {}", report.verdict.name())) { (report.verdict.name()) }
                    span.tag { (report.confidence.name()) " confidence" }
                    @if let Some(best) = best { span.tag { (best.rule) } }
                    @if report.count > 1 { span.tag { (report.count) " reports" } }
                }
                @if let Some(location) = &report.location {
                    p.meta { "location " code { (location.name) } " of " code { (location.package) } }
                }
                @if let Some(blame) = &report.blame {
                    p.meta {
                        @let printed = blame.printed_under.as_deref();
                        @if let Some(printed) = printed.filter(|name| name.split('/').next() != Some(&blame.leaked_by)) {
                            "printed under "
                            code { (printed) }
                            ", "
                        }
                        "leaked by " code { (blame.leaked_by) } ": " code { (blame.command) }
                    }
                }
                @if let Some(best) = best { (self.lifetime(best)) }
                @if best.is_none() { @if let Some(race) = &report.race { (self.peers(&race.sides)) p.fix { "fix: " (race.fix) } } }
                @if !report.candidates.is_empty() {
                    h2 { "What the side without a stack may be" }
                    @for side in &report.candidates { (self.side(side, "self")) }
                }
                h2 { "Call paths" }
                @for stack in &report.accesses {
                    (self.stack(stack, &format!("{} by goroutine {}", stack.kind, stack.goroutine), true))
                }
                @for stack in &report.created {
                    (self.stack(stack, &format!("goroutine {} created at", stack.goroutine), false))
                }
                @if !report.assumptions.is_empty() || !report.notes.is_empty() {
                    h2 { "Assumed and noted" }
                    ul.notes {
                        @for text in &report.assumptions { li { "assumed: " (text) } }
                        @for text in &report.notes { li { (text) } }
                    }
                }
            }
        }
    }

    fn finding(&self, number: usize, finding: &Finding, others: &[&Finding]) -> Markup {
        html! {
            article id=(format!("finding-{number}")) {
                h1 { (finding.message) }
                p.meta {
                    span.tag { (finding.rule) }
                    span.tag { (finding.confidence.name()) " confidence" }
                }
                p.meta { "location " code { (finding.location.name) } " of " code { (finding.location.package) } }
                (self.lifetime(finding))
                h2 { "Step by step" }
                ol.steps {
                    @for step in &finding.witness {
                        li {
                            div { (quoted(&step.what)) }
                            div.where { (step.site.file) ":" (step.site.line) " " (short(step.site.function)) }
                        }
                    }
                }
                @if !others.is_empty() {
                    h2 { "The same leaves running, too" }
                    ul.notes {
                        @for other in others {
                            li {
                                (other.spawn.file) ":" (other.spawn.line) " " (short(&other.goroutine)) ", which uses "
                                code { (other.location.name) }
                            }
                        }
                    }
                }
                @if !finding.assumptions.is_empty() {
                    h2 { "Assumed" }
                    ul.notes { @for text in &finding.assumptions { li { (text) } } }
                }
            }
        }
    }

    /// Two lanes, time going down: where the goroutine starts, where it should have been waited for, and where both
    /// meet.
    fn lifetime(&self, best: &Finding) -> Markup {
        let access = |side: AccessSide| best.accesses.iter().find(|access| access.side == side);
        let join = &best.join;
        // The goroutine runs beside everything the others do before both meet.
        let missing = usize::from(join.state == JoinState::Missing);
        let rows = 1 + join.skipped_at.len() + join.siblings.len() + missing + 1;
        html! {
            h2 { "What happens" }
            div.line {
                div.lane { "the goroutine" small { (short(&best.goroutine)) } }
                div class="lane other" {
                    "the others"
                    small { @if let Some(round) = &best.round { "rounds of " (short(round)) } @else { (short(best.spawn.function)) } }
                }
                div.life style=(format!("grid-row:2 / span {rows}")) { span { "running" } }
                (self.step("other", "starts the goroutine", &best.spawn))
                @for (site, exit) in &join.skipped_at {
                    (self.step("other bad", &format!("leaves without the join ({})", exit.name()), site))
                }
                @for site in &join.siblings { (self.step("other good", "another path joins", site)) }
                @if join.state == JoinState::Missing {
                    div class="step other bad" { h3 { "the join should be here" } div.where { "nobody waits for this goroutine" } }
                }
                @if let Some(other) = access(AccessSide::Other) {
                    (self.step("other bad", &format!("{} {}", if other.write { "writes" } else { "reads" }, best.location.name), &other.site))
                }
                @if let Some(inside) = access(AccessSide::Goroutine) {
                    (self.step("self bad meet", &format!("still {} {}", if inside.write { "writes" } else { "reads" }, best.location.name), &inside.site))
                }
                @if let Some(site) = &join.joined_by {
                    @let what = match join.state {
                        JoinState::Skipped => "the join that was skipped",
                        JoinState::Late => "the join comes too late, or is of another goroutine",
                        JoinState::Missing | JoinState::NoneNeeded => "the join",
                    };
                    (self.step("other good", what, site))
                }
            }
            p.fix { "fix: " (best.fix.text) }
        }
    }

    fn peers(&self, sides: &[RaceSide]) -> Markup {
        html! {
            h2 { "What happens" }
            div.line {
                @for (side, lane) in sides.iter().zip(["lane", "lane other"]) {
                    div class=(lane) { @if side.goroutine == "main" { "the main goroutine" } @else { "goroutine " (side.goroutine) } }
                }
                @for (side, lane) in sides.iter().zip(["self", "other"]) { (self.side(side, lane)) }
            }
        }
    }

    fn side(&self, side: &RaceSide, lane: &str) -> Markup {
        let what = if side.write { "writes" } else { "reads" };
        let locks =
            if side.locks.is_empty() { "holds no lock".to_owned() } else { format!("holds {}", side.locks.join(", ")) };
        html! {
            div class=(format!("step {lane}")) {
                h3 { (what) ", " (locks) }
                @if !side.why.is_empty() { div.where { (side.why) } }
                (self.place(&side.site))
            }
        }
    }

    fn step(&self, class: &str, what: &str, site: &Site) -> Markup {
        html! { div class=(format!("step {class}")) { h3 { (what) } (self.place(site)) } }
    }

    fn place(&self, site: &Site) -> Markup {
        html! {
            div.where { (site.file) ":" (site.line) " " (short(site.function)) }
            (self.excerpt(&site.file, site.line))
        }
    }

    fn stack(&self, stack: &ExplainedStack, title: &str, open: bool) -> Markup {
        html! {
            details open[open] {
                summary { (title) }
                ol.frames { @for frame in &stack.frames { (self.frame(frame)) } }
            }
        }
    }

    fn frame(&self, frame: &ExplainedFrame) -> Markup {
        let class = if frame.stale { "stale" } else { "" };
        html! {
            li class=(class) {
                div.name { (short(&frame.function)) }
                div.where {
                    @match &frame.resolved {
                        Some((file, line, 0)) => { (file) ":" (line) }
                        Some((file, line, _)) => { (file) ":" (line) " (printed as line " (frame.line) ")" }
                        None => { (frame.file) ":" (frame.line) }
                    }
                    @if frame.stale {
                        " left by a recovered panic"
                        @if let Some(by) = &frame.left_by { " in " (by) }
                    }
                    @if frame.left_out { " left out by the detector" }
                }
                @if let (false, Some((file, line, _))) = (frame.stale, &frame.resolved) { (self.excerpt(file, *line)) }
            }
        }
    }

    fn excerpt(&self, file: &str, line: u32) -> Markup {
        let Some(text) = self.sources.and_then(|sources| sources.text(file)) else { return html! {} };
        let hit = line as usize;
        let from = hit.saturating_sub(AROUND).max(1);
        let shown: Vec<(usize, &str)> =
            text.lines().enumerate().map(|(at, l)| (at + 1, l)).skip(from - 1).take(hit + AROUND + 1 - from).collect();
        let indented = shown.iter().filter(|(_, l)| !l.trim().is_empty());
        let common = indented.map(|(_, l)| l.len() - l.trim_start_matches('\t').len()).min().unwrap_or(0);
        html! {
            pre {
                @for (number, content) in shown {
                    span class=(if number == hit { "hit" } else { "" }) { i { (number) } (content.get(common..).unwrap_or("")) }
                }
            }
        }
    }
}

/// Words with the code they quote set as code: `it reads x: \`s.x\``.
fn quoted(words: &str) -> Markup {
    html! {
        @for (number, part) in words.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
