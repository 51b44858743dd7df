//! In which order functions can be summarised, bottom-up and many at a time.
//!
//! Invariant: the summaries are those of one thread that takes the components of the call graph one by one, callees first.
//! What a component asks of an earlier one is known by then; of a later one (functions handed over may be called although
//! no edge of the graph says so) nothing is known yet, and must not be: the later one then stands on a later level.

use super::calls::Calls;
use crate::{base::IndexVec, resolve::FuncId};

/// Components in levels: those of one level ask nothing of each other.
pub struct Levels {
    components: Vec<Vec<FuncId>>,
    levels: Vec<Level>,
    /// Whether all a function asks for is known when its own turn comes.
    settled: IndexVec<FuncId, bool>,
}

/// The components of one level.
#[derive(Default)]
pub(super) struct Level {
    /// Components of one function.
    pub(super) single: Vec<FuncId>,
    /// Numbers of components of several.
    pub(super) several: Vec<usize>,
}

impl Levels {
    /// The levels of all functions, from [`CallGraph::components`](crate::callgraph::CallGraph::components).
    pub fn new(components: Vec<Vec<FuncId>>, calls: &Calls) -> Self {
        let functions = calls.len();
        let mut component_of = IndexVec::filled(0, functions);
        for (at, members) in components.iter().enumerate() {
            members.iter().for_each(|&func| component_of[func] = at);
        }
        let mut number = vec![0_usize; components.len()];
        let mut levels: Vec<Level> = Vec::new();
        let mut settled = IndexVec::filled(true, functions);
        for (at, members) in components.iter().enumerate() {
            let asked = |func: FuncId| {
                let rows = calls.of(func).iter();
                rows.flat_map(|row| row.targets.iter().copied().chain(row.handed.iter().map(|h| h.func)))
            };
            for &func in members {
                for other in asked(func).map(|callee| component_of[callee]) {
                    if other < at {
                        number[at] = number[at].max(number[other] + 1);
                    } else {
                        settled[func] = false;
                    }
                }
            }
            // Only now is the number of this component known.
            for later in members.iter().flat_map(|&func| asked(func)).map(|callee| component_of[callee]) {
                if later > at {
                    number[later] = number[later].max(number[at] + 1);
                }
            }
            if levels.len() <= number[at] {
                levels.resize_with(number[at] + 1, Level::default);
            }
            match members.as_slice() {
                &[func] => levels[number[at]].single.push(func),
                _ => levels[number[at]].several.push(at),
            }
        }
        Self { components, levels, settled }
    }

    /// The functions of a component of several.
    pub(super) fn members(&self, component: usize) -> &[FuncId] {
        &self.components[component]
    }

    /// All levels, lowest first.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Level> {
        self.levels.iter()
    }

    /// Whether what a function asks for is final when its turn comes.
    pub(super) fn is_settled(&self, func: FuncId) -> bool {
        self.settled[func]
    }
}
