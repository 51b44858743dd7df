//! Package variables that a function puts back, or changes, while goroutines it started (through whatever it called)
//! may still read them; and test handles that are used after the test.

use std::{collections::hash_map::Entry, sync::OnceLock};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    after_spawn::Facts,
    binaries::Binaries,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{Access, AccessKind, Anchor, Index, Location, SpawnId, Stored},
    events::EventKind,
    handed::effects_of,
    models::Effect,
    spawns::Context,
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span},
    callgraph::{CallKind, CallSite},
    resolve::FuncId,
    syntax::FuncKind,
};

/// Calls followed from a test when looking for goroutines it starts.
const MAX_START_DEPTH: u32 = 12;
/// Functions looked at for that: a test of a server reaches most of it.
const MAX_STARTED_FUNCS: usize = 4_000;

/// Finds writes of package variables at the end of functions that started readers of them.
pub(super) fn restored_globals(facts: Facts<'_>, binaries: &Binaries<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let cx = facts.cx;
    let funcs: Vec<FuncId> =
        cx.program.funcs().iter_enumerated().filter(|(_, f)| f.parent.is_none()).map(|(id, _)| id).collect();
    let restores =
        cx.program.funcs().par_ids().map(|func| (func, restores_of(facts, func))).filter(|row| !row.1.is_empty());
    let restores: Restores = restores.collect::<Vec<_>>().into_iter().collect();
    let readers = readers_of_globals(facts, alive, restored_locations(facts, &restores));
    let started = IndexVec::filled(OnceLock::new(), cx.program.funcs().len());
    let known = Known { binaries, readers, restores, started };
    let rows: Vec<Vec<Conflict>> =
        funcs.into_par_iter().few_at_once().map(|func| of_func(facts, func, &known)).collect();
    rows.into_iter().flatten().collect()
}

/// What is asked for again and again.
struct Known<'a> {
    binaries: &'a Binaries<'a>,
    readers: Readers,
    restores: Restores,
    /// Goroutines that functions may start, as far as asked for.
    started: IndexVec<FuncId, OnceLock<FixedBitSet>>,
}

impl Known<'_> {
    fn started_by(&self, facts: Facts<'_>, func: FuncId) -> &FixedBitSet {
        let test = facts.cx.program.in_test_file(func);
        let within = |other: FuncId| !test || self.binaries.has(func, other);
        self.started[func].get_or_init(|| started_by(facts, func, &within))
    }
}

type Readers = FxHashMap<Location, Vec<SpawnId>>;

/// The package variables that something restores.
fn restored_locations(facts: Facts<'_>, restores: &Restores) -> Vec<Location> {
    let location = |restore: &Restore| facts.cx.events.of(restore.func).accesses[restore.row as usize].location;
    #[allow(clippy::iter_over_hash_type, reason = "they are put in order")]
    let mut locations: Vec<Location> = restores.values().flatten().map(location).collect();
    locations.sort_unstable();
    locations.dedup();
    locations
}

/// Per package variable, as far as it is written, the goroutines that read it.
fn readers_of_globals(facts: Facts<'_>, alive: &FixedBitSet, locations: Vec<Location>) -> Readers {
    let cx = facts.cx;
    // What a parallel test has waited for runs beside another one all the same.
    let parallel = |id: SpawnId| cx.events.of(facts.spawns.sites[id].func).pause().is_some();
    let ids = facts.spawns.sites.ids().filter(|id| alive.contains(id.index()) || parallel(*id));
    let ids: Vec<SpawnId> = ids.collect();
    let mut read_in: FxHashMap<FuncId, Vec<Location>> = FxHashMap::default();
    for location in locations {
        let accesses = || facts.index.of(location).iter().map(|row| super::reach::access(cx, *row));
        let written = |access: &super::domain::Access| access.kind == AccessKind::Write && !access.element;
        if !accesses().any(|access| written(access) && !access.atomic) {
            continue;
        }
        for access in accesses().filter(|access| !access.atomic && access.kind == AccessKind::Read) {
            read_in.entry(access.func).or_default().push(location);
        }
    }
    let rows = ids.par_iter().few_at_once().map(|id| {
        let funcs = facts.reaches[*id].nodes.iter().filter_map(|node| read_in.get(&node.func));
        let mut read: Vec<Location> = funcs.flatten().copied().collect();
        read.sort_unstable();
        read.dedup();
        read
    });
    let mut readers = Readers::default();
    for (id, read) in ids.iter().zip(rows.collect::<Vec<_>>()) {
        read.into_iter().for_each(|location| readers.entry(location).or_default().push(*id));
    }
    readers
}

