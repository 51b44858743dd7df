//! The analysis from beginning to end: facts in, conflicts out.

use std::{cell::OnceCell, sync::OnceLock};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    adds,
    after_call::after_calls,
    after_signal::after_signals,
    after_spawn::{AfterSpawn, Facts, after_spawn},
    after_start::set_after_start,
    again::written_again,
    awaited_users,
    binaries::Binaries,
    calls::Calls,
    conflict::{Assumption, Conflict, JoinStatus, Relation, Side, SkippedAt},
    domain::{AccessKind, Exit, Location, SpawnId, SpawnKind},
    endless::with_started,
    entry_locks::entry_locks,
    events::{Event, EventKind, Events},
    evidence,
    given_away::used_elsewhere,
    given_back::used_behind_handlers,
    guards,
    handed::Handed,
    hidden_order,
    joins::{Joins, WaitSite},
    kept_handle::kept_handles,
    late_counts::{raised_behind, work_while_waited_for},
    lent::lent,
    levels::Levels,
    library_goroutines::used_meanwhile,
    models::Models,
    next_use::add_next_uses,
    obligations::Obligations,
    once,
    owner::owner_conflicts,
    place::Places,
    published::{set_after_construction, set_while_running},
    reach::{AccessIndex, Reach, Reaches},
    refilled::refilled,
    restored::{changed_by_tests, restored_globals},
    rounds::next_rounds,
    running::Outlives,
    shared::ended_elsewhere,
    spawns::{Context, Spawns},
    test_handles::used_by_others,
    told_by_close,
    uncounted::{locks, uncounted_adds},
};
use crate::{
    base::{Idx, InPieces, IndexVec, Span},
    callgraph::{CallGraph, CallKind, CallSite},
    resolve::{Callee, FuncId, Program},
    source::FileRole,
    syntax::{Expr, ExprId, LocalId, Terminator},
};

/// Everything the analysis worked out, for rules and explanations to ask.
pub struct Lifetimes<'a> {
    /// Names and types.
    pub program: &'a Program,
    /// Calls as resolved.
    pub graph: &'a CallGraph,
    /// Libraries.
    pub models: &'a Models,
    /// Places.
    pub places: &'a Places,
    /// Events of every function.
    pub events: Events,
    /// Functions handed over.
    pub handed: Handed,
    /// Calls with what is handed over.
    pub calls: Calls,
    /// Spawn sites.
    pub spawns: Spawns,
    /// Who waits for what.
    pub joins: Joins,
    /// Leaks and skipped joins.
    pub obligations: Obligations,
    /// What each goroutine may execute.
    reaches: IndexVec<SpawnId, OnceLock<Reach>>,
    /// Accesses by location.
    pub index: AccessIndex,
    conflicts: OnceLock<Vec<Conflict>>,
}

impl<'a> Lifetimes<'a> {
    /// Analyses the whole program. Conflicts are looked for when they are first asked for.
    pub fn analyse(program: &'a Program, graph: &'a CallGraph, places: &'a Places, models: &'a Models) -> Self {
        let read = || {
            let events = Events::build(program, graph, models, places);
            let handed = Handed::build(program, graph, models, places, &events);
            (events, handed)
        };
        // What takes one thread goes beside what takes many.
        let ((mut events, handed), components) = rayon::join(read, || graph.components());
        let cx = Context { program, graph, models, places, events: &events, handed: &handed };
        let spawns = Spawns::build(cx);
        let calls = Calls::build(cx);
        let (held, (levels, index)) = rayon::join(
            || entry_locks(cx, &calls, &spawns),
            || (Levels::new(components, &calls), AccessIndex::build(cx)),
        );
        events.hold_on_entry(&held);
        let cx = Context { program, graph, models, places, events: &events, handed: &handed };
        let joins = Joins::build(cx, &spawns, &calls, &levels);
        let obligations = Obligations::build(cx, &spawns, &calls, &joins, &levels);
        Self {
            index,
            reaches: IndexVec::filled(OnceLock::new(), spawns.sites.len()),
            program,
            graph,
            models,
            places,
            events,
            handed,
            calls,
            spawns,
            joins,
            obligations,
            conflicts: OnceLock::new(),
        }
    }

