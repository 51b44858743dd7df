//! Goroutines that are not started by a plain `go` of what the function captures: subtests that pause, helpers that give up
//! at a deadline, channels handed over. A part of [`super::after_spawn`].

use std::borrow::Cow;

use super::{
    after_spawn::{Facts, Pass},
    domain::{Access, AccessKind, Location, SpawnId, SpawnKind},
    events::{EventKind, FuncEvents},
    reach::{self, Reach, Reached},
    running::State,
};
use crate::{
    base::Span,
    resolve::FuncId,
    syntax::{Expr, InstrKind, LocalId, Source},
};

impl FuncEvents {
    /// Where the function, as a subtest, pauses until the one that starts it has returned.
    pub fn pause(&self) -> Option<Span> {
        let mut events = self.blocks.iter().flat_map(|block| &block.events);
        events.find(|event| matches!(event.kind, EventKind::Pauses)).map(|event| event.span)
    }
}

impl Pass<'_> {
    /// What holds on one way out of a block. A helper that runs a function in a goroutine and gives up at a deadline says
    /// so by an error: where there is none, the function is over.
    pub(super) fn on_way(&self, at: usize, way: usize, state: &State) -> State {
        let mut state = state.clone();
        let Some(test) = self.events.blocks[at].test.filter(|_| self.events.blocks[at].successors.len() == 2) else {
            return state;
        };
        if test.nil_first == (way == 0) {
            let over = |goroutine: &usize| self.errors[*goroutine].contains(&test.local);
            state.active.ones().filter(over).collect::<Vec<_>>().into_iter().for_each(|g| state.active.remove(g));
        }
        state
    }

    /// Whether the goroutine is that of a subtest that pauses.
    pub(super) fn is_subtest(&self, goroutine: usize) -> bool {
        self.facts.spawns.sites[self.ids[goroutine]].kind == SpawnKind::Subtest
    }

    /// Whether a paused subtest sees an access of its parent when it goes on: they never run at once, but a variable that
    /// is assigned again has its last value by then.
    pub(super) fn is_seen_late(access: &Access) -> bool {
        access.kind == AccessKind::Write && !access.element && matches!(access.location, Location::Local(..))
    }

    /// Whether what is reached comes before the subtest pauses: its parent goes on only then.
    pub(super) fn before_pause(&self, goroutine: usize, reach: &Reach, reached: &Reached, span: Span) -> bool {
        if !self.is_subtest(goroutine) {
            return false;
        }
        let func = reach.nodes[reached.node as usize].func;
        let (func, span) = reach.path(reached.node).first().copied().unwrap_or((func, span));
        self.facts.cx.events.of(func).pause().is_some_and(|pause| span.start < pause.start)
    }

    /// Rows of the index that may be of what `access` goes to: those of its location and, as a channel is one whatever
    /// variable it is handed over in, those of the parameters that stand for it.
    pub(super) fn listed(&self, reach: &Reach, access: &Access) -> Cow<'_, [(FuncId, u32)]> {
        let (cx, index) = (self.facts.cx, self.facts.index);
        let own = index.of(access.location);
        let Location::Local(_, local) = access.location else { return Cow::Borrowed(own) };
        if access.element || !matches!(access.kind, AccessKind::Close | AccessKind::Send) {
            return Cow::Borrowed(own);
        }
        let mut rows = own.to_vec();
        for (node, number) in reach.nodes.iter().zip(0..) {
            let file = cx.program.funcs()[node.func].file;
            let names = reach.variables(number).filter(|(here, there)| *there == local && here != there);
            for (here, _) in names {
                let named = index.of(Location::Local(file, here)).iter();
                rows.extend(named.filter(|row| {
                    row.0 == node.func && matches!(reach::access(cx, **row).kind, AccessKind::Close | AccessKind::Send)
                }));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Cow::Owned(rows)
    }
}

/// The variables that get the results of a helper which starts what it is handed and waits for it, for a time.
pub(super) fn results_of_helper(facts: Facts<'_>, id: SpawnId) -> Vec<LocalId> {
    let site = &facts.spawns.sites[id];
    let program = facts.cx.program;
    let file = program.funcs()[site.func].file;
    let Some(body) = program.function(site.func).body.as_ref().filter(|_| site.kind == SpawnKind::Wrapper) else {
        return Vec::new();
    };
    let ended = |key: &Location| site.signals.iter().any(|signal| signal.key == *key);
    let waits = |helper: &FuncId| {
        let mut events = facts.cx.events.of(*helper).blocks.iter().flat_map(|block| &block.events);
        events.any(|event| matches!(&event.kind, EventKind::Wait { key, .. } if ended(key)))
    };
    if !facts.calls.at(site.func, site.call).is_some_and(|row| row.targets.iter().any(waits)) {
        return Vec::new();
    }
    let instrs = body.instrs();
    let stores = instrs.filter_map(|instr| match instr.kind {
        InstrKind::Define { local, source: Source::Value(value) } => Some((local, value)),
        InstrKind::Write { place, source: Source::Value(value) } => match program.facts(file).exprs[place] {
            Expr::Local(local) => Some((local, value)),
            _ => None,
        },
        _ => None,
    });
    stores.filter(|(_, value)| value.expr == site.call).map(|(local, _)| local).collect()
}
