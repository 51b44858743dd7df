//! Goroutines of a function that never returns: nobody sees them outlive it, and they run all the same.
//!
//! ```go
//! for {
//!     go handle(<-conns)
//! }
//! ```
//!
//! Invariant: a goroutine that the function waits for in each round is not among them.

use fixedbitset::FixedBitSet;

use super::{
    after_spawn::Pass,
    domain::SpawnId,
    order::{has_cycle, leading_out},
    running::State,
};

impl Pass<'_> {
    /// The goroutines that may run for ever beside the function: those that run on a way round that no exit can be reached
    /// from, or where it stays for good.
    pub(super) fn endless(&mut self, entry: &[Option<State>]) -> Vec<SpawnId> {
        let events = self.events;
        let leads_out = leading_out(events);
        let mut stays: Vec<(usize, State)> = Vec::new();
        for (at, state) in entry.iter().enumerate() {
            let Some(state) = state.as_ref().filter(|_| !leads_out.contains(at)) else { continue };
            let mut state = state.clone();
            if self.block(at, &mut state) {
                stays.push((at, state));
            }
        }
        let mut out = Vec::new();
        for (goroutine, id) in self.ids.iter().enumerate() {
            let mut on = FixedBitSet::with_capacity(events.blocks.len());
            let runs = |state: &State| state.active.contains(goroutine) && !state.ended.contains(goroutine);
            on.extend(stays.iter().filter(|row| runs(&row.1)).map(|row| row.0));
            if on.ones().any(|at| events.blocks[at].successors.is_empty()) || has_cycle(events, &on) {
                out.push(*id);
            }
        }
        out
    }
}