    /// Conflicts, in order of their spawn sites.
    pub fn conflicts(&self) -> &[Conflict] {
        self.conflicts.get_or_init(|| find_conflicts(self))
    }

    /// The context of the passes.
    pub fn context(&self) -> Context<'_> {
        Context {
            program: self.program,
            graph: self.graph,
            models: self.models,
            places: self.places,
            events: &self.events,
            handed: &self.handed,
        }
    }

    /// The facts the conflict searches read.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            cx: self.context(),
            calls: &self.calls,
            spawns: &self.spawns,
            joins: &self.joins,
            reaches: Reaches { known: &self.reaches, cx: self.context(), calls: &self.calls, spawns: &self.spawns },
            index: &self.index,
        }
    }
}

/// A search for conflicts of one kind.
type Search<'s> = &'s (dyn Fn() -> Vec<Conflict> + Sync);

fn find_conflicts(lifetimes: &Lifetimes<'_>) -> Vec<Conflict> {
    let facts = lifetimes.facts();
    // All are needed: here they are many at a time.
    facts.spawns.sites.par_ids().one_by_one().for_each(|id| _ = &facts.reaches[id]);
    let mut funcs: Vec<FuncId> = facts.spawns.sites.iter().map(|site| site.func).collect();
    funcs.dedup();
    let passes: Vec<AfterSpawn> = funcs.par_iter().one_by_one().map(|func| after_spawn(facts, *func)).collect();
    let mut alive = FixedBitSet::with_capacity(facts.spawns.sites.len());
    // What a queue runs, it mostly runs one after the other: that is what it is for.
    let lasts = |id: SpawnId| !matches!(facts.spawns.sites[id].kind, SpawnKind::Subtest | SpawnKind::Queue);
    for pass in &passes {
        // What a test leaves behind when it fails is no concern of others.
        let fails = |row: &&Outlives| row.exit == super::Exit::Panic && is_test(facts, row.spawn);
        let outlive = pass.outlive.iter().filter(|row| !fails(row)).map(|row| row.spawn);
        alive.extend(outlive.chain(pass.endless.iter().copied()).filter(|id| lasts(*id)).map(Idx::index));
    }
    with_started(facts, &mut alive, &lasts);
    let mut conflicts: Vec<Conflict> = Vec::new();
    conflicts.extend(test_ends(facts, &passes));
    conflicts.extend(kept_handles(facts));
    conflicts.extend(used_behind_handlers(facts, &passes));
    conflicts.extend(adds_race(facts));
    conflicts.extend(raised_behind(facts));
    conflicts.extend(after_signals(facts));
    conflicts.extend(after_calls(facts, &passes));
    conflicts.extend(refilled(facts));
    let of_calls: Vec<Vec<Conflict>> =
        passes.par_iter().zip(&funcs).one_by_one().map(|(pass, func)| lent(facts, *func, pass)).collect();
    conflicts.extend(passes.into_iter().flat_map(|pass| pass.conflicts));
    conflicts.extend(of_calls.into_iter().flatten());
    let obligations = &lifetimes.obligations;
    let binaries = Binaries::new(facts.cx.program);
    // They know nothing of each other, and some take long.
    let searches: [Search<'_>; 15] = [
        &|| owner_conflicts(facts, &alive),
        &|| restored_globals(facts, &binaries, &alive),
        &|| ended_elsewhere(facts, &alive, obligations),
        &|| changed_by_tests(facts, &binaries, &alive),
        &|| set_after_start(facts, &alive),
        &|| uncounted_adds(facts, &alive),
        &|| used_elsewhere(facts, &binaries, &alive),
        &|| written_again(facts, &alive),
        &|| late_adds(facts),
        &|| set_after_construction(facts),
        &|| set_while_running(facts, obligations),
        &|| next_rounds(facts, obligations),
        &|| work_while_waited_for(facts),
        &|| used_by_others(facts, &alive),
        &|| used_meanwhile(facts),
    ];
    let found: Vec<Vec<Conflict>> = searches.par_iter().one_by_one().map(|search| search()).collect();
    let mut found = found.into_iter();
    let (owners, restored) = (found.next().unwrap_or_default(), found.next().unwrap_or_default());
    conflicts.extend(owners.into_iter().chain(restored));
    // What is known by the field alone is of use where nothing better is known of the same goroutine: the best first.
    let guesses: Vec<Vec<Conflict>> = found.by_ref().take(5).collect();
    conflicts.extend(found.flatten());
    let [elsewhere, by_tests, after_start, uncounted, given_away] =
        <[Vec<Conflict>; 5]>::try_from(guesses).unwrap_or_default();
    let counted = |c: &Conflict| matches!(c.relation, Relation::AddRacesWait { .. });
    // One goroutine that is counted too late hides no other that makes the same call.
    let of_call = |c: &Conflict| (c.spawn, c.inside.func, c.inside.span);
    let raised: FxHashSet<(SpawnId, FuncId, Span)> = conflicts.iter().filter(|c| counted(c)).map(of_call).collect();
    conflicts.extend(uncounted.into_iter().filter(|c| !raised.contains(&of_call(c))));
    for guess in [after_start, elsewhere, by_tests, given_away] {
        let known: FxHashSet<(SpawnId, Location)> = conflicts.iter().map(|c| (c.spawn, c.location)).collect();
        conflicts.extend(guess.into_iter().filter(|c| !known.contains(&(c.spawn, c.location))));
    }
    let keep = conflicts.par_iter().few_at_once().map(|conflict| {
        let ordered = awaited_users::waits_for_the_other(facts, conflict)
            || hidden_order::is_set_by_then(facts, conflict)
            || told_by_close::is_told(facts, conflict);
        let unstarted =
            matches!(conflict.relation, Relation::OwnerMethod { .. }) && guards::nothing_started(facts, conflict);
        !ordered && !unstarted && !guards::one_gets_in(facts, conflict) && !once::one_happens(facts, conflict)
    });
    // Filtered and sorted where they stand: there are many, and the whole program is in memory beside them.
    let mut keep = keep.collect::<Vec<bool>>().into_iter();
    conflicts.retain(|_| keep.next() == Some(true));
    conflicts.shrink_to_fit();
    conflicts.sort_by_cached_key(|c| (c.spawn, c.location, c.other.func, c.other.span));
    evidence::weigh(facts, &mut conflicts);
    add_next_uses(facts, &mut conflicts);
    conflicts
}

