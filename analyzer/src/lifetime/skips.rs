//! Where an obligation of a function ends: the exits at which goroutines are left running, and what becomes of the
//! object that holds them. The second half of [`super::obligations`].

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashSet;

use super::{
    calls::CallRef,
    domain::{Exit, SpawnId},
    domain_local::{self, Operand},
    events::FuncEvents,
    handed::root_local,
    obligations::{Discharged, Flow, Holder, Item, Leak, Opening, Peril, Skip, Solver, State, spawn_ids},
    origin::mentions,
    partial_joins,
};
use crate::{
    base::{Idx, Span},
    resolve::{FuncId, Root},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId, Source, Terminator},
};

/// Functions from a call to the wait at most, for the wait to be what the call is there for.
const MAX_DELIBERATE_PATH: u32 = 2;

/// Where the object a local variable holds goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Stays,
    Into(LocalId),
    Away,
}

impl Solver<'_> {
    /// Whether a call on a path of the function is there to end the holder's object: by its name, or because it waits
    /// within two calls. What happens to wait somewhere below is no evidence that another exit should have.
    fn is_deliberate(&self, func: FuncId, call: ExprId, spawns: &FixedBitSet) -> bool {
        let cx = self.cx;
        let Some(row) = self.calls.at(func, call) else { return false };
        let names = row
            .targets
            .iter()
            .chain(row.handed.iter().map(|h| &h.func))
            .map(|target| cx.program.funcs()[*target].key.as_str().rsplit('.').next().unwrap_or(""));
        if names.into_iter().any(|name| cx.models.ends_object(name)) {
            return true;
        }
        spawns.ones().any(|id| {
            let site = &self.spawns.sites[SpawnId::new(id)];
            site.signals.iter().any(|s| {
                !super::joins::path_to_wait_within(self.joins, self.calls, row, s.key, MAX_DELIBERATE_PATH).is_empty()
            })
        })
    }

    /// Where the object of `local` goes besides being used: returned, stored, sent, put into a literal.
    fn escape(&self, func: FuncId, file: FileId, local: LocalId) -> Escape {
        let program = self.cx.program;
        let facts = program.facts(file);
        let Some(body) = &program.function(func).body else { return Escape::Stays };
        let mut seen = FxHashSet::default();
        let is_it = |expr: ExprId| match &facts.exprs[expr] {
            Expr::Local(l) => *l == local,
            Expr::AddressOf(inner) => matches!(facts.exprs[*inner], Expr::Local(l) if l == local),
            _ => false,
        };
        for instr in body.instrs() {
            match instr.kind {
                InstrKind::Write { place, source: Source::Value(value) } => {
                    let stored = is_it(value.expr)
                        || matches!(&facts.exprs[value.expr], Expr::Call { args, .. } if
                            facts.exprs.list(*args).iter().any(|a| is_it(*a)) && matches!(program.callee(file, value.expr),
                                crate::resolve::Callee::Builtin(crate::resolve::Builtin::Append)));
                    if stored {
                        let target = program.place(file, place);
                        match target.root {
                            Root::Local(root) if !target.steps.is_empty() || stored_list(&facts.exprs[value.expr]) => {
                                if root != local && seen.insert(root) {
                                    return Escape::Into(root);
                                }
                            }
                            Root::Local(root) if root == local => {}
                            _ => return Escape::Away,
                        }
                    }
                }
                InstrKind::Send { value, .. } if is_it(value) => return Escape::Away,
                _ => {}
            }
        }
        // A literal that a loop ranges over is gone with the loop.
        let ranged: Vec<ExprId> = body
            .blocks
            .iter()
            .filter_map(|block| match block.end {
                Terminator::Range { over, .. } => Some(over),
                _ => None,
            })
            .collect();
        for expr in facts.exprs.iter_enumerated().filter_map(|(id, e)| {
            (program.function(func).span.contains(facts.exprs.span(id)) && !ranged.contains(&id)).then_some(e)
        }) {
            if let Expr::Composite { elements, .. } = expr
                && facts.exprs.elements(*elements).iter().any(|e| is_it(e.value))
            {
                return Escape::Away;
            }
        }
        Escape::Stays
    }

    pub(super) fn conclude(
        &self,
        func: FuncId,
        file: FileId,
        events: &FuncEvents,
        items: &[Item],
        outs: &[Option<State>],
        (discharged, perils): (&[Discharged], &[Peril]),
    ) -> Flow {
        let program = self.cx.program;
        let mut leaks: Vec<Leak> = Vec::new();
        let mut skips = Vec::new();
        let mut openings = Vec::new();
        let mut scoped = FixedBitSet::with_capacity(self.spawns.sites.len());
        if program.funcs()[func].symbol.as_str() == "main.main" {
            // The process ends with it, and every goroutine.
            return Flow::default();
        }
        let mut leak = |holder, spawns: &FixedBitSet, fails: bool| {
            let none = FixedBitSet::with_capacity(spawns.len());
            let at = leaks.iter().position(|l: &Leak| l.holder == holder).unwrap_or_else(|| {
                leaks.push(Leak { holder, spawns: none.clone(), failing: none });
                leaks.len() - 1
            });
            leaks[at].spawns.union_with(spawns);
            if fails {
                leaks[at].failing.union_with(spawns);
            }
        };
        for (index, item) in items.iter().enumerate() {
            let mut holder = item.holder;
            let mut class = domain_local::operand(program, func, file, holder);
            let mut stays = true;
            if class == Operand::Own {
                match self.escape(func, file, holder) {
                    Escape::Stays => {}
                    Escape::Into(root) => {
                        holder = root;
                        class = domain_local::operand(program, func, file, root);
                        stays = false;
                    }
                    Escape::Away => continue,
                }
            }
            let mut left_open = Vec::new();
            for (at, out) in outs.iter().enumerate() {
                let (Some(state), Some((exit, span))) = (out, events.blocks[at].exit()) else { continue };
                if class == Operand::Own && stays && !state.half[index].is_clear() {
                    for &call in &discharged[index].calls {
                        let row = self.calls.at(func, call);
                        skips.extend(row.into_iter().flat_map(|row| self.around(row, &state.half[index])));
                    }
                }
                let open = &state.open[index];
                if open.is_clear() {
                    continue;
                }
                let fails = partial_joins::may_fail(program, func, at);
                match class {
                    Operand::Receiver => leak(Holder::Receiver, open, fails),
                    Operand::Param(n) => leak(Holder::Param(n), open, fails),
                    Operand::Captured => {}
                    Operand::Own if self.returned(func, file, at, holder) => leak(Holder::Result, open, fails),
                    Operand::Own if stays => {
                        let mut skipped = open.clone();
                        skipped.intersect_with(&discharged[index].spawns);
                        let deliberate: Vec<ExprId> = if skipped.is_clear() {
                            Vec::new()
                        } else {
                            let calls = discharged[index].calls.iter().copied();
                            calls.filter(|call| self.is_deliberate(func, *call, &skipped)).collect()
                        };
                        let waits = &discharged[index].waits;
                        let evidence = !deliberate.is_empty() || !waits.is_empty();
                        if skipped.is_clear() && exit != Exit::Panic {
                            left_open.push((exit, span));
                        }
                        if !skipped.is_clear() && evidence {
                            for span in self.divergence(events, outs, index, at, span) {
                                skips.push(Skip {
                                    func,
                                    holder,
                                    opened_by: item.opened_by,
                                    spawns: skipped.clone(),
                                    exit,
                                    span,
                                    discharged_by: deliberate.iter().map(|&call| (func, call)).collect(),
                                    waited_at: waits.clone(),
                                    iteration: false,
                                });
                            }
                        }
                    }
                    Operand::Own => {}
                }
            }
            if class == Operand::Own && stays {
                scoped.union_with(&discharged[index].spawns);
                for peril in perils.iter().filter(|peril| peril.item == index) {
                    let mut skipped = peril.open.clone();
                    skipped.intersect_with(&discharged[index].spawns);
                    let calls = discharged[index].calls.iter().copied();
                    let deliberate = calls.filter(|call| self.is_deliberate(func, *call, &skipped));
                    let discharged_by: Vec<_> = deliberate.map(|call| (func, call)).collect();
                    if !skipped.is_clear() && !discharged_by.is_empty() && !program.sources().files[file].test {
                        skips.push(Skip {
                            func,
                            holder,
                            opened_by: item.opened_by,
                            spawns: skipped,
                            exit: Exit::Panic,
                            span: peril.span,
                            discharged_by,
                            waited_at: Vec::new(),
                            iteration: false,
                        });
                    }
                }
                skips.extend(self.iteration_skips(func, file, events, index, item, outs, &discharged[index]));
                let done = &discharged[index];
                let joined_by = done.calls.iter().copied().filter(|c| self.is_deliberate(func, *c, &done.spawns));
                if item.result_of {
                    let joined_by: Vec<ExprId> = joined_by.collect();
                    openings.push(Opening { func, item: item.clone(), joined_by, left_open });
                }
            }
        }
        leaks.sort_by_key(|l| l.holder);
        let of_test = program.sources().files[file].test;
        Flow { leaks, skips, openings, scoped, of_test, ..Flow::default() }
    }

    /// The exits of a callee that go around its join, for goroutines that it was to join.
    fn around(&self, row: &CallRef, spawns: &FixedBitSet) -> Vec<Skip> {
        let mut skips = Vec::new();
        for (func, exit) in self.partial.exits(self.cx, self.calls, self.joins, row) {
            let mut left = FixedBitSet::with_capacity(spawns.len());
            exit.keys.ones().for_each(|bit| left.union_with(&self.by_key[bit]));
            left.intersect_with(spawns);
            if left.is_clear() {
                continue;
            }
            skips.push(Skip {
                func,
                holder: exit.holder,
                opened_by: row.call,
                spawns: left,
                exit: exit.exit,
                span: exit.span,
                discharged_by: exit.joined_by.iter().map(|&call| (func, call)).collect(),
                waited_at: exit.waited_at.clone(),
                iteration: false,
            });
        }
        skips
    }

    /// Functions that get an object from a constructor that starts its goroutines, as others do that close it, and never
    /// close it.
    pub(super) fn forgotten(&self, openings: &[Opening]) -> Vec<Skip> {
        let program = self.cx.program;
        let is_test = |func: FuncId| program.sources().files[self.file(func)].test;
        let openers = |opening: &Opening| self.calls.at(opening.func, opening.item.opened_by).map(|row| &row.targets);
        let mut skips = Vec::new();
        for opening in openings {
            if !opening.joined_by.is_empty() || opening.left_open.is_empty() || is_test(opening.func) {
                continue;
            }
            let Some(opener) = openers(opening).filter(|targets| targets.len() == 1) else { continue };
            let mut spawns = opening.item.spawns.clone();
            let started_there = spawn_ids(&spawns).filter(|id| self.spawns.sites[*id].func == opener[0]);
            spawns = started_there.map(Idx::index).collect();
            if spawns.is_clear() {
                continue;
            }
            let like = openings.iter().filter(|other| {
                !other.joined_by.is_empty() && other.func != opening.func && openers(other) == Some(opener)
            });
            let joined: Vec<(FuncId, ExprId)> =
                like.flat_map(|other| other.joined_by.iter().map(|&call| (other.func, call))).collect();
            if joined.iter().all(|(func, _)| is_test(*func)) {
                continue;
            }
            skips.extend(opening.left_open.iter().map(|&(exit, span)| Skip {
                func: opening.func,
                holder: opening.item.holder,
                opened_by: opening.item.opened_by,
                spawns: spawns.clone(),
                exit,
                span,
                discharged_by: joined.clone(),
                waited_at: Vec::new(),
                iteration: false,
            }));
        }
        skips
    }

    /// Where a way that leaves the obligation open parts from those that do not: the jumps into a block that others
    /// reach with the join behind them; otherwise the exit itself.
    fn divergence(
        &self,
        events: &FuncEvents,
        outs: &[Option<State>],
        index: usize,
        exit: usize,
        span: Span,
    ) -> Vec<Span> {
        let mut at = exit;
        for _ in 0..events.blocks.len() {
            let before: Vec<usize> = (0..events.blocks.len())
                .filter(|b| outs[*b].is_some() && events.blocks[*b].successors.contains(&at))
                .collect();
            let (open, closed): (Vec<usize>, Vec<usize>) =
                before.into_iter().partition(|b| outs[*b].as_ref().is_some_and(|s| !s.open[index].is_clear()));
            if open.is_empty() {
                return vec![span];
            }
            if !closed.is_empty() || open.len() > 1 {
                let jumps: Vec<Span> = open
                    .iter()
                    .filter(|b| events.blocks[**b].successors.len() == 1)
                    .map(|b| events.blocks[*b].end_span)
                    .filter(|jump| jump.end > jump.start)
                    .collect();
                return if jumps.is_empty() || closed.is_empty() && jumps.len() != open.len() {
                    vec![span]
                } else {
                    jumps
                };
            }
            if events.blocks[open[0]].successors.len() != 1 {
                return vec![span];
            }
            at = open[0];
        }
        vec![span]
    }

    /// Ways back to the head of a loop with the obligation open, for an owner that each iteration makes anew.
    #[expect(clippy::too_many_arguments, reason = "one step of `conclude`, split off for reading")]
    fn iteration_skips(
        &self,
        func: FuncId,
        file: FileId,
        events: &FuncEvents,
        index: usize,
        item: &Item,
        outs: &[Option<State>],
        discharged: &Discharged,
    ) -> Vec<Skip> {
        let program = self.cx.program;
        let Some(body) = &program.function(func).body else { return Vec::new() };
        let Some(scope) = program.facts(file).locals[item.holder].loop_scope else { return Vec::new() };
        let mut skips = Vec::new();
        for around in body.loops.iter().filter(|l| scope.span == l.span && l.span.contains(item.span)) {
            let head = around.head.index();
            for (at, out) in outs.iter().enumerate() {
                let Some(state) = out else { continue };
                let inside = around.span.contains(events.blocks[at].end_span);
                if !inside || !events.blocks[at].successors.contains(&head) || at == head {
                    continue;
                }
                let mut skipped = state.open[index].clone();
                skipped.intersect_with(&discharged.spawns);
                // What joins behind the loop joins what all iterations left.
                let exprs = &self.cx.program.facts(file).exprs;
                let calls = discharged.calls.iter().copied().filter(|call| around.span.contains(exprs.span(*call)));
                let deliberate: Vec<ExprId> = calls.filter(|call| self.is_deliberate(func, *call, &skipped)).collect();
                let waits: Vec<Span> =
                    discharged.waits.iter().copied().filter(|wait| around.span.contains(*wait)).collect();
                let evidence = !deliberate.is_empty() || !waits.is_empty();
                if !skipped.is_clear() && evidence {
                    skips.push(Skip {
                        func,
                        holder: item.holder,
                        opened_by: item.opened_by,
                        spawns: skipped,
                        exit: Exit::End,
                        span: events.blocks[at].end_span,
                        discharged_by: deliberate.into_iter().map(|call| (func, call)).collect(),
                        waited_at: waits,
                        iteration: true,
                    });
                }
            }
        }
        skips
    }

    /// Whether the values returned at the end of block `at` contain the variable.
    fn returned(&self, func: FuncId, file: FileId, at: usize, local: LocalId) -> bool {
        let Some(body) = &self.cx.program.function(func).body else { return false };
        let Some(block) = body.blocks.get(crate::syntax::BlockId::new(at)) else { return false };
        match &block.end {
            Terminator::Return { values } if values.is_empty() => {
                matches!(self.cx.program.facts(file).locals[local].decl, LocalDecl::Result { .. })
            }
            Terminator::Return { values } => values.iter().any(|v| {
                let expr = &self.cx.program.facts(file).exprs[*v];
                self.wrapped(file, *v, local)
                    || !matches!(expr, Expr::Call { .. } | Expr::Binary { .. } | Expr::Receive(_))
                        && mentions(self.cx.program, file, *v).contains(&local)
            }),
            _ => false,
        }
    }

    /// Whether the call makes, out of the variable, an object that has methods: `return NewReader(conn), nil`.
    fn wrapped(&self, file: FileId, call: ExprId, local: LocalId) -> bool {
        let program = self.cx.program;
        let Some(args) = program.facts(file).exprs.args(call) else { return false };
        let made = program.named_of(program.expr_type(file, call));
        let is_it = |arg: &ExprId| {
            let place = program.place(file, *arg);
            place.steps.is_empty() && root_local(&place) == Some(local)
        };
        made.is_some_and(|named| !program.methods_of(named).is_empty()) && args.iter().any(is_it)
    }
}

fn stored_list(expr: &Expr) -> bool {
    matches!(expr, Expr::Call { .. })
}
