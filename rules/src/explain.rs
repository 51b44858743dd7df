//! Race reports explained: located, named, and matched with what the analysis knows about the goroutines.
//!
//! `stacks` words what is known of each frame, `peers` races that are not about a lifetime, `lost` what a side without
//! a stack may have been, `covered` what the checkout waits for, `between` joins between two rounds of an object, `mended`
//! what else has taken the race away, `outwards` who holds the goroutine, `test_end` goroutines that use a test that is
//! over, `blame` which test leaked the goroutine.
//!
//! Invariant: a frame that cannot be placed becomes a `Problem`, never a guess.

mod between;
pub mod blame;
mod covered;
mod lost;
mod mended;
mod outwards;
mod peers;
mod stacks;
mod test_end;

use analyzer::{
    base::{Idx, Parsed, Problem, ProblemKind},
    lifetime::{
        AccessKind, Index, Lifetimes, Location, Signal, SignalKind, SpawnId, Stored, WaitKind,
        conflict::{Assumption, Conflict, JoinPoint, JoinStatus, Relation, Role, Side},
        events::EventKind,
        obligations::Skip,
        rounds::skipped_join,
    },
    locate::{LocatedAccess, LocatedReport, LocatedStack, Locator, SharedPlace},
    report::{FunctionName, GoroutineRef, RaceReport, StackTrace, group_reports},
    resolve::FuncId,
};

use self::{
    between::{Between, between},
    covered::{Known, Waits},
    mended::mended,
    outwards::Held,
};
use crate::{
    claim,
    finding::{Confidence, ExplainedReport, Finding, JoinState, LocationKind, MemoryLocation, Site, Verdict},
    recovers::Recovers,
    rule::Cx,
};

/// Lines off from which on an access is no longer taken for certain.
const NEAR: u32 = 20;

/// Explains reports against one analysed checkout.
pub struct Explainer<'a> {
    cx: Cx<'a>,
    locator: Locator<'a>,
    recovers: Recovers,
}

/// Explains a single report.
pub fn explain_report(lifetimes: &Lifetimes<'_>, report: &RaceReport) -> Parsed<ExplainedReport> {
    Explainer::new(lifetimes).explain(report)
}

/// Reports as they were read, without a checkout.
pub fn list_reports(reports: &[RaceReport]) -> Vec<ExplainedReport> {
    let mut listed: Vec<ExplainedReport> = reports.iter().map(stacks::listed).collect();
    group(reports, &mut listed);
    listed
}

/// Writes into each report which other has the same cause, and how many there are.
fn group(reports: &[RaceReport], explained: &mut [ExplainedReport]) {
    for group in group_reports(reports) {
        let first = explained[group.reports[0]].id.clone();
        for &at in &group.reports {
            explained[at].group.clone_from(&first);
            explained[at].count = group.count();
        }
    }
}

/// What one side of a report has to say: the finding, and whether the other side ends or replaces the state.
struct Told {
    finding: Finding,
    ends: bool,
}

impl<'a> Explainer<'a> {
    /// Prepares for any number of reports.
    pub fn new(lifetimes: &'a Lifetimes<'a>) -> Self {
        Self { cx: Cx { lifetimes }, locator: Locator::new(lifetimes), recovers: Recovers::embedded() }
    }

