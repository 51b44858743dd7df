//! Library functions that recover from panics inside: rows of `recovers.toml` beside this file. They are no part of the
//! catalogue, which the analysis reads and `outlive.toml` may extend: only explanations ask for them.

use analyzer::base::Symbol;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    recovers: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    funcs: Vec<String>,
    #[serde(default)]
    seldom: bool,
    why: String,
}

/// Library functions that recover, by key (`path.T.M`).
#[derive(Debug, Default)]
pub(crate) struct Recovers {
    often: Vec<Symbol>,
    seldom: Vec<Symbol>,
}

impl Recovers {
    /// The embedded rows. That they can be read is tested; if they could not, no library would be known.
    pub(crate) fn embedded() -> Self {
        let file: File = toml::from_str(include_str!("recovers.toml")).unwrap_or_default();
        let mut out = Self::default();
        for row in file.recovers {
            debug_assert!(!row.why.is_empty());
            let list = if row.seldom { &mut out.seldom } else { &mut out.often };
            list.extend(row.funcs.iter().map(|name| Symbol::new(name)));
        }
        out
    }

    /// Whether the function recovers: from errors of its own, or with `seldom` also from panics of what it is given.
    pub(crate) fn holds(&self, key: Symbol, seldom: bool) -> bool {
        self.often.contains(&key) || seldom && self.seldom.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let rows = Recovers::embedded();
        assert!(rows.holds(Symbol::new("fmt.Sscanf"), false));
        assert!(!rows.holds(Symbol::new("fmt.Sprint"), false) && rows.holds(Symbol::new("fmt.Sprint"), true));
    }
}
