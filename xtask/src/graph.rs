//! A call graph as `outlive graph --calls` and `tests/callgraph` print it; docs/callgraph-quality.md has the format.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// One line: a call and one function it may reach.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) caller: String,
    /// `file:line`.
    pub(crate) place: String,
    pub(crate) callee: String,
    pub(crate) kind: Kind,
    /// How x/tools found the edge, comma-separated; empty in our own output.
    pub(crate) traits: String,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Static,
    Method,
    /// The callee is the interface's method if nothing is known to implement it (`interface:0/m`).
    Interface {
        resolved: u32,
    },
    FunctionValue,
    /// The callee stands in a package that is not analysed.
    External,
    /// The callee is `?`.
    Unknown(String),
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("go ").or_else(|| text.strip_prefix("defer ")).unwrap_or(text);
        Some(match text {
            "static" => Self::Static,
            "method" => Self::Method,
            "function-value" => Self::FunctionValue,
            "external" => Self::External,
            _ => match text.split_once(':')? {
                ("interface", counts) => {
                    let (resolved, candidates) = counts.split_once('/')?;
                    candidates.parse::<u32>().ok()?;
                    Self::Interface { resolved: resolved.parse().ok()? }
                }
                ("unknown", reason) => Self::Unknown(reason.to_owned()),
                _ => return None,
            },
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Method => "method",
            Self::Interface { .. } => "interface",
            Self::FunctionValue => "function value",
            Self::External => "external",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Whether the line names a function of the analysed code, rather than the lack of one.
    pub(crate) fn is_edge(&self) -> bool {
        match self {
            Self::Static | Self::Method | Self::FunctionValue => true,
            Self::Interface { resolved } => *resolved > 0,
            Self::External | Self::Unknown(_) => false,
        }
    }
}

impl Edge {
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        let (caller, place, callee, kind) = (next()?, next()?, next()?, next()?);
        let (_, line_number) = place.rsplit_once(':')?;
        line_number.parse::<u32>().ok()?;
        Some(Self {
            caller: caller.to_owned(),
            place: place.to_owned(),
            callee: callee.to_owned(),
            kind: Kind::parse(kind)?,
            traits: next().unwrap_or_default().to_owned(),
        })
    }

    pub(crate) fn has_trait(&self, name: &str) -> bool {
        self.traits.split(',').any(|t| t == name)
    }

    pub(crate) fn key(&self) -> (&str, &str, &str) {
        (&self.caller, &self.place, &self.callee)
    }
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} → {} ({})", self.caller, self.callee, self.place)
    }
}

/// Reads a graph; a line that does not follow the format is an error, because the format is what is being tested.
pub(crate) fn read_edges(path: &Path) -> Result<Vec<Edge>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut edges = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match Edge::parse(line) {
            Some(edge) => edges.push(edge),
            None => bail!("{}:{}: not an edge: {line:?}", path.display(), index + 1),
        }
    }
    edges.sort();
    edges.dedup();
    Ok(edges)
}

/// The edges that name a function, by call place and without it.
pub(crate) struct Index<'a> {
    exact: BTreeSet<(&'a str, &'a str, &'a str)>,
    pairs: BTreeSet<(&'a str, &'a str)>,
    callees: BTreeMap<&'a str, BTreeSet<&'a str>>,
    functions: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(edges: impl IntoIterator<Item = &'a Edge>) -> Self {
        let mut index = Self {
            exact: BTreeSet::new(),
            pairs: BTreeSet::new(),
            callees: BTreeMap::new(),
            functions: BTreeSet::new(),
        };
        for edge in edges {
            index.functions.insert(&edge.caller);
            if edge.kind.is_edge() {
                index.functions.insert(&edge.callee);
                index.exact.insert(edge.key());
                index.pairs.insert((&edge.caller, &edge.callee));
                index.callees.entry(&edge.caller).or_default().insert(&edge.callee);
            }
        }
        index
    }

    pub(crate) fn has(&self, edge: &Edge) -> bool {
        self.exact.contains(&edge.key())
    }

    pub(crate) fn has_pair(&self, caller: &str, callee: &str) -> bool {
        self.pairs.contains(&(caller, callee))
    }

    pub(crate) fn callees(&self, caller: &str) -> impl Iterator<Item = &'a str> {
        self.callees.get(caller).into_iter().flatten().copied()
    }

    /// Whether the function occurs at all.
    pub(crate) fn knows(&self, function: &str) -> bool {
        self.functions.contains(function)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &'a str> {
        self.functions.iter().copied()
    }
}

/// The package part of a symbol: dots in the last element of an import path are escaped, so the first dot after the
/// last slash of the path ends it. Slashes after that dot belong to type arguments.
pub(crate) fn package_part(symbol: &str) -> &str {
    let path = symbol.split(['(', '[']).next().unwrap_or(symbol);
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = path[last..].find('.').map_or(path.len(), |dot| last + dot);
    &path[..end]
}

/// The symbol without the numbers of its closures: `p.F.func2.1` and `p.F.func3.1` give the same text.
pub(crate) fn without_closure_numbers(symbol: &str) -> String {
    let mut text = String::with_capacity(symbol.len());
    let package = package_part(symbol);
    text.push_str(package);
    for part in symbol[package.len()..].split('.').skip(1) {
        text.push('.');
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let numbered = word.is_empty() || word == "func" || word.ends_with("-range");
        text.push_str(if numbered { word } else { part });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_ends_at_the_first_dot_after_the_last_slash() {
        assert_eq!(package_part("example.com/a/yaml%2ev3.(*T).M"), "example.com/a/yaml%2ev3");
        assert_eq!(package_part("main.F.func1.2"), "main");
        assert_eq!(package_part("a/b.T.M"), "a/b");
    }

    #[test]
    fn closure_numbers_go_and_other_digits_stay() {
        assert_eq!(without_closure_numbers("a/b2.(*T3).M4.func12.3"), "a/b2.(*T3).M4.func.");
        assert_eq!(without_closure_numbers("main.F1-range2"), "main.F1-range");
    }

    #[test]
    fn kinds_follow_the_documented_grammar() {
        assert!(matches!(Kind::parse("go interface:2/7"), Some(Kind::Interface { resolved: 2 })));
        assert!(matches!(Kind::parse("defer static"), Some(Kind::Static)));
        assert!(matches!(Kind::parse("unknown:reflect"), Some(Kind::Unknown(reason)) if reason == "reflect"));
        assert!(Kind::parse("interface 2-of-7").is_none());
    }
}