    /// Explains all reports of an input.
    pub fn explain_all(&self, reports: &[RaceReport]) -> Parsed<Vec<ExplainedReport>> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut explained = Vec::with_capacity(reports.len());
        for report in reports {
            let parsed = self.explain(report);
            problems.extend(parsed.problems);
            explained.push(parsed.value);
        }
        let mut seen = std::collections::HashSet::new();
        problems.retain(|problem| seen.insert(format!("{problem}")));
        group(reports, &mut explained);
        Parsed { value: explained, problems }
    }

    /// Explains one report.
    pub fn explain(&self, report: &RaceReport) -> Parsed<ExplainedReport> {
        let cx = &self.cx;
        let mut problems = Vec::new();
        let restored = self.locator.restored(report);
        let (report, left_out) = restored.as_ref().map_or((report, &[][..]), |(report, at)| (report, at));
        let mut located = self.locator.report(report);
        let all = report.accesses.iter().map(|a| &a.stack).chain(report.creations.iter().map(|c| &c.stack));
        for (stack, found) in all.zip(located.accesses.iter().chain(&located.creations)) {
            missing_frames(stack, found, &mut problems);
        }
        let shared = match (&report.accesses[..], &located.accesses[..]) {
            ([first, second, ..], [a, b, ..]) => self.locator.accesses((first, a), (second, b)),
            _ => None,
        };
        let mut told: Vec<Told> = Vec::new();
        if let Some(shared) = &shared {
            self.settle(&mut located, shared);
            for (index, inside, other) in [(0, &shared.first, &shared.second), (1, &shared.second, &shared.first)] {
                let explaining = Explaining { cx, locator: &self.locator, report, located: &located };
                told.extend(explaining.side(index, inside, other, shared));
            }
        }
        let test_end = (0..report.accesses.len()).find_map(|index| {
            let explaining = Explaining { cx, locator: &self.locator, report, located: &located };
            explaining.test_end(index).filter(|_| shared.is_none())
        });
        let over = test_end.is_some();
        told.extend(test_end.map(|finding| Told { finding, ends: true }));
        // The side whose join is known comes first, then the one that the other side ends.
        told.sort_by_key(|t| {
            let skipped = t.finding.join.state == JoinState::Skipped;
            (!skipped, !t.ends, std::cmp::Reverse(t.finding.confidence))
        });
        told.dedup_by(|a, b| a.finding.fingerprint == b.finding.fingerprint);
        let covered = told.first().is_some_and(|t| t.finding.join.state == JoinState::NoneNeeded);
        let gone = shared.as_ref().filter(|_| !covered);
        let gone = gone.and_then(|shared| mended(cx, &self.locator, report, &located, shared));
        if gone.is_some() {
            told.clear();
        }
        let lifetime = told.first().is_some_and(|t| t.ends || t.finding.join.state == JoinState::Skipped);
        let race = shared
            .as_ref()
            .filter(|_| !lifetime)
            .and_then(|shared| peers::unsynchronised(cx, &self.locator, report, &located, shared, gone));
        let verdict = match (&shared, lifetime) {
            (_, true) => Verdict::Lifetime,
            (Some(_), false) => Verdict::Unsynchronised,
            (None, false) => Verdict::Unknown,
        };
        let candidates = match &shared {
            Some(_) => Vec::new(),
            None if over => Vec::new(),
            None => lost::candidates(cx, &self.locator, report, &located),
        };
        let mut assumptions = assumed(cx, shared.as_ref(), &located);
        let explanations: Vec<Finding> = told.into_iter().map(|t| t.finding).collect();
        let mut confidence = match &shared {
            None if over => Confidence::High,
            None => Confidence::Low,
            Some(shared) if shared.cost == 0 => Confidence::High,
            Some(shared) if shared.cost <= NEAR => Confidence::Medium.max(race_certainty(&located)),
            Some(_) => Confidence::Low,
        };
        if let (true, Some(best)) = (lifetime, explanations.first()) {
            confidence = confidence.min(best.confidence);
            assumptions
                .extend(best.assumptions.iter().filter(|a| !assumptions.contains(a)).cloned().collect::<Vec<_>>());
        }
        let stale: Vec<Vec<bool>> =
            located.accesses.iter().chain(&located.creations).map(|stack| stack.stale.clone()).collect();
        let left_by = stacks::LeftBy::new(cx, &self.locator, &self.recovers);
        let mut notes = Vec::new();
        let (mut accesses, created) = stacks::explained(cx, &left_by, report, &located, &mut notes);
        for (stack, at) in accesses.iter_mut().zip(left_out) {
            stack.frames[at.clone()].iter_mut().for_each(|frame| frame.left_out = true);
        }
        notes.extend(stacks::drift_notes(cx, &located));
        notes.extend(lost::advice(report));
        notes.dedup();
        let value = ExplainedReport {
            id: report.number.to_string(),
            title: report.title.clone(),
            after_test: report.is_after_test(),
            accesses,
            created,
            location: match &shared {
                Some(shared) => Some(memory(cx, shared)),
                None => explanations.first().map(|best| best.location.clone()),
            },
            verdict,
            confidence,
            assumptions,
            race,
            candidates,
            blame: blame::blame(report, Some(&stale)),
            group: report.number.to_string(),
            count: 1,
            explanations,
            notes,
        };
        Parsed { value, problems }
    }

    /// Moves the frames of the two accesses to the lines of what they were found to be.
    fn settle(&self, located: &mut LocatedReport, shared: &SharedPlace) {
        for (stack, at) in located.accesses.iter_mut().zip([&shared.first, &shared.second]) {
            let (first, last) = self.cx.lines(at.func, at.span);
            if let Some(Some(frame)) = stack.frames.get_mut(at.frame)
                && !frame.anchored
            {
                // Of an access over several lines any may be printed.
                let line = frame.line.clamp(first, last);
                frame.drift += i64::from(line) - i64::from(frame.line);
                frame.line = line;
            }
        }
    }
}

