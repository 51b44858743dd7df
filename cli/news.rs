//! Which findings are news: compared with those of a revision or of a baseline.
//!
//! What is compared are causes: findings that share a fingerprint and the place where a reader looks first. Nine goroutines
//! left running by one exit are one cause, and a tenth is no news. Causes are compared in three steps:
//!
//! 1. By fingerprint, and counted: several may share one (two closures of one function that use one field). As many as were
//!    known before are not news, and the most alike of them are the known ones.
//! 2. A cause that is left over, and one of the known that was not found again, are the same if they speak of one location
//!    and end in one function: the analysis shows one end by the goroutine that shows it best, and which one that is may
//!    change with code elsewhere.
//! 3. What the revision has already with less confidence is not news either: how certain a finding is depends on code
//!    elsewhere, too.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use rules::{
    Finding,
    finding::{JoinState, Site, unnumbered},
};

/// What is kept of a cause to know it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    pub(crate) fingerprint: String,
    pub(crate) rule: String,
    pub(crate) location: String,
    pub(crate) goroutine: String,
    pub(crate) function: String,
    /// The words of the code where a reader looks first; decides only between causes of one fingerprint.
    pub(crate) code: String,
    pub(crate) file: String,
}

/// The causes of findings, each with the findings that share it, in the order of the findings.
pub(crate) fn causes(findings: &[Finding]) -> Vec<(Known, Vec<usize>)> {
    let mut out: Vec<(Known, Vec<usize>)> = Vec::new();
    let mut seen: BTreeMap<(&str, &Site), usize> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        match seen.entry((&finding.fingerprint, finding.place())) {
            Entry::Occupied(row) => out[*row.get()].1.push(index),
            Entry::Vacant(slot) => {
                slot.insert(out.len());
                out.push((Known::of(finding), vec![index]));
            }
        }
    }
    out
}

/// What a revision had with less confidence than is asked for.
#[derive(Default)]
pub(crate) struct Weaker {
    /// Skipped joins, by fingerprint (made of the function that skips) and the words of the exit.
    skipped: BTreeSet<(String, String)>,
    /// The others, by fingerprint, rule, and the function in which the location ends.
    others: BTreeSet<(String, String, String)>,
}

impl Weaker {
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut out = Self::default();
        for finding in findings {
            if finding.join.state == JoinState::Skipped {
                out.skipped.insert(Self::exit(&Known::of(finding)));
            } else {
                out.others.insert(Self::end(&Known::of(finding)));
            }
        }
        out
    }

    fn exit(known: &Known) -> (String, String) {
        (known.fingerprint.clone(), known.code.clone())
    }

    fn end(known: &Known) -> (String, String, String) {
        (known.fingerprint.clone(), known.rule.clone(), unnumbered(&known.function))
    }

    fn has(&self, known: &Known) -> bool {
        self.skipped.contains(&Self::exit(known)) || self.others.contains(&Self::end(known))
    }
}

impl Known {
    fn of(finding: &Finding) -> Self {
        let place = finding.place();
        let at_place = |step: &&rules::finding::Step| &step.site == place;
        let code = finding.witness.iter().find(at_place).map_or("", |step| step.what.as_str());
        Self {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.0.to_owned(),
            location: finding.location.name.clone(),
            goroutine: finding.goroutine.clone(),
            function: place.function.to_owned(),
            code: code.to_owned(),
            file: place.file.to_string(),
        }
    }

    /// How many things two causes of one fingerprint share.
    fn likeness(&self, other: &Self) -> usize {
        let same = [
            self.location == other.location,
            self.goroutine == other.goroutine,
            self.function == other.function,
            self.code == other.code,
            self.rule == other.rule,
            self.file == other.file,
        ];
        same.into_iter().filter(|same| *same).count()
    }

    /// The location, and the function in which it ends.
    fn end(&self) -> String {
        format!("{} {}", self.location, unnumbered(&self.function))
    }
}

/// Takes away the findings that were known; the answer is how many of the known causes were not found again.
pub(crate) fn keep_news(findings: &mut Vec<Finding>, known: &[Known], weaker: &Weaker) -> usize {
    let causes = causes(findings);
    let found: Vec<&Known> = causes.iter().map(|(cause, _)| cause).collect();
    let (old, gone) = pair(&found, known, weaker);
    let mut keep = vec![true; findings.len()];
    for ((_, rows), old) in causes.iter().zip(old) {
        rows.iter().for_each(|row| keep[*row] = !old);
    }
    let mut keep = keep.into_iter();
    findings.retain(|_| keep.next().unwrap_or(true));
    gone
}

