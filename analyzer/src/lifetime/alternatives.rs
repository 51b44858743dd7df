//! Waits of which each way has one: the arms of a `select` over several channels of one goroutine, a loop that counts, a
//! flag that only the one who has heard sets.
//!
//! [`super::running::State`] keeps what was heard on *every* way by the same channel. Here the ways from the start to the
//! other access are walked for one conflict. Invariant: a way is heard on only where it meets a wait for a signal that the
//! goroutine gives behind its own access.

use fixedbitset::FixedBitSet;

use super::{
    adds::every_way_passes,
    after_spawn::Pass,
    domain::{Access, AccessKind, Location, SignalKind, SpawnId, Stored, WaitKind},
    events::{EventKind, FuncEvents},
    objects::holder_of,
    order::{Order, Point, gates_before, point_of, points},
    reach::{Reach, Reached},
    running::State,
};
use crate::{
    base::{Idx, Span},
    resolve::FuncId,
    syntax::{BinaryOp, Expr, ExprId, InstrKind, LocalDecl, LocalId},
};

/// Whether the spawning function has heard from a goroutine on every way to an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// On some way it has not.
    No,
    /// It has, as often as it counts.
    Counted,
    /// It has.
    Yes,
}

/// A signal that the goroutine gives behind its access.
struct Behind {
    key: Location,
    kind: SignalKind,
    /// Whether the access cannot come again behind it.
    last: bool,
}