/// Goroutines of a test function that use its handle and are not waited for on some way out.
fn test_ends(facts: Facts<'_>, passes: &[AfterSpawn]) -> Vec<Conflict> {
    let cx = facts.cx;
    let mut out: Vec<Conflict> = Vec::new();
    for pass in passes {
        for outlives in &pass.outlive {
            let &Outlives { spawn: id, exit, span, .. } = outlives;
            if exit == Exit::Panic || out.iter().any(|c| c.spawn == id) {
                continue;
            }
            let site = &facts.spawns.sites[id];
            if site.kind == SpawnKind::Subtest {
                // Its handle is its own.
                continue;
            }
            let Some(handle) = test_handle(facts, site.func) else { continue };
            let reach = &facts.reaches[id];
            let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(n, _)| n.depth() <= 1);
            let used = nodes.filter_map(|(node, number)| {
                let events = cx.events.of(node.func);
                let called = reach.path(number).first().copied();
                let uses = events.blocks.iter().enumerate().filter_map(|(block, row)| {
                    let uses = |event: &&Event| matches!(event.kind, EventKind::UsesTest { .. });
                    let handed = |event: &&Event| hands_test_over(facts, node.func, &event.kind);
                    let used = row.events.iter().find(uses).or_else(|| row.events.iter().find(handed))?;
                    let (body, span) = called.unwrap_or((node.func, used.span));
                    let point = super::order::point_of(cx.events.of(body), span);
                    if point.is_some_and(|point| outlives.comes_before(facts, body, point)) {
                        return None;
                    }
                    let certain = node.depth() == 0 && super::spawns::passes_always(events, block);
                    // A condition under which the test fails does not hold in a test that passes.
                    let fails = matches!(used.kind, EventKind::UsesTest { fails: true });
                    let looped = !fails && super::spawns::blocks_in_cycle(events, block);
                    let failed = super::partial_joins::under_error(cx.program, node.func, events, block);
                    // Reporting an error that is not expected is not what a goroutine does late.
                    if fails && failed {
                        return None;
                    }
                    let mut doubts = Vec::new();
                    if !matches!(used.kind, EventKind::UsesTest { .. }) {
                        doubts = vec![Assumption::TakesThatWay, Assumption::FailingRun];
                    } else if !(certain || looped) || failed {
                        doubts = vec![Assumption::TakesThatWay];
                    }
                    Some((doubts, used.span))
                });
                let (doubts, used) = uses.min_by_key(|row| row.0.len())?;
                Some((node.func, used, doubts))
            });
            // The nearest use, unless it is one of a library that uses the test only to let it fail.
            let Some((func, used, doubts)) = used.min_by_key(|row| row.2.len() > 1) else { continue };
            let file = cx.program.funcs()[site.func].file;
            let at = [SkippedAt { func: site.func, exit, span }];
            out.push(Conflict {
                join: JoinStatus::around(pass.joined(id), at),
                assumptions: doubts,
                ..Conflict::new(
                    id,
                    Location::Local(file, handle),
                    Side::at(func, used, AccessKind::Read),
                    Side::at(site.func, span, AccessKind::End),
                    Relation::TestEnd,
                )
            });
        }
    }
    out
}

