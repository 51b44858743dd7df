//! Reports with a side whose stack was lost: what that side may have been.

use analyzer::{
    base::Idx,
    lifetime::{AccessKind, Location, Stored},
    locate::{LocatedReport, Locator},
    report::{self, GoroutineRef, RaceReport},
    resolve::FuncId,
};

use crate::{finding::RaceSide, rule::Cx};

/// Candidates listed.
const MAX_CANDIDATES: usize = 8;
/// Locations of the side that is known that are tried.
const MAX_LOCATIONS: usize = 3;

/// What to do to keep the stack next time.
pub(super) fn advice(report: &RaceReport) -> Option<String> {
    let lost = report.accesses.iter().any(|a| a.stack.lost) || report.creations.iter().any(|c| c.stack.lost);
    lost.then(|| {
        "the runtime could not restore a stack; run again with GORACE=history_size=7, which keeps more of them \
         (Go 1.19 and later leave out such reports instead)"
            .to_owned()
    })
}

/// Candidates for the side without a stack, best first.
pub(super) fn candidates(
    cx: &Cx<'_>,
    locator: &Locator<'_>,
    report: &RaceReport,
    located: &LocatedReport,
) -> Vec<RaceSide> {
    let bare = |at: usize| report.accesses.get(at).is_none_or(|a| a.stack.frames.is_empty());
    let (known, lost) = match (bare(0), bare(1)) {
        (false, true) => (0, 1),
        (true, false) => (1, 0),
        _ => return Vec::new(),
    };
    let lifetimes = cx.lifetimes;
    let program = lifetimes.program;
    let must_write = report.accesses.get(lost).is_some_and(|a| a.kind == report::AccessKind::Write);
    let known_writes = report.accesses[known].kind == report::AccessKind::Write;
    // The goroutine whose stack is lost may still say where it was created.
    let spawn = report.accesses.get(lost).and_then(|access| {
        let GoroutineRef::Id(id) = access.goroutine else { return None };
        let at = report.creations.iter().position(|c| c.goroutine == id)?;
        locator.spawn(&report.creations[at].stack, &located.creations[at], &[])
    });
    let package = |func: FuncId| program.funcs()[func].package;
    let mut out: Vec<((u32, usize), RaceSide)> = Vec::new();
    for (rank, (seen, location)) in locator
        .side_alone(&report.accesses[known], &located.accesses[known])
        .into_iter()
        .take(MAX_LOCATIONS)
        .enumerate()
    {
        for &(func, row) in lifetimes.index.of(location) {
            let access = &lifetimes.events.of(func).accesses[row as usize];
            let fits = if must_write { access.kind.is_write() } else { known_writes || access.kind.is_write() };
            if !fits || (func == seen.func && access.span == seen.span) || access.element != seen.element {
                continue;
            }
            let reached = spawn.is_some_and(|id| lifetimes.facts().reaches[id].contains(func));
            let conflict = lifetimes.conflicts().iter().any(|c| {
                c.location == location && [&c.inside, &c.other].iter().any(|s| s.func == func && s.span == access.span)
            });
            let common = access.locks.iter().any(|lock| seen.locks.contains(lock));
            let ends = access.kind != AccessKind::Read && access.stored != Stored::Update;
            let test = program.in_test_file(func);
            let mut cost = 100 * u32::try_from(rank).unwrap_or(u32::MAX / 200);
            cost += if spawn.is_some() && !reached { 40 } else { 0 };
            cost += if conflict { 0 } else { 10 };
            cost += if common { 30 } else { 0 };
            cost += if must_write && !ends { 4 } else { 0 };
            cost += if package(func) == package(seen.func) { 0 } else { 2 };
            cost += u32::from(test);
            let mut why: Vec<String> = vec![format!("uses {}", cx.location_name(location))];
            if reached {
                why.push("runs in the goroutine whose stack was lost".to_owned());
            }
            if conflict {
                why.push("a goroutine may outlive it or be outlived by it".to_owned());
            }
            if common {
                why.push("but holds a lock that the other side holds, too".to_owned());
            }
            let side = RaceSide {
                goroutine: String::new(),
                write: access.kind.is_write(),
                site: cx.site(func, access.span),
                expression: cx.quote(func, access.span),
                locks: access.locks.iter().map(|lock| cx.location_name(*lock)).collect(),
                why: why.join("; "),
            };
            out.push(((cost, func.index()), side));
        }
        if !out.is_empty() && !matches!(location, Location::Local(..)) {
            break;
        }
    }
    out.sort_by_key(|(key, side)| (*key, side.site.line));
    out.dedup_by(|a, b| a.1.site == b.1.site);
    out.into_iter().map(|(_, side)| side).take(MAX_CANDIDATES).collect()
}