/// Calls between a goroutine's body and the read of a variable that a test changes.
const MAX_READ_DEPTH: u32 = 14;
/// Goroutines listed for one variable that a test changes, nearest to the read first.
const MAX_READERS: usize = 48;

/// Package variables, and fields reached through one, that a test changes while goroutines of the code under test read
/// them: whoever ran before in the same binary may have left one behind. Which test started it is not known.
pub(super) fn changed_by_tests(facts: Facts<'_>, binaries: &Binaries<'_>, alive: &FixedBitSet) -> Vec<Conflict> {
    let cx = facts.cx;
    let is_test = |func: FuncId| cx.program.in_test_file(func);
    // That the suite closes what started the goroutine orders nothing with what its tests do before.
    let started = started_in(facts, |id| alive.contains(id.index()));
    let run = run_by(facts, started.keys().copied());
    let package = |func: FuncId| cx.program.funcs()[func].package.index();
    let locations: Vec<Location> = facts.index.locations();
    let rows = locations.into_par_iter().few_at_once().map(|location| {
        let accesses = || facts.index.of(location).iter().map(|row| super::reach::access(cx, *row));
        let changes = |access: &&super::domain::Access| {
            let shared = match location {
                Location::Global(_) => true,
                Location::Field(_) => matches!(access.anchor, Anchor::Global | Anchor::Value),
                Location::Local(..) => false,
            };
            shared
                && access.kind == AccessKind::Write
                && access.stored != Stored::Update
                && !access.element
                // A field has a location of its own.
                && access.index != Index::Part
                && !access.atomic
                && is_test(access.func)
                && !runs_first(facts, access.func, access.span)
        };
        let writes: Vec<&super::domain::Access> = accesses().filter(changes).collect();
        let Some(first) = writes.first() else { return Vec::new() };
        let mut linked = FixedBitSet::new();
        writes.iter().for_each(|write| linked.union_with(binaries.of_test(write.func)));
        let runs = |func: FuncId| run.contains(func.index()) && linked.contains(package(func));
        let reads = accesses().filter(|access| {
            access.kind == AccessKind::Read
                && !access.element
                && !access.atomic
                && runs(access.func)
                && !is_test(access.func)
                && !access.locks.iter().any(|lock| first.locks.contains(lock))
        });
        let found = readers_above(facts, reads.map(|access| (access.func, access.span)), &runs, &started);
        let conflict = |reader: Reader| {
            let starter = facts.spawns.sites[reader.spawn].func;
            let on_the_way = || reader.path.iter().map(|step| step.0).chain([starter, reader.func]);
            let meets = |write: &&&super::domain::Access| on_the_way().all(|func| binaries.has(write.func, func));
            let write = writes.iter().find(meets)?;
            Some(Conflict {
                assumptions: vec![Assumption::SameObject],
                ..Conflict::new(
                    reader.spawn,
                    location,
                    Side {
                        func: reader.func,
                        span: reader.span,
                        kind: AccessKind::Read,
                        stored: Stored::Other,
                        path: reader.path.into(),
                        dispatched: reader.dispatched,
                        same_object: false,
                    },
                    Side::of(write, false),
                    Relation::Restored,
                )
            })
        };
        // What a test has started is of use where the code under test starts nothing.
        let (by_tests, others): (Vec<Reader>, Vec<Reader>) =
            found.into_iter().partition(|reader| is_test(facts.spawns.sites[reader.spawn].func));
        others.into_iter().chain(by_tests).filter_map(conflict).take(MAX_READERS).collect()
    });
    rows.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// Whether a place of a function is passed before `main` and the tests: nothing is left behind by then.
fn runs_first(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    match &facts.cx.program.function(func).kind {
        FuncKind::Decl { name, receiver: None, .. } if name.as_str() == "init" => true,
        FuncKind::VarInit => true,
        FuncKind::Literal { .. } => false,
        FuncKind::Decl { .. } => {
            let graph = facts.cx.graph;
            let first = |site: &CallSite| comes_before_the_tests(facts, site.func, site.span);
            let callers = graph.callers(func);
            comes_before_the_tests(facts, func, span)
                || !callers.is_empty() && callers.iter().all(|site| first(&graph.sites()[*site]))
        }
    }
}

/// Whether a place stands in front of the call by which a `TestMain` runs the tests.
fn comes_before_the_tests(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    let Context { program, models, .. } = facts.cx;
    let file = program.funcs()[func].file;
    program.in_test_file(func)
        && facts.calls.of(func).iter().any(|row| {
            let runs = || effects_of(program, models, file, row.call).contains(&Effect::RunsTests);
            !row.deferred && span.end <= row.span.start && runs()
        })
}

/// A goroutine that gets to a read.
pub(super) struct Reader {
    pub(super) spawn: SpawnId,
    /// The function that reads.
    pub(super) func: FuncId,
    /// Where.
    pub(super) span: Span,
    /// Calls down to it, from the goroutine's body.
    pub(super) path: Vec<(FuncId, Span)>,
    /// Calls on the way whose callee was one of several.
    pub(super) dispatched: u32,
}

/// The goroutines that are meant, by the functions they start in.
pub(super) fn started_in(facts: Facts<'_>, meant: impl Fn(SpawnId) -> bool) -> FxHashMap<FuncId, Vec<SpawnId>> {
    let mut started: FxHashMap<FuncId, Vec<SpawnId>> = FxHashMap::default();
    for (id, site) in facts.spawns.sites.iter_enumerated().filter(|(id, _)| meant(*id)) {
        for &body in &site.bodies {
            started.entry(body).or_default().push(id);
        }
    }
    started
}

/// Functions that goroutines may run: from the others nothing leads up to a body.
pub(super) fn run_by(facts: Facts<'_>, bodies: impl Iterator<Item = FuncId>) -> FixedBitSet {
    let graph = facts.cx.graph;
    let mut run = FixedBitSet::with_capacity(facts.cx.program.funcs().len());
    let mut work: Vec<FuncId> = bodies.collect();
    while let Some(func) = work.pop() {
        if !run.put(func.index()) {
            let sites = graph.sites_of(func).iter().map(|site| &graph.sites()[*site]);
            work.extend(sites.filter(|site| site.kind != CallKind::Go).flat_map(|site| site.targets.funcs()));
        }
    }
    run
}

/// Goroutines whose bodies lead to one of the reads, nearest first; `runs` says what any of them may run.
pub(super) fn readers_above(
    facts: Facts<'_>,
    reads: impl Iterator<Item = (FuncId, Span)>,
    runs: &dyn Fn(FuncId) -> bool,
    started: &FxHashMap<FuncId, Vec<SpawnId>>,
) -> Vec<Reader> {
    let graph = facts.cx.graph;
    // From each function the call that leads down to the read, and what was read.
    type Step = (u32, u32, Option<(FuncId, Span)>);
    let mut known: FxHashMap<FuncId, Step> = FxHashMap::default();
    let mut queue = std::collections::VecDeque::new();
    let mut read_at: FxHashMap<FuncId, Span> = FxHashMap::default();
    for (func, span) in reads {
        read_at.entry(func).or_insert(span);
        if known.insert(func, (0, 0, None)).is_none() {
            queue.push_back(func);
        }
    }
    let mut found = Vec::new();
    while let Some(at) = queue.pop_front() {
        let (depth, dispatched, _) = known[&at];
        for &spawn in started.get(&at).into_iter().flatten() {
            let mut path = Vec::new();
            let mut down = at;
            while let Some((next, span)) = known[&down].2 {
                path.push((down, span));
                down = next;
            }
            found.push(Reader { spawn, func: down, span: read_at[&down], path, dispatched });
        }
        if depth >= MAX_READ_DEPTH || found.len() > MAX_READERS {
            continue;
        }
        for &site in graph.callers(at) {
            let site = &graph.sites()[site];
            let several = site.targets.callees().len() > 1;
            if site.kind != CallKind::Go
                && runs(site.func)
                && let Entry::Vacant(slot) = known.entry(site.func)
            {
                slot.insert((depth + 1, dispatched + u32::from(several), Some((at, site.span))));
                queue.push_back(site.func);
            }
        }
    }
    found
}

/// What functions register themselves.
type Restores = FxHashMap<FuncId, Vec<Restore>>;

/// A write of a package variable on the way out of a function: in a deferred call, or registered for the test's end; or
/// a second write behind what the function has called in between.
#[derive(Clone)]
struct Restore {
    /// The first write, where the second one puts the variable back.
    since: Option<Span>,
    func: FuncId,
    row: u32,
    /// Where it is registered in the function that is left.
    at: Span,
    /// From there to where it is registered, if a helper does it.
    path: Vec<(FuncId, Span)>,
    test_end: bool,
}

/// What `func` itself registers.
fn restores_of(facts: Facts<'_>, func: FuncId) -> Vec<Restore> {
    let cx = facts.cx;
    let mut restores: Vec<Restore> = Vec::new();
    let events = cx.events.of(func);
    for event in events.blocks.iter().flat_map(|b| &b.events) {
        let EventKind::Defer { call, test_end, .. } = &event.kind else { continue };
        let file = cx.program.funcs()[func].file;
        let mut run: Vec<FuncId> =
            facts.calls.at(func, *call).map(|row| row.targets.iter().copied().collect()).unwrap_or_default();
        let Some(args) = cx.program.facts(file).exprs.args(*call) else { continue };
        for arg in args {
            run.extend(super::handed::functions_of(cx.program, cx.graph, cx.places, file, *arg).iter().map(|h| h.func));
        }
        for target in run {
            for (row, access) in cx.events.of(target).accesses.iter().enumerate() {
                if matches!(access.location, Location::Global(_)) && access.kind == AccessKind::Write && !access.atomic
                {
                    let row = u32::try_from(row).unwrap_or(u32::MAX);
                    let path = vec![(func, event.span)];
                    restores.push(Restore {
                        since: None,
                        func: target,
                        row,
                        at: event.span,
                        path,
                        test_end: *test_end,
                    });
                }
            }
        }
    }
    restores.extend(put_back(facts, func));
    restores
}

/// Writes of package variables that the function has written before, with calls in between: `verbose = true; f(); verbose =
/// false`.
fn put_back(facts: Facts<'_>, func: FuncId) -> Vec<Restore> {
    let accesses = &facts.cx.events.of(func).accesses;
    let plain = |access: &Access| {
        matches!(access.location, Location::Global(_))
            && access.kind == AccessKind::Write
            && access.stored != Stored::Update
            && !access.element
            && !access.atomic
    };
    let mut out: Vec<Restore> = Vec::new();
    for (second, row) in accesses.iter().zip(0_u32..).filter(|(access, _)| plain(access)) {
        let same =
            |first: &&Access| plain(first) && first.location == second.location && first.span.start < second.span.start;
        if let Some(first) = accesses.iter().filter(same).min_by_key(|first| first.span.start) {
            let (since, at) = (Some(first.span), second.span);
            out.push(Restore { since, func, row, at, path: Vec::new(), test_end: false });
        }
    }
    out
}

/// Goroutines that may be started between the two writes of a variable that is put back, by what the function calls.
fn started_between(facts: Facts<'_>, known: &Known<'_>, func: FuncId, since: Span, at: Span) -> FixedBitSet {
    let within = |span: Span| span.start >= since.end && span.end <= at.start;
    let mut started = FixedBitSet::with_capacity(facts.spawns.sites.len());
    for &id in facts.spawns.of(func).iter().filter(|id| within(facts.spawns.sites[**id].span)) {
        started.insert(id.index());
    }
    for row in facts.calls.of(func).iter().filter(|row| within(row.span)) {
        for target in row.targets.iter().copied().chain(row.handed.iter().map(|handed| handed.func)) {
            started.union_with(known.started_by(facts, target));
        }
    }
    started
}

fn of_func(facts: Facts<'_>, func: FuncId, known: &Known<'_>) -> Vec<Conflict> {
    let cx = facts.cx;
    let of = |func: FuncId| known.restores.get(&func).map_or(&[][..], Vec::as_slice);
    let mut restores = of(func).to_vec();
    // What a helper registers for the end of the test happens when its caller, the test, is over.
    for row in facts.calls.of(func) {
        let [helper] = row.targets[..] else { continue };
        for restore in of(helper).iter().filter(|restore| restore.test_end) {
            let path = vec![(func, row.span), (helper, restore.at)];
            restores.push(Restore { at: row.span, path, ..restore.clone() });
        }
    }
    // What is called in between may be what a caller hands over.
    let mut between: Vec<(Restore, FixedBitSet, FixedBitSet)> = Vec::new();
    restores.retain(|restore| {
        let Some(since) = restore.since else { return true };
        let joined = super::waited::joined_at(facts, func, restore.at);
        let started = started_between(facts, known, func, since, restore.at);
        between.push((restore.clone(), started, joined.unwrap_or_default()));
        false
    });
    for row in facts.calls.of(func).iter().filter(|row| !row.handed.is_empty()) {
        let [helper] = row.targets[..] else { continue };
        for restore in of(helper).iter().filter(|restore| restore.since.is_some()) {
            let path = vec![(func, row.span)];
            for handed in &row.handed {
                let (started, joined) =
                    (known.started_by(facts, handed.func).clone(), facts.joins.must(handed.func).clone());
                between.push((Restore { path: path.clone(), ..restore.clone() }, started, joined));
            }
        }
    }
    // Others of its kind run at the same time as a test that does not wait for its turn, with goroutines of their own.
    let parallel = cx.events.of(func).pause().is_some();
    restores.retain(|restore| parallel || !waits_for_all(cx, func, restore));
    if restores.is_empty() && between.is_empty() {
        return Vec::new();
    }
    let on_the_way_out = restores.into_iter().map(|restore| {
        let started = known.started_by(facts, func).clone();
        let joined = joined_before_restore(facts, func, &restore);
        (restore, started, joined)
    });
    let mut out = Vec::new();
    let mut seen: FxHashSet<(SpawnId, Location)> = FxHashSet::default();
    for (restore, started, joined) in on_the_way_out.collect::<Vec<_>>().into_iter().chain(between) {
        let access = &cx.events.of(restore.func).accesses[restore.row as usize];
        let Some(ids) = known.readers.get(&access.location) else { continue };
        for &id in ids.iter().filter(|id| started.contains(id.index())) {
            let signals = facts.spawns.sites[id].signals.iter().filter(|s| s.ends_body() && !parallel);
            if signals.filter_map(|s| facts.joins.index_of(s.key)).any(|bit| joined.contains(bit))
                || !seen.insert((id, access.location))
            {
                continue;
            }
            let reach = &facts.reaches[id];
            let inside = reach.accesses(cx, facts.index.of(access.location)).find(|found| {
                let inner = &cx.events.of(reach.nodes[found.node as usize].func).accesses[found.row as usize];
                inner.kind == AccessKind::Read
                    && !inner.atomic
                    && inner.element == access.element
                    && of_one_part(cx, inner, access)
                    && !found.locks.iter().any(|l| access.locks.contains(l))
            });
            let Some(inside) = inside else { continue };
            let node = &reach.nodes[inside.node as usize];
            let inner = &cx.events.of(node.func).accesses[inside.row as usize];
            let mut assumptions = if parallel { vec![Assumption::CalledAgain] } else { vec![] };
            if node.dispatched() > 0 {
                assumptions.push(Assumption::OneOfManyCallees);
            }
            out.push(Conflict {
                element: access.element,
                assumptions,
                ..Conflict::new(
                    id,
                    access.location,
                    Side::of(inner, true).reached_by(reach.path(inside.node), node.dispatched()),
                    Side::of(access, true).reached_by(restore.path.clone(), 0),
                    Relation::Restored,
                )
            });
        }
    }
    out
}

/// Whether two accesses of a variable are of the same field of it, where they are of its fields.
fn of_one_part(cx: Context<'_>, one: &Access, other: &Access) -> bool {
    let steps = |access: &Access| cx.program.place(cx.program.funcs()[access.func].file, access.expr).steps;
    one.index.may_meet(other.index) || steps(one).iter().zip(&steps(other)).all(|(one, other)| one == other)
}

/// Goroutines that a function may start: itself, in what it calls, and in goroutines started there, as far as those are
/// `within` certain packages.
fn started_by(facts: Facts<'_>, func: FuncId, within: &dyn Fn(FuncId) -> bool) -> FixedBitSet {
    let mut started = FixedBitSet::with_capacity(facts.spawns.sites.len());
    let mut visited: FxHashSet<FuncId> = FxHashSet::default();
    let mut queue = std::collections::VecDeque::from([(func, 0)]);
    visited.insert(func);
    while let Some((at, depth)) = queue.pop_front() {
        let mut next: Vec<FuncId> = Vec::new();
        for &id in facts.spawns.of(at) {
            started.insert(id.index());
            next.extend(facts.spawns.sites[id].bodies.iter().copied());
        }
        if depth >= MAX_START_DEPTH || visited.len() > MAX_STARTED_FUNCS {
            continue;
        }
        for row in facts.calls.of(at) {
            next.extend(row.targets.iter().copied());
            next.extend(row.handed.iter().map(|h| h.func));
        }
        for func in next.into_iter().filter(|func| within(*func)) {
            if visited.insert(func) {
                queue.push_back((func, depth + 1));
            }
        }
    }
    started
}

/// Whether what is registered at a place runs before the restore: calls for the test's end run after deferred ones, both
/// last registered first.
fn runs_before(registered: Span, test_end: bool, restore: &Restore) -> bool {
    match (restore.test_end, test_end) {
        (true, false) => true,
        (false, true) => false,
        _ => registered.start > restore.at.start,
    }
}

/// Whether a call that waits for all goroutines is registered to run before the restore: `defer goleak.VerifyNone(t)`.
fn waits_for_all(cx: Context<'_>, func: FuncId, restore: &Restore) -> bool {
    let mut all = cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    all.any(|event| match &event.kind {
        EventKind::Defer { effects, test_end, .. } => {
            runs_before(event.span, *test_end, restore)
                && effects.iter().any(|effect| matches!(effect, EventKind::WaitAll))
        }
        _ => false,
    })
}

/// Keys certainly waited for when the restore runs: on every way through the function, and in deferred calls
/// registered after it.
fn joined_before_restore(facts: Facts<'_>, func: FuncId, restore: &Restore) -> FixedBitSet {
    let cx = facts.cx;
    let mut joined = super::waited::joined_at_end(facts, func);
    let file = cx.program.funcs()[func].file;
    for event in cx.events.of(func).blocks.iter().flat_map(|b| &b.events) {
        let EventKind::Defer { call, test_end, effects } = &event.kind else { continue };
        if !runs_before(event.span, *test_end, restore) {
            continue;
        }
        for effect in effects {
            super::joins::for_each_wait(effect, &mut |key, how| {
                if let Some(bit) = facts.joins.index_of(key).filter(|_| facts.joins.counts(key, how)) {
                    joined.insert(bit);
                }
            });
        }
        if let Some(row) = facts.calls.at(func, *call) {
            joined.union_with(&facts.joins.of_call(cx, func, row).1);
        }
        let Some(args) = cx.program.facts(file).exprs.args(*call) else { continue };
        for arg in args.iter().filter(|_| *test_end) {
            for handed in super::handed::functions_of(cx.program, cx.graph, cx.places, file, *arg) {
                joined.union_with(facts.joins.must(handed.func));
            }
        }
    }
    joined
}
