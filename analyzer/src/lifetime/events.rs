//! Per function, the events that matter to lifetimes, in evaluation order over the blocks of its body.
//!
//! Invariant: one [`FuncEvents`] per function with a body; its blocks begin with those of [`crate::syntax::Body`].
//! What library calls mean comes from [`Models`]; effects of calls into the project are left to summaries.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use thin_vec::{ThinVec, thin_vec};

use super::{
    constant::{Constants, is_negative},
    domain::{Access, AccessKind, Anchor, Exit, Index, Location, LockSet, SignalKind, Stored, SyncKey, WaitKind},
    endings::Endings,
    flags,
    locks::{Lockers, unknown_lock},
    models::{Effect, Models, Operand},
    named_groups, no_return,
    place::Places,
    started_flags, waits_for_all,
};
use crate::{
    base::{Idx, IndexVec, Span, Symbol},
    callgraph::CallGraph,
    resolve::{Basic, Callee, FuncId, Place, Program, Root, Step, Type},
    source::{FileId, GoVersion},
    syntax::{Comm, Expr, ExprId, InstrKind, LocalId, Loop, Terminator},
};

/// Fields of a struct that `*p = T{}` is taken to write: who has more of them is a table of settings.
const MAX_FIELDS_RESET: usize = 32;

/// From this version on the variables of a loop's header are new in each iteration.
const FRESH_LOOP_VARIABLES: GoVersion = GoVersion { major: 1, minor: 22 };

/// Events of all functions.
#[derive(Debug)]
pub struct Events {
    funcs: IndexVec<FuncId, FuncEvents>,
    /// Objects that a goroutine ends when it is over.
    pub(super) endings: Endings,
}

/// Events of one function.
#[derive(Debug, Default)]
pub struct FuncEvents {
    /// Blocks, in the order of the body's, with some of their own behind them; empty without a body.
    pub blocks: Vec<BlockEvents>,
    /// Accesses, in evaluation order of blocks.
    pub accesses: Vec<Access>,
    /// Locks certainly held at calls, where any are; sorted by call.
    pub(super) call_locks: ThinVec<(ExprId, LockSet)>,
    /// Locks certainly held where a counter is raised.
    pub(super) add_locks: ThinVec<(Span, LockSet)>,
    /// Locks that the function gives back without having taken them: whoever calls it holds them up to there.
    pub(super) handed_over: ThinVec<SyncKey>,
    /// Loops that run once.
    pub(super) once: ThinVec<Span>,
}

impl FuncEvents {
    /// Whether one of `loops` runs what stands at `span` more than once.
    pub fn repeats(&self, loops: &[Loop], span: Span) -> bool {
        loops.iter().any(|row| row.span.contains(span) && !self.once.contains(&row.span))
    }

    /// Adds an event to the way from one block to another, which gets a block of its own if there are more ways there.
    pub(super) fn on_the_way(&mut self, head: usize, to: usize, event: Event) {
        let ways_in = self.blocks.iter().filter(|block| block.successors.contains(&to)).count();
        if ways_in == 1 {
            self.blocks[to].events.insert(0, event);
            return;
        }
        let own = self.blocks.len();
        let successors = SmallVec::from_slice(&[to]);
        let end_span = self.blocks[head].end_span;
        self.blocks.push(BlockEvents { events: thin_vec![event], successors, left: None, end_span, test: None });
        for next in self.blocks[head].successors.iter_mut().filter(|next| **next == to) {
            *next = own;
        }
    }

    /// Locks certainly held where a counter is raised at `span`.
    pub fn locks_held(&self, span: Span) -> &[SyncKey] {
        self.add_locks.iter().find(|row| row.0 == span).map_or(&[], |row| &row.1)
    }

    /// Locks certainly held at a call.
    pub fn locks_at(&self, call: ExprId) -> &[SyncKey] {
        self.call_locks.binary_search_by_key(&call, |row| row.0).map_or(&[], |at| &self.call_locks[at].1)
    }
}

