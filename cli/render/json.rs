//! The JSON contract, version 1. Field names and order are stable.

use std::io::Write;

use analyzer::base::Problem;
use anyhow::Result;
use rules::finding::{
    Access, AccessSide, Edit, ExplainedFrame, ExplainedReport, ExplainedStack, Finding, MemoryLocation, RaceSide, Site,
};
use serde::Serialize;

use super::{Answer, Statistics};

#[derive(Serialize)]
struct Check<'a> {
    schema: &'static str,
    findings: Vec<FindingRow<'a>>,
    problems: Vec<ProblemRow<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    withheld: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<&'a Statistics>,
}

#[derive(Serialize)]
struct Explain<'a> {
    schema: &'static str,
    reports: Vec<ReportRow<'a>>,
    /// What the testing package says of goroutines that use a test which is over: no report of the race detector.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    panics: Vec<ReportRow<'a>>,
    problems: Vec<ProblemRow<'a>>,
}

#[derive(Serialize)]
struct ReportRow<'a> {
    id: &'a str,
    title: &'a str,
    accesses: Vec<StackRow<'a>>,
    created: Vec<CreationRow<'a>>,
    location: Option<LocationRow<'a>>,
    verdict: &'static str,
    explanations: Vec<FindingRow<'a>>,
    notes: &'a [String],
    confidence: &'static str,
    assumptions: &'a [String],
    race: Option<RaceRow<'a>>,
    candidates: Vec<SideRow<'a>>,
    blame: Option<BlameRow<'a>>,
    group: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct RaceRow<'a> {
    kind: &'static str,
    accesses: Vec<SideRow<'a>>,
    fix: &'a str,
}

#[derive(Serialize)]
struct SideRow<'a> {
    goroutine: Option<&'a str>,
    kind: &'static str,
    file: &'a str,
    line: u32,
    function: &'a str,
    expression: &'a str,
    locks: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
}

#[derive(Serialize)]
struct BlameRow<'a> {
    leaked_by: &'a str,
    printed_under: Option<&'a str>,
    package: Option<&'a str>,
    run: &'a [String],
    command: &'a str,
}

#[derive(Serialize)]
struct StackRow<'a> {
    kind: &'a str,
    goroutine: &'a str,
    frames: Vec<FrameRow<'a>>,
}

#[derive(Serialize)]
struct CreationRow<'a> {
    goroutine: &'a str,
    frames: Vec<FrameRow<'a>>,
}

#[derive(Serialize)]
struct FrameRow<'a> {
    function: &'a str,
    file: &'a str,
    line: u32,
    resolved: Option<ResolvedRow<'a>>,
    stale: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_by: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    left_out: bool,
}

#[derive(Serialize)]
struct ResolvedRow<'a> {
    file: &'a str,
    line: u32,
    drift: i64,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    rule: &'static str,
    confidence: &'static str,
    message: &'a str,
    fingerprint: &'a str,
    location: LocationRow<'a>,
    spawn: SiteRow<'a>,
    goroutine: GoroutineRow<'a>,
    accesses: Vec<AccessRow<'a>>,
    join: JoinRow<'a>,
    reset: Option<SiteRow<'a>>,
    witness: Vec<StepRow<'a>>,
    assumptions: &'a [String],
    fix: FixRow<'a>,
}

#[derive(Serialize)]
struct LocationRow<'a> {
    name: &'a str,
    kind: &'static str,
    package: &'a str,
}

#[derive(Serialize)]
struct SiteRow<'a> {
    file: &'a str,
    line: u32,
    function: &'a str,
}

#[derive(Serialize)]
struct GoroutineRow<'a> {
    function: &'a str,
}

#[derive(Serialize)]
struct AccessRow<'a> {
    side: &'static str,
    kind: &'static str,
    file: &'a str,
    line: u32,
    function: &'a str,
    expression: &'a str,
}

#[derive(Serialize)]
struct JoinRow<'a> {
    status: &'static str,
    object: Option<&'a str>,
    joined_by: Option<SiteRow<'a>>,
    skipped_at: Vec<SkipRow<'a>>,
}

#[derive(Serialize)]
struct SkipRow<'a> {
    file: &'a str,
    line: u32,
    function: &'a str,
    exit: &'static str,
}

#[derive(Serialize)]
struct StepRow<'a> {
    file: &'a str,
    line: u32,
    function: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct FixRow<'a> {
    text: &'a str,
    edits: Vec<EditRow<'a>>,
}

#[derive(Serialize)]
struct EditRow<'a> {
    file: &'a str,
    start_line: u32,
    end_line: u32,
    replacement: &'a str,
}

#[derive(Serialize)]
pub(crate) struct ProblemRow<'a> {
    kind: &'static str,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
}