/// Whether a call gives a test to a library, whose assertions use it when they fail.
fn hands_test_over(facts: Facts<'_>, func: FuncId, kind: &EventKind) -> bool {
    let EventKind::Call(call) = *kind else { return false };
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let exprs = &program.facts(file).exprs;
    let Some(args) = exprs.args(call) else { return false };
    let is_handle = |arg: &ExprId| {
        let Expr::Local(local) = exprs[*arg] else { return false };
        program.type_key(program.local_type(file, local)).is_some_and(|key| facts.cx.models.is_test_handle(key))
    };
    let of_library = match program.callee(file, call) {
        Callee::External { .. } => true,
        Callee::Func { func, .. } => program.sources().files[program.funcs()[func].file].role != FileRole::Analysed,
        _ => false,
    };
    of_library && args.first().is_some_and(is_handle)
}

fn is_test(facts: Facts<'_>, id: SpawnId) -> bool {
    let program = facts.cx.program;
    program.in_test_file(facts.spawns.sites[id].func)
}

/// The test handle a function is given.
pub fn test_handle(facts: Facts<'_>, func: FuncId) -> Option<LocalId> {
    facts.cx.program.param_of_type(func, |key| facts.cx.models.is_test_handle(key))
}

/// Goroutines that raise the counter that their own end lowers: whoever waits may be past it.
fn adds_race(facts: Facts<'_>) -> Vec<Conflict> {
    let cx = facts.cx;
    let mut out = Vec::new();
    for (id, site) in facts.spawns.sites.iter_enumerated() {
        for &body in &site.bodies {
            for event in cx.events.of(body).blocks.iter().flat_map(|b| &b.events) {
                let EventKind::Add { key: own_key } = event.kind else { continue };
                let key = cx.key_outside(site, body, own_key);
                let signal = site.signals.iter().find(|s| s.key == key);
                let itself = signal.is_some_and(|s| s.site.0 == body);
                // One that is raised when its end is registered already is for another goroutine.
                let own = itself
                    || signal.is_some_and(|s| {
                        s.deferred && cx.program.encloses(body, s.site.0) && event.span.start < s.site.1.start
                    });
                // Another function says that it is done: that it is this goroutine is likely, no more.
                let relayed = !own && signal.is_some_and(|s| s.certain);
                let held = cx.events.of(body).locks_held(event.span);
                // Who raises the counter and lowers it again, and starts nobody for it, counts itself: what was counted
                // before the start are others, who may be done by then.
                let counts_itself = itself && !starts_counted(facts, body, own_key);
                let counted_before = adds(facts, site.func, key);
                // What the goroutine itself waits for, it has raised before; a test that waits knows what it started.
                let test = |func: FuncId| cx.program.in_test_file(func);
                let mut waits = facts.joins.waits(key).iter();
                let inner = |func: FuncId| cx.program.encloses(body, func) && facts.reaches[id].contains(func);
                let wait = waits.find(|w| w.func != body && !inner(w.func) && (!test(w.func) || test(body)));
                let Some(wait) = wait else { continue };
                // Under the lock the function that waits has said, or will see, that no more is to come.
                let guarded = !itself && held.iter().any(|lock| locks(facts, wait.func, *lock));
                if !(own || relayed)
                    || guarded
                    || counted_before && !counts_itself
                    || adds::ordered(facts, id, (body, event.span), (own_key, key), wait)
                {
                    continue;
                }
                out.push(Conflict {
                    assumptions: if own && !counted_before { Vec::new() } else { vec![Assumption::TakesThatWay] },
                    ..Conflict::new(
                        id,
                        key,
                        Side::at(body, event.span, AccessKind::Write),
                        Side::at(wait.func, wait.span, AccessKind::Read),
                        Relation::AddRacesWait { wait: (wait.func, wait.span) },
                    )
                });
            }
        }
    }
    out
}