/// How certain a pair of near accesses is: lines that moved are no doubt where calls say how far.
fn race_certainty(located: &LocatedReport) -> Confidence {
    let anchored = located.accesses.iter().all(|stack| stack.frames.iter().flatten().any(|frame| frame.anchored));
    if anchored { Confidence::High } else { Confidence::Medium }
}

fn assumed(cx: &Cx<'_>, shared: Option<&SharedPlace>, located: &LocatedReport) -> Vec<String> {
    let mut out = Vec::new();
    let Some(shared) = shared else { return out };
    if let Location::Field(_) = shared.location {
        out.push("both lines mean the same object; the report says only that they met at one address".to_owned());
    }
    if shared.cost >= 1_000 {
        out.push("the innermost frame shares nothing with the other side; the one below it was taken".to_owned());
    } else if shared.cost > NEAR {
        let name = cx.location_name(shared.location);
        out.push(format!("the lines hold no common location; {name} is the nearest that both functions use"));
    }
    if located.drift.iter().any(|row| row.1 != row.2) {
        out.push("the checkout is of another revision: lines were found by the calls they must hold".to_owned());
    }
    out
}

/// A goroutine's access and the other one.
#[derive(Clone, Copy)]
struct Pair<'a> {
    spawn: SpawnId,
    /// Which access of the report is the other one.
    other_index: usize,
    inside: &'a LocatedAccess,
    other: &'a LocatedAccess,
    shared: &'a SharedPlace,
}

/// What is done to a counter that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    /// It is raised.
    Up,
    /// It is lowered.
    Down,
    /// The goroutine itself waits for it while the other side raises it.
    Waited,
}

struct Explaining<'a> {
    cx: &'a Cx<'a>,
    locator: &'a Locator<'a>,
    report: &'a RaceReport,
    located: &'a LocatedReport,
}

