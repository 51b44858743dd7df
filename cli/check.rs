//! `outlive check`.

use analyzer::lifetime::Lifetimes;
use anyhow::{Context, Result, bail};
use rules::Confidence;

use crate::{
    args::{CheckArgs, Format},
    load::load,
    render::{self, Sources},
};

/// Runs the command; the answer is the exit code.
pub(crate) fn run(args: &CheckArgs) -> Result<u8> {
    for id in &args.rules {
        if rules::rule(id).is_none() {
            bail!("no rule `{id}`; `outlive rules` lists them");
        }
    }
    let loaded = load(&args.dir, &args.build, true)?;
    let models = rules::catalogue::embedded().context("the embedded catalogue")?;
    let lifetimes = Lifetimes::analyse(&loaded.program, &loaded.graph, &models);
    let mut findings = rules::findings(&lifetimes);
    findings.retain(|f| args.all || f.confidence == Confidence::High);
    findings.retain(|f| args.rules.is_empty() || args.rules.iter().any(|id| id == f.rule.0));
    match args.format {
        Format::Json => render::json::check(&findings, &loaded.problems)?,
        Format::Text => render::text::check(&findings, &loaded.problems, &Sources::new(&loaded.program))?,
        Format::Dot => bail!("`check` prints text or json"),
    }
    Ok(u8::from(!findings.is_empty()))
}
