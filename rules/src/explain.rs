//! One race report explained: located, named, and matched with what the analysis knows about the goroutine.

use analyzer::{
    base::{Parsed, Problem, ProblemKind},
    lifetime::{
        Access, Lifetimes, Location, SpawnId,
        conflict::{Conflict, JoinStatus, Relation, Side},
        obligations::Skip,
        rounds::skipped_join,
    },
    locate::{LocatedAccess, LocatedStack, Locator},
    report::{AccessKind, FunctionName, GoroutineRef, RaceAccess, RaceReport, StackTrace},
    resolve::FuncId,
};

use crate::{
    claim,
    finding::{ExplainedFrame, ExplainedReport, ExplainedStack, Finding, LocationKind, MemoryLocation, Verdict},
    rule::Cx,
};

/// Explains a report against the analysed checkout.
pub fn explain_report(lifetimes: &Lifetimes<'_>, report: &RaceReport) -> Parsed<ExplainedReport> {
    let locator = Locator::new(lifetimes);
    let cx = Cx { lifetimes };
    let mut problems = Vec::new();
    let stacks: Vec<LocatedStack> = report.accesses.iter().map(|a| locator.stack(&a.stack)).collect();
    let created: Vec<LocatedStack> = report.creations.iter().map(|c| locator.stack(&c.stack)).collect();
    let all = report.accesses.iter().map(|a| &a.stack).chain(report.creations.iter().map(|c| &c.stack));
    for (stack, located) in all.zip(stacks.iter().chain(&created)) {
        missing_frames(stack, located, &mut problems);
    }
    let pair = match &report.accesses[..] {
        [first, second, ..] => locator.accesses(first, second),
        _ => None,
    };
    let mut explanations = Vec::new();
    let mut notes = Vec::new();
    let mut location = None;
    if let Some((first, second, shared)) = pair {
        location = Some(memory(&cx, shared));
        let sides = [(0, first, second), (1, second, first)];
        for (index, inside, other) in sides {
            let found = Explaining { cx: &cx, locator: &locator, report, created: &created };
            explanations.extend(found.side(index, inside, other, shared));
        }
    }
    // The side whose join is known comes first.
    explanations
        .sort_by_key(|f: &Finding| (std::cmp::Reverse(!f.join.skipped_at.is_empty()), std::cmp::Reverse(f.confidence)));
    explanations.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    for (stack, located) in report.accesses.iter().map(|a| &a.stack).zip(&stacks) {
        recoveries(&cx, &locator, stack, located, &mut notes);
    }
    for (stack, located) in report.creations.iter().map(|c| &c.stack).zip(&created) {
        recoveries(&cx, &locator, stack, located, &mut notes);
    }
    let drift = stacks.iter().chain(&created).flat_map(|s| s.frames.iter().flatten()).map(|f| f.drift.unsigned_abs());
    if let Some(most) = drift.max().filter(|most| *most > 0) {
        notes.push(format!("the report is of another revision: lines moved by up to {most}"));
    }
    if let (Some(test), Some(leaker)) = (&report.test, created.first().and_then(|s| test_of(&cx, s)))
        && !leaker.ends_with(test.as_str())
    {
        notes.push(format!("printed under {test}, leaked by {leaker}"));
    }
    notes.dedup();
    let verdict = match (&explanations[..], &location) {
        ([_, ..], _) => Verdict::Lifetime,
        ([], Some(_)) => Verdict::Unsynchronised,
        ([], None) => Verdict::Unknown,
    };
    let value = ExplainedReport {
        id: report.number.to_string(),
        title: report.title.clone(),
        accesses: report.accesses.iter().zip(&stacks).map(|(a, s)| access_stack(&cx, a, s)).collect(),
        created: report
            .creations
            .iter()
            .zip(&created)
            .map(|(c, s)| ExplainedStack {
                kind: "",
                goroutine: c.goroutine.to_string(),
                frames: frames(&cx, &c.stack, s),
            })
            .collect(),
        location,
        verdict,
        explanations,
        notes,
    };
    Parsed { value, problems }
}

struct Explaining<'a> {
    cx: &'a Cx<'a>,
    locator: &'a Locator<'a>,
    report: &'a RaceReport,
    created: &'a [LocatedStack],
}

