//! What hosts of pipelines read: GitHub annotations, GitLab code quality, JUnit.

use analyzer::base::ProblemKind;
use anyhow::{Context, Result};
use quick_xml::{
    Writer,
    events::{BytesText, Event},
};
use rules::{Finding, RULES};
use serde::Serialize;

use super::Answer;
use crate::config::Severity;

/// Workflow commands: GitHub shows each at its line. Problems that need a person are warnings.
pub(crate) fn github(answer: &Answer) -> Vec<u8> {
    let mut out = String::new();
    for (finding, others) in answer.by_cause() {
        let command = match answer.severity(finding) {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note | Severity::Off => "notice",
        };
        let place = finding.place();
        let title = format!("outlive: {} ({} confidence)", finding.rule, finding.confidence.name());
        let file = answer.path(&place.file);
        let mut text = description(answer, finding);
        for other in others {
            let spawn = &other.spawn;
            text.push_str(&format!("\nthe same for the goroutine of {}:{}", answer.path(&spawn.file), spawn.line));
        }
        out.push_str(&annotation(command, &file, Some(place.line), &title, &text));
    }
    for problem in answer.problems.iter().filter(|problem| problem.kind == ProblemKind::Configuration) {
        let file = problem.file.as_deref().map_or(String::new(), |file| answer.path(file));
        out.push_str(&annotation("warning", &file, problem.line, "outlive", &problem.message));
    }
    out.into_bytes()
}

fn annotation(command: &str, file: &str, line: Option<u32>, title: &str, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let line = line.map_or(String::new(), |line| format!(",line={line}"));
    format!("::{command} file={}{line},title={}::{}\n", property(file), property(title), data(message))
}

/// A finding in a few lines without excerpts.
fn description(answer: &Answer, finding: &Finding) -> String {
    let mut text = finding.message.clone();
    for (number, step) in finding.witness.iter().enumerate() {
        text.push_str(&format!("\n{}. {}:{} {}", number + 1, answer.path(&step.site.file), step.site.line, step.what));
    }
    text.push_str(&format!("\nfix: {}", finding.fix.text));
    text
}

#[derive(Serialize)]
struct Quality<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: QualityLocation,
}

#[derive(Serialize)]
struct QualityLocation {
    path: String,
    lines: QualityLines,
}

#[derive(Serialize)]
struct QualityLines {
    begin: u32,
}

/// The report that a GitLab merge request compares with that of its target.
pub(crate) fn gitlab(answer: &Answer) -> Result<Vec<u8>> {
    let rows: Vec<Quality<'_>> = answer
        .numbered()
        .map(|(finding, fingerprint)| Quality {
            description: &finding.message,
            check_name: finding.rule.0,
            fingerprint,
            severity: match answer.severity(finding) {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Note => "minor",
                Severity::Off => "info",
            },
            location: QualityLocation {
                path: answer.path(&finding.place().file),
                lines: QualityLines { begin: finding.place().line },
            },
        })
        .collect();
    let mut out = serde_json::to_vec_pretty(&rows)?;
    out.push(b'\n');
    Ok(out)
}

/// One test a rule, and one that fails for each finding.
pub(crate) fn junit(answer: &Answer) -> Result<Vec<u8>> {
    let quiet: Vec<&str> =
        RULES.iter().map(|r| r.meta().id.0).filter(|id| answer.findings.iter().all(|f| f.rule.0 != *id)).collect();
    let (tests, failures) = (quiet.len() + answer.findings.len(), answer.findings.len());
    let mut xml = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 2);
    let counts = [("name", "outlive".to_owned()), ("tests", tests.to_string()), ("failures", failures.to_string())];
    let attributes = || counts.iter().map(|(name, value)| (*name, value.as_str()));
    let written = xml.create_element("testsuites").with_attributes(attributes()).write_inner_content(|xml| {
        xml.create_element("testsuite").with_attributes(attributes()).write_inner_content(|xml| {
            for id in quiet {
                let case = xml.create_element("testcase").with_attribute(("classname", "outlive"));
                case.with_attribute(("name", id)).write_empty()?;
            }
            for finding in &answer.findings {
                failure(xml, answer, finding)?;
            }
            Ok(())
        })?;
        Ok(())
    });
    written.context("the JUnit report")?;
    let mut out = xml.into_inner();
    out.push(b'\n');
    Ok(out)
}

fn failure(xml: &mut Writer<Vec<u8>>, answer: &Answer, finding: &Finding) -> std::io::Result<()> {
    let place = finding.place();
    let (file, line) = (answer.path(&place.file), place.line.to_string());
    let name = format!("{}: {} ({file}:{line})", finding.rule, finding.location.name);
    let rows = [("classname", "outlive"), ("name", &name), ("file", &file), ("line", &line)];
    xml.create_element("testcase").with_attributes(rows).write_inner_content(|xml| {
        let failure = [("message", finding.message.as_str()), ("type", finding.rule.0)];
        // XML has no way to write other control characters; quoted code may hold any.
        let text = description(answer, finding).replace(|c: char| c.is_control() && c != '\n', " ");
        xml.create_element("failure")
            .with_attributes(failure)
            .write_inner_content(|xml| xml.write_event(Event::Text(BytesText::new(&text))))?;
        Ok(())
    })?;
    Ok(())
}