/// Events of one block.
#[derive(Debug, Default)]
pub struct BlockEvents {
    /// In evaluation order.
    pub events: ThinVec<Event>,
    /// Blocks control may go to.
    pub successors: SmallVec<[usize; 2]>,
    /// How the function is left at the end of this block, if it is.
    pub left: Option<Exit>,
    /// Where the decision at the end stands, as in [`crate::syntax::Block`].
    pub end_span: Span,
    /// What is known on the first and second way out of a condition about one local variable.
    pub test: Option<NilTest>,
}

impl BlockEvents {
    /// How the function is left at the end of this block, and where, if it is.
    pub fn exit(&self) -> Option<(Exit, Span)> {
        self.left.map(|exit| (exit, self.end_span))
    }
}

/// A condition `x == nil` or `x != nil`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NilTest {
    /// The variable.
    pub local: LocalId,
    /// Whether it is nil on the first way out.
    pub nil_first: bool,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Where.
    pub span: Span,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// Row of [`FuncEvents::accesses`].
    Access(u32),
    /// A call ([`Expr::Call`]) runs here.
    Call(ExprId),
    /// A goroutine starts: `go` or a library's spawner.
    Spawn(ExprId),
    /// A call is registered for the end of the function (or, with `test_end`, of the test).
    Defer { call: ExprId, effects: ThinVec<EventKind>, test_end: bool },
    /// A lock is taken.
    Lock { key: SyncKey },
    /// A lock is given back.
    Unlock { key: SyncKey },
    /// Waits for what `key` counts or carries.
    Wait { key: SyncKey, how: WaitKind },
    /// A completion signal.
    Signal { key: SyncKey, kind: SignalKind },
    /// One more goroutine is counted.
    Add { key: SyncKey },
    /// The process ends, or the goroutine with its deferred calls run.
    Leave { process: bool },
    /// A field that is set when something is started is nil on this way: there is nothing to wait for.
    NothingStarted,
    /// Waits until every goroutine started so far is over or can go no further by itself.
    WaitAll,
    /// Runs the function that the expression is, and every goroutine started in it, until all are over.
    RunJoined(ExprId),
    /// Waits for time to pass.
    Sleep,
    /// Waits for what the other end of a connection does.
    Peer,
    /// The timer is stopped, or (`runs`) set going again.
    Timer { key: SyncKey, runs: bool },
    /// The running test is used.
    UsesTest {
        /// Whether the test has failed by it.
        fails: bool,
    },
    /// The running test goes on only when the function that started it has returned.
    Pauses,
    /// A variable comes to be: an earlier one of that declaration is another variable.
    Fresh(LocalId),
}

impl Events {
    /// Lowers every function, in parallel.
    pub fn build(program: &Program, graph: &CallGraph, models: &Models, places: &Places) -> Self {
        let lockers = Lockers::new(program.funcs().len());
        let endings = Endings::build(program, models, places);
        let cx = (program, graph, models, places, &lockers, &endings);
        let funcs = program.funcs().par_ids().map(|func| Lowering::new(cx, func).run());
        let mut funcs = IndexVec::from(funcs.collect::<Vec<_>>());
        flags::mark(program, &mut funcs);
        started_flags::mark(program, places, &mut funcs);
        named_groups::mark(program, models, &mut funcs);
        no_return::mark(program, graph, &mut funcs);
        waits_for_all::mark(program, graph, &mut funcs);
        Self { funcs, endings }
    }

    /// Adds to every access and call the locks that all callers of its function hold.
    pub fn hold_on_entry(&mut self, entry: &FxHashMap<FuncId, LockSet>) {
        let add = |locks: &mut LockSet, more: &LockSet| {
            for key in more {
                if let Err(at) = locks.binary_search(key) {
                    locks.insert(at, *key);
                }
            }
        };
        for func in self.funcs.ids() {
            let Some(more) = entry.get(&func) else { continue };
            let row = &mut self.funcs[func];
            row.accesses.iter_mut().for_each(|access| add(&mut access.locks, more));
            row.call_locks.iter_mut().for_each(|(_, locks)| add(locks, more));
            row.add_locks.iter_mut().for_each(|(_, locks)| add(locks, more));
        }
    }

