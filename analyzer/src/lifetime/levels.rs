//! In which order functions can be summarised, bottom-up and many at a time.
//!
//! Invariant: the summaries are those of one thread that takes the components of the call graph one by one, callees first.
//! What a component asks of an earlier one is known by then; of a later one (functions handed over may be called although
//! no edge of the graph says so) nothing is known yet, and must not be: the later one then stands on a later level.

use rayon::prelude::*;

use super::calls::Calls;
use crate::{base::IndexVec, resolve::FuncId};

/// Components in levels: those of one level ask nothing of each other.
pub struct Levels {
    components: Vec<Vec<FuncId>>,
    /// The functions whose summaries a function's own stands on.
    asked: IndexVec<FuncId, Box<[FuncId]>>,
    /// Component of a function, and its place there.
    place: IndexVec<FuncId, (u32, u32)>,
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
        let asked: IndexVec<FuncId, Box<[FuncId]>> =
            calls.par_ids().map(|func| asked(calls, func)).collect::<Vec<_>>().into();
        let mut place = IndexVec::filled((0, 0), functions);
        for (component, members) in (0..).zip(&components) {
            members.iter().zip(0..).for_each(|(&func, at)| place[func] = (component, at));
        }
        let component_of = |func: FuncId| place[func].0 as usize;
        let mut number = vec![0_usize; components.len()];
        let mut levels: Vec<Level> = Vec::new();
        let mut settled = IndexVec::filled(true, functions);
        for (at, members) in components.iter().enumerate() {
            for &func in members {
                for other in asked[func].iter().map(|&callee| component_of(callee)) {
                    if other < at {
                        number[at] = number[at].max(number[other] + 1);
                    } else {
                        settled[func] = false;
                    }
                }
            }
            // Only now is the number of this component known.
            for later in members.iter().flat_map(|&func| &asked[func]).map(|&callee| component_of(callee)) {
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
        Self { components, asked, place, levels, settled }
    }

    /// The functions whose summaries a function's own stands on, in order.
    pub(super) fn asked(&self, func: FuncId) -> &[FuncId] {
        &self.asked[func]
    }

    /// Goes over the functions of a component, in order, until nothing changes, `rounds` times at most. `step` summarises a
    /// function and says whether that was news. A function is passed over while all it asks for is as it was when its turn
    /// came last: it would be summarised to the same.
    pub(super) fn settle(&self, component: usize, rounds: u32, mut step: impl FnMut(FuncId) -> bool) {
        let members = &self.components[component];
        // Steps are counted: when a function was summarised last, and when that was news.
        let mut summarised = vec![0_u32; members.len()];
        let mut news = vec![0_u32; members.len()];
        let mut now = 0;
        for _ in 0..rounds {
            let before = now;
            for (at, &func) in members.iter().enumerate() {
                let newer = |other: &FuncId| match self.place[*other] {
                    (of, other) if of as usize == component => news[other as usize] > summarised[at],
                    _ => false,
                };
                if summarised[at] > 0 && !self.asked(func).iter().any(newer) {
                    continue;
                }
                now += 1;
                summarised[at] = now;
                if step(func) {
                    // Later than its own turn: it may ask for itself.
                    now += 1;
                    news[at] = now;
                }
            }
            if news.iter().all(|&at| at <= before) {
                break;
            }
        }
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

fn asked(calls: &Calls, func: FuncId) -> Box<[FuncId]> {
    let rows = calls.of(func).iter();
    let mut asked: Vec<FuncId> =
        rows.flat_map(|row| row.targets.iter().copied().chain(row.handed.iter().map(|handed| handed.func))).collect();
    asked.sort_unstable();
    asked.dedup();
    asked.into()
}
