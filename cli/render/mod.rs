//! Output: what was found, in the format asked for.

pub(crate) mod explained;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod text;

use std::{collections::HashMap, io::Write, sync::Arc};

use analyzer::resolve::Program;
use anyhow::Result;

/// Texts of the analysed files, for excerpts.
pub(crate) struct Sources {
    texts: HashMap<Arc<str>, Arc<str>>,
}

impl Sources {
    pub(crate) fn new(program: &Program) -> Self {
        let files = program.sources().files.iter();
        Self { texts: files.map(|file| (file.path.clone(), file.text.clone())).collect() }
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(|text| &**text)
    }

    /// A line without its indentation, from 1.
    pub(crate) fn line(&self, path: &str, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        self.text(path).and_then(|text| text.lines().nth(index)).unwrap_or("").trim()
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
