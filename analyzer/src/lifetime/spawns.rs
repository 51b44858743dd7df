//! Every place where goroutines start, with how the end of each can be seen.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    constant::is_negative,
    domain::{Signal, SignalKind, SpawnId, SpawnKind, SpawnSite, SyncKey},
    domain_local,
    events::{Event, EventKind, Events},
    handed::{Handed, HandedFunc, Use, functions_of, root_local},
    library_goroutines,
    models::{Effect, Models, Operand},
    named_groups,
    place::Places,
};
use crate::{
    base::{IndexVec, Span, Symbol},
    callgraph::CallGraph,
    resolve::{Callee, FuncId, Place, Program},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalId},
};

/// How deep a completion signal may be below the body: `go s.run()` with `run` calling `loop` that signals.
const MAX_SIGNAL_DEPTH: u32 = 4;

/// All spawn sites.
#[derive(Debug, Default)]
pub struct Spawns {
    /// The sites, ordered by function and place.
    pub sites: IndexVec<SpawnId, SpawnSite>,
    /// By function, in source order.
    by_func: FxHashMap<FuncId, Vec<SpawnId>>,
    /// By the call that spawns.
    by_call: FxHashMap<(FileId, ExprId), SpawnId>,
    /// Functions that are run together with every goroutine they start, until all are over.
    joined: FxHashSet<FuncId>,
}

/// What the search for spawn sites reads.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Names and types.
    pub program: &'a Program,
    /// Calls.
    pub graph: &'a CallGraph,
    /// Libraries.
    pub models: &'a Models,
    /// Places.
    pub places: &'a Places,
    /// Events.
    pub events: &'a Events,
    /// Functions handed over.
    pub handed: &'a Handed,
}

impl Spawns {
    /// Finds the spawn sites of all functions, in parallel.
    pub fn build(cx: Context<'_>) -> Self {
        let rows: Vec<Vec<SpawnSite>> = cx.program.funcs().par_ids().map(|func| cx.sites_of(func)).collect();
        let mut spawns = Self::default();
        for site in rows.into_iter().flatten() {
            let (func, call) = (site.func, site.call);
            let file = cx.program.funcs()[func].file;
            let id = spawns.sites.push(site);
            spawns.by_func.entry(func).or_default().push(id);
            spawns.by_call.insert((file, call), id);
        }
        let joined = cx.program.funcs().par_ids().flat_map_iter(|func| {
            let file = cx.program.funcs()[func].file;
            let events = cx.events.of(func).blocks.iter().flat_map(|block| &block.events);
            let run = events.filter_map(|event| match event.kind {
                EventKind::RunJoined(run) => Some(run),
                _ => None,
            });
            run.flat_map(move |run| functions_of(cx.program, cx.graph, cx.places, file, run)).map(|handed| handed.func)
        });
        spawns.joined.extend(joined.collect::<Vec<FuncId>>());
        spawns
    }

    /// Whether whoever runs `func` waits for every goroutine started in it.
    pub fn runs_joined(&self, func: FuncId) -> bool {
        self.joined.contains(&func)
    }

    /// Spawn sites of `func`.
    pub fn of(&self, func: FuncId) -> &[SpawnId] {
        self.by_func.get(&func).map_or(&[], Vec::as_slice)
    }

    /// The spawn site of a call.
    pub fn at(&self, file: FileId, call: ExprId) -> Option<SpawnId> {
        self.by_call.get(&(file, call)).copied()
    }
}

impl<'a> Context<'a> {
    fn sites_of(self, func: FuncId) -> Vec<SpawnSite> {
        let file = self.program.funcs()[func].file;
        let mut sites = Vec::new();
        for block in &self.events.of(func).blocks {
            for event in &block.events {
                match &event.kind {
                    EventKind::Spawn(call) => sites.extend(self.spawn(func, file, *call, event.span)),
                    EventKind::Call(call) => {
                        let paused = || self.paused(func, file, *call, event.span);
                        let library = || self.of_library(func, file, *call, event.span);
                        sites.extend(self.wrapped(func, file, *call, event.span).or_else(paused).or_else(library));
                    }
                    _ => {}
                }
            }
        }
        sites.sort_by_key(|site: &SpawnSite| site.span);
        sites.dedup_by_key(|site| site.call);
        sites
    }