impl Explaining<'_> {
    /// The explanation with access `index` as the goroutine that lives on.
    fn side(&self, index: usize, inside: &LocatedAccess, other: &LocatedAccess, shared: &SharedPlace) -> Option<Told> {
        let GoroutineRef::Id(id) = self.report.accesses[index].goroutine else { return None };
        let at = self.report.creations.iter().position(|c| c.goroutine == id)?;
        let creation = &self.report.creations[at];
        let roots = self.locator.roots(&self.report.accesses[index].stack, &self.located.accesses[index]);
        let spawn = self.locator.spawn(&creation.stack, &self.located.creations[at], &roots)?;
        // Two goroutines that run one line use the state alike: neither ends it for the other.
        let same_line = (inside.func, inside.span) == (other.func, other.span);
        let counts = self.counts(inside, other, shared);
        let ends =
            counts.is_some() || self.ends(other) && !same_line && !(other.element && peers::is_map(self.cx, shared));
        let tell = |finding: Finding| Told { finding, ends };
        let started = Known { stack: &creation.stack, located: &self.located.creations[at] };
        let waits = Waits::new(self.cx, self.locator, spawn, started);
        let outwards = callers(&self.located.creations[at]);
        if let Some(skip) = self.skip(spawn, &outwards) {
            return claim(self.cx, &self.conflict(spawn, inside, other, shared, &skip)).map(tell);
        }
        if let Some(finding) = self.recycled(spawn, inside, other, shared) {
            return Some(Told { finding, ends: true });
        }
        let mut known: Vec<&Conflict> = self
            .cx
            .lifetimes
            .conflicts()
            .iter()
            .filter(|c| c.spawn == spawn && c.location == shared.location)
            .collect();
        known.sort_by_key(|c| (!self.is_reported(c, other), c.inside.span != inside.span));
        // The other side has to be an end of the state's life: a peer that merely lacks a lock is not this story.
        let resets = ends && counts != Some(Counts::Waited) && !self.is_peer(index);
        let exact = |c: &&&Conflict| self.is_reported(c, other) && c.inside.span == inside.span;
        let found = known.first().filter(exact).map(|conflict| &conflict.join);
        let pair = Pair { spawn, other_index: 1 - index.min(1), inside, other, shared };
        // A stack says more about order than the analysis of all ways, but not about what it found to be broken.
        let open = |join: &&JoinStatus| matches!(join, JoinStatus::Missing { .. } | JoinStatus::Late(_));
        // Where the counter itself is what races, its waits are one of the two sides.
        let signals = &self.cx.lifetimes.spawns.sites[spawn].signals;
        let of_counter = |s: &Signal| matches!(s.kind, SignalKind::Done | SignalKind::Group);
        let counter = counts.is_some() || signals.iter().any(|s| s.key == shared.location && of_counter(s));
        if !counter
            && found.as_ref().is_none_or(open)
            && let Some(covered) = self.covered(&waits, pair)
        {
            return Some(tell(covered));
        }
        if counts == Some(Counts::Down) {
            return self.counted_before(pair).filter(|_| self.located.moved()).map(tell);
        }
        let missing = |join: &&JoinStatus| matches!(join, JoinStatus::Missing { .. });
        if resets
            && !counter
            && found.as_ref().is_none_or(missing)
            && let Some(told) =
                self.held(&waits, pair).or_else(|| self.late(&waits, pair)).or_else(|| self.between(&waits, pair))
        {
            return Some(tell(told));
        }
        // What is known of another pair of accesses holds of this one, too: it is the same goroutine and location.
        let known = known.into_iter().find_map(|conflict| {
            let reported = self.build(spawn, inside, other, shared, conflict.relation.clone(), conflict.join.clone());
            let fits = self.is_reported(conflict, other) && conflict.inside.span == inside.span;
            if fits { claim(self.cx, conflict) } else { claim(self.cx, &reported).or_else(|| claim(self.cx, conflict)) }
        });
        let raised = || {
            let relation = Relation::AddRacesWait { wait: (other.func, other.span) };
            let missing = JoinStatus::Missing { asked: None };
            claim(self.cx, &self.build(spawn, inside, other, shared, relation, missing))
                .filter(|_| counts == Some(Counts::Up))
        };
        let missing = || claim(self.cx, &self.missing(spawn, inside, other, shared)).filter(|_| resets);
        known.or_else(raised).or_else(missing).map(tell)
    }

    /// The finding that the object was recycled under the goroutine: the report then shows what the next user does with it.
    fn recycled(
        &self,
        spawn: SpawnId,
        inside: &LocatedAccess,
        other: &LocatedAccess,
        shared: &SharedPlace,
    ) -> Option<Finding> {
        let program = self.cx.lifetimes.program;
        let object = |location| match location {
            Location::Field(field) => program.field(field).owner,
            Location::Local(file, local) => program.named_of(program.local_type(file, local)),
            Location::Global(_) => None,
        };
        let used = object(shared.location);
        let same = |c: &&Conflict| {
            let object = c.location == shared.location || (used.is_some() && object(c.location) == used);
            c.spawn == spawn && c.other.kind == AccessKind::Recycle && object && c.other.func != inside.func
        };
        let mut conflict = self.cx.lifetimes.conflicts().iter().find(same)?.clone();
        let next = self.build(spawn, inside, other, shared, conflict.relation.clone(), conflict.join.clone()).other;
        if next.span != conflict.other.span {
            conflict.others.insert(0, next);
        }
        claim(self.cx, &conflict)
    }

    /// The explanation with access `index` as a goroutine that uses a test that the other side says is over.
    fn test_end(&self, index: usize) -> Option<Finding> {
        let GoroutineRef::Id(id) = self.report.accesses[index].goroutine else { return None };
        let at = self.report.creations.iter().position(|c| c.goroutine == id)?;
        let other = self.report.accesses.get(1 - index.min(1));
        if !self.report.is_after_test() && !other.is_some_and(|other| test_end::is_test_end(&other.stack)) {
            return None;
        }
        let started = Known { stack: &self.report.creations[at].stack, located: &self.located.creations[at] };
        let used = self.known(index)?;
        let roots = self.locator.roots(used.stack, used.located);
        let spawn = self.locator.spawn(started.stack, started.located, &roots)?;
        let waits = Waits::new(self.cx, self.locator, spawn, started);
        test_end::explain(self.cx, &waits, spawn, used, &callers(started.located))
    }

    /// What the nearest holder of the goroutine's owner does: it skips the join on some way, or it never does.
    fn held(&self, waits: &Waits<'_>, pair: Pair<'_>) -> Option<Finding> {
        let Pair { spawn, other_index, inside, other, shared } = pair;
        let busy = callers(self.located.accesses.get(other_index)?);
        let relation = Relation::NextRound { round: self.round(), holder: Idx::new(0) };
        let (join, by) = match outwards::held(self.cx, waits, spawn, &busy)? {
            Held::Skips(status) => (status, None),
            Held::Joins(join, holder) => (JoinStatus::Late(join), Some(holder)),
        };
        let mut conflict = self.build(spawn, inside, other, shared, relation, join);
        conflict.assumptions.push(Assumption::OneOfManyCallees);
        let mut finding = claim(self.cx, &conflict)?;
        if let (Some(holder), JoinStatus::Late(join)) = (by, &conflict.join) {
            let site = self.cx.site(join.func, join.span);
            let body = self.cx.body(&conflict).map_or("the goroutine", |func| self.cx.short(func));
            let holder = self.cx.short(holder);
            let message = format!(
                "this checkout waits for {body} ({}:{}) on every way out of {holder}: the join covers it",
                site.file, site.line
            );
            nothing_to_mend(self.cx, &mut finding, &conflict, &site, message);
        }
        Some(finding)
    }

    /// The finding that the goroutine is waited for, but only after the access.
    fn late(&self, waits: &Waits<'_>, pair: Pair<'_>) -> Option<Finding> {
        let Pair { spawn, other_index, inside, other, shared } = pair;
        let join = waits.after(self.locator, self.known(other_index)?, other)?;
        let waiter = join.func;
        let relation = Relation::OwnerMethod { method: other.func, role: Role::Elsewhere };
        let conflict = self.build(spawn, inside, other, shared, relation, JoinStatus::Late(join));
        let mut finding = claim(self.cx, &conflict)?;
        if waiter != other.func {
            let body = self.cx.body(&conflict).map_or("the goroutine", |func| self.cx.short(func));
            let name = self.cx.location_name(shared.location);
            let (what, waiter) = (self.cx.short(other.func), self.cx.short(waiter));
            finding.message = format!("{what} changes {name} before {waiter} waits for {body}");
        }
        Some(finding)
    }

    /// The finding about the join between two rounds: it covers the goroutine, or hears of its end too early.
    fn between(&self, waits: &Waits<'_>, pair: Pair<'_>) -> Option<Finding> {
        let Pair { spawn, inside, other, shared, .. } = pair;
        let relation = Relation::NextRound { round: self.round(), holder: Idx::new(0) };
        let build = |join| {
            let mut conflict = self.build(spawn, inside, other, shared, relation, join);
            conflict.assumptions.push(Assumption::CalledAgain);
            conflict
        };
        match between(self.cx, waits, spawn, (inside, other), shared.location)? {
            Between::TooEarly(status) => claim(self.cx, &build(status)),
            // Where the report is of this very revision, somebody did not call it.
            Between::Joins(_) if !self.located.moved() => None,
            Between::Joins(join) => {
                let (site, ender) = (self.cx.site(join.func, join.span), self.cx.short(join.func));
                let conflict = build(JoinStatus::Late(join));
                let mut finding = claim(self.cx, &conflict)?;
                let body = self.cx.body(&conflict).map_or("the goroutine", |func| self.cx.short(func));
                let what = self.cx.short(other.func);
                let message = format!(
                    "this checkout waits for {body} ({}:{}) in {ender}, before {what} begins anew: the join covers it",
                    site.file, site.line
                );
                finding.assumptions.push(format!("{ender} is called before {what} is called again"));
                nothing_to_mend(self.cx, &mut finding, &conflict, &site, message);
                Some(finding)
            }
        }
    }

    fn known(&self, access: usize) -> Option<Known<'_>> {
        let stack = &self.report.accesses.get(access)?.stack;
        Some(Known { stack, located: self.located.accesses.get(access)? })
    }

    /// The finding that there is nothing left to mend.
    fn covered(&self, waits: &Waits<'_>, pair: Pair<'_>) -> Option<Finding> {
        let Pair { spawn, other_index, inside, other, shared } = pair;
        let join = waits.before(self.locator, self.known(other_index)?, other)?;
        let site = self.cx.site(join.func, join.span);
        let conflict = self.build(spawn, inside, other, shared, Relation::AfterSpawn, JoinStatus::Late(join));
        let mut finding = claim(self.cx, &conflict)?;
        let body = self.cx.body(&conflict).map_or("the goroutine", |func| self.cx.short(func));
        let name = self.cx.location_name(shared.location);
        let what = self.cx.short(other.func);
        let message = format!(
            "this checkout waits for {body} ({}:{}) before {what} gets to {name}: the join covers it",
            site.file, site.line
        );
        nothing_to_mend(self.cx, &mut finding, &conflict, &site, message);
        Some(finding)
    }

    /// Whether an access ends or replaces the state. An update leaves it what it was, and so does a store into one of
    /// many elements.
    fn ends(&self, access: &LocatedAccess) -> bool {
        let element = access.element && access.index != Index::Whole;
        match access.kind {
            AccessKind::Read | AccessKind::Send => false,
            AccessKind::Close | AccessKind::End | AccessKind::Recycle => true,
            AccessKind::Write => access.stored != Stored::Update && !element,
        }
    }

    /// What the goroutine does to a counter that the other side waits for, or raises while the goroutine waits.
    fn counts(&self, inside: &LocatedAccess, other: &LocatedAccess, shared: &SharedPlace) -> Option<Counts> {
        let key = shared.location;
        let does = |at: &LocatedAccess, is_it: &dyn Fn(&EventKind) -> bool| {
            let mut events = self.cx.lifetimes.events.of(at.func).blocks.iter().flat_map(|block| &block.events);
            events.any(|event| match &event.kind {
                _ if event.span != at.span => false,
                EventKind::Defer { effects, .. } => effects.iter().any(is_it),
                kind => is_it(kind),
            })
        };
        let waits =
            |kind: &EventKind| matches!(kind, EventKind::Wait { key: own, how: WaitKind::Group } if *own == key);
        let adds = |kind: &EventKind| matches!(kind, EventKind::Add { key: own } if *own == key);
        let lowers =
            |kind: &EventKind| matches!(kind, EventKind::Signal { key: own, kind: SignalKind::Done } if *own == key);
        let starts =
            |at: &LocatedAccess| self.locator.groups_raised(at.func).any(|(span, own)| span == at.span && own == key);
        let raises = |at: &LocatedAccess| does(at, &adds) || starts(at);
        if !does(other, &waits) {
            return (does(inside, &waits) && raises(other)).then_some(Counts::Waited);
        }
        let lowered = || does(inside, &lowers).then_some(Counts::Down);
        raises(inside).then_some(Counts::Up).or_else(lowered)
    }

    /// The finding that the goroutine, which raised the counter itself in the report's revision, only lowers it by now.
    fn counted_before(&self, pair: Pair<'_>) -> Option<Finding> {
        let Pair { spawn, inside, other, shared, .. } = pair;
        let join = JoinPoint::at(shared.location, other.func, other.span);
        let site = self.cx.site(join.func, join.span);
        let conflict = self.build(spawn, inside, other, shared, Relation::AfterSpawn, JoinStatus::Late(join));
        let mut finding = claim(self.cx, &conflict)?;
        let body = self.cx.body(&conflict).map_or("the goroutine", |func| self.cx.short(func));
        let name = self.cx.location_name(shared.location);
        let message = format!(
            "{body} only lowers {name} in this checkout, and {} ({}:{}) waits for it: the join covers it",
            self.cx.short(other.func),
            site.file,
            site.line
        );
        nothing_to_mend(self.cx, &mut finding, &conflict, &site, message);
        Some(finding)
    }

    /// Whether both sides are goroutines that run the same function: they live as long as each other.
    fn is_peer(&self, index: usize) -> bool {
        let root = |at: usize| self.locator.root(&self.report.accesses[at].stack, &self.located.accesses[at]);
        let goroutine = |at: usize| self.report.accesses[at].goroutine;
        let other = 1 - index.min(1);
        goroutine(other) != GoroutineRef::Main && root(index).is_some() && root(index) == root(other)
    }

    fn is_reported(&self, conflict: &Conflict, other: &LocatedAccess) -> bool {
        conflict.other.func == other.func && conflict.other.span == other.span
    }

    /// The exits that skip the goroutine's join in the nearest function that holds its owner.
    fn skip(&self, spawn: SpawnId, outwards: &[FuncId]) -> Option<Vec<&Skip>> {
        outwards.iter().find_map(|func| {
            let skips = self.cx.lifetimes.obligations.skips.iter();
            let group: Vec<&Skip> = skips.filter(|s| s.func == *func && s.spawns.contains(Idx::index(spawn))).collect();
            (!group.is_empty()).then_some(group)
        })
    }

    fn conflict(
        &self,
        spawn: SpawnId,
        inside: &LocatedAccess,
        other: &LocatedAccess,
        shared: &SharedPlace,
        group: &[&Skip],
    ) -> Conflict {
        let relation = Relation::NextRound { round: self.round(), holder: group[0].holder };
        let join = skipped_join(self.cx.lifetimes.facts(), group, spawn);
        self.build(spawn, inside, other, shared, relation, join)
    }

    fn missing(&self, spawn: SpawnId, inside: &LocatedAccess, other: &LocatedAccess, shared: &SharedPlace) -> Conflict {
        let relation = Relation::NextRound { round: self.round(), holder: Idx::new(0) };
        self.build(spawn, inside, other, shared, relation, JoinStatus::Missing { asked: None })
    }

    fn build(
        &self,
        spawn: SpawnId,
        inside: &LocatedAccess,
        other: &LocatedAccess,
        shared: &SharedPlace,
        relation: Relation,
        join: JoinStatus,
    ) -> Conflict {
        let side = |at: &LocatedAccess| Side { stored: at.stored, ..Side::at(at.func, at.span, at.kind) };
        let mut other = side(other);
        if relation == (Relation::AddRacesWait { wait: (other.func, other.span) }) {
            // To the detector the first who waits writes.
            other.kind = AccessKind::Read;
        }
        Conflict {
            element: shared.element,
            join,
            ..Conflict::new(spawn, shared.location, side(inside), other, relation)
        }
    }

    /// The innermost function that stands both above the reset and above the goroutine's creation.
    fn round(&self) -> Option<FuncId> {
        let of_creations: Vec<FuncId> = self.located.creations.iter().flat_map(callers).collect();
        let mut stacks = self.located.accesses.iter();
        stacks.find_map(|stack| callers(stack).into_iter().skip(1).find(|func| of_creations.contains(func)))
    }
}

