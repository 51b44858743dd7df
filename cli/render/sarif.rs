//! SARIF 2.1.0: for code hosts, and for viewers that step through a proof.
//!
//! The witness is a code flow, everything else the finding speaks of a related location. Columns are of lines without
//! their indentation, in UTF-16 units, as the format counts.

use std::collections::BTreeMap;

use analyzer::base::{Problem, ProblemKind};
use anyhow::{Context, Result};
use rules::{
    Finding, RULES,
    finding::{AccessSide, Site},
};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, CodeFlow, Fix, Invocation, Location, LogicalLocation, Message,
    MultiformatMessageString, Notification, PhysicalLocation, PropertyBag, Region, Replacement, ReportingConfiguration,
    ReportingDescriptor, Result as Row, ResultLevel, Run, Sarif, ThreadFlow, ThreadFlowLocation, ToolComponent,
};

use super::Answer;
use crate::config::Severity;

/// The published schema of the format.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The name of our fingerprint; the number changes when fingerprints do.
const FINGERPRINT: &str = "outliveCause/v1";

/// Paths are relative to the checkout; the consumer knows where that is.
const ROOT: &str = "%SRCROOT%";

/// The answer of `check`.
pub(crate) fn check(answer: &Answer) -> Result<Vec<u8>> {
    let run = Run::builder()
        .tool(driver())
        .invocations(vec![invocation(answer)])
        .results(answer.numbered().map(|(finding, print)| row(answer, finding, print)).collect::<Vec<_>>())
        .column_kind(json!("utf16CodeUnits"))
        .build();
    let log = Sarif::builder().schema(SCHEMA.to_owned()).version(json!("2.1.0")).runs(vec![run]).build();
    let mut out = serde_json::to_vec_pretty(&log).context("the SARIF log")?;
    out.push(b'\n');
    Ok(out)
}

fn driver() -> ToolComponent {
    let rule = |rule: &&dyn rules::Rule| {
        let meta = rule.meta();
        let help = MultiformatMessageString::builder().text(meta.docs).markdown(meta.docs).build();
        ReportingDescriptor::builder()
            .id(meta.id.0)
            .short_description(MultiformatMessageString::builder().text(meta.summary).build())
            .help(help)
            .default_configuration(ReportingConfiguration::builder().level(json!("error")).build())
            .properties(bag([("tags", json!(["concurrency", "data-race"]))]))
            .build()
    };
    ToolComponent::builder()
        .name("outlive")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(RULES.iter().map(rule).collect::<Vec<_>>())
        .build()
}

fn bag<const N: usize>(rows: [(&str, Value); N]) -> PropertyBag {
    let rows: BTreeMap<String, Value> = rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PropertyBag::builder().additional_properties(rows).build()
}

/// What could not be read or was not needed, as notifications of the run.
fn invocation(answer: &Answer) -> Invocation {
    let notification = |problem: &Problem| {
        let own = problem.kind == ProblemKind::Configuration;
        let row = Notification::builder().message(message(&problem.message)).level(json!(if own {
            "warning"
        } else {
            "note"
        }));
        let Some(file) = &problem.file else { return row.build() };
        let region = problem.line.map(|line| Region::builder().start_line(i64::from(line)).build());
        let place = Location::builder().physical_location(physical(answer, file, region)).build();
        row.locations(vec![place]).build()
    };
    let (own, others): (Vec<&Problem>, Vec<&Problem>) =
        answer.problems.iter().partition(|p| p.kind == ProblemKind::Configuration);
    Invocation::builder()
        .execution_successful(true)
        .exit_code(i64::from(!answer.findings.is_empty()))
        .tool_configuration_notifications(own.into_iter().map(notification).collect::<Vec<_>>())
        .tool_execution_notifications(others.into_iter().map(notification).collect::<Vec<_>>())
        .build()
}