    fn site(self, func: FuncId, file: FileId, call: ExprId, span: Span, kind: SpawnKind) -> SpawnSite {
        let loops = self.program.function(func).body.as_ref().map_or(&[][..], |body| &body.loops);
        SpawnSite {
            func,
            call,
            site: self.graph.site_at(file, call),
            span,
            kind,
            bodies: SmallVec::new(),
            signals: Vec::new(),
            arguments: Vec::new(),
            in_loop: self.events.of(func).repeats(loops, span),
            only_starts: false,
        }
    }

    /// `go f(x)`, or a call of a library's spawner.
    fn spawn(self, func: FuncId, file: FileId, call: ExprId, span: Span) -> Option<SpawnSite> {
        let facts = self.program.facts(file);
        let Expr::Call { callee: callee_expr, args, .. } = &facts.exprs[call] else { return None };
        let args = facts.exprs.list(*args);
        let callee = self.program.callee(file, call);
        let (key, receiver) = match &callee {
            Callee::External { key, receiver } => (Some(*key), receiver.clone()),
            Callee::Func { func, receiver, .. } => (Some(self.program.funcs()[*func].key), receiver.clone()),
            Callee::Interface { key, receiver, .. } => (*key, Some(receiver.clone())),
            _ => (None, None),
        };
        let effects = key.map_or(&[][..], |key| self.models.effects(key));
        let library = effects.iter().find_map(|effect| match *effect {
            Effect::Spawn { arg, group } => Some((arg, group, SpawnKind::Library)),
            Effect::Timer { arg } => Some((arg, None, SpawnKind::Timer)),
            _ => None,
        });
        if let Some((arg, group, kind)) = library {
            let mut site = self.site(func, file, call, span, kind);
            let arg = *args.get(usize::from(arg))?;
            for handed in functions_of(self.program, self.graph, self.places, file, arg) {
                self.add_body(&mut site, file, &handed, None);
            }
            let group = match group {
                None => None,
                Some(Operand::Receiver) => receiver.as_ref().map(|place| (place.clone(), None)),
                Some(Operand::Arg(n)) => args.get(usize::from(n)).map(|e| (self.program.place(file, *e), Some(*e))),
            };
            if let Some((place, _)) = group
                && let Some(key) = self.places.key_of_place(self.program, self.graph, file, &place)
            {
                let place = self.places.canonical(self.program, file, place);
                site.signals.push(Signal {
                    key,
                    kind: SignalKind::Group,
                    certain: true,
                    deferred: true,
                    last: true,
                    anchor: root_local(&place),
                    site: (func, span),
                });
            }
            return Some(site);
        }
        let mut site = self.site(func, file, call, span, SpawnKind::Go);
        if let Expr::Local(local) = facts.exprs[*callee_expr]
            && domain_local::is_param(self.program, file, local)
        {
            // `go f()` of a parameter: the call sites of this function are the spawn sites.
            return None;
        }
        match callee {
            Callee::Literal(body) => {
                self.add_body(&mut site, file, &HandedFunc { func: body, receiver: None }, Some(args))
            }
            _ => {
                for body in site.site.into_iter().flat_map(|id| self.graph.sites()[id].targets.funcs()) {
                    let handed = HandedFunc { func: body, receiver: receiver.clone() };
                    self.add_body(&mut site, file, &handed, Some(args));
                }
            }
        }
        for handed in self.run_at(file, call) {
            self.add_body(&mut site, file, &handed, None);
        }
        Some(site)
    }

