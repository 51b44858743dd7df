//! Output: what was found, in the format asked for.

pub(crate) mod ci;
pub(crate) mod explained;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod sarif;
pub(crate) mod text;

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    io::Write,
    sync::Arc,
};

use analyzer::{
    base::Problem,
    resolve::Program,
    source::{FileId, SourceSet},
};
use anyhow::Result;
use rules::{Confidence, Finding};
use serde::Serialize;

use crate::{config::Severity, say::counted};

/// The answer of `check`, in whatever format.
pub(crate) struct Answer {
    /// What is printed.
    pub(crate) findings: Vec<Finding>,
    /// Findings beyond `--max-findings`.
    pub(crate) withheld: usize,
    pub(crate) problems: Vec<Problem>,
    pub(crate) sources: Sources,
    /// What findings were compared with, as in ` since main`; empty if nothing.
    pub(crate) scope: String,
    /// The way from where the command runs to the folder that is checked; empty, or with a `/` at its end. Code hosts
    /// know files by it.
    pub(crate) prefix: String,
    /// How findings of a rule are to be taken, where that was configured.
    pub(crate) levels: BTreeMap<String, Severity>,
    pub(crate) statistics: Option<Statistics>,
}

/// How much was read, and what was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Statistics {
    pub(crate) files: usize,
    pub(crate) lines: usize,
    pub(crate) functions: usize,
    pub(crate) spawn_sites: usize,
    /// Findings before the baseline, the revision, comments and levels of confidence took any away.
    pub(crate) considered: usize,
    /// Allowed by comments.
    pub(crate) allowed: usize,
    /// Found in the revision or the baseline, too.
    pub(crate) known: usize,
    /// Of the baseline, and not found any more.
    pub(crate) gone: usize,
    /// What is printed, by rule.
    pub(crate) by_rule: BTreeMap<&'static str, usize>,
}

impl Answer {
    /// How a finding is to be taken.
    pub(crate) fn severity(&self, finding: &Finding) -> Severity {
        self.levels.get(finding.rule.0).copied().unwrap_or(match finding.confidence {
            Confidence::High => Severity::Error,
            Confidence::Medium => Severity::Warning,
            Confidence::Low => Severity::Note,
        })
    }

    /// The findings for people: the first of each cause at one place, with the others of that cause.
    pub(crate) fn by_cause(&self) -> Vec<(&Finding, Vec<&Finding>)> {
        let mut out: Vec<(&Finding, Vec<&Finding>)> = Vec::new();
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        for finding in &self.findings {
            match seen.entry((&finding.fingerprint, finding.place())) {
                Entry::Occupied(row) => out[*row.get()].1.push(finding),
                Entry::Vacant(slot) => {
                    slot.insert(out.len());
                    out.push((finding, Vec::new()));
                }
            }
        }
        out
    }

    /// How much was found, in a line, or two when some are withheld.
    pub(crate) fn summary(&self) -> String {
        let new = if self.scope.is_empty() { "" } else { "new " };
        let causes = self.by_cause();
        let high = causes.iter().filter(|(f, _)| f.confidence == Confidence::High).count();
        // What is printed once counts once.
        let goroutines = match self.findings.len() {
            all if all > causes.len() => format!("; one by one for each goroutine: {all}"),
            _ => String::new(),
        };
        let mut text = match causes.len() {
            0 => format!("no {new}lifetime races found{}", self.scope),
            n => {
                let found = counted(n, &format!("{new}finding"));
                format!("{found}{}, {high} of high confidence{goroutines}", self.scope)
            }
        };
        if self.withheld > 0 {
            text.push_str(&format!("\n{} more not printed (--max-findings)", self.withheld));
        }
        text
    }

    /// The path of a file as code hosts know it.
    pub(crate) fn path(&self, file: &str) -> String {
        format!("{}{file}", self.prefix)
    }

    /// Findings with a fingerprint that no other has: further ones of one cause get a number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (&Finding, String)> {
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        self.findings.iter().map(move |finding| {
            let number = seen.entry(&finding.fingerprint).or_default();
            *number += 1;
            (finding, format!("{}:{number}", finding.fingerprint))
        })
    }
}

/// Texts of the analysed files, for excerpts.
pub(crate) struct Sources {
    set: Arc<SourceSet>,
    by_path: HashMap<Arc<str>, FileId>,
}

impl Sources {
    pub(crate) fn new(program: &Program) -> Self {
        let set = program.shared_sources();
        let by_path = set.files.iter_enumerated().map(|(id, file)| (file.path.clone(), id)).collect();
        Self { set, by_path }
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.by_path.get(path).map(|id| &*self.set.files[*id].text)
    }

    /// A line, from 1.
    pub(crate) fn whole_line(&self, path: &str, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        self.text(path).and_then(|text| text.lines().nth(index)).unwrap_or("")
    }

    /// A line without its indentation, from 1.
    pub(crate) fn line(&self, path: &str, line: u32) -> &str {
        self.whole_line(path, line).trim()
    }
}

/// Lists the rules.
pub(crate) fn rules() -> Result<u8> {
    let mut out = std::io::stdout().lock();
    for rule in rules::RULES {
        writeln!(out, "{:32} {}", rule.meta().id.0, rule.meta().summary)?;
    }
    Ok(0)
}