    /// The events of `func`.
    pub fn of(&self, func: FuncId) -> &FuncEvents {
        &self.funcs[func]
    }
}

/// What all functions are lowered with.
type Inputs<'a> = (&'a Program, &'a CallGraph, &'a Models, &'a Places, &'a Lockers, &'a Endings);

pub(super) struct Lowering<'a> {
    pub(super) program: &'a Program,
    pub(super) graph: &'a CallGraph,
    pub(super) models: &'a Models,
    pub(super) places: &'a Places,
    pub(super) lockers: &'a Lockers,
    pub(super) endings: &'a Endings,
    pub(super) func: FuncId,
    pub(super) file: FileId,
    /// Operands whose address is taken for a method with a pointer receiver: they are not read.
    addressed: FxHashSet<ExprId>,
    /// Clauses of loops: `i := 0; i < n; i++`.
    headers: Vec<Span>,
    pub(super) out: FuncEvents,
}

impl<'a> Lowering<'a> {
    fn new((program, graph, models, places, lockers, endings): Inputs<'a>, func: FuncId) -> Self {
        let file = program.funcs()[func].file;
        let (addressed, out) = (FxHashSet::default(), FuncEvents::default());
        Self { program, graph, models, places, lockers, endings, func, file, addressed, headers: Vec::new(), out }
    }