/// Methods that raise a counter and start a goroutine for it, where another method waits for the counter: nothing keeps
/// the first from being called while the second waits at zero.
fn late_adds(facts: Facts<'_>) -> Vec<Conflict> {
    let cx = facts.cx;
    let mut out = Vec::new();
    for (id, site) in facts.spawns.sites.iter_enumerated() {
        let program = cx.program;
        for event in cx.events.of(site.func).blocks.iter().flat_map(|b| &b.events) {
            let EventKind::Add { key: key @ Location::Field(_) } = event.kind else { continue };
            let counted = site.signals.iter().any(|s| s.key == key);
            let locked = !cx.events.of(site.func).locks_held(event.span).is_empty();
            let test = |func: FuncId| program.in_test_file(func);
            if !counted || test(site.func) || out.iter().any(|c: &Conflict| c.spawn == id) {
                continue;
            }
            let named = |func: FuncId| {
                let mut outer = func;
                while let Some(parent) = program.funcs()[outer].parent {
                    outer = parent;
                }
                program.funcs()[outer].receiver
            };
            let own = |func: FuncId| named(func).is_some() && named(func) == named(site.func);
            let waits = facts.joins.waits(key).iter();
            let wait = waits
                .filter(|w| w.func != site.func && !facts.reaches[id].contains(w.func) && !test(w.func))
                .min_by_key(|w| !own(w.func));
            let Some(wait) = wait else { continue };
            if adds::asks_under_the_lock(facts, (site.func, event.span), key, wait) {
                continue;
            }
            // A start that counts its own goroutine is called once; a wrapper or an accept loop goes on counting.
            let uncounted = runs_uncounted(facts, site.func, key, wait);
            if uncounted == Some(false) {
                continue;
            }
            let again =
                goes_on(facts, site.func, event.span) || is_wrapper(facts, site.func) || uncounted == Some(true);
            // What only the constructor or the start calls is over before anybody waits.
            let started_once = uncounted.is_none()
                && cx.graph.callers(site.func).iter().all(|call| {
                    let caller = cx.graph.sites()[*call].func;
                    program.funcs()[caller].receiver.is_none() || test(caller)
                });
            let starts = program.funcs()[site.func].receiver.is_none() || own(wait.func) && !again;
            if started_once || starts || !own(wait.func) && cx.graph.callers(site.func).is_empty() {
                continue;
            }
            let mut inside = Side::at(site.func, event.span, AccessKind::Write);
            inside.same_object = false;
            out.push(Conflict {
                assumptions: match own(wait.func) && again && !locked {
                    true => vec![Assumption::SameObject, Assumption::CalledAgain],
                    false => vec![Assumption::SameObject, Assumption::CalledAgain, Assumption::TakesThatWay],
                },
                ..Conflict::new(
                    id,
                    key,
                    inside,
                    Side::at(wait.func, wait.span, AccessKind::Read),
                    Relation::AddRacesWait { wait: (wait.func, wait.span) },
                )
            });
        }
    }
    out
}

