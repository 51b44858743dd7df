//! In which order functions can be summarised, bottom-up and many at a time.
//!
//! Invariant: the summaries are those of one thread that takes the components of the call graph one by one, callees first.
//! What a component asks of an earlier one is known by then; of a later one (functions handed over may be called although
//! no edge of the graph says so) nothing is known yet, and must not be: the later one then stands on a later level.

use rayon::prelude::*;

use super::calls::Calls;
use crate::{
    base::{InPieces, IndexVec},
    resolve::FuncId,
};

/// Functions of a circle that are summarised ahead of their turns. With more of them more is found twice.
const AHEAD: usize = 32;

/// Fewer are summarised sooner than handed out to threads.
const FEWEST_AHEAD: usize = 4;

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

    /// Goes over the functions of a component, in order, until nothing changes, `rounds` times at most. `summarise` gives a
    /// function's summary by what `state` knows, and `keep` puts it there and says whether that was news. A function is
    /// passed over while all it asks for is as it was when its turn came last: it would be summarised to the same.
    ///
    /// Threads summarise ahead. What was found so counts where nothing the function asks for has changed until its turn;
    /// otherwise it is found again: the outcome is that of one thread.
    pub(super) fn settle<S: Sync, R: Send>(
        &self,
        component: usize,
        rounds: u32,
        state: &mut S,
        summarise: impl Fn(&S, FuncId) -> R + Sync,
        mut keep: impl FnMut(&mut S, FuncId, R) -> bool,
    ) {
        let members = &self.components[component];
        let mut turns =
            Turns { levels: self, component, summarised: vec![0; members.len()], news: vec![0; members.len()] };
        let mut now = 0;
        for _ in 0..rounds {
            let before = now;
            let mut next = 0;
            while next < members.len() {
                let (first, start) = (next, now);
                let mut due: Vec<usize> = Vec::new();
                while next < members.len() && due.len() < AHEAD {
                    due.extend(turns.is_due(next, members[next]).then_some(next));
                    next += 1;
                }
                if due.len() < FEWEST_AHEAD || rayon::current_num_threads() == 1 {
                    due.clear();
                }
                let ahead = due.into_par_iter().one_by_one().map(|at| (at, summarise(state, members[at])));
                let mut ahead = ahead.collect::<Vec<(usize, R)>>().into_iter().peekable();
                for (at, &func) in (first..next).zip(&members[first..next]) {
                    let found = ahead.next_if(|(of, _)| *of == at);
                    if !turns.is_due(at, func) {
                        continue;
                    }
                    let summary = match found {
                        Some((_, summary)) if !turns.asks_for_news(func, start) => summary,
                        _ => summarise(state, func),
                    };
                    now += 1;
                    turns.summarised[at] = now;
                    if keep(state, func, summary) {
                        // Later than its own turn: it may ask for itself.
                        now += 1;
                        turns.news[at] = now;
                    }
                }
            }
            if now == before || turns.news.iter().all(|&at| at <= before) {
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

/// Steps of [`Levels::settle`], counted: when each function of a component was summarised last, and when that was news.
struct Turns<'a> {
    levels: &'a Levels,
    component: usize,
    summarised: Vec<u32>,
    news: Vec<u32>,
}

impl Turns<'_> {
    /// Whether the function was never summarised, or something it asks for has changed since.
    fn is_due(&self, at: usize, func: FuncId) -> bool {
        self.summarised[at] == 0 || self.asks_for_news(func, self.summarised[at])
    }

    /// Whether something the function asks for has changed after a step.
    fn asks_for_news(&self, func: FuncId, after: u32) -> bool {
        self.levels.asked(func).iter().any(|&other| {
            let (of, row) = self.levels.place[other];
            of as usize == self.component && self.news[row as usize] > after
        })
    }
}

/// The functions whose summaries a function's own stands on.
fn asked(calls: &Calls, func: FuncId) -> Box<[FuncId]> {
    let rows = calls.of(func).iter();
    let mut asked: Vec<FuncId> =
        rows.flat_map(|row| row.targets.iter().copied().chain(row.handed.iter().map(|handed| handed.func))).collect();
    asked.sort_unstable();
    asked.dedup();
    asked.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Idx;

    /// One circle of functions that ask for others here and there.
    fn circle(functions: usize) -> Levels {
        let mut seed = 7_u32;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % below
        };
        let asked = (0..functions).map(|_| (0..random(4)).map(|_| FuncId::new(random(functions))).collect()).collect();
        Levels {
            components: vec![(0..functions).map(FuncId::new).collect()],
            asked,
            place: (0..functions).map(|at| (0, at as u32)).collect(),
            levels: Vec::new(),
            settled: IndexVec::filled(false, functions),
        }
    }

    type Known = IndexVec<FuncId, u32>;

    /// A summary that depends on the order in which all others were found.
    fn summary(levels: &Levels, known: &Known, func: FuncId) -> u32 {
        let asked = levels.asked(func).iter().map(|&other| known[other]);
        asked.fold(func.index() as u32 % 5, |sum, other| (sum * 31 + other) % 1_000)
    }

    fn keep(known: &mut Known, func: FuncId, summary: u32) -> bool {
        std::mem::replace(&mut known[func], summary) != summary
    }

    #[test]
    fn what_is_found_ahead_is_what_one_thread_finds_in_turn() {
        for functions in [1, 5, 300] {
            for rounds in [1, 2, 6] {
                let levels = circle(functions);
                let mut in_turn = Known::filled(0, functions);
                for _ in 0..rounds {
                    for &func in &levels.components[0] {
                        let found = summary(&levels, &in_turn, func);
                        keep(&mut in_turn, func, found);
                    }
                }
                for threads in [1, 4] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    let mut known = Known::filled(0, functions);
                    let summarise = |known: &Known, func| summary(&levels, known, func);
                    pool.install(|| levels.settle(0, rounds, &mut known, summarise, keep));
                    assert_eq!(known, in_turn, "{functions} functions, {rounds} rounds, {threads} threads");
                }
            }
        }
    }
}