    fn run(mut self) -> FuncEvents {
        let function = self.program.function(self.func);
        let Some(body) = &function.body else { return self.out };
        self.addressed = self.addressed_operands(body);
        self.headers = super::iterations::headers(body);
        let whole = body;
        let mut heads: FxHashMap<usize, Vec<Event>> = FxHashMap::default();
        let mut unstarted: Vec<(usize, usize, Span)> = Vec::new();
        let mut ranges: Vec<(usize, usize, Event)> = Vec::new();
        let constants = Constants { program: self.program, places: self.places, file: self.file, instrs: &[] };
        let mut conditions: Vec<Span> = Vec::new();
        self.out.blocks.reserve_exact(body.blocks.len());
        let mut events: Vec<Event> = Vec::new();
        for block in body.blocks.iter() {
            conditions.clear();
            if let Terminator::If { condition, .. } = block.end {
                constants.unevaluated(condition, &mut conditions);
            }
            let mut stuck = false;
            let instrs = body.instrs_of(block).iter();
            for instr in instrs.filter(|instr| !conditions.iter().any(|span| span.contains(instr.span))) {
                self.instr(&instr.kind, instr.span, &mut events);
                stuck = matches!(instr.kind, InstrKind::Receive(receive) if self.is_for_ever(receive));
                if stuck {
                    break;
                }
            }
            if stuck {
                // Nothing comes behind, neither an exit nor another block.
                let (events, end_span) = (events.drain(..).collect(), block.end_span);
                self.out.blocks.push(BlockEvents { events, end_span, ..BlockEvents::default() });
                continue;
            }
            let mut left = None;
            let mut test = None;
            match &block.end {
                Terminator::Return { values } => {
                    self.read_last(values, &mut events);
                    self.named_results(values, block.end_span, &mut events);
                    left = Some(Exit::Return);
                }
                Terminator::End => left = Some(Exit::End),
                Terminator::Panic(_) => left = Some(Exit::Panic),
                Terminator::Select { arms } => {
                    for arm in arms {
                        let mut head = Vec::new();
                        match arm.comm {
                            Comm::Receive(receive) => self.receive(receive, arm.span, &mut head),
                            Comm::Send { channel, value } => {
                                self.send(channel, arm.span, &mut head);
                                self.put_into(channel, value, arm.span, &mut head);
                            }
                            Comm::Default => {}
                        }
                        heads.entry(arm.block.index()).or_default().extend(head);
                    }
                }
                Terminator::Range { over, body, done } => {
                    if self.is_map(*over) || self.takes_values(whole, *over) {
                        self.element_read(*over, &mut events);
                    }
                    if let Some(key) = self.key_of_channel(*over) {
                        let span = block.end_span;
                        let one = EventKind::Wait { key, how: WaitKind::Receive };
                        heads.entry(body.index()).or_default().push(Event { kind: one, span });
                        let all = EventKind::Wait { key, how: WaitKind::Range };
                        ranges.push((self.out.blocks.len(), done.index(), Event { kind: all, span }));
                    }
                }
                Terminator::If { condition, then, otherwise } => {
                    test = self.nil_test(*condition);
                    if let Some(test) = test
                        && let Some(wait) = self.told_by_nil(body.instrs_of(block), test.local, &mut events)
                    {
                        let way = if test.nil_first { then } else { otherwise };
                        ranges.push((self.out.blocks.len(), way.index(), wait));
                    }
                    if let Some(nil_first) = self.started_test(*condition) {
                        let way = if nil_first { then } else { otherwise };
                        unstarted.push((self.out.blocks.len(), way.index(), block.end_span));
                    }
                    if let Some((key, open_first)) = self.open_test(*condition) {
                        let way = if open_first { otherwise } else { then };
                        let all = EventKind::Wait { key, how: WaitKind::Range };
                        let span = block.end_span;
                        ranges.push((self.out.blocks.len(), way.index(), Event { kind: all, span }));
                    }
                }
                Terminator::Goto(_)
                | Terminator::Switch { .. }
                | Terminator::TypeSwitch { .. }
                | Terminator::Unreachable => {}
            }
            let successors = constants.ways_out(body, block).iter().map(|b| b.index()).collect();
            // The room for the next block's events stays.
            let mut own = ThinVec::with_capacity(events.len());
            own.extend(events.drain(..));
            self.out.blocks.push(BlockEvents { events: own, successors, left, end_span: block.end_span, test });
        }
        for (index, block) in self.out.blocks.iter_mut().enumerate() {
            if let Some(head) = heads.remove(&index) {
                block.events = head.into_iter().chain(std::mem::take(&mut block.events)).collect();
            }
        }
        // A `range` that ends by itself has waited for the channel to be closed; one that is left by `break` has not, though
        // both go on in the same place. The wait gets a block of its own where that matters.
        for (head, done, wait) in ranges {
            self.out.on_the_way(head, done, wait);
        }
        for (head, way, span) in unstarted {
            self.out.on_the_way(head, way, Event { kind: EventKind::NothingStarted, span });
        }
        constants.loops_once(body, &mut self.out);
        self.locksets();
        // The events of a whole program are kept at once.
        self.out.blocks.shrink_to_fit();
        self.out.accesses.shrink_to_fit();
        self.out
    }