/// Rewrites a finding to say that a join of the checkout covers the access.
fn nothing_to_mend(cx: &Cx<'_>, finding: &mut Finding, conflict: &Conflict, join: &Site, message: String) {
    finding.message = message;
    finding.join.state = JoinState::NoneNeeded;
    finding.fix.text = "none is needed in this checkout".to_owned();
    finding.fix.edits.clear();
    for step in finding.witness.iter_mut().filter(|step| step.site == *join) {
        let quote = cx.join_point(conflict).map_or(String::new(), |j| cx.quote(j.func, j.span));
        step.what = format!("the join that covers it: `{quote}`");
    }
}

/// Functions of a stack, innermost first, stale frames left out.
fn callers(stack: &LocatedStack) -> Vec<FuncId> {
    let frames = stack.frames.iter().zip(&stack.stale).filter(|(_, stale)| !**stale);
    frames.filter_map(|(frame, _)| Some(frame.as_ref()?.func)).collect()
}

fn memory(cx: &Cx<'_>, shared: &SharedPlace) -> MemoryLocation {
    let program = cx.lifetimes.program;
    let mut name = cx.location_name(shared.location);
    let (kind, package) = match shared.location {
        Location::Field(field) => {
            let owner = program.field(field).owner.map(|named| program.named(named).package.as_str());
            if owner.is_none() {
                // A field of a struct type without a name: the code's own words say more.
                name = without_indices(&cx.quote(shared.first.func, shared.first.span));
            }
            let own = program.packages()[program.funcs()[shared.first.func].package].path.as_str();
            (LocationKind::Field, owner.unwrap_or(own))
        }
        Location::Global(var) => (LocationKind::Global, program.var(var).package.as_str()),
        Location::Local(file, _) => (LocationKind::Local, program.sources().files[file].import_path.as_str()),
    };
    MemoryLocation { name, kind, package: package.to_owned() }
}

/// `cells[i].n` to `cells.n`.
fn without_indices(text: &str) -> String {
    let mut depth = 0_usize;
    let keep = |c: &char| {
        let outside = depth == 0 && *c != '[';
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        outside
    };
    text.chars().filter(keep).collect()
}

fn missing_frames(stack: &StackTrace, located: &LocatedStack, problems: &mut Vec<Problem>) {
    for (frame, found) in stack.frames.iter().zip(&located.frames) {
        let name = FunctionName::parse(&frame.function);
        // Frames of the standard library are expected to be elsewhere, and generated ones have no source.
        let library = !name.package.contains('.') || name.is_uninstrumented();
        let generated = frame.file.starts_with('<') || frame.file.ends_with("_testmain.go");
        if found.is_none() && !library && !generated {
            let message = format!("{} ({}:{}) is not in the checkout", frame.function, frame.file, frame.line);
            let problem = Problem { kind: ProblemKind::FrameNotFound, message, file: None, line: None };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
}
