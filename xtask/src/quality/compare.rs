//! Two graphs side by side: what of x/tools' is missing in ours and why, and what of ours x/tools does not have.
//!
//! Terms: an edge is *missed* if ours lacks it at that line; it has a *nature*, how x/tools found it, and a *symptom*,
//! what ours has in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::programs::MODES;
use crate::graph::{Edge, Index, Kind, package_part, read_edges, without_closure_numbers};

/// The x/tools graphs of one program.
pub(super) struct Reference {
    pub(super) modes: Vec<Mode>,
    /// Functions that CHA knows: methods of types nobody can reach through an interface are missing in its graph, and
    /// what they call dynamically cannot be judged.
    functions: BTreeSet<String>,
    packages: BTreeSet<String>,
}

pub(super) struct Mode {
    pub(super) name: &'static str,
    pub(super) edges: Vec<Edge>,
    pub(super) sites: Vec<Site>,
    pub(super) functions: u64,
    pub(super) load_seconds: f64,
    pub(super) graph_seconds: f64,
    pub(super) peak_mib: u64,
}

/// An interface call: calls of one method on one line of one function are one site.
pub(super) struct Site {
    caller: String,
    place: String,
    method: String,
    /// Callees in the analysed packages.
    analysed: u32,
}

impl Reference {
    pub(super) fn read(directory: &Path) -> Result<Self> {
        let modes = MODES.iter().map(|name| Mode::read(directory, name)).collect::<Result<_>>()?;
        let mut reference = Self { modes, functions: BTreeSet::new(), packages: BTreeSet::new() };
        for row in rows(&directory.join("cha.funcs.tsv"))? {
            let [symbol, _place, _package] = &row[..] else { bail!("a row of cha.funcs.tsv is {row:?}") };
            reference.packages.insert(package_part(symbol).to_owned());
            reference.functions.insert(symbol.clone());
        }
        Ok(reference)
    }

    pub(super) fn mode(&self, name: &str) -> &Mode {
        self.modes.iter().find(|mode| mode.name == name).expect("every mode was read")
    }
}

impl Mode {
    fn read(directory: &Path, name: &'static str) -> Result<Self> {
        let statistics: Value = serde_json::from_str(&fs::read_to_string(directory.join(format!("{name}.json")))?)?;
        let number = |key: &str| statistics[key].as_f64().with_context(|| format!("{name}.json lacks {key}"));
        let integer = |key: &str| statistics[key].as_u64().with_context(|| format!("{name}.json lacks {key}"));
        let mut sites = Vec::new();
        for row in rows(&directory.join(format!("{name}.sites.tsv")))? {
            let [caller, place, method, analysed, _all] = &row[..] else { bail!("a row of sites is {row:?}") };
            sites.push(Site {
                caller: caller.clone(),
                place: place.clone(),
                method: method.clone(),
                analysed: analysed.parse()?,
            });
        }
        Ok(Self {
            name,
            edges: read_edges(&directory.join(format!("{name}.tsv")))?,
            sites,
            functions: integer("funcs")?,
            load_seconds: number("load_seconds")?,
            graph_seconds: number("graph_seconds")?,
            peak_mib: integer("peak_mib")?,
        })
    }
}

fn rows(path: &Path) -> Result<Vec<Vec<String>>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

pub(super) struct Comparison {
    /// Of static's edges.
    pub(super) static_recall: Recall,
    /// Of VTA's edges.
    pub(super) vta_recall: Recall,
    pub(super) precision: Precision,
    pub(super) dispatch: Dispatch,
    pub(super) unknown: Unknown,
}

