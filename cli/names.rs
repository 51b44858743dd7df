//! From the name of a function as somebody types it to the functions meant: whole symbols, their endings, or a
//! suggestion.

use std::collections::BTreeSet;

use analyzer::{
    base::Symbol,
    callgraph::{CallGraph, Target},
    resolve::{Func, FuncId, Program},
    source::FileRole,
};
use anyhow::{Result, bail};

/// Names that are listed when a name fits several functions or none. More than that nobody reads; a longer piece of the
/// symbol tells them apart.
const MAX_NAMES: usize = 8;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// Functions with source: several when packages `main` share a symbol.
    Funcs(Vec<FuncId>),
    /// A function without source that something calls.
    External(Symbol),
}

/// The functions with source that `name` stands for.
///
/// # Errors
/// When there are none, or several that only a longer name tells apart.
pub(crate) fn funcs(program: &Program, name: &str) -> Result<Vec<FuncId>> {
    match declared(program, name)? {
        Some(funcs) => Ok(funcs),
        None => bail!("{}", unknown(program, name)),
    }
}

/// The same, of functions that are called: those without source have a name, too.
///
/// # Errors
/// As of [`funcs`].
pub(crate) fn called(program: &Program, graph: &CallGraph, name: &str) -> Result<Meant> {
    if let Some(funcs) = declared(program, name)? {
        return Ok(Meant::Funcs(funcs));
    }
    let plain = without_pointer(name);
    let external = graph.sites().iter().flat_map(|site| site.targets.callees()).find_map(|target| match target {
        Target::External(key) if key.as_str() == plain => Some(*key),
        Target::External(_) | Target::Func(_) => None,
    });
    match external {
        Some(key) => Ok(Meant::External(key)),
        None => bail!("{}", unknown(program, name)),
    }
}

fn declared(program: &Program, name: &str) -> Result<Option<Vec<FuncId>>> {
    let exact = program.funcs_by_symbol(name.into());
    if !exact.is_empty() {
        return Ok(Some(exact.to_vec()));
    }
    let plain = without_pointer(name);
    let fits = |whole: &str, part: &str| {
        let before = whole.strip_suffix(part).filter(|_| !part.is_empty());
        before.is_some_and(|before| before.is_empty() || before.ends_with(['/', '.']))
    };
    // Who means a function of the standard library says its whole name.
    let rows = program.funcs().iter_enumerated().filter(|(_, row)| !is_stub(program, row));
    let found: Vec<FuncId> = rows
        .filter(|(_, row)| fits(row.symbol.as_str(), name) || fits(row.key.as_str(), &plain))
        .map(|(func, _)| func)
        .collect();
    let symbols: BTreeSet<&str> = found.iter().map(|&func| program.funcs()[func].symbol.as_str()).collect();
    match symbols.len() {
        0 => Ok(None),
        1 => Ok(Some(found)),
        _ => bail!("`{name}` may be {}", listed(symbols.into_iter())),
    }
}

/// Whether the function stands for one of the standard library whose source is absent.
fn is_stub(program: &Program, func: &Func) -> bool {
    program.sources().files[func.file].role == FileRole::Stub
}

/// `p.(*T).M` as `p.T.M`.
fn without_pointer(name: &str) -> String {
    name.replace("(*", "").replace(')', "")
}

fn unknown(program: &Program, name: &str) -> String {
    let near = near(program, name);
    match near.is_empty() {
        true => format!("no function `{name}`; names are as in Go symbols: `path.F`, `path.(*T).M`, or an end of one"),
        false => format!("no function `{name}`; near it: {}", listed(near.into_iter())),
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(MAX_NAMES).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    match more {
        0 => shown.join(", "),
        _ => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// Symbols that differ little from `name`, nearest first: a letter in four, whatever the case and the folder.
fn near<'p>(program: &'p Program, name: &str) -> Vec<&'p str> {
    let wanted = last_part(name);
    let qualified = wanted.contains('.');
    let allowed = (wanted.chars().count() / 4).max(1);
    let mut found: BTreeSet<(usize, &str)> = BTreeSet::new();
    let rows = program.funcs().iter().filter(|row| !is_stub(program, row));
    for row in rows.filter(|row| row.parent.is_none() || name.contains(".func")) {
        let symbol = row.symbol.as_str();
        let own = last_part(symbol);
        let own = if qualified { own.as_str() } else { own.rsplit('.').next().unwrap_or(&own) };
        // With and without the package.
        let shorter = own.split_once('.').map_or(own, |(_, rest)| rest);
        let distance = [own, shorter].into_iter().map(|own| distance(&wanted, own, allowed)).min();
        if let Some(distance) = distance.filter(|&distance| distance <= allowed) {
            found.insert((distance, symbol));
        }
    }
    found.into_iter().map(|(_, symbol)| symbol).collect()
}

/// What follows the last `/`, in small letters and without the pointer mark.
fn last_part(name: &str) -> String {
    without_pointer(name.rsplit('/').next().unwrap_or(name)).to_lowercase()
}

/// Letters to add, remove or change; any number above `most` when there are more.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let changed = corner + usize::from(letter != other);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        assert_eq!(distance("close", "close", 2), 0);
        assert_eq!(distance("close", "clsoe", 2), 2);
        assert_eq!(distance("close", "closed", 2), 1);
        assert_eq!(distance("", "abc", 3), 3);
        assert_eq!(distance("run", "teardown", 2), 3);
    }
}