    /// A call that hands a function to something that starts it.
    fn wrapped(self, func: FuncId, file: FileId, call: ExprId, span: Span) -> Option<SpawnSite> {
        let args = self.program.facts(file).exprs.args(call)?;
        let mut found = None;
        for (at, arg) in args.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let bodies = functions_of(self.program, self.graph, self.places, file, *arg);
            if bodies.is_empty() {
                continue;
            }
            let mut group = None;
            let (inside, worker) = match self.handed.use_at(self.program, self.graph, self.models, file, call, at) {
                Some(Use::Spawns { inside }) => (inside, None),
                Some(Use::Queues { worker }) => (None, Some(worker)),
                Some(Use::Runs) | None => {
                    group = named_groups::started_in(self.program, self.models, file, call);
                    if group.is_none() {
                        continue;
                    }
                    (None, None)
                }
            };
            let kind = if worker.is_some() { SpawnKind::Queue } else { SpawnKind::Wrapper };
            let site = found.get_or_insert_with(|| self.site(func, file, call, span, kind));
            site.only_starts = kind == SpawnKind::Wrapper && self.only_starts(file, call, inside);
            for handed in &bodies {
                self.add_body(site, file, handed, None);
            }
            if let Some(key) = group {
                let (kind, certain, deferred, last) = (SignalKind::Group, true, true, true);
                site.signals.push(Signal { key, kind, certain, deferred, last, anchor: None, site: (func, span) });
            }
            if let Some(worker) = worker {
                // What the worker says when it is over, or after each piece of work, it says of this one. Which worker it
                // is, nobody knows.
                let signals = self.signals(worker, MAX_SIGNAL_DEPTH, &mut FxHashSet::default());
                let told = |signal| Signal { certain: true, last: true, anchor: None, ..signal };
                site.signals.extend(signals.into_iter().map(told));
            }
            if let Some(inside) = inside {
                let receiver = match self.program.callee(file, call) {
                    Callee::Func { receiver, .. } | Callee::External { receiver, .. } => receiver,
                    Callee::Interface { receiver, .. } => Some(receiver),
                    _ => None,
                };
                let mut visiting = FxHashSet::default();
                for signal in self.signals(inside, MAX_SIGNAL_DEPTH, &mut visiting) {
                    let owner = self.outermost(inside);
                    site.signals.extend(self.in_terms_of_caller(signal, owner, file, receiver.as_ref(), args));
                }
            }
        }
        found
    }

    /// Whether the one function that a call can mean starts what it is given itself, in a `go` statement on every way, and
    /// neither it nor what it calls waits for anything.
    fn only_starts(self, file: FileId, call: ExprId, inside: Option<FuncId>) -> bool {
        let Callee::Func { func, .. } = self.program.callee(file, call) else { return false };
        let all = |func: FuncId| self.events.of(func).blocks.iter().flat_map(|block| &block.events);
        let waits =
            |func: FuncId| all(func).any(|event| matches!(event.kind, EventKind::Wait { .. } | EventKind::WaitAll));
        let (own, events) = (self.program.funcs()[func].file, self.events.of(func));
        let (blocks, starts) = (&events.blocks, |event: &Event| matches!(event.kind, EventKind::Spawn(_)));
        let calls = all(func).filter_map(|event| match event.kind {
            EventKind::Call(call) | EventKind::Defer { call, .. } => Some(call),
            _ => None,
        });
        let mut calls = calls.map(|call| self.program.callee(own, call));
        // What the goroutine says beside that it is done may be heard under a name that is not known here.
        let says = |kind: &EventKind| matches!(kind, EventKind::Signal { kind, .. } if *kind != SignalKind::Done);
        let only_counts = |literal: FuncId| {
            all(literal).all(|event| match event.kind {
                EventKind::Defer { ref effects, call, .. } => {
                    let deferred = match self.program.callee(own, call) {
                        Callee::Literal(deferred) => all(deferred).any(|event| says(&event.kind)),
                        _ => false,
                    };
                    !deferred && !effects.iter().any(says)
                }
                ref kind => !says(kind),
            })
        };
        // Who is given something back may wait for that.
        self.program.function(func).signature.results.is_empty()
            && inside.is_none_or(|literal| self.program.funcs()[literal].parent == Some(func) && only_counts(literal))
            && blocks.iter().zip(0..).any(|(block, at)| block.events.iter().any(starts) && passes_always(events, at))
            && !waits(func)
            && calls.all(|callee| match callee {
                Callee::Func { func, .. } | Callee::Literal(func) => !waits(func),
                Callee::External { .. } | Callee::Builtin(_) | Callee::Conversion(_) => true,
                _ => false,
            })
    }

    /// A call that starts a subtest which pauses: it comes back while most of the subtest is still to be run.
    fn paused(self, func: FuncId, file: FileId, call: ExprId, span: Span) -> Option<SpawnSite> {
        let Callee::External { key, .. } = self.program.callee(file, call) else { return None };
        let run = self.models.effects(key).iter().find_map(|effect| match *effect {
            Effect::Run { arg } => Some(usize::from(arg)),
            _ => None,
        })?;
        let args = self.program.facts(file).exprs.args(call)?;
        let mut site = None;
        for handed in functions_of(self.program, self.graph, self.places, file, *args.get(run)?) {
            if self.events.of(handed.func).pause().is_some() {
                let site = site.get_or_insert_with(|| self.site(func, file, call, span, SpawnKind::Subtest));
                self.add_body(site, file, &handed, None);
            }
        }
        site
    }

    /// A call after which a goroutine of the library works on what it was given; its source is of no interest.
    fn of_library(self, func: FuncId, file: FileId, call: ExprId, span: Span) -> Option<SpawnSite> {
        let (key, _) = library_goroutines::named(self.program, self.models, file, call)?;
        library_goroutines::work_of(self.models.effects(key))?;
        Some(self.site(func, file, call, span, SpawnKind::Library))
    }

    fn outermost(self, func: FuncId) -> FuncId {
        let mut func = func;
        while let Some(parent) = self.program.funcs()[func].parent {
            func = parent;
        }
        func
    }

    /// Functions that the callee of `call` runs before it returns because they were handed to it.
    pub fn run_at(self, file: FileId, call: ExprId) -> SmallVec<[HandedFunc; 1]> {
        let Some(args) = self.program.facts(file).exprs.args(call) else { return SmallVec::new() };
        let mut out = SmallVec::new();
        for (at, arg) in args.iter().enumerate() {
            if !domain_local::may_be_function(self.program, file, *arg) {
                continue;
            }
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let used = self.handed.use_at(self.program, self.graph, self.models, file, call, at);
            if used == Some(Use::Runs) {
                out.extend(functions_of(self.program, self.graph, self.places, file, *arg));
            }
        }
        out
    }

    fn add_body(self, site: &mut SpawnSite, file: FileId, handed: &HandedFunc, args: Option<&[ExprId]>) {
        if site.bodies.contains(&handed.func) {
            return;
        }
        site.bodies.push(handed.func);
        for (at, arg) in args.unwrap_or(&[]).iter().enumerate() {
            site.arguments.push((handed.func, u32::try_from(at).unwrap_or(u32::MAX), *arg));
        }
        let mut visiting = FxHashSet::default();
        for signal in self.signals(handed.func, MAX_SIGNAL_DEPTH, &mut visiting) {
            let mapped =
                self.in_terms_of_caller(signal, handed.func, file, handed.receiver.as_ref(), args.unwrap_or(&[]));
            site.signals.extend(mapped);
        }
    }

    /// Completion signals of a function, in terms of its own receiver, parameters and captured variables.
    pub fn signals(self, func: FuncId, depth: u32, visiting: &mut FxHashSet<FuncId>) -> Vec<Signal> {
        if depth == 0 || !visiting.insert(func) {
            return Vec::new();
        }
        let file = self.program.funcs()[func].file;
        let events = self.events.of(func);
        let mut out: Vec<Signal> = Vec::new();
        let mut given: Vec<Given> = Vec::new();
        for (index, block) in events.blocks.iter().enumerate() {
            for (number, event) in block.events.iter().enumerate() {
                let found = match &event.kind {
                    EventKind::Signal { key, kind } => {
                        vec![self.own_signal(func, *key, *kind, false, event.span)]
                    }
                    EventKind::Defer { call, effects, test_end: false } => {
                        let mut found = Vec::new();
                        for effect in effects {
                            if let EventKind::Signal { key, kind } = effect {
                                found.push(self.own_signal(func, *key, *kind, true, event.span));
                            }
                        }
                        found.extend(self.called_signals(file, *call, depth, visiting).into_iter().map(|mut s| {
                            s.deferred = true;
                            s
                        }));
                        found
                    }
                    EventKind::Call(call) => self.called_signals(file, *call, depth, visiting),
                    _ => continue,
                };
                if found.is_empty() {
                    continue;
                }
                let looped = blocks_in_cycle(events, index);
                let always = passes_always(events, index) && !looped;
                given.extend(found.iter().map(|signal| Given { signal: *signal, block: index, looped }));
                let last = matches!(event.kind, EventKind::Defer { .. }) || nothing_follows(events, (index, number));
                let first = out.len();
                out.extend(found.into_iter().map(|mut signal| {
                    signal.certain &= always;
                    signal.last &= last;
                    signal
                }));
                given
                    .iter_mut()
                    .rev()
                    .zip(out[first..].iter().rev())
                    .for_each(|(row, signal)| row.signal.last = signal.last);
            }
        }
        visiting.remove(&func);
        let mut out = merge(out);
        out.iter_mut().for_each(|signal| signal.certain |= given_at_each_exit(events, &given, signal));
        out
    }

    fn own_signal(self, func: FuncId, key: SyncKey, kind: SignalKind, deferred: bool, span: Span) -> Signal {
        Signal {
            key,
            kind,
            certain: true,
            deferred,
            last: true,
            anchor: self.key_anchor(func, key, span),
            site: (func, span),
        }
    }

    /// The variable through which a signal's key is reached: found again from the call at `span`.
    pub(super) fn key_anchor(self, func: FuncId, key: SyncKey, span: Span) -> Option<LocalId> {
        let file = self.program.funcs()[func].file;
        if let SyncKey::Local(_, local) = key {
            return Some(local);
        }
        self.program.function(func).body.as_ref()?.instrs().find_map(|instr| {
            let (call, _) = match instr.kind {
                crate::syntax::InstrKind::Call(call) | crate::syntax::InstrKind::Defer(call) if instr.span == span => {
                    (call, ())
                }
                _ => return None,
            };
            let place = match self.program.callee(file, call) {
                Callee::Func { receiver, .. } | Callee::External { receiver, .. } => receiver?,
                Callee::Interface { receiver, .. } => receiver,
                Callee::Builtin(_) => {
                    let args = self.program.facts(file).exprs.args(call)?;
                    self.program.place(file, *args.first()?)
                }
                _ => return None,
            };
            root_local(&self.places.canonical(self.program, file, place))
        })
    }

    /// Completion signals that a call gives before it returns, in terms of the caller.
    pub(super) fn signals_of_call(self, file: FileId, call: ExprId) -> Vec<Signal> {
        self.called_signals(file, call, MAX_SIGNAL_DEPTH, &mut FxHashSet::default())
    }

    fn called_signals(self, file: FileId, call: ExprId, depth: u32, visiting: &mut FxHashSet<FuncId>) -> Vec<Signal> {
        let Some(args) = self.program.facts(file).exprs.args(call) else { return Vec::new() };
        let (target, receiver) = match self.program.callee(file, call) {
            Callee::Literal(func) => (Some(func), None),
            Callee::Func { func, receiver, .. } => (Some(func), receiver),
            Callee::Value(value) => {
                let found = functions_of(self.program, self.graph, self.places, file, value);
                match &found[..] {
                    [one] => (Some(one.func), one.receiver.clone()),
                    _ => (None, None),
                }
            }
            _ => (None, None),
        };
        let mut out = Vec::new();
        if let Some(func) = target {
            for signal in self.signals(func, depth - 1, visiting) {
                out.extend(self.in_terms_of_caller(signal, func, file, receiver.as_ref(), args));
            }
            for signal in self.counted_down(func, file, args) {
                out.extend(self.in_terms_of_caller(signal, func, file, receiver.as_ref(), args));
            }
        }
        for handed in self.run_at(file, call) {
            for signal in self.signals(handed.func, depth - 1, visiting) {
                out.extend(self.in_terms_of_caller(signal, handed.func, file, handed.receiver.as_ref(), &[]));
            }
        }
        out
    }

    /// What a call counts down: the callee raises a counter by a parameter, for which it gets a number with a minus.
    fn counted_down(self, func: FuncId, caller_file: FileId, args: &[ExprId]) -> Vec<Signal> {
        if !args.iter().any(|arg| is_negative(self.program, caller_file, *arg)) {
            return Vec::new();
        }
        let file = self.program.funcs()[func].file;
        let facts = self.program.facts(file);
        let Some(body) = &self.program.function(func).body else { return Vec::new() };
        let instrs = || body.instrs();
        let by_parameter = |span: Span| {
            instrs().any(|instr| {
                let InstrKind::Call(call) = instr.kind else { return false };
                let Expr::Call { args: delta, .. } = &facts.exprs[call] else { return false };
                let delta = facts.exprs.list(*delta);
                let Some(Expr::Local(delta)) = delta.first().map(|expr| &facts.exprs[*expr]) else { return false };
                let domain_local::Operand::Param(at) = domain_local::operand(self.program, func, file, *delta) else {
                    return false;
                };
                let given = args.get(at as usize);
                instr.span == span && given.is_some_and(|given| is_negative(self.program, caller_file, *given))
            })
        };
        let events = self.events.of(func).blocks.iter().flat_map(|block| &block.events);
        let adds = events.filter_map(|event| match event.kind {
            EventKind::Add { key } if by_parameter(event.span) => Some((key, event.span)),
            _ => None,
        });
        adds.map(|(key, span)| self.own_signal(func, key, SignalKind::Done, false, span)).collect()
    }

    /// A key of a goroutine's body as the function that starts it knows it: that of an argument, where it is a parameter.
    pub(super) fn key_outside(self, site: &SpawnSite, body: FuncId, key: SyncKey) -> SyncKey {
        let SyncKey::Local(file, local) = key else { return key };
        let domain_local::Operand::Param(at) = domain_local::operand(self.program, body, file, local) else {
            return key;
        };
        let caller_file = self.program.funcs()[site.func].file;
        let given = site.arguments.iter().find(|row| (row.0, row.1) == (body, at));
        given.and_then(|row| self.places.key(self.program, self.graph, caller_file, row.2)).unwrap_or(key)
    }

    /// Rewrites a signal's key and anchor from the callee's parameters to the caller's expressions.
    pub fn in_terms_of_caller(
        self,
        signal: Signal,
        callee: FuncId,
        caller_file: FileId,
        receiver: Option<&Place>,
        args: &[ExprId],
    ) -> Option<Signal> {
        let callee_file = self.program.funcs()[callee].file;
        let mut signal = signal;
        let Some(anchor) = signal.anchor else { return Some(signal) };
        match domain_local::operand(self.program, callee, callee_file, anchor) {
            domain_local::Operand::Receiver => {
                let place = self.places.canonical(self.program, caller_file, receiver?.clone());
                signal.anchor = root_local(&place);
            }
            domain_local::Operand::Param(index) => {
                let arg = *args.get(index as usize)?;
                let place = self.places.canonical(self.program, caller_file, self.program.place(caller_file, arg));
                signal.anchor = root_local(&place);
                if let SyncKey::Local(..) = signal.key {
                    signal.key = self.places.key(self.program, self.graph, caller_file, arg)?;
                }
            }
            // A variable of another file means nothing to the caller.
            domain_local::Operand::Captured if callee_file != caller_file => signal.anchor = None,
            domain_local::Operand::Captured => {}
            domain_local::Operand::Own => signal.anchor = None,
        }
        Some(signal)
    }
}

