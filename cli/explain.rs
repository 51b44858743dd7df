//! `outlive explain`.

use std::{fs, io::Read, path::Path};

use analyzer::{
    base::Problem,
    lifetime::Lifetimes,
    report::{RaceReport, parse_reports},
};
use anyhow::{Context, Result, bail};
use rules::{
    explain::{Explainer, list_reports},
    finding::ExplainedReport,
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
        None => (list_reports(&parsed.value), parsed.problems, None),
    };
    match args.format {
        Format::Json => render::json::explain(&explained, &problems)?,
        Format::Text => render::explained::print(&explained, &problems, sources.as_ref())?,
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
    let parsed = Explainer::new(&lifetimes).explain_all(reports);
    problems.extend(parsed.problems);
    Ok((parsed.value, problems, Some(Sources::new(&loaded.program))))
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