/// The answer of `check`.
pub(crate) fn check(answer: &Answer) -> Result<Vec<u8>> {
    let value = Check {
        schema: "outlive.check/1",
        findings: answer.findings.iter().map(finding).collect(),
        problems: answer.problems.iter().map(problem).collect(),
        withheld: answer.withheld,
        statistics: answer.statistics.as_ref(),
    };
    let mut out = serde_json::to_vec_pretty(&value)?;
    out.push(b'\n');
    Ok(out)
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Prints the answer of `explain`.
pub(crate) fn explain(reports: &[ExplainedReport], problems: &[Problem]) -> Result<()> {
    let of = |panics: bool| reports.iter().filter(|row| row.after_test == panics).map(report).collect();
    let (reports, panics) = (of(false), of(true));
    let problems = problems.iter().map(problem).collect();
    print(&Explain { schema: "outlive.explain/1", reports, panics, problems })
}

fn print(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

fn report(report: &ExplainedReport) -> ReportRow<'_> {
    ReportRow {
        id: &report.id,
        title: &report.title,
        accesses: report.accesses.iter().map(stack).collect(),
        created: report
            .created
            .iter()
            .map(|s| CreationRow { goroutine: &s.goroutine, frames: s.frames.iter().map(frame).collect() })
            .collect(),
        location: report.location.as_ref().map(location),
        verdict: report.verdict.name(),
        explanations: report.explanations.iter().map(finding).collect(),
        notes: &report.notes,
        confidence: report.confidence.name(),
        assumptions: &report.assumptions,
        race: report.race.as_ref().map(|race| RaceRow {
            kind: race.kind.name(),
            accesses: race.sides.iter().map(side).collect(),
            fix: &race.fix,
        }),
        candidates: report.candidates.iter().map(side).collect(),
        blame: report.blame.as_ref().map(|blame| BlameRow {
            leaked_by: &blame.leaked_by,
            printed_under: blame.printed_under.as_deref(),
            package: blame.package.as_deref(),
            run: &blame.run,
            command: &blame.command,
        }),
        group: &report.group,
        count: report.count,
    }
}

fn side(side: &RaceSide) -> SideRow<'_> {
    SideRow {
        goroutine: Some(side.goroutine.as_str()).filter(|name| !name.is_empty()),
        kind: if side.write { "write" } else { "read" },
        file: &side.site.file,
        line: side.site.line,
        function: side.site.function,
        expression: &side.expression,
        locks: &side.locks,
        why: &side.why,
    }
}

fn stack(stack: &ExplainedStack) -> StackRow<'_> {
    StackRow { kind: stack.kind, goroutine: &stack.goroutine, frames: stack.frames.iter().map(frame).collect() }
}

fn frame(frame: &ExplainedFrame) -> FrameRow<'_> {
    let resolved = frame.resolved.as_ref();
    FrameRow {
        function: &frame.function,
        file: &frame.file,
        line: frame.line,
        resolved: resolved.map(|(file, line, drift)| ResolvedRow { file, line: *line, drift: *drift }),
        stale: frame.stale,
        left_by: frame.left_by.as_deref(),
        left_out: frame.left_out,
    }
}

fn finding(finding: &Finding) -> FindingRow<'_> {
    let join = &finding.join;
    FindingRow {
        rule: finding.rule.0,
        confidence: finding.confidence.name(),
        message: &finding.message,
        fingerprint: &finding.fingerprint,
        location: location(&finding.location),
        spawn: site(&finding.spawn),
        goroutine: GoroutineRow { function: &finding.goroutine },
        accesses: finding.accesses.iter().map(access).collect(),
        join: JoinRow {
            status: join.state.name(),
            object: join.object.as_deref(),
            joined_by: join.joined_by.as_ref().map(site),
            skipped_at: join
                .skipped_at
                .iter()
                .map(|(s, exit)| SkipRow { file: &s.file, line: s.line, function: s.function, exit: exit.name() })
                .collect(),
        },
        reset: finding.reset.as_ref().map(site),
        witness: finding
            .witness
            .iter()
            .map(|s| StepRow { file: &s.site.file, line: s.site.line, function: s.site.function, what: &s.what })
            .collect(),
        assumptions: &finding.assumptions,
        fix: FixRow { text: &finding.fix.text, edits: finding.fix.edits.iter().map(edit).collect() },
    }
}

fn location(location: &MemoryLocation) -> LocationRow<'_> {
    LocationRow { name: &location.name, kind: location.kind.name(), package: &location.package }
}

fn site(site: &Site) -> SiteRow<'_> {
    SiteRow { file: &site.file, line: site.line, function: site.function }
}

fn access(access: &Access) -> AccessRow<'_> {
    AccessRow {
        side: match access.side {
            AccessSide::Goroutine => "goroutine",
            AccessSide::Other => "other",
        },
        kind: if access.write { "write" } else { "read" },
        file: &access.site.file,
        line: access.site.line,
        function: access.site.function,
        expression: &access.expression,
    }
}

fn edit(edit: &Edit) -> EditRow<'_> {
    EditRow { file: &edit.file, start_line: edit.start_line, end_line: edit.end_line, replacement: &edit.replacement }
}

/// A row of `problems`.
pub(crate) fn problem(problem: &Problem) -> ProblemRow<'_> {
    ProblemRow {
        kind: problem.kind.name(),
        message: &problem.message,
        file: problem.file.as_deref(),
        line: problem.line,
    }
}
