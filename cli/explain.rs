//! `outlive explain`.

use std::{fs, io::Read, path::Path};

use analyzer::{
    base::Problem,
    lifetime::Lifetimes,
    report::{GoroutineRef, RaceReport, parse_reports},
};
use anyhow::{Context, Result, bail};
use rules::{
    explain::explain_report,
    finding::{ExplainedFrame, ExplainedReport, ExplainedStack, Verdict},
};

use crate::{
    args::{ExplainArgs, Format},
    load::load,
    render::{self, Sources},
};

/// Runs the command; the answer is the exit code.
pub(crate) fn run(args: &ExplainArgs) -> Result<u8> {
    if let Some(id) = &args.rule {
        return print_rule(id);
    }
    let Some(path) = &args.report else { bail!("no report given") };
    let text = read(path)?;
    let parsed = parse_reports(&text);
    let (explained, problems, sources) = match &args.repo {
        Some(repo) if !parsed.value.is_empty() => explain_in(repo, args, &parsed.value, parsed.problems)?,
        Some(repo) => {
            fs::metadata(repo).with_context(|| format!("cannot read {}", repo.display()))?;
            (Vec::new(), parsed.problems, None)
        }
        None => (parsed.value.iter().map(listed).collect(), parsed.problems, None),
    };
    match args.format {
        Format::Json => render::json::explain(&explained, &problems)?,
        Format::Text => render::text::explain(&explained, &problems, sources.as_ref())?,
        Format::Dot => bail!("`explain` prints text or json"),
    }
    Ok(u8::from(args.exit_code && !explained.is_empty()))
}

fn explain_in(
    repo: &Path,
    args: &ExplainArgs,
    reports: &[RaceReport],
    mut problems: Vec<Problem>,
) -> Result<(Vec<ExplainedReport>, Vec<Problem>, Option<Sources>)> {
    let loaded = load(repo, &args.build, true)?;
    let models = rules::catalogue::embedded().context("the embedded catalogue")?;
    let lifetimes = Lifetimes::analyse(&loaded.program, &loaded.graph, &models);
    let mut explained = Vec::new();
    for report in reports {
        let parsed = explain_report(&lifetimes, report);
        problems.extend(parsed.problems);
        explained.push(parsed.value);
    }
    Ok((explained, problems, Some(Sources::new(&loaded.program))))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut text = Vec::new();
        std::io::stdin().lock().read_to_end(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn print_rule(id: &str) -> Result<u8> {
    use std::io::Write;
    let Some(rule) = rules::rule(id) else { bail!("no rule `{id}`; `outlive rules` lists them") };
    std::io::stdout().lock().write_all(rule.meta().docs.as_bytes())?;
    Ok(0)
}

/// A report without a checkout: as it was read.
fn listed(report: &RaceReport) -> ExplainedReport {
    let frames = |stack: &analyzer::report::StackTrace| -> Vec<ExplainedFrame> {
        let frame = |f: &analyzer::report::Frame| ExplainedFrame {
            function: f.function.clone(),
            file: f.file.clone(),
            line: f.line,
            resolved: None,
            stale: false,
        };
        stack.frames.iter().map(frame).collect()
    };
    ExplainedReport {
        id: report.number.to_string(),
        title: report.title.clone(),
        accesses: report
            .accesses
            .iter()
            .map(|access| ExplainedStack {
                kind: match access.kind {
                    analyzer::report::AccessKind::Read => "read",
                    analyzer::report::AccessKind::Write => "write",
                },
                goroutine: match access.goroutine {
                    GoroutineRef::Main => "main".to_owned(),
                    GoroutineRef::Id(id) => id.to_string(),
                },
                frames: frames(&access.stack),
            })
            .collect(),
        created: report
            .creations
            .iter()
            .map(|c| ExplainedStack { kind: "", goroutine: c.goroutine.to_string(), frames: frames(&c.stack) })
            .collect(),
        location: None,
        verdict: Verdict::Unknown,
        explanations: Vec::new(),
        notes: Vec::new(),
    }
}
