//! Which findings are news: compared by fingerprint with those of a revision or of a baseline.
//!
//! Invariant: findings are counted, not only looked up. Several may share a fingerprint (two closures of one function
//! that use one field); as many as were known before are not news, and the most alike of them are the known ones.

use std::collections::BTreeMap;

use rules::Finding;

/// What is kept of a finding to know it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    pub(crate) fingerprint: String,
    pub(crate) rule: String,
    pub(crate) location: String,
    pub(crate) goroutine: String,
    pub(crate) function: String,
    /// The words of the code where a reader looks first; decides only between findings of one fingerprint.
    pub(crate) code: String,
    pub(crate) file: String,
}

impl Known {
    pub(crate) fn of(finding: &Finding) -> Self {
        let place = finding.place();
        let at_place = |step: &&rules::finding::Step| &step.site == place;
        let code = finding.witness.iter().find(at_place).map_or("", |step| step.what.as_str());
        Self {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.0.to_owned(),
            location: finding.location.name.clone(),
            goroutine: finding.goroutine.clone(),
            function: place.function.clone(),
            code: code.to_owned(),
            file: place.file.clone(),
        }
    }

    /// How many things two findings of one fingerprint share.
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
}

/// Takes away the findings that were known; the answer is how many of the known ones were not found again.
pub(crate) fn keep_news(findings: &mut Vec<Finding>, known: Vec<Known>) -> usize {
    let mut groups: BTreeMap<String, (Vec<usize>, Vec<Known>)> = BTreeMap::new();
    for row in known {
        groups.entry(row.fingerprint.clone()).or_default().1.push(row);
    }
    for (index, finding) in findings.iter().enumerate() {
        groups.entry(finding.fingerprint.clone()).or_default().0.push(index);
    }
    let mut old = vec![false; findings.len()];
    let mut gone = 0;
    for (found, known) in groups.into_values() {
        let rows: Vec<Known> = found.iter().map(|index| Known::of(&findings[*index])).collect();
        let mut pairs = Vec::with_capacity(rows.len() * known.len());
        for (i, row) in rows.iter().enumerate() {
            pairs.extend(known.iter().enumerate().map(|(j, other)| (std::cmp::Reverse(row.likeness(other)), i, j)));
        }
        pairs.sort();
        let mut taken = vec![false; known.len()];
        for (_, i, j) in pairs {
            if !old[found[i]] && !taken[j] {
                old[found[i]] = true;
                taken[j] = true;
            }
        }
        gone += taken.iter().filter(|taken| !**taken).count();
    }
    let mut rows = old.into_iter();
    findings.retain(|_| !rows.next().unwrap_or(false));
    gone
}
