//! Races that are not about a lifetime: the two accesses, the locks each side holds, and what kind it is.

use analyzer::{
    lifetime::{Location, LockSet},
    locate::{LocatedAccess, LocatedReport, Locator, SharedPlace},
    report::{GoroutineRef, RaceReport},
    resolve::Type,
};

use super::mended::{Mended, locks_held};
use crate::{
    finding::{RaceKind, RaceSide, Unsynchronised},
    rule::Cx,
};

/// The race of two located accesses, or why it is gone.
pub(super) fn unsynchronised(
    cx: &Cx<'_>,
    locator: &Locator<'_>,
    report: &RaceReport,
    located: &LocatedReport,
    shared: &SharedPlace,
    gone: Option<Mended>,
) -> Option<Unsynchronised> {
    let locks = locks_held(locator, report, located, shared)?;
    let side = |index: usize, at: &LocatedAccess, held: &LockSet| RaceSide {
        goroutine: match report.accesses[index].goroutine {
            GoroutineRef::Main => "main".to_owned(),
            GoroutineRef::Id(id) => id.to_string(),
        },
        write: report.accesses[index].kind == analyzer::report::AccessKind::Write,
        site: cx.site(at.func, at.span),
        expression: cx.quote(at.func, at.span),
        locks: held.iter().map(|lock| cx.location_name(*lock)).collect(),
        why: String::new(),
    };
    let roots = [0, 1].map(|at| locator.root(&report.accesses[at].stack, &located.accesses[at]));
    let peers = roots[0].is_some() && roots[0] == roots[1];
    let name = cx.location_name(shared.location);
    let kind = match gone {
        Some(Mended::Guarded(_)) => RaceKind::Guarded,
        Some(Mended::Atomic) => RaceKind::Atomic,
        Some(Mended::Ordered(_)) => RaceKind::Ordered,
        None => kind(cx, shared, &locks, peers, report),
    };
    let fix = fix(kind, &name, cx, &locks);
    let fix = match gone {
        Some(Mended::Guarded(lock)) => format!("{fix}: both sides hold {}", cx.location_name(lock)),
        Some(Mended::Ordered(func)) => format!("{fix}: {} starts the goroutine afterwards", cx.short(func)),
        Some(Mended::Atomic) => format!("{fix}: both sides are atomic"),
        None => fix,
    };
    Some(Unsynchronised {
        kind,
        fix,
        sides: vec![side(0, &shared.first, &locks[0]), side(1, &shared.second, &locks[1])],
    })
}

fn kind(cx: &Cx<'_>, shared: &SharedPlace, locks: &[LockSet; 2], peers: bool, report: &RaceReport) -> RaceKind {
    let map = is_map(cx, shared);
    let runtime_map =
        |at: usize| report.accesses[at].stack.frames.first().is_some_and(|f| f.function.starts_with("runtime.map"));
    if (map && shared.element) || runtime_map(0) || runtime_map(1) {
        return RaceKind::Map;
    }
    let through_atomic =
        |at: usize| report.accesses[at].stack.frames.first().is_some_and(|f| f.function.starts_with("sync/atomic."));
    let atomic = [shared.first.atomic || through_atomic(0), shared.second.atomic || through_atomic(1)];
    if atomic[0] != atomic[1] {
        return RaceKind::OneSideAtomic;
    }
    match (locks[0].is_empty(), locks[1].is_empty()) {
        (false, false) => return RaceKind::DifferentLocks,
        (true, false) | (false, true) => return RaceKind::OneSideLocked,
        (true, true) => {}
    }
    match shared.location {
        Location::Local(..) => RaceKind::CapturedVariable,
        _ if peers => RaceKind::Peers,
        _ => RaceKind::MissingLock,
    }
}

/// Whether what both sides share is a map.
pub(super) fn is_map(cx: &Cx<'_>, shared: &SharedPlace) -> bool {
    let program = cx.lifetimes.program;
    let ty = match shared.location {
        Location::Field(field) => program.field(field).ty,
        Location::Global(var) => program.var(var).ty,
        Location::Local(file, local) => program.local_type(file, local),
    };
    matches!(program.ty(program.underlying(ty)), Type::Map { .. })
}

fn fix(kind: RaceKind, name: &str, cx: &Cx<'_>, locks: &[LockSet; 2]) -> String {
    let held = locks.iter().flatten().next().map(|lock| cx.location_name(*lock)).unwrap_or_default();
    match kind {
        RaceKind::Map => format!("guard every use of {name} with one lock, or make it a sync.Map"),
        RaceKind::OneSideAtomic => format!("use sync/atomic for every access of {name}, best through an atomic type"),
        RaceKind::OneSideLocked => format!("hold {held} on the other side, too"),
        RaceKind::DifferentLocks => format!("agree on one lock for {name}"),
        RaceKind::CapturedVariable => {
            format!("hand {name} over as an argument or take its result over a channel, or guard it with a lock")
        }
        RaceKind::Guarded | RaceKind::Atomic | RaceKind::Ordered => "none is needed in this checkout".to_owned(),
        RaceKind::Peers | RaceKind::MissingLock => format!("guard {name} with a lock, or make it atomic"),
    }
}