impl Explaining<'_> {
    /// Explanations with access `index` as the goroutine that lives on.
    fn side(&self, index: usize, inside: LocatedAccess, other: LocatedAccess, shared: Location) -> Option<Finding> {
        let GoroutineRef::Id(id) = self.report.accesses[index].goroutine else { return None };
        let at = self.report.creations.iter().position(|c| c.goroutine == id)?;
        let creation = &self.report.creations[at];
        let root = self.locator.root(&self.report.accesses[index].stack);
        let spawn = self.locator.spawn(&creation.stack, root)?;
        let known = self.cx.lifetimes.conflicts.iter().filter(|c| c.spawn == spawn && c.location == shared);
        let outwards = callers(&self.created[at]);
        if let Some(skip) = self.skip(spawn, &outwards) {
            return claim(self.cx, &self.conflict(spawn, inside, other, shared, &skip));
        }
        let mut known: Vec<&Conflict> = known.collect();
        known.sort_by_key(|c| !self.is_reported(c, other));
        if let Some(found) = known.into_iter().find_map(|conflict| claim(self.cx, conflict)) {
            return Some(found);
        }
        // The other side has to be an end of the state's life: a peer that merely lacks a lock is not this story.
        let write = self.access(other);
        let resets = write.kind.is_write() && write.stored != analyzer::lifetime::Stored::Update && !write.element;
        resets.then(|| self.missing(spawn, inside, other, shared)).and_then(|c| claim(self.cx, &c))
    }

    fn is_reported(&self, conflict: &Conflict, other: LocatedAccess) -> bool {
        conflict.other.func == other.func && conflict.other.span == self.access(other).span
    }

    fn access(&self, at: LocatedAccess) -> &Access {
        &self.cx.lifetimes.events.of(at.func).accesses[at.row as usize]
    }

    /// The exits that skip the goroutine's join in the nearest function that holds its owner.
    fn skip(&self, spawn: SpawnId, outwards: &[FuncId]) -> Option<Vec<&Skip>> {
        outwards.iter().find_map(|func| {
            let skips = self.cx.lifetimes.obligations.skips.iter();
            let group: Vec<&Skip> =
                skips.filter(|s| s.func == *func && s.spawns.contains(analyzer::base::Idx::index(spawn))).collect();
            (!group.is_empty()).then_some(group)
        })
    }

    fn conflict(
        &self,
        spawn: SpawnId,
        inside: LocatedAccess,
        other: LocatedAccess,
        shared: Location,
        group: &[&Skip],
    ) -> Conflict {
        let relation = Relation::NextRound { round: self.round(), holder: group[0].holder };
        let join = skipped_join(self.cx.lifetimes.facts(), group, spawn);
        self.build(spawn, inside, other, shared, relation, join)
    }

    fn missing(&self, spawn: SpawnId, inside: LocatedAccess, other: LocatedAccess, shared: Location) -> Conflict {
        let holder = analyzer::base::Idx::new(0);
        let relation = Relation::NextRound { round: self.round(), holder };
        self.build(spawn, inside, other, shared, relation, JoinStatus::Missing { asked: None })
    }

    fn build(
        &self,
        spawn: SpawnId,
        inside: LocatedAccess,
        other: LocatedAccess,
        shared: Location,
        relation: Relation,
        join: JoinStatus,
    ) -> Conflict {
        let side = |at: LocatedAccess| {
            let access = self.access(at);
            Side {
                func: at.func,
                span: access.span,
                kind: access.kind,
                stored: access.stored,
                path: Vec::new(),
                dispatched: 0,
                same_object: true,
            }
        };
        Conflict {
            spawn,
            location: shared,
            element: self.access(inside).element,
            inside: side(inside),
            other: side(other),
            relation,
            join,
            assumptions: Vec::new(),
        }
    }

    /// The innermost function that stands both above the reset and above the goroutine's creation.
    fn round(&self) -> Option<FuncId> {
        let of_creations: Vec<FuncId> = self.created.iter().flat_map(callers).collect();
        self.report.accesses.iter().find_map(|access| {
            let located = self.locator.stack(&access.stack);
            callers(&located).into_iter().skip(1).find(|func| of_creations.contains(func))
        })
    }
}

