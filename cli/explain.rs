//! `outlive explain`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use analyzer::{
    base::{Parsed, Problem},
    lifetime::Lifetimes,
    report::{RaceReport, ReportReader, is_utf16, parse_reports},
};
use anyhow::{Context, Result, bail};
use rules::{
    explain::{Explainer, list_reports},
    finding::ExplainedReport,
};

use crate::{
    args::{ExplainArgs, Format},
    config::Config,
    load::load_for,
    output, patch,
    render::{self, Sources},
    revision,
};

/// Runs the command; the answer is the exit code.
pub(crate) fn run(args: &ExplainArgs) -> Result<u8> {
    if let Some(id) = &args.rule {
        return print_rule(id);
    }
    let Some(path) = &args.report else { bail!("no report given") };
    output::clean_up_on_interrupt()?;
    let parsed = read(path)?;
    let (mut explained, problems, sources) = match &args.repo {
        Some(repo) if !parsed.value.is_empty() => explain_in(repo, args, &parsed.value, parsed.problems)?,
        Some(repo) => {
            fs::metadata(repo).with_context(|| format!("cannot read {}", repo.display()))?;
            (Vec::new(), parsed.problems, None)
        }
        None => (list_reports(&parsed.value), parsed.problems, None),
    };
    if let (true, Some(repo)) = (args.find_revision, &args.repo) {
        for report in explained.iter_mut().filter(|report| report.group == report.id) {
            report.notes.push(revision::find(repo, report)?);
        }
    }
    if let Some(file) = &args.html {
        let page = render::page::page(&explained, sources.as_ref());
        output::write_all(&[(file.clone(), page.into_bytes())])?;
    }
    let races = u8::from(args.exit_code && !explained.is_empty());
    if args.patch {
        patch::print(&explained, sources.as_ref())?;
        return Ok(races);
    }
    match args.format {
        Format::Json => render::json::explain(&explained, &problems)?,
        Format::Text => render::explained::print(&explained, &problems, sources.as_ref())?,
        Format::Dot => bail!("`explain` prints text or json"),
    }
    Ok(races)
}

fn explain_in(
    repo: &Path,
    args: &ExplainArgs,
    reports: &[RaceReport],
    mut problems: Vec<Problem>,
) -> Result<(Vec<ExplainedReport>, Vec<Problem>, Option<Sources>)> {
    let config = Config::find(repo, &args.config)?;
    let models = config.models()?;
    let loaded = load_for(repo, &config.build(&args.build), true, reports)?;
    let lifetimes = Lifetimes::analyse(&loaded.program, &loaded.graph, &loaded.places, &models);
    let parsed = Explainer::new(&lifetimes).explain_all(reports);
    problems.extend(parsed.problems);
    let sources = Sources::new(&loaded.program);
    // Millions of small pieces, which the end of the process frees at once.
    std::mem::forget(lifetimes);
    std::mem::forget(loaded);
    Ok((parsed.value, problems, Some(sources)))
}

/// Reads the reports of a file line by line: logs are large, reports are not.
pub(crate) fn read(path: &Path) -> Result<Parsed<Vec<RaceReport>>> {
    if path.as_os_str() == "-" {
        return stream(std::io::stdin().lock()).context("cannot read standard input");
    }
    let open = || stream(BufReader::with_capacity(1 << 18, fs::File::open(path)?));
    open().with_context(|| format!("cannot read {}", path.display()))
}

fn stream(mut input: impl BufRead) -> std::io::Result<Parsed<Vec<RaceReport>>> {
    if is_utf16(input.fill_buf()?) {
        // UTF-16 has newlines of two bytes; such a file comes from a console, and is short.
        let mut text = Vec::new();
        input.read_to_end(&mut text)?;
        return Ok(parse_reports(&text));
    }
    let mut reader = ReportReader::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(reader.finish());
        }
        reader.push_line(line.strip_suffix(b"\n").unwrap_or(&line));
    }
}

fn print_rule(id: &str) -> Result<u8> {
    use std::io::Write;
    let Some(rule) = rules::rule(id) else { bail!("no rule `{id}`; `outlive rules` lists them") };
    std::io::stdout().lock().write_all(rule.meta().docs.as_bytes())?;
    Ok(0)
}
