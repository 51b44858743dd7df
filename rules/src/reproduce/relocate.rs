//! The same race in another tree: where its two sides went when a fix moved them.

use analyzer::resolve::Program;

use super::{Subject, points};
use crate::finding::Site;

/// The subject in another tree. Sites are found by function and by the text of their line; those that are gone are left
/// out, so that the nearest caller takes their place.
///
/// # Errors
/// A sentence that says which side is gone.
pub fn relocated(old: &Program, new: &Program, subject: &Subject) -> Result<Subject, String> {
    let side = |sites: &[Site], what: &str| {
        let found: Vec<Site> = sites.iter().filter_map(|site| moved(old, new, site)).collect();
        if found.is_empty() {
            return Err(format!("{what} ({}:{}) is not in the fixed tree any more", sites[0].file, sites[0].line));
        }
        Ok(found)
    };
    let also = subject.also.iter().filter_map(|(of, site)| Some((*of, moved(old, new, site)?)));
    Ok(Subject {
        goroutine: side(&subject.goroutine, "the goroutine's access")?,
        other: side(&subject.other, "the other access")?,
        also: also.collect(),
        spawn: subject.spawn.as_ref().and_then(|site| moved(old, new, site)),
        ..subject.clone()
    })
}

/// A site in another tree: of the lines of its function with the same text, the one nearest to where it was.
fn moved(old: &Program, new: &Program, site: &Site) -> Option<Site> {
    let func = points::function(old, site)?;
    let row = &old.funcs()[func];
    let text = &old.sources().files[row.file].text;
    let wanted = text.lines().nth(site.line.checked_sub(1)? as usize)?.trim();
    let named = new.funcs_by_symbol(row.symbol);
    named.iter().find_map(|candidate| {
        let file = new.funcs()[*candidate].file;
        let lines = &new.facts(file).lines;
        let span = new.function(*candidate).span;
        let (first, last) = (lines.line(span.start), lines.line(span.end));
        let start = old.facts(row.file).lines.line(old.function(func).span.start);
        let expected = first + site.line.saturating_sub(start);
        let fits = new.sources().files[file]
            .text
            .lines()
            .zip(1..)
            .filter(|(line, number)| (first..=last).contains(number) && line.trim() == wanted);
        let line = fits.map(|(_, number)| number).min_by_key(|number| number.abs_diff(expected))?;
        Some(Site { file: new.sources().files[file].path.clone(), line, function: site.function })
    })
}
