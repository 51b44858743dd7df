//! Objects that go back to a pool, or to a free list, while a goroutine of the function still works on them: whatever it
//! touches of the object then belongs to the next user. Part of [`super::after_spawn`].

use super::{
    after_spawn::{Facts, Pass},
    domain::{Access, AccessKind, Location, SpawnId},
    reach::Reached,
    running::State,
};
use crate::{resolve::FuncId, syntax::LocalId};

/// Calls from a goroutine's body to where it uses an object that is recycled.
const MAX_USE_DEPTH: u32 = 3;

impl Pass<'_> {
    /// What a goroutine first does with the object, unordered with the access that recycles it.
    pub(super) fn uses_recycled(
        &self,
        goroutine: usize,
        object: LocalId,
        access: &Access,
        locks: &[Location],
        state: &State,
    ) -> Option<(Reached, AccessKind, bool)> {
        let id = self.ids[goroutine];
        uses_of(self.facts, id, object, access.func).into_iter().find_map(|reached| {
            let func = self.facts.reaches[id].nodes[reached.node as usize].func;
            let inner = &self.facts.cx.events.of(func).accesses[reached.row as usize];
            let guarded =
                reached.locks.iter().any(|lock| locks.contains(lock)) || self.inherits(goroutine, inner, locks);
            (!guarded && !self.is_ordered(goroutine, &reached, inner, access, state, false))
                .then_some((reached, inner.kind, true))
        })
    }
}

/// What a goroutine does with the fields of an object of the function that started it, nearest first.
///
/// None where `recycler` counts references: the last user recycles, whoever it is.
pub(super) fn uses_of(facts: Facts<'_>, id: SpawnId, object: LocalId, recycler: FuncId) -> Vec<Reached> {
    let cx = facts.cx;
    let reach = &facts.reaches[id];
    if cx.events.of(recycler).accesses.iter().any(|access| access.atomic) || reach.contains(recycler) {
        return Vec::new();
    }
    let mut out: Vec<Reached> = Vec::new();
    for (node, number) in reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_USE_DEPTH) {
        for (access, row) in cx.events.of(node.func).accesses.iter().zip(0_u32..) {
            if access.atomic || !matches!(access.location, Location::Field(_)) || access.depth > 0 {
                continue;
            }
            let reached = reach.reached(cx, number, row);
            if reached.origin == Some(object) {
                out.push(reached);
            }
        }
    }
    out
}