impl Pass<'_> {
    /// Whether a receive stands for one of each goroutine that a site starts: no loop makes more goroutines than receives,
    /// or the receive has a loop of its own, which is taken to go on until all have been heard.
    pub(super) fn hears_all(&self, site: Span, receive: Span) -> bool {
        !self.has_a_loop_of_its_own(receive, site) || self.has_a_loop_of_its_own(site, receive)
    }

    /// The state behind what a literal of the function, called by somebody else, waits for before it gets to `access`.
    pub(super) fn waited_in_literal(&mut self, access: &Access, span: Span, state: &State) -> Option<State> {
        let facts = self.facts;
        facts.cx.program.funcs()[access.func].parent?;
        let events = facts.cx.events.of(access.func);
        let waits = || events.blocks.iter().flat_map(|block| &block.events);
        if !waits().any(|event| matches!(event.kind, EventKind::Wait { .. })) {
            return None;
        }
        let gates = gates_before(events, facts.cx.places, access.span)?;
        let mut after = state.clone();
        for event in waits() {
            if let EventKind::Wait { key, how } = event.kind
                && gates.contains(&key)
            {
                self.wait(key, how, span, &mut after, false);
            }
        }
        Some(after)
    }

    /// Whether the goroutine sets something in its body before it waits for anybody: what it is started to set, and not what
    /// comes of its work.
    pub(super) fn is_set_first(&self, goroutine: usize, reached: &Reached) -> bool {
        let facts = self.facts;
        let reach = &facts.reaches[self.ids[goroutine]];
        let node = &reach.nodes[reached.node as usize];
        let events = facts.cx.events.of(node.func);
        let access = &events.accesses[reached.row as usize];
        node.depth() == 0
            && access.kind == AccessKind::Write
            && access.stored != Stored::Update
            && gates_before(events, facts.cx.places, access.span).is_some_and(|gates| gates.is_empty())
    }

    /// Whether an access of a goroutine goes to a field of the object that holds the one of an access of the function itself:
    /// `go s.part.run()` beside `s.part.stopped`.
    pub(super) fn is_of_one_holder(&self, reach: &Reach, reached: &Reached, access: &Access) -> bool {
        let cx = self.facts.cx;
        access.func == self.func
            && reach.holder_of(cx, reached).is_some_and(|holder| Some(holder) == holder_of(cx, access))
    }

    /// The loop, by its head, in which one is received after the other, where it goes on until all have been heard: who
    /// leaves it early has not.
    pub(super) fn hears_one_by_one(&self, site: Span, receive: Span) -> Option<usize> {
        let body = self.facts.cx.program.function(self.func).body.as_ref()?;
        let own = body.loops.iter().filter(|row| row.span.contains(receive) && !row.span.contains(site));
        let head = own.max_by_key(|row| row.span.start)?.head.index();
        self.waiting_loops.iter().any(|waiting| waiting.0 == head).then_some(head)
    }

    /// Whether a loop repeats what stands at `span`, and not what stands at `without`.
    pub(super) fn has_a_loop_of_its_own(&self, without: Span, span: Span) -> bool {
        let body = self.facts.cx.program.function(self.func).body.as_ref();
        let loops = body.map_or(&[][..], |body| &body.loops);
        loops.iter().any(|row| !row.span.contains(without) && self.events.repeats(std::slice::from_ref(row), span))
    }

    /// Whether every way from the start of the goroutine to the place `to` of this function hears something that the
    /// goroutine says behind its access.
    pub(super) fn heard(&self, goroutine: usize, reached: &Reached, inner: &Access, other: &Access, to: Span) -> Heard {
        let facts = self.facts;
        let site = &facts.spawns.sites[self.ids[goroutine]];
        let behind = self.behind(goroutine, reached, inner);
        let here = points(self.events);
        let (Some(&from), Some(&end)) = (here.get(&site.span), here.get(&to)) else { return Heard::No };
        if behind.is_empty() {
            return Heard::No;
        }
        // What is registered for the end comes behind every way out.
        let end = Some(end).filter(|end| !self.is_deferred(self.func, *end));
        for (answer, last) in [(Heard::Yes, true), (Heard::Counted, false)] {
            let hears = |kind: &EventKind, span: Span| self.hears(kind, span, site.span, &behind, last);
            let of_flag = || end.is_some() && other.func == self.func && self.behind_a_flag(other.span, from, &hears);
            if !self.gets_to(from, end, &hears) || of_flag() {
                return answer;
            }
        }
        Heard::No
    }

    /// What the goroutine says behind an access: at the top of its body, and in the function of the access.
    fn behind(&self, goroutine: usize, reached: &Reached, inner: &Access) -> Vec<Behind> {
        let facts = self.facts;
        let reach = &facts.reaches[self.ids[goroutine]];
        let mut out = Vec::new();
        if let Some((body, order, point)) = self.body_point(goroutine, reached, inner.span) {
            let deferred = self.is_deferred(body, point);
            for (key, kind) in signals(facts.cx.events.of(body)) {
                if !order.may_follow(point, deferred, key, WaitKind::Receive) {
                    out.push(Behind { key, kind, last: true });
                }
            }
        }
        let func = reach.nodes[reached.node as usize].func;
        let events = facts.cx.events.of(func);
        if let Some(point) = point_of(events, inner.span) {
            for (key, kind) in signals(events) {
                // Of messages somebody may take one too few; a counter that is lowered once too often ends the program,
                // so that nothing comes after the last time.
                let counts = kind == SignalKind::Done;
                let says = |event: &EventKind| matches!(event, EventKind::Signal { key: k, kind: said } if *k == key && *said == kind);
                if (counts || kind == SignalKind::Send) && every_way_passes(events, point, &says, &|_| false) {
                    out.push(Behind { key, kind, last: counts });
                }
            }
        }
        out
    }

    fn body_point(&self, goroutine: usize, reached: &Reached, span: Span) -> Option<(FuncId, &Order, Point)> {
        let reach = &self.facts.reaches[self.ids[goroutine]];
        self.bodies[goroutine].point(reach, reached, span).map(|(func, order, point)| (*func, order, point))
    }

    /// Whether an event waits for one of the signals; with `last`, for one that says that all is done.
    fn hears(&self, kind: &EventKind, span: Span, site: Span, behind: &[Behind], last: bool) -> bool {
        let joins = self.facts.joins;
        match kind {
            EventKind::Wait { key, how } => behind.iter().filter(|row| row.key == *key).any(|row| match last {
                true => {
                    let one = row.kind != SignalKind::Send || self.hears_all(site, span);
                    row.last && row.kind.ends(*how) && joins.counts(*key, *how) && one
                }
                false => self.has_a_loop_of_its_own(site, span),
            }),
            EventKind::Call(call) if last => {
                let Some(row) = self.facts.calls.at(self.func, *call) else { return false };
                let must = joins.of_call(self.facts.cx, self.func, row).1;
                let mut heard = must.ones().map(|bit| joins.keys()[bit]);
                heard.any(|key| behind.iter().any(|row| row.last && row.key == key))
            }
            _ => false,
        }
    }

    /// Whether control gets from one point to another, or with none to a way out, without meeting what `hears`. A loop that
    /// waits is left only from within, as in the pass.
    fn gets_to(&self, from: Point, to: Option<Point>, hears: &dyn Fn(&EventKind, Span) -> bool) -> bool {
        let blocks = &self.events.blocks;
        let mut seen = vec![[false; 2]; blocks.len()];
        // A block, the event to begin with, and whether control came from within the loop whose head it is.
        let mut work = vec![(from.0, from.1 + 1, true)];
        while let Some((at, first, within)) = work.pop() {
            let reaches = to.is_some_and(|to| to.0 == at && to.1 >= first);
            let end = to.filter(|_| reaches).map_or(blocks[at].events.len(), |to| to.1);
            let stops = |event: &super::events::Event| {
                matches!(event.kind, EventKind::Leave { .. }) || hears(&event.kind, event.span)
            };
            if blocks[at].events[first..end].iter().any(stops) {
                continue;
            }
            if reaches || to.is_none() && blocks[at].left.is_some() {
                return true;
            }
            let head = self.waiting_loops.iter().find(|row| row.0 == at);
            for &next in &blocks[at].successors {
                if !within && head.is_some_and(|row| row.1 == next) {
                    continue;
                }
                let inside = self.waiting_loops.iter().find(|row| row.0 == next);
                let within = inside.is_none_or(|row| row.2.contains(at));
                if !std::mem::replace(&mut seen[next][usize::from(within)], true) {
                    work.push((next, 0, within));
                }
            }
        }
        false
    }

    /// Whether an access is made only where a variable of the function alone is true, which is set only by those who have
    /// heard: `ready && started`.
    fn behind_a_flag(&self, access: Span, from: Point, hears: &dyn Fn(&EventKind, Span) -> bool) -> bool {
        let program = self.facts.cx.program;
        let facts = program.facts(self.file);
        let Some(body) = &program.function(self.func).body else { return false };
        let mut flags: Vec<LocalId> = Vec::new();
        for expr in facts.exprs.iter() {
            if let Expr::Binary { op: BinaryOp::And, left, right } = expr
                && facts.exprs.span(*right).contains(access)
            {
                self.conjuncts(*left, &mut flags);
            }
        }
        for row in super::guards::deciding(self.facts, self.func, access, &|_| true) {
            if row.holds {
                self.conjuncts(row.condition, &mut flags);
            }
        }
        let here = points(self.events);
        let is_false = |expr: ExprId| matches!(&facts.exprs[expr], Expr::Name(name) if name.as_str() == "false");
        flags.into_iter().any(|flag| {
            let local = &facts.locals[flag];
            let LocalDecl::Value(first) = &local.decl else { return false };
            let writes = body.instrs().filter(|instr| match instr.kind {
                InstrKind::Write { place, .. } => matches!(facts.exprs[place], Expr::Local(l) if l == flag),
                _ => false,
            });
            let mut unheard = writes.filter(|instr| {
                // A variable that nobody shares has no events: the block tells.
                let block =
                    body.blocks.iter().position(|block| body.instrs_of(block).iter().any(|i| i.span == instr.span));
                let at = here
                    .get(&instr.span)
                    .copied()
                    .or(block.map(|block| (block, self.events.blocks[block].events.len())));
                at.is_none_or(|at| self.gets_to(from, Some(at), hears))
            });
            !local.captured && is_false(first.expr) && unheard.next().is_none()
        })
    }

    /// The variables that are true where a condition holds.
    fn conjuncts(&self, condition: ExprId, out: &mut Vec<LocalId>) {
        match self.facts.cx.program.facts(self.file).exprs[condition] {
            Expr::Local(local) => out.push(local),
            Expr::Binary { op: BinaryOp::And, left, right } => {
                self.conjuncts(left, out);
                self.conjuncts(right, out);
            }
            _ => {}
        }
    }

    /// Whether the goroutine waits, before a point, for what only a goroutine signals that is still to be started.
    pub(super) fn opened_later(&self, goroutine: usize, gate: Location, active: &FixedBitSet) -> bool {
        let Location::Local(file, _) = gate else { return false };
        let program = self.facts.cx.program;
        if file != self.file {
            return false;
        }
        let funcs = program.facts(file).functions.ids().filter_map(|index| program.func_of(file, index));
        let mut openers = funcs.filter(|func| {
            let signals = signals(self.facts.cx.events.of(*func));
            signals.iter().any(|(key, _)| *key == gate)
        });
        let reach = &self.facts.reaches[self.ids[goroutine]];
        let waiting = |body: FuncId| {
            let runs = |id: &SpawnId| self.facts.spawns.sites[*id].bodies.contains(&body);
            self.ids.iter().enumerate().any(|(number, id)| runs(id) && !active.contains(number))
        };
        let later = |func: FuncId| {
            let mut at = func;
            while let Some(parent) = program.funcs()[at].parent.filter(|parent| *parent != self.func) {
                at = parent;
            }
            // What it sends itself opens no gate of its own.
            !reach.contains(func) && program.funcs()[at].parent == Some(self.func) && waiting(at)
        };
        let Some(first) = openers.next() else { return false };
        later(first) && openers.all(later)
    }
}

/// Signals of a function, deferred ones included.
fn signals(events: &FuncEvents) -> Vec<(Location, SignalKind)> {
    let mut out = Vec::new();
    for event in events.blocks.iter().flat_map(|block| &block.events) {
        match &event.kind {
            EventKind::Signal { key, kind } => out.push((*key, *kind)),
            EventKind::Defer { effects, .. } => out.extend(effects.iter().filter_map(|effect| match effect {
                EventKind::Signal { key, kind } => Some((*key, *kind)),
                _ => None,
            })),
            _ => {}
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}