/// Which of `found` are old, and how many of the known are gone.
fn pair(found: &[&Known], known: &[Known], weaker: &Weaker) -> (Vec<bool>, usize) {
    let (mut old, mut taken) = (vec![false; found.len()], vec![false; known.len()]);
    match_by(found, known, &mut old, &mut taken, |cause| cause.fingerprint.clone());
    match_by(found, known, &mut old, &mut taken, Known::end);
    for (old, cause) in old.iter_mut().zip(found) {
        *old = *old || weaker.has(cause);
    }
    (old, taken.iter().filter(|taken| !**taken).count())
}

/// Pairs what has no partner yet, within groups of one key, the most alike first.
fn match_by(found: &[&Known], known: &[Known], old: &mut [bool], taken: &mut [bool], key: impl Fn(&Known) -> String) {
    let mut groups: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, row) in known.iter().enumerate().filter(|(index, _)| !taken[*index]) {
        groups.entry(key(row)).or_default().1.push(index);
    }
    for (index, row) in found.iter().enumerate().filter(|(index, _)| !old[*index]) {
        groups.entry(key(row)).or_default().0.push(index);
    }
    for (rows, others) in groups.into_values() {
        let mut pairs = Vec::with_capacity(rows.len() * others.len());
        for &i in &rows {
            pairs.extend(others.iter().map(|&j| (std::cmp::Reverse(found[i].likeness(&known[j])), i, j)));
        }
        pairs.sort();
        for (_, i, j) in pairs {
            if !old[i] && !taken[j] {
                (old[i], taken[j]) = (true, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(fingerprint: &str, location: &str, function: &str, code: &str) -> Known {
        Known {
            fingerprint: fingerprint.to_owned(),
            rule: "close-without-join".to_owned(),
            location: location.to_owned(),
            goroutine: "p.run".to_owned(),
            function: function.to_owned(),
            code: code.to_owned(),
            file: "a.go".to_owned(),
        }
    }

    #[test]
    fn causes_of_one_fingerprint_are_counted() {
        let one = known("1", "T.x", "p.f", "return err");
        let other = known("1", "T.x", "p.f", "return nil");
        let (old, gone) = pair(&[&one, &other], std::slice::from_ref(&other), &Weaker::default());
        assert_eq!((old, gone), (vec![false, true], 0), "the most alike is the known one");
        let (old, gone) = pair(&[&one], &[one.clone(), other], &Weaker::default());
        assert_eq!((old, gone), (vec![true], 1));
    }

    #[test]
    fn one_end_shown_by_another_goroutine_is_the_same() {
        let shown = known("1", "T.ch", "p.(*T).Close", "t.ch = nil");
        let before = known("2", "T.ch", "p.(*T).Close", "t.ch = nil");
        assert_eq!(pair(&[&shown], std::slice::from_ref(&before), &Weaker::default()), (vec![true], 0));
        // Both at once are two, and only as many as are gone are replaced.
        assert_eq!(pair(&[&shown, &before], std::slice::from_ref(&before), &Weaker::default()), (vec![false, true], 0));
        let elsewhere = known("3", "T.ch", "p.(*T).Reset", "t.ch = nil");
        assert_eq!(pair(&[&elsewhere], &[before], &Weaker::default()), (vec![false], 1));
    }

    #[test]
    fn what_was_there_with_less_confidence_is_no_news() {
        let cause = known("1", "T.x", "p.f.func2", "t.x = nil");
        let mut weaker = Weaker::default();
        weaker.others.insert(Weaker::end(&known("1", "T.x", "p.f.func1", "t.x = nil")));
        assert_eq!(pair(&[&cause], &[], &weaker), (vec![true], 0));
        let other_end = known("1", "T.x", "p.g", "t.x = nil");
        assert_eq!(pair(&[&other_end], &[], &weaker), (vec![false], 0));
        weaker.skipped.insert(("1".to_owned(), "t.x = nil".to_owned()));
        assert_eq!(pair(&[&other_end], &[], &weaker), (vec![true], 0));
    }
}
