//! Reports of one cause: the same two places race again and again, from shards, retries and other goroutines.

use rustc_hash::FxHashMap;

use super::{AccessKind, Frame, FunctionName, RaceReport, StackTrace};

/// Reports that have one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportGroup {
    /// Indices into the reports, in their order. Never empty.
    pub reports: Vec<usize>,
}

impl ReportGroup {
    /// How many reports there are.
    pub fn count(&self) -> usize {
        self.reports.len()
    }
}

/// What is equal for reports of one cause. Which access was seen first is chance.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Cause {
    accesses: Vec<(AccessKind, String, u32)>,
    creators: Vec<String>,
}

/// Groups reports by cause: kind and place of both accesses, and the functions that created the goroutines. Groups are
/// in the order of their first report.
pub fn group_reports(reports: &[RaceReport]) -> Vec<ReportGroup> {
    let mut groups: Vec<ReportGroup> = Vec::new();
    let mut known: FxHashMap<Cause, usize> = FxHashMap::default();
    for (index, report) in reports.iter().enumerate() {
        let group = *known.entry(cause(report)).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.reports.push(index),
            None => groups.push(ReportGroup { reports: vec![index] }),
        }
    }
    groups
}

/// The first frame that is not of the runtime or a helper of it: the code that made the access.
pub fn culprit(stack: &StackTrace) -> Option<&Frame> {
    stack.frames.iter().find(|f| !FunctionName::parse(&f.function).is_runtime())
}

fn cause(report: &RaceReport) -> Cause {
    let place = |stack: &StackTrace| {
        let frame = culprit(stack).or_else(|| stack.frames.first());
        frame.map_or_else(Default::default, |f| (FunctionName::parse(&f.function).canonical(), f.line))
    };
    let accesses = report.accesses.iter().map(|a| {
        let (function, line) = place(&a.stack);
        (a.kind, function, line)
    });
    let mut cause =
        Cause { accesses: accesses.collect(), creators: report.creations.iter().map(|c| place(&c.stack).0).collect() };
    cause.accesses.sort_unstable();
    cause.creators.sort_unstable();
    cause
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::parse_reports;

    fn report(first: &str, second: &str, goroutine: u32) -> String {
        format!(
            "WARNING: DATA RACE\nRead at 0x00c01 by main goroutine:\n  runtime.slicecopy()\n      slice.go:1 +0x0\n  {first}()\n      \
             x.go:3 +0x1\n\nPrevious write at 0x00c01 by goroutine {goroutine}:\n  {second}()\n      x.go:9 +0x1\n\n\
             Goroutine {goroutine} (running) created at:\n  p.Start()\n      x.go:12 +0x1\n==================\n"
        )
    }

    #[test]
    fn equal_causes_share_a_group() {
        let text = [report("p.A", "p.B", 7), report("p.A", "p.C", 7), report("p.A", "p.B", 99)].concat();
        let reports = parse_reports(text.as_bytes()).value;
        assert_eq!(reports.len(), 3);
        let groups = group_reports(&reports);
        assert_eq!(groups.iter().map(|g| g.reports.clone()).collect::<Vec<_>>(), [vec![0, 2], vec![1]]);
        assert_eq!(groups[0].count(), 2);
        assert_eq!(culprit(&reports[0].accesses[0].stack).map(|f| f.function.as_str()), Some("p.A"));
    }
}
