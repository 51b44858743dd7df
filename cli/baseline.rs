//! The baseline: findings that a team knows and does not want to hear of again.
//!
//! The file holds no line numbers and one cause of findings a line, in a fixed order, so that a change of it reads well in review.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use rules::Finding;
use serde::{Deserialize, Serialize};

use crate::{
    news::{self, Known},
    output,
};

/// The file that `--write-baseline` writes unless told otherwise.
pub(crate) const DEFAULT: &str = "outlive-baseline.json";

const SCHEMA: &str = "outlive.baseline/1";

#[derive(Deserialize)]
struct File {
    schema: String,
    findings: Vec<Row>,
}

#[derive(Deserialize, Serialize)]
struct Row {
    fingerprint: String,
    rule: String,
    location: String,
    goroutine: String,
    function: String,
    code: String,
    file: String,
}

/// Reads a baseline.
///
/// # Errors
/// When it is not there, or is none.
pub(crate) fn read(path: &Path) -> Result<Vec<Known>> {
    let text = fs::read(path)
        .with_context(|| format!("cannot read the baseline {}; --write-baseline makes one", path.display()))?;
    let file: File = serde_json::from_slice(&text).with_context(|| format!("{} is no baseline", path.display()))?;
    if file.schema != SCHEMA {
        bail!("{} has the schema `{}`, and this version reads `{SCHEMA}`", path.display(), file.schema);
    }
    let known = file.findings.into_iter().map(|row| Known {
        fingerprint: row.fingerprint,
        rule: row.rule,
        location: row.location,
        goroutine: row.goroutine,
        function: row.function,
        code: row.code,
        file: row.file,
    });
    Ok(known.collect())
}

/// Writes a baseline of all findings, one row for each cause.
pub(crate) fn write(path: &Path, findings: &[Finding]) -> Result<()> {
    let mut known: Vec<Known> = news::causes(findings).into_iter().map(|(cause, _)| cause).collect();
    // By file for people; the fingerprint makes the order certain.
    known.sort_by(|a, b| (&a.file, a).cmp(&(&b.file, b)));
    let mut lines = Vec::with_capacity(known.len());
    for row in known {
        let row = Row {
            fingerprint: row.fingerprint,
            rule: row.rule,
            location: row.location,
            goroutine: row.goroutine,
            function: row.function,
            code: row.code,
            file: row.file,
        };
        lines.push(format!("\n    {}", serde_json::to_string(&row).context("the baseline")?));
    }
    let body = if lines.is_empty() { String::new() } else { format!("{}\n  ", lines.join(",")) };
    let text = format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"findings\": [{body}]\n}}\n");
    output::write_all(&[(path.to_owned(), text.into_bytes())])
}
