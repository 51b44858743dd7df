//! What shall be made to happen: the two sides of a race, out of an explained report or a finding.

use analyzer::{base::Symbol, report::FunctionName, resolve::Program};

use super::points;
use crate::finding::{AccessSide, ExplainedFrame, ExplainedReport, ExplainedStack, Finding, MemoryLocation, Site};

/// A race, as two sides in a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The goroutine that lives on: its access, then the calls that led to it, innermost first. Never empty.
    pub goroutine: Vec<Site>,
    /// The other side likewise. Never empty.
    pub other: Vec<Site>,
    /// Further places of the two sides that are the same race.
    pub also: Vec<(AccessSide, Site)>,
    /// The function that the goroutine runs.
    pub body: Option<String>,
    /// What is shared.
    pub location: Option<MemoryLocation>,
    /// Fingerprint of the finding.
    pub fingerprint: Option<String>,
    /// Where the goroutine starts.
    pub spawn: Option<Site>,
    /// Whether the other side only gives the object away: who gets it next makes the access that races.
    pub recycled: bool,
}

/// The subject of a report.
///
/// # Errors
/// A sentence that says which side is not in the checkout.
pub fn of_report(explained: &ExplainedReport) -> Result<Subject, String> {
    let [first, second, ..] = &explained.accesses[..] else {
        return Err("the report does not show both accesses".to_owned());
    };
    let sides = [sites(first), sites(second)];
    if let Some(lost) = sides.iter().position(Vec::is_empty) {
        let kind = [first, second][lost].kind;
        return Err(format!(
            "no frame of the {kind} by goroutine {} is in the checkout",
            explained.accesses[lost].goroutine
        ));
    }
    let finding = explained.explanations.first();
    let told = finding.and_then(|finding| {
        let inside = finding.accesses.iter().find(|access| access.side == AccessSide::Goroutine)?;
        let at = |side: &Vec<Site>| {
            side.iter().position(|site| (&site.file, site.line) == (&inside.site.file, inside.site.line))
        };
        let ranks = (at(&sides[0]).unwrap_or(usize::MAX), at(&sides[1]).unwrap_or(usize::MAX));
        (ranks.0 != ranks.1).then_some(usize::from(ranks.1 < ranks.0))
    });
    // Without an explanation: who was started by the code under test, not by the testing package.
    let own = |stack: &ExplainedStack| {
        stack.goroutine != "main" && !stack.frames.iter().any(|f| f.function.starts_with("testing."))
    };
    let goroutine = told.unwrap_or_else(|| usize::from(!own(first) && own(second)));
    let stack = &explained.accesses[goroutine];
    let created = explained.created.iter().find(|created| created.goroutine == stack.goroutine);
    let [a, b] = sides;
    let (inside, other) = if goroutine == 0 { (a, b) } else { (b, a) };
    // The wrapper of a `go` statement is on no stack that the program itself can see.
    let outermost = stack
        .frames
        .iter()
        .rfind(|frame| !frame.stale && frame.resolved.is_some() && !FunctionName::parse(&frame.function).is_wrapper());
    let body = outermost.map(|frame| FunctionName::parse(&frame.function).canonical());
    Ok(Subject {
        also: Vec::new(),
        body: body.filter(|_| own(stack)),
        location: explained.location.clone(),
        fingerprint: finding.map(|finding| finding.fingerprint.clone()),
        spawn: created.and_then(|created| sites(created).into_iter().next()),
        recycled: false,
        goroutine: inside,
        other,
    })
}

/// The subject of a finding.
///
/// # Errors
/// A sentence that says what the finding lacks.
pub fn of_finding(program: &Program, finding: &Finding) -> Result<Subject, String> {
    let of = |side: AccessSide| {
        let accesses = finding.accesses.iter().filter(move |access| access.side == side);
        accesses.map(|access| access.site.clone()).collect::<Vec<Site>>()
    };
    let (inside, mut others) = (of(AccessSide::Goroutine), of(AccessSide::Other));
    others.extend(finding.reset.clone().filter(|_| others.is_empty()));
    let (Some(access), Some(other)) = (inside.first(), others.first()) else {
        return Err("the finding does not name both accesses".to_owned());
    };
    let mut also: Vec<(AccessSide, Site)> = Vec::new();
    for (side, sites) in [(AccessSide::Goroutine, &inside), (AccessSide::Other, &others)] {
        also.extend(sites[1..].iter().map(|site| (side, site.clone())));
    }
    // A finding names one access of several in a row: the goroutine's others are the same race.
    if let Some(first) = finding.accesses.iter().find(|access| access.side == AccessSide::Goroutine) {
        let alike = points::alike(program, &first.site, &first.expression).into_iter();
        also.extend(
            alike.map(|site| (AccessSide::Goroutine, site)).filter(|site| !also.contains(site)).collect::<Vec<_>>(),
        );
    }
    Ok(Subject {
        also,
        // What the goroutine calls on the way to the access is not kept; its first line is a place, too.
        goroutine: vec![access.clone()],
        other: vec![other.clone()],
        body: Some(finding.goroutine.clone()).filter(|body| !body.is_empty()),
        location: Some(finding.location.clone()),
        fingerprint: Some(finding.fingerprint.clone()),
        spawn: Some(finding.spawn.clone()),
        recycled: finding.rule.0 == crate::recycled_while_used::ID,
    })
}

/// The frames of a stack that are in the checkout, without stale ones and wrappers.
fn sites(stack: &ExplainedStack) -> Vec<Site> {
    let frames: Vec<&ExplainedFrame> = stack.frames.iter().filter(|frame| !frame.stale).collect();
    // The innermost line may have been moved to what it was taken for. Where no other line moved, it is as printed.
    let still = |frame: &&&ExplainedFrame| frame.resolved.as_ref().is_some_and(|(_, _, drift)| *drift == 0);
    let resolved = frames.iter().filter(|frame| frame.resolved.is_some()).count();
    let unmoved = resolved > 1 && frames.iter().filter(still).count() + 1 >= resolved;
    let site = |frame: &&ExplainedFrame| {
        let (file, line, _) = frame.resolved.clone()?;
        let name = FunctionName::parse(&frame.function);
        let line = if unmoved { frame.line } else { line };
        (!name.is_wrapper()).then(|| Site {
            file: file.into(),
            line,
            function: Symbol::new(&name.canonical()).as_str(),
        })
    };
    frames.iter().filter_map(site).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(lines: &[(u32, u32)]) -> ExplainedStack {
        let frame = |(printed, found): &(u32, u32)| ExplainedFrame {
            function: "p.f".to_owned(),
            file: "/x/f.go".to_owned(),
            line: *printed,
            resolved: Some(("f.go".to_owned(), *found, i64::from(*found) - i64::from(*printed))),
            stale: false,
            left_by: None,
            left_out: false,
        };
        ExplainedStack { kind: "read", goroutine: "7".to_owned(), frames: lines.iter().map(frame).collect() }
    }

    #[test]
    fn a_line_is_as_printed_where_no_other_moved() {
        let lines = |rows: &[(u32, u32)]| sites(&stack(rows)).iter().map(|site| site.line).collect::<Vec<_>>();
        assert_eq!(lines(&[(12, 11), (30, 30), (40, 40)]), [12, 30, 40]);
        assert_eq!(lines(&[(12, 11), (30, 29), (40, 40)]), [11, 29, 40]);
        assert_eq!(lines(&[(12, 11)]), [11]);
    }
}