/// Functions of a stack, innermost first, stale frames left out.
fn callers(stack: &LocatedStack) -> Vec<FuncId> {
    let frames = stack.frames.iter().zip(&stack.stale).filter(|(_, stale)| !**stale);
    frames.filter_map(|(frame, _)| Some(frame.as_ref()?.func)).collect()
}

/// The test function that a stack begins in.
fn test_of(cx: &Cx<'_>, stack: &LocatedStack) -> Option<String> {
    let func = callers(stack).into_iter().rev().find(|func| {
        let program = cx.lifetimes.program;
        let name = cx.short(*func);
        program.sources().files[program.funcs()[*func].file].test && name.starts_with("Test")
    })?;
    Some(cx.short(func).to_owned())
}

fn memory(cx: &Cx<'_>, location: Location) -> MemoryLocation {
    let program = cx.lifetimes.program;
    let (kind, package) = match location {
        Location::Field(field) => {
            let owner = program.field(field).owner.map(|named| program.named(named).package.as_str());
            (LocationKind::Field, owner.unwrap_or(""))
        }
        Location::Global(var) => (LocationKind::Global, program.var(var).package.as_str()),
        Location::Local(file, _) => (LocationKind::Local, program.sources().files[file].import_path.as_str()),
    };
    MemoryLocation { name: cx.location_name(location), kind, package: package.to_owned() }
}

fn missing_frames(stack: &StackTrace, located: &LocatedStack, problems: &mut Vec<Problem>) {
    for (frame, found) in stack.frames.iter().zip(&located.frames) {
        let name = FunctionName::parse(&frame.function);
        // Frames of the standard library are expected to be elsewhere.
        let library = !name.package.contains('.') || name.is_uninstrumented();
        if found.is_none() && !library {
            let message = format!("{} ({}:{}) is not in the checkout", frame.function, frame.file, frame.line);
            let problem = Problem { kind: ProblemKind::FrameNotFound, message, file: None, line: None };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
}

/// Names the functions on the true part of a stack that recover from panics, when the stack has stale frames.
fn recoveries(cx: &Cx<'_>, locator: &Locator<'_>, stack: &StackTrace, located: &LocatedStack, notes: &mut Vec<String>) {
    let count = located.stale.iter().filter(|s| **s).count();
    if count == 0 {
        return;
    }
    let mut known: Vec<FuncId> = located.frames.iter().flatten().map(|f| f.func).collect();
    known.dedup();
    let recovering = known.into_iter().find_map(|func| locator.recovery(func));
    let runs = stack.frames.len();
    let text = match recovering {
        Some((func, span)) => {
            let site = cx.site(func, span);
            format!(
                "{count} of {runs} frames were left by a recovered panic; {} recovers at {}:{}",
                cx.short(func),
                site.file,
                site.line
            )
        }
        None => format!("{count} of {runs} frames were left by a recovered panic"),
    };
    if !notes.contains(&text) {
        notes.push(text);
    }
}

fn access_stack(cx: &Cx<'_>, access: &RaceAccess, located: &LocatedStack) -> ExplainedStack {
    ExplainedStack {
        kind: match access.kind {
            AccessKind::Read => "read",
            AccessKind::Write => "write",
        },
        goroutine: match access.goroutine {
            GoroutineRef::Main => "main".to_owned(),
            GoroutineRef::Id(id) => id.to_string(),
        },
        frames: frames(cx, &access.stack, located),
    }
}

fn frames(cx: &Cx<'_>, stack: &StackTrace, located: &LocatedStack) -> Vec<ExplainedFrame> {
    let program = cx.lifetimes.program;
    let rows = stack.frames.iter().zip(&located.frames).zip(&located.stale);
    rows.map(|((frame, found), stale)| ExplainedFrame {
        function: frame.function.clone(),
        file: frame.file.clone(),
        line: frame.line,
        resolved: found.as_ref().map(|at| {
            let file = &program.sources().files[program.funcs()[at.func].file];
            (file.path.to_string(), at.line, at.drift)
        }),
        stale: *stale,
    })
    .collect()
}