/// A signal where a function gives it.
struct Given {
    signal: Signal,
    block: usize,
    /// Whether control comes back to the block.
    looped: bool,
}

/// Whether the signal is the last thing on every way out, each with one of its own: `if … { c <- err; return }`. One that
/// is also given in passing says nothing.
fn given_at_each_exit(events: &super::events::FuncEvents, given: &[Given], signal: &Signal) -> bool {
    let own = given.iter().filter(|row| (row.signal.key, row.signal.kind) == (signal.key, signal.kind));
    let own: Vec<&Given> = own.collect();
    let blocks: Vec<usize> = own.iter().map(|row| row.block).collect();
    own.len() > 1
        && own.iter().all(|row| !row.looped && row.signal.last && row.signal.certain)
        && passes_one_of(events, &blocks)
}

/// Whether every way from the entry to an exit goes through the block.
pub fn passes_always(events: &super::events::FuncEvents, block: usize) -> bool {
    passes_one_of(events, &[block])
}

/// Whether every way from the entry to an exit goes through one of the blocks.
fn passes_one_of(events: &super::events::FuncEvents, blocks: &[usize]) -> bool {
    if blocks.contains(&0) {
        return true;
    }
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![0];
    seen[0] = true;
    while let Some(at) = work.pop() {
        if matches!(events.blocks[at].left, Some(super::Exit::Return | super::Exit::End)) {
            return false;
        }
        for &next in &events.blocks[at].successors {
            if !blocks.contains(&next) && !seen[next] {
                seen[next] = true;
                work.push(next);
            }
        }
    }
    true
}