/// Whether a function that raises a counter goes on doing so in a goroutine that neither the counter counts nor `wait` is
/// behind; `Some(false)` if the goroutine is over, or is the one that waits. `None` if it is no goroutine's work.
fn runs_uncounted(facts: Facts<'_>, func: FuncId, counter: Location, wait: &WaitSite) -> Option<bool> {
    // The body itself, or what a loop of the body calls again and again.
    let mut runners = vec![func];
    runners.extend(calls_of(facts, func).filter(|site| goes_on(facts, site.func, site.span)).map(|site| site.func));
    let started = facts.spawns.sites.iter_enumerated().filter(|(_, site)| {
        site.bodies.iter().any(|body| runners.contains(body) && (*body != func || loops(facts, func, counter)))
    });
    let before = OnceCell::new();
    let uncounted = |(id, site): (SpawnId, &super::SpawnSite)| {
        let counted = site.signals.iter().any(|signal| signal.key == counter);
        let waits_itself = facts.reaches[id].contains(wait.func);
        let before = before.get_or_init(|| super::waited::joined_before(facts, wait.func));
        let over = before.get(&wait.span).is_some_and(|joined| {
            let ends = site.signals.iter().filter(|signal| signal.ends_body());
            ends.filter_map(|signal| facts.joins.index_of(signal.key)).any(|key| joined.contains(key))
        });
        !counted && !waits_itself && !over
    };
    let found: Vec<bool> = started.map(uncounted).collect();
    if found.contains(&true) {
        return Some(true);
    }
    // Who else calls it is asked elsewhere.
    let all = calls_of(facts, func).all(|site| site.kind == CallKind::Go || runners[1..].contains(&site.func));
    (!found.is_empty() && all).then_some(false)
}

fn calls_of<'a>(facts: Facts<'a>, func: FuncId) -> impl Iterator<Item = &'a CallSite> {
    let graph = facts.cx.graph;
    graph.callers(func).iter().map(move |site| &graph.sites()[*site])
}

/// Whether the function raises the counter in a loop that goes on.
fn loops(facts: Facts<'_>, func: FuncId, counter: Location) -> bool {
    let mut events = facts.cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
    events
        .any(|event| matches!(event.kind, EventKind::Add { key } if key == counter) && goes_on(facts, func, event.span))
}

/// Whether a place stands in a loop without a condition of its own: one that accepts, not one that counts.
fn goes_on(facts: Facts<'_>, func: FuncId, span: Span) -> bool {
    let Some(body) = &facts.cx.program.function(func).body else { return false };
    body.loops.iter().filter(|row| row.span.contains(span)).any(|row| match body.blocks[row.head].end {
        Terminator::If { .. } => false,
        Terminator::Range { over, .. } => {
            let file = facts.cx.program.funcs()[func].file;
            facts.cx.places.is_channel(facts.cx.program, file, over)
        }
        _ => true,
    })
}

/// Whether the function starts what is handed to it.
fn is_wrapper(facts: Facts<'_>, func: FuncId) -> bool {
    let params = facts.cx.program.function(func).signature.params.len();
    (0..params).any(|at| {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        matches!(facts.cx.handed.use_of(func, at), Some(super::handed::Use::Spawns { .. }))
    })
}

/// Whether the function starts a goroutine that lowers the counter.
fn starts_counted(facts: Facts<'_>, func: FuncId, key: Location) -> bool {
    let mut started = facts.spawns.of(func).iter().map(|id| &facts.spawns.sites[*id]);
    started.any(|site| site.signals.iter().any(|signal| signal.key == key))
}

/// Whether the function raises the counter.
fn adds(facts: Facts<'_>, func: FuncId, key: Location) -> bool {
    let events = facts.cx.events.of(func);
    events.blocks.iter().flat_map(|b| &b.events).any(|e| matches!(e.kind, EventKind::Add { key: k } if k == key))
}