fn row(answer: &Answer, finding: &Finding, fingerprint: String) -> Row {
    let index = RULES.iter().position(|rule| rule.meta().id == finding.rule);
    let level = match answer.severity(finding) {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
        Severity::Off => ResultLevel::None,
    };
    let steps = finding.witness.iter().enumerate().map(|(order, step)| {
        ThreadFlowLocation::builder()
            .location(at(answer, &step.site, &step.what))
            .execution_order(i64::try_from(order).unwrap_or(i64::MAX))
            .build()
    });
    let flow = ThreadFlow::builder().locations(steps.collect::<Vec<_>>()).build();
    let related = related(finding)
        .into_iter()
        .enumerate()
        .map(|(id, (site, what))| Location { id: i64::try_from(id).ok(), ..at(answer, site, what) });
    let text = format!("{}. Fix: {}.", finding.message, finding.fix.text);
    let properties = bag([
        ("confidence", json!(finding.confidence.name())),
        ("location", json!(finding.location.name)),
        ("assumptions", json!(finding.assumptions)),
    ]);
    let prints: BTreeMap<String, String> = [(FINGERPRINT.to_owned(), fingerprint)].into();
    let row = Row::builder()
        .rule_id(finding.rule.0)
        .rule_index(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1))
        .level(level)
        .message(message(&text))
        .locations(vec![at(answer, finding.place(), &finding.message)])
        .related_locations(related.collect::<Vec<_>>())
        .code_flows(vec![CodeFlow::builder().thread_flows(vec![flow]).build()])
        .partial_fingerprints(prints)
        .properties(properties);
    match fix(answer, finding) {
        Some(fix) => row.fixes(vec![fix]).build(),
        None => row.build(),
    }
}

/// Everything the finding speaks of, each place once.
fn related(finding: &Finding) -> Vec<(&Site, &'static str)> {
    let mut out = vec![(&finding.spawn, "the goroutine starts")];
    out.extend(finding.accesses.iter().map(|access| match (access.side, access.write) {
        (AccessSide::Goroutine, true) => (&access.site, "the goroutine writes"),
        (AccessSide::Goroutine, false) => (&access.site, "the goroutine reads"),
        (AccessSide::Other, true) => (&access.site, "the other side writes"),
        (AccessSide::Other, false) => (&access.site, "the other side reads"),
    }));
    out.extend(finding.join.skipped_at.iter().map(|(site, _)| (site, "left here without the join")));
    out.extend(finding.join.siblings.iter().map(|site| (site, "this path joins")));
    out.extend(finding.join.joined_by.iter().map(|site| (site, "the join")));
    let mut seen: Vec<&Site> = Vec::new();
    out.retain(|(site, _)| {
        let new = !seen.contains(site);
        seen.push(site);
        new
    });
    out
}

/// The edits of a finding, file by file; none where the fix is words only.
fn fix(answer: &Answer, finding: &Finding) -> Option<Fix> {
    let mut by_file: BTreeMap<&str, Vec<Replacement>> = BTreeMap::new();
    for edit in &finding.fix.edits {
        let region = Region::builder()
            .start_line(i64::from(edit.start_line))
            .start_column(1_i64)
            .end_line(i64::from(edit.end_line))
            .end_column(1_i64);
        let content = ArtifactContent::builder().text(edit.replacement.as_str()).build();
        let replacement = Replacement::builder().deleted_region(region.build()).inserted_content(content).build();
        by_file.entry(&edit.file).or_default().push(replacement);
    }
    let changes: Vec<ArtifactChange> = by_file
        .into_iter()
        .map(|(file, rows)| {
            ArtifactChange::builder().artifact_location(artifact(answer, file)).replacements(rows).build()
        })
        .collect();
    let fix = Fix::builder().description(message(&finding.fix.text));
    (!changes.is_empty()).then(|| fix.artifact_changes(changes).build())
}

fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

fn artifact(answer: &Answer, file: &str) -> ArtifactLocation {
    ArtifactLocation::builder().uri(uri(&answer.path(file))).uri_base_id(ROOT).build()
}

/// A path as a relative reference: what has a meaning in one, or is not ASCII, is escaped.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn physical(answer: &Answer, file: &str, region: Option<Region>) -> PhysicalLocation {
    let place = PhysicalLocation::builder().artifact_location(artifact(answer, file));
    match region {
        Some(region) => place.region(region).build(),
        None => place.build(),
    }
}

/// A place with what happens there.
fn at(answer: &Answer, site: &Site, what: &str) -> Location {
    let function = LogicalLocation::builder().fully_qualified_name(site.function).kind("function").build();
    Location::builder()
        .physical_location(physical(answer, &site.file, Some(region(answer, site))))
        .logical_locations(vec![function])
        .message(message(what))
        .build()
}

fn region(answer: &Answer, site: &Site) -> Region {
    let text = answer.sources.whole_line(&site.file, site.line);
    let start = Region::builder().start_line(i64::from(site.line));
    let units = |text: &str| i64::try_from(text.encode_utf16().count()).unwrap_or(0);
    let code = text.trim();
    if code.is_empty() {
        return start.build();
    }
    let first = units(&text[..text.len() - text.trim_start().len()]) + 1;
    start
        .start_column(first)
        .end_column(first + units(code))
        .snippet(ArtifactContent::builder().text(code).build())
        .build()
}