pub(super) struct Recall {
    pub(super) total: usize,
    pub(super) found: usize,
    /// Not at that line, but the same caller and callee elsewhere.
    pub(super) by_pair: usize,
    pub(super) missed: Vec<(Nature, Symptom, Edge)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nature {
    Bodyless,
    MethodValue,
    MethodExpression,
    RangeOverFunc,
    TypeParameter,
    Promotion,
    Interface,
    ClosureAsValue,
    FunctionValue,
    GenericInstance,
    Closure,
    Plain,
}

impl Nature {
    fn of(edge: &Edge) -> Self {
        // The first that holds is the one that makes the edge hard to find.
        let table = [
            ("bodyless", Self::Bodyless),
            ("bound", Self::MethodValue),
            ("thunk", Self::MethodExpression),
            ("range", Self::RangeOverFunc),
            ("typeparam", Self::TypeParameter),
            ("promoted", Self::Promotion),
            ("interface", Self::Interface),
        ];
        for (name, nature) in table {
            if edge.has_trait(name) {
                return nature;
            }
        }
        match (edge.has_trait("value"), edge.has_trait("closure")) {
            (true, true) => Self::ClosureAsValue,
            (true, false) => Self::FunctionValue,
            _ if edge.has_trait("generic") || edge.has_trait("generic-caller") => Self::GenericInstance,
            (false, true) => Self::Closure,
            (false, false) => Self::Plain,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bodyless => "callee in assembly or cgo",
            Self::MethodValue => "method value",
            Self::MethodExpression => "method expression",
            Self::RangeOverFunc => "body of a range over a function",
            Self::TypeParameter => "method of a type parameter",
            Self::Promotion => "promotion through embedding",
            Self::Interface => "interface",
            Self::ClosureAsValue => "closure through a function value",
            Self::FunctionValue => "function through a function value",
            Self::GenericInstance => "generic function or type",
            Self::Closure => "closure called in place or through one variable",
            Self::Plain => "other (plain call)",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symptom {
    CallerAbsent,
    OtherLine,
    ClosureNumber,
    ReportedUnknown,
    OtherCallees,
    NoCall,
}

impl Symptom {
    pub(super) const ALL: [Self; 6] = [
        Self::CallerAbsent,
        Self::OtherLine,
        Self::ClosureNumber,
        Self::ReportedUnknown,
        Self::OtherCallees,
        Self::NoCall,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CallerAbsent => "caller absent",
            Self::OtherLine => "other line",
            Self::ClosureNumber => "closure number",
            Self::ReportedUnknown => "unknown",
            Self::OtherCallees => "other callees",
            Self::NoCall => "no call there",
        }
    }
}

pub(super) struct Precision {
    /// Our edges between functions that CHA knows.
    pub(super) judged: usize,
    /// Of these, in CHA, static or VTA at the same line.
    pub(super) confirmed: usize,
    /// Not confirmed, but the same caller and callee elsewhere.
    pub(super) by_pair: usize,
    /// By our kind, with one example.
    pub(super) refuted: Vec<Edge>,
    /// Edges in analysed packages with a caller or callee that CHA has no node for: generic code without an instance,
    /// unreachable methods, wrong symbols.
    pub(super) strangers: Vec<Edge>,
}

/// Mean numbers of analysed callees at interface calls.
pub(super) struct Dispatch {
    pub(super) sites: usize,
    pub(super) vta_mean: f64,
    pub(super) ours_mean: f64,
    /// Sites at which both find a callee.
    pub(super) shared_sites: usize,
    pub(super) vta_shared_mean: f64,
    pub(super) ours_shared_mean: f64,
}

pub(super) struct Unknown {
    pub(super) calls: usize,
    pub(super) unknown: usize,
    /// Reason, count, example.
    pub(super) reasons: Vec<(String, usize, Edge)>,
}

impl Comparison {
    pub(super) fn new(reference: &Reference, ours: &[Edge]) -> Self {
        let evidence = Evidence::new(ours);
        Self {
            static_recall: recall(&reference.mode("static").edges, &evidence),
            vta_recall: recall(&reference.mode("vta").edges, &evidence),
            precision: precision(reference, ours),
            dispatch: dispatch(&reference.mode("vta").sites, reference, ours),
            unknown: unknown(ours),
        }
    }

    pub(super) fn write_differences(&self, directory: &Path, name: &str) -> Result<()> {
        let mut missed = String::new();
        for (graph, recall) in [("static", &self.static_recall), ("vta", &self.vta_recall)] {
            for (nature, symptom, edge) in &recall.missed {
                let (caller, place, callee) = edge.key();
                let (nature, symptom) = (nature.name(), symptom.name());
                missed.push_str(&format!("{graph}\t{caller}\t{place}\t{callee}\t{nature}\t{symptom}\n"));
            }
        }
        let mut extra = String::new();
        for (group, edges) in [("refuted", &self.precision.refuted), ("stranger", &self.precision.strangers)] {
            for edge in edges {
                let (caller, place, callee) = edge.key();
                extra.push_str(&format!("{group}\t{caller}\t{place}\t{callee}\t{}\n", edge.kind.name()));
            }
        }
        fs::write(directory.join(format!("{name}.missed.tsv")), missed)?;
        fs::write(directory.join(format!("{name}.extra.tsv")), extra)?;
        Ok(())
    }
}

/// What ours says, arranged for finding out why an edge is missed.
struct Evidence<'a> {
    index: Index<'a>,
    /// Exact edges with closure numbers removed from both names.
    unnumbered: BTreeSet<(String, &'a str, String)>,
    unknown: BTreeSet<(&'a str, &'a str)>,
    calls: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Evidence<'a> {
    fn new(ours: &'a [Edge]) -> Self {
        let mut evidence = Self {
            index: Index::new(ours),
            unnumbered: BTreeSet::new(),
            unknown: BTreeSet::new(),
            calls: BTreeSet::new(),
        };
        for edge in ours {
            let (caller, place, callee) = edge.key();
            evidence.calls.insert((caller, place));
            if matches!(edge.kind, Kind::Unknown(_)) {
                evidence.unknown.insert((caller, place));
            }
            evidence.unnumbered.insert((without_closure_numbers(caller), place, without_closure_numbers(callee)));
        }
        evidence
    }

    fn symptom(&self, missed: &Edge) -> Symptom {
        let (caller, place, callee) = missed.key();
        let unnumbered = (without_closure_numbers(caller), place, without_closure_numbers(callee));
        if self.unnumbered.contains(&unnumbered) {
            Symptom::ClosureNumber
        } else if self.index.has_pair(caller, callee) {
            Symptom::OtherLine
        } else if !self.index.knows(caller) {
            Symptom::CallerAbsent
        } else if self.unknown.contains(&(caller, place)) {
            Symptom::ReportedUnknown
        } else if self.calls.contains(&(caller, place)) {
            Symptom::OtherCallees
        } else {
            Symptom::NoCall
        }
    }
}

fn recall(expected: &[Edge], evidence: &Evidence) -> Recall {
    // An edge that x/tools found in two ways is one edge.
    let expected: BTreeMap<_, &Edge> = expected.iter().map(|edge| (edge.key(), edge)).collect();
    let mut recall = Recall { total: expected.len(), found: 0, by_pair: 0, missed: Vec::new() };
    for edge in expected.into_values() {
        if evidence.index.has(edge) {
            recall.found += 1;
            continue;
        }
        recall.by_pair += usize::from(evidence.index.has_pair(&edge.caller, &edge.callee));
        recall.missed.push((Nature::of(edge), evidence.symptom(edge), edge.clone()));
    }
    recall.missed.sort();
    recall
}

fn precision(reference: &Reference, ours: &[Edge]) -> Precision {
    let theirs = Index::new(reference.modes.iter().flat_map(|mode| &mode.edges));
    let ours: BTreeMap<_, &Edge> =
        ours.iter().filter(|edge| edge.kind.is_edge()).map(|edge| (edge.key(), edge)).collect();
    let mut precision = Precision { judged: 0, confirmed: 0, by_pair: 0, refuted: Vec::new(), strangers: Vec::new() };
    for edge in ours.into_values() {
        let analysed = |symbol: &str| reference.packages.contains(package_part(symbol));
        if !analysed(&edge.caller) || !analysed(&edge.callee) {
            continue;
        }
        if theirs.has(edge) {
            precision.judged += 1;
            precision.confirmed += 1;
        } else if reference.functions.contains(&edge.caller) && reference.functions.contains(&edge.callee) {
            precision.judged += 1;
            precision.by_pair += usize::from(theirs.has_pair(&edge.caller, &edge.callee));
            precision.refuted.push(edge.clone());
        } else {
            precision.strangers.push(edge.clone());
        }
    }
    precision
}

fn dispatch(sites: &[Site], reference: &Reference, ours: &[Edge]) -> Dispatch {
    let mut callees: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for edge in ours {
        let interface = matches!(edge.kind, Kind::Interface { .. }) && edge.kind.is_edge();
        if interface && reference.packages.contains(package_part(&edge.callee)) {
            let method = edge.callee.rsplit('.').next().unwrap_or_default();
            callees.entry((&edge.caller, &edge.place, method)).or_default().insert(&edge.callee);
        }
    }
    let (mut vta_sum, mut ours_sum) = (0, 0);
    let (mut shared_sites, mut vta_shared, mut ours_shared) = (0, 0, 0);
    for site in sites {
        let theirs = site.analysed as usize;
        let ours = callees.get(&(&*site.caller, &*site.place, &*site.method)).map_or(0, BTreeSet::len);
        vta_sum += theirs;
        ours_sum += ours;
        if theirs > 0 && ours > 0 {
            shared_sites += 1;
            vta_shared += theirs;
            ours_shared += ours;
        }
    }
    Dispatch {
        sites: sites.len(),
        vta_mean: mean(vta_sum, sites.len()),
        ours_mean: mean(ours_sum, sites.len()),
        shared_sites,
        vta_shared_mean: mean(vta_shared, shared_sites),
        ours_shared_mean: mean(ours_shared, shared_sites),
    }
}

fn mean(sum: usize, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum as f64 / count as f64 }
}

/// Counts calls, not lines: the callees of one interface call, and of one function value, are one call. Two calls on
/// one line cannot always be told apart; they count once if they have the same callees.
fn unknown(ours: &[Edge]) -> Unknown {
    let mut calls = BTreeSet::new();
    let mut reasons: BTreeMap<&str, (usize, &Edge)> = BTreeMap::new();
    let mut unknown = 0;
    for edge in ours {
        let (caller, place, callee) = edge.key();
        let target = match &edge.kind {
            Kind::Interface { .. } => callee.rsplit('.').next().unwrap_or_default(),
            Kind::FunctionValue => "",
            Kind::Static | Kind::Method | Kind::External => callee,
            Kind::Unknown(reason) => {
                unknown += 1;
                reasons.entry(reason).or_insert((0, edge)).0 += 1;
                continue;
            }
        };
        calls.insert((caller, place, edge.kind.name(), target));
    }
    let mut reasons: Vec<_> =
        reasons.into_iter().map(|(reason, (count, edge))| (reason.to_owned(), count, edge.clone())).collect();
    reasons.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    Unknown { calls: calls.len() + unknown, unknown, reasons }
}