/// Whether no access and no call can come after a point.
fn nothing_follows(events: &super::events::FuncEvents, (block, number): (usize, usize)) -> bool {
    let matters = |kind: &EventKind| matches!(kind, EventKind::Access(_) | EventKind::Call(_));
    let mut rest = events.blocks[block].events[number + 1..].iter().map(|e| &e.kind);
    let after = super::order::reachable(events, block);
    !rest.any(matters) && !after.ones().any(|b| events.blocks[b].events.iter().any(|e| matters(&e.kind)))
}

/// Whether control can come back to the block.
pub fn blocks_in_cycle(events: &super::events::FuncEvents, block: usize) -> bool {
    let mut seen = vec![false; events.blocks.len()];
    let mut work = vec![block];
    while let Some(at) = work.pop() {
        for &next in &events.blocks[at].successors {
            if next == block {
                return true;
            }
            if !seen[next] {
                seen[next] = true;
                work.push(next);
            }
        }
    }
    false
}

/// One row per key: certain when one of its signals is, or when it is given on every way by several.
fn merge(signals: Vec<Signal>) -> Vec<Signal> {
    let mut out: Vec<Signal> = Vec::new();
    for signal in signals {
        match out.iter_mut().find(|s| s.key == signal.key && s.kind == signal.kind) {
            Some(known) => {
                known.certain |= signal.certain;
                known.deferred |= signal.deferred;
                known.last |= signal.last;
            }
            None => out.push(signal),
        }
    }
    out
}

/// The name of a location as people know it, for messages and order.
pub fn name_of(program: &Program, location: SyncKey) -> Symbol {
    match location {
        SyncKey::Field(field) => program.field(field).display,
        SyncKey::Global(var) => program.var(var).name,
        SyncKey::Local(file, local) => program.facts(file).locals[local].name,
    }
}