    pub(super) fn expr(&self, expr: ExprId) -> &'a Expr {
        &self.program.facts(self.file).exprs[expr]
    }

    fn instr(&mut self, kind: &InstrKind, span: Span, events: &mut Vec<Event>) {
        match *kind {
            InstrKind::Read(expr) if self.addressed.contains(&expr) => {}
            InstrKind::Read(expr) => self.access(expr, AccessKind::Read, Stored::Other, span, events),
            InstrKind::Write { place, source } => {
                if let Expr::Local(local) = self.expr(place)
                    && self.program.facts(self.file).locals[*local].is_of_header()
                    && self.loop_variables_are_fresh()
                    && self.headers.iter().any(|header| header.contains(span))
                {
                    // What a loop's header does behind each iteration is done to the next iteration's variable.
                    return;
                }
                let stored = self.places.stored(self.program, self.file, place, source);
                self.access(place, AccessKind::Write, stored, span, events);
                self.reset_in_place(place, stored, span, events);
            }
            InstrKind::Define { local, .. } => self.define(local, span, events),
            InstrKind::Call(call) => self.call(call, span, events),
            InstrKind::Go(call) => events.push(Event { kind: EventKind::Spawn(call), span }),
            InstrKind::Defer(call) => {
                let mut deferred = Vec::new();
                self.call(call, span, &mut deferred);
                let effects = deferred.into_iter().map(|event| event.kind).collect();
                events.push(Event { kind: EventKind::Defer { call, effects, test_end: false }, span });
            }
            InstrKind::Send { channel, value } => {
                self.send(channel, span, events);
                self.put_into(channel, value, span, events);
            }
            InstrKind::Receive(receive) => self.receive(receive, span, events),
        }
    }

    /// Before Go 1.22 the variables of a loop's header are shared by all iterations: what looks like a declaration in
    /// each of them is an assignment.
    fn define(&mut self, local: LocalId, span: Span, events: &mut Vec<Event>) {
        let facts = self.program.facts(self.file);
        let header = facts.locals[local].is_of_header();
        if header && !self.loop_variables_are_fresh() {
            if self.places.is_shared(self.program, self.file, local) {
                let expr = facts.exprs.ids().next();
                self.local_write(local, expr, span, events);
            }
        } else {
            events.push(Event { kind: EventKind::Fresh(local), span });
        }
    }

    fn loop_variables_are_fresh(&self) -> bool {
        self.program.sources().go_of(self.file).is_some_and(|go| go >= FRESH_LOOP_VARIABLES)
    }

    fn local_write(&mut self, local: LocalId, expr: Option<ExprId>, span: Span, events: &mut Vec<Event>) {
        let Some(expr) = expr else { return };
        let access = Access {
            func: self.func,
            location: Location::Local(self.file, local),
            element: false,
            index: Index::Whole,
            kind: AccessKind::Write,
            stored: Stored::Other,
            atomic: false,
            anchor: Anchor::Local(local),
            depth: 0,
            expr,
            span,
            locks: LockSet::new(),
        };
        self.push_access(access, events);
    }

    /// `return v` stores into the named results, which a deferred function or a goroutine may share.
    fn named_results(&mut self, values: &[ExprId], span: Span, events: &mut Vec<Event>) {
        if values.is_empty() {
            return;
        }
        let function = self.program.function(self.func);
        let facts = self.program.facts(self.file);
        for (at, result) in function.signature.results.iter().enumerate() {
            let Some(local) = result.local.filter(|local| facts.locals[*local].captured) else { continue };
            // `return x` of the result x itself stores nothing.
            let same = values.get(at).is_some_and(|value| matches!(facts.exprs[*value], Expr::Local(l) if l == local));
            if !same {
                self.local_write(local, facts.exprs.ids().next(), span, events);
            }
        }
    }

    pub(super) fn push_access(&mut self, access: Access, events: &mut Vec<Event>) {
        let row = u32::try_from(self.out.accesses.len()).unwrap_or(u32::MAX);
        events.push(Event { span: access.span, kind: EventKind::Access(row) });
        self.out.accesses.push(access);
    }

    /// `*p = T{…}` writes every field of what p points to, `x.part = T{…}` every field of the struct that is a part of x.
    fn reset_in_place(&mut self, expr: ExprId, stored: Stored, span: Span, events: &mut Vec<Event>) {
        let written = match *self.expr(expr) {
            Expr::Deref(pointer) => pointer,
            Expr::Select { .. } => expr,
            _ => return,
        };
        let Type::Struct(fields) = self.program.ty(self.program.underlying(self.program.expr_type(self.file, expr)))
        else {
            return;
        };
        if !matches!(stored, Stored::Cleared | Stored::Fresh) || fields.len() > MAX_FIELDS_RESET {
            return;
        }
        let base = self.program.place(self.file, written);
        for &field in fields.iter() {
            let location = Location::Field(field);
            if self.synchronises(location) {
                continue;
            }
            let mut place = base.clone();
            place.steps.push(Step::Field(field));
            let write = self.whole(&place, location, AccessKind::Write, expr, span);
            self.push_access(Access { stored, ..write }, events);
        }
    }

    pub(super) fn access(
        &mut self,
        expr: ExprId,
        kind: AccessKind,
        stored: Stored,
        span: Span,
        events: &mut Vec<Event>,
    ) {
        for part in self.places.accesses(self.program, self.file, expr, kind, stored) {
            // A mutex or atomic in a field is not read by calling its methods; nor is one of many.
            let one_of_many = || part.element && self.is_synchronised(self.program.expr_type(self.file, expr));
            if part.kind == AccessKind::Read && (self.synchronises(part.location) || one_of_many()) {
                continue;
            }
            let access = Access { func: self.func, expr, span, atomic: false, locks: LockSet::new(), ..part };
            self.push_access(access, events);
        }
    }

    /// `return v, g.Wait()`: Go leaves open which comes first; the compiler makes the calls, then reads what is no argument
    /// of one.
    fn read_last(&self, values: &[ExprId], events: &mut Vec<Event>) {
        let exprs = &self.program.facts(self.file).exprs;
        let waits = |event: &Event| {
            let within = values.iter().any(|value| exprs.span(*value).contains(event.span));
            within && matches!(event.kind, EventKind::Call(_) | EventKind::Wait { .. })
        };
        let calls: Vec<Span> = events.iter().filter(|event| waits(event)).map(|event| event.span).collect();
        if calls.is_empty() {
            return;
        }
        let late = |event: &Event| {
            let EventKind::Access(row) = event.kind else { return false };
            let access = &self.out.accesses[row as usize];
            let read = access.kind == AccessKind::Read && !access.atomic;
            read && values.iter().any(|value| exprs.span(*value).contains(event.span))
                && !calls.iter().any(|call| call.contains(event.span))
        };
        let (last, first): (Vec<Event>, Vec<Event>) = events.drain(..).partition(late);
        events.extend(first);
        events.extend(last);
    }

    pub(super) fn key_of(&self, expr: ExprId) -> Option<SyncKey> {
        self.places.key(self.program, self.graph, self.file, expr)
    }

    pub(super) fn key_of_place(&self, place: &Place) -> Option<SyncKey> {
        self.places.key_of_place(self.program, self.graph, self.file, place)
    }

    pub(super) fn key_of_channel(&self, expr: ExprId) -> Option<SyncKey> {
        self.places.is_channel(self.program, self.file, expr).then(|| self.key_of(expr)).flatten()
    }

    /// A send on a channel, or its end: of the one that is meant, not of all that are kept with it.
    pub(super) fn access_of_channel(&mut self, expr: ExprId, kind: AccessKind, span: Span, events: &mut Vec<Event>) {
        let Some(location) = self.places.object(self.program, self.graph, self.file, expr) else { return };
        let place = self.program.place(self.file, expr);
        let access = self.whole(&place, location, kind, expr, span);
        self.push_access(access, events);
    }

    /// A plain access of all of what stands at a place.
    pub(super) fn whole(
        &self,
        place: &Place,
        location: Location,
        kind: AccessKind,
        expr: ExprId,
        span: Span,
    ) -> Access {
        Access {
            func: self.func,
            location,
            element: false,
            index: Index::Whole,
            kind,
            stored: Stored::Other,
            atomic: false,
            anchor: Places::anchor(place),
            depth: Places::depth(place),
            expr,
            span,
            locks: LockSet::new(),
        }
    }

    fn call(&mut self, call: ExprId, span: Span, events: &mut Vec<Event>) {
        let Expr::Call { args, spread, .. } = self.expr(call) else { return };
        let args = self.program.facts(self.file).exprs.list(*args);
        let callee = self.program.callee(self.file, call);
        let (key, mut receiver) = match &callee {
            Callee::Builtin(builtin) => return self.builtin(*builtin, args, *spread, span, events),
            Callee::Conversion(to) => {
                // A string is a copy of the bytes.
                if let (Type::Basic(Basic::String), Some(&from)) =
                    (self.program.ty(self.program.underlying(*to)), args.first())
                {
                    self.element_read(from, events);
                }
                return;
            }
            Callee::Func { func, receiver, .. } => (Some(self.program.funcs()[*func].key), receiver.clone()),
            Callee::External { key, receiver } => (Some(*key), receiver.clone()),
            Callee::Interface { key, receiver, .. } => (*key, Some(receiver.clone())),
            Callee::Value(value) => {
                // A local variable has a reading of its own already.
                if !matches!(self.expr(*value), Expr::Local(_)) {
                    let span = self.program.facts(self.file).exprs.span(*value);
                    self.access(*value, AccessKind::Read, Stored::Other, span, events);
                }
                (None, None)
            }
            Callee::Literal(_) => (None, None),
            Callee::Unknown(_) => (self.of_dot_import(call), None),
        };
        let effects = key.map_or(&[][..], |key| self.models.effects(key));
        let mut by_name = effects.is_empty().then(|| self.effect_by_name(&callee, args)).flatten();
        if let (Callee::Unknown(_), None) = (&callee, key)
            && let Some((effect, lock)) = unknown_lock(self.program, self.models, self.file, call)
        {
            (by_name, receiver) = (Some(effect), Some(lock));
        }
        let effects = by_name.as_ref().map_or(effects, std::slice::from_ref);
        let mut runs = true;
        for &effect in effects {
            runs &= self.effect(effect, call, args, receiver.as_ref(), span, events);
        }
        // Somebody's own lock may do more than that.
        runs |= by_name.is_some_and(|effect| effect != Effect::Goexit);
        if runs {
            if let Callee::Func { func, .. } | Callee::Literal(func) = &callee {
                self.locks_kept(*func, args, span, events);
            }
            self.reads_embedded(receiver.as_ref(), call, span, events);
            // A timer may be stopped by anyone.
            if !effects.contains(&Effect::StopTimer) {
                self.ends_receiver(&callee, key, receiver.as_ref(), call, span, events);
            }
            events.push(Event { kind: EventKind::Call(call), span });
        }
        self.tells_end(call, span, events);
    }

    /// A `Close` of an object that a field or package variable holds ends that object for everyone who uses it.
    fn ends_receiver(
        &mut self,
        callee: &Callee,
        key: Option<Symbol>,
        receiver: Option<&Place>,
        call: ExprId,
        span: Span,
        events: &mut Vec<Event>,
    ) {
        let name = match callee {
            Callee::Interface { method, .. } => method.as_str(),
            _ => key.map_or("", |key| key.as_str().rsplit('.').next().unwrap_or("")),
        };
        let Some(receiver) = receiver else { return };
        if !self.models.ends_object(name) || receiver.steps.is_empty() && !matches!(receiver.root, Root::Global(_)) {
            return;
        }
        if let Some(location) = Places::location(receiver, self.file) {
            let access = self.whole(receiver, location, AccessKind::End, call, span);
            self.push_access(access, events);
        }
    }

    /// Records one modelled effect; the answer is whether the call should also count as an ordinary one.
    fn effect(
        &mut self,
        effect: Effect,
        call: ExprId,
        args: &[ExprId],
        receiver: Option<&Place>,
        span: Span,
        events: &mut Vec<Event>,
    ) -> bool {
        let arg = |n: u8| args.get(usize::from(n)).copied();
        let key = |this: &Self, operand: Operand| match operand {
            Operand::Receiver => receiver.and_then(|place| this.key_of_place(place)),
            Operand::Arg(n) => arg(n).and_then(|expr| this.key_of(expr)),
        };
        let mut push = |kind| events.push(Event { kind, span });
        match effect {
            Effect::Spawn { .. } | Effect::Timer { .. } => push(EventKind::Spawn(call)),
            Effect::Run { .. } | Effect::Lasts { .. } | Effect::LetsGo | Effect::Once | Effect::TwoEnds => return true,
            Effect::ComesWithEnd | Effect::ComesWithLimit | Effect::NeverOver | Effect::TellsEnd => return true,
            Effect::LastsForEver => return true,
            Effect::Fills | Effect::SendsOn(_) | Effect::WorkEnds(_) | Effect::GivesOut | Effect::GivesNew => {
                return true;
            }
            Effect::Overwrites { .. } | Effect::TakesBack | Effect::ReadsAll { .. } => return true,
            Effect::LeavesWithUser | Effect::RunsTests | Effect::UnderLock => return true,
            Effect::Peer => {
                push(EventKind::Peer);
                return true;
            }
            Effect::StopTimer | Effect::StartTimer => {
                if let Some(key) = key(self, Operand::Receiver) {
                    let runs = effect == Effect::StartTimer;
                    push(EventKind::Timer { key, runs });
                }
                return true;
            }
            Effect::RunJoined { arg: run } => {
                if let Some(run) = arg(run) {
                    events.push(Event { kind: EventKind::RunJoined(run), span });
                }
                return true;
            }
            Effect::WaitAll => push(EventKind::WaitAll),
            Effect::Sleep => push(EventKind::Sleep),
            Effect::Add(on) => {
                if let Some(key) = key(self, on) {
                    push(match arg(0).is_some_and(|delta| is_negative(self.program, self.file, delta)) {
                        true => EventKind::Signal { key, kind: SignalKind::Done },
                        false => EventKind::Add { key },
                    });
                }
            }
            Effect::Done(on) => {
                if let Some(key) = key(self, on) {
                    push(EventKind::Signal { key, kind: SignalKind::Done });
                }
            }
            Effect::Wait(on) => {
                if let Some(key) = key(self, on) {
                    push(EventKind::Wait { key, how: WaitKind::Group });
                }
            }
            Effect::Lock { on, .. } => {
                if let Some(key) = key(self, on) {
                    push(EventKind::Lock { key });
                }
            }
            Effect::Unlock { on } => {
                if let Some(key) = key(self, on) {
                    push(EventKind::Unlock { key });
                }
            }
            Effect::Atomic { on, write } => {
                let place = match on {
                    Operand::Receiver => receiver.cloned(),
                    Operand::Arg(n) => arg(n).map(|expr| self.program.place(self.file, expr)),
                };
                let kind = if write { AccessKind::Write } else { AccessKind::Read };
                let Some(place) = place else { return false };
                if let Some(location) = Places::location(&place, self.file) {
                    // What a pointer points to, not the pointer; one of many, not what holds them.
                    let of_many = matches!(place.steps.last(), Some(Step::Element));
                    let element = of_many
                        || match on {
                            Operand::Arg(n) => {
                                arg(n).is_some_and(|expr| !matches!(self.expr(expr), Expr::AddressOf(_)))
                            }
                            Operand::Receiver => self.holds_pointer(location),
                        };
                    let access = Access {
                        func: self.func,
                        location,
                        element,
                        index: Index::Whole,
                        kind,
                        stored: Stored::Other,
                        atomic: true,
                        anchor: Places::anchor(&place),
                        depth: Places::depth(&place),
                        expr: call,
                        span,
                        locks: LockSet::new(),
                    };
                    self.push_access(access, events);
                }
            }
            Effect::Recycle(on) => {
                let Operand::Arg(n) = on else { return true };
                let Some(expr) = arg(n) else { return true };
                self.recycle(expr, span, events);
            }
            Effect::NeverReturns => push(EventKind::Leave { process: true }),
            Effect::Goexit => push(EventKind::Leave { process: false }),
            Effect::EndsGoroutine => {
                push(EventKind::UsesTest { fails: true });
                push(EventKind::Leave { process: false });
            }
            Effect::NeedsTest { fails } => push(EventKind::UsesTest { fails }),
            Effect::Pauses => push(EventKind::Pauses),
            Effect::AtTestEnd { .. } => push(EventKind::Defer { call, effects: ThinVec::new(), test_end: true }),
        }
        false
    }
}
