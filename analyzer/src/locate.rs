//! Frames of a report in a checkout: by symbol first, by line second.
//!
//! The checkout need not be the revision of the report, nor carry the same module path: a function is found by the
//! tail of its symbol, and a line by what it must hold: the access, or a call of the frame above.
//!
//! Invariant: the only module that knows reports and programs both.

use rustc_hash::FxHashMap;

use crate::{
    base::{Idx, Span, Symbol},
    callgraph::{Target, Targets},
    lifetime::{AccessKind, Lifetimes, Location, SpawnId},
    report::{self, Frame, FunctionName, Link, RaceAccess, StackTrace, stale_frames},
    resolve::{Builtin, Callee, FuncId},
    syntax::{InstrKind, LocalId},
};

/// Lines that code may have moved between the revision of a report and the checkout before a line is no longer taken
/// for the same one. The report of the case this program is measured by is 45 lines off.
const MAX_DRIFT: u32 = 400;

/// A frame found in the checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The function.
    pub func: FuncId,
    /// The line that fits, from 1.
    pub line: u32,
    /// How far the line moved.
    pub drift: i64,
}

/// An access of the checkout that fits a report's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocatedAccess {
    /// Its function.
    pub func: FuncId,
    /// Row of the function's accesses.
    pub row: u32,
}

/// A stack with what is known about each frame.
#[derive(Clone, Debug)]
pub struct LocatedStack {
    /// Parallel to the frames.
    pub frames: Vec<Option<Located>>,
    /// Frames left over from a recovered panic.
    pub stale: Vec<bool>,
}

/// Finds frames by the tail of their symbols.
pub struct Locator<'a> {
    lifetimes: &'a Lifetimes<'a>,
    by_tail: FxHashMap<String, Vec<FuncId>>,
}

impl<'a> Locator<'a> {
    /// Indexes the functions of the program.
    pub fn new(lifetimes: &'a Lifetimes<'a>) -> Self {
        let mut by_tail: FxHashMap<String, Vec<FuncId>> = FxHashMap::default();
        for (id, func) in lifetimes.program.funcs().iter_enumerated() {
            by_tail.entry(tail(func.symbol.as_str())).or_default().push(id);
        }
        Self { lifetimes, by_tail }
    }

    /// The function a frame names; `None` when it is not in the checkout, or cannot be told from others.
    pub fn function(&self, frame: &Frame) -> Option<FuncId> {
        let name = FunctionName::parse(&frame.function);
        let canonical = name.canonical();
        if let [one] = self.lifetimes.program.funcs_by_symbol(Symbol::new(&canonical)) {
            return Some(*one);
        }
        let candidates = self.by_tail.get(&tail(&canonical)).or_else(|| self.by_tail.get(&bazel_tail(&canonical)?))?;
        let package = canonical.strip_suffix(&tail(&canonical)).unwrap_or("");
        let score = |func: &FuncId| {
            let program = self.lifetimes.program;
            let row = &program.funcs()[*func];
            let own = program.packages()[row.package].path.as_str();
            let by_package = common_tail(own.split('/').rev(), package.trim_end_matches('/').split('/').rev());
            let path = &program.sources().files[row.file].path;
            let printed = frame.file.replace('\\', "/");
            (common_tail(path.split('/').rev(), printed.split('/').rev()), by_package)
        };
        let best = candidates.iter().max_by_key(|func| (score(func), std::cmp::Reverse(func.index())))?;
        Some(*best)
    }

    /// Locates every frame of a stack and marks the stale ones.
    pub fn stack(&self, stack: &StackTrace) -> LocatedStack {
        let funcs: Vec<Option<FuncId>> = stack.frames.iter().map(|frame| self.function(frame)).collect();
        let at: FxHashMap<*const Frame, Option<FuncId>> =
            stack.frames.iter().map(std::ptr::from_ref).zip(funcs.iter().copied()).collect();
        let stale = stale_frames(stack, |caller, callee| {
            let known = |frame: &Frame| at.get(&std::ptr::from_ref(frame)).copied().flatten();
            match (known(caller), known(callee)) {
                (Some(caller), Some(callee)) => self.link(caller, callee),
                _ => Link::Unknown,
            }
        });
        let frames = stack
            .frames
            .iter()
            .enumerate()
            .map(|(index, frame)| {
                let func = funcs[index]?;
                let callee = index.checked_sub(1).and_then(|above| funcs[above]);
                Some(self.locate(func, frame, callee))
            })
            .collect();
        LocatedStack { frames, stale }
    }

    /// Whether one function has a call that may reach another.
    fn link(&self, caller: FuncId, callee: FuncId) -> Link {
        let lifetimes = self.lifetimes;
        let (program, graph) = (lifetimes.program, lifetimes.graph);
        let name = program.funcs()[callee].key.as_str().rsplit('.').next().unwrap_or("");
        let literal = program.funcs()[callee].parent.is_some();
        let mut unknown = false;
        for &site in graph.sites_of(caller) {
            let site = &graph.sites()[site];
            match &site.targets {
                Targets::Known { callees, .. } => {
                    if callees.contains(&Target::Func(callee)) {
                        return Link::Yes;
                    }
                    // What a library does with a function handed to it is not seen.
                    let handed = lifetimes.calls.at(caller, site.expr).is_some_and(|row| !row.handed.is_empty());
                    unknown |= (literal || handed) && callees.iter().any(|t| matches!(t, Target::External(_)));
                }
                Targets::Unknown(_) => unknown = true,
            }
            let file = program.funcs()[caller].file;
            match program.callee(file, site.expr) {
                Callee::Interface { method, .. } if method.as_str() == name => return Link::Yes,
                Callee::Value(_) if literal => unknown = true,
                _ => {}
            }
        }
        if unknown && literal { Link::Unknown } else { Link::No }
    }

    /// The line of a function that fits a frame: for a caller, the nearest call of the callee.
    fn locate(&self, func: FuncId, frame: &Frame, callee: Option<FuncId>) -> Located {
        let program = self.lifetimes.program;
        let file = program.funcs()[func].file;
        let lines = &program.facts(file).lines;
        let mut best: Option<u32> = None;
        if let Some(callee) = callee {
            for &site in self.lifetimes.graph.sites_of(func) {
                let site = &self.lifetimes.graph.sites()[site];
                let calls = match &site.targets {
                    Targets::Known { callees, .. } => callees.contains(&Target::Func(callee)),
                    Targets::Unknown(_) => false,
                };
                let line = lines.line(site.span.start);
                let nearer = best.is_none_or(|known| line.abs_diff(frame.line) < known.abs_diff(frame.line));
                if calls && nearer && line.abs_diff(frame.line) <= MAX_DRIFT {
                    best = Some(line);
                }
            }
        }
        let span = program.function(func).span;
        let (first, last) = (lines.line(span.start), lines.line(span.end));
        let line = best.unwrap_or_else(|| frame.line.clamp(first, last));
        Located { func, line, drift: i64::from(line) - i64::from(frame.line) }
    }

    /// The pair of accesses of one location that the two sides of a report most likely are.
    pub fn accesses(
        &self,
        first: &RaceAccess,
        second: &RaceAccess,
    ) -> Option<(LocatedAccess, LocatedAccess, Location)> {
        let a = self.candidates(first);
        let b = self.candidates(second);
        let mut best: Option<(u32, LocatedAccess, LocatedAccess, Location)> = None;
        for (cost_a, at_a) in &a {
            for (cost_b, at_b) in &b {
                let (x, y) = (self.access(*at_a), self.access(*at_b));
                if x.location != y.location || x.element != y.element {
                    continue;
                }
                let cost = cost_a + cost_b;
                if best.as_ref().is_none_or(|known| cost < known.0) {
                    best = Some((cost, *at_a, *at_b, x.location));
                }
            }
        }
        best.map(|(_, a, b, location)| (a, b, location))
    }

    fn access(&self, at: LocatedAccess) -> &crate::lifetime::Access {
        &self.lifetimes.events.of(at.func).accesses[at.row as usize]
    }

    /// Accesses of the innermost known function of a stack that fit in kind, by their distance from the printed line.
    fn candidates(&self, access: &RaceAccess) -> Vec<(u32, LocatedAccess)> {
        let runtime = |frame: &&Frame| !FunctionName::parse(&frame.function).is_uninstrumented();
        let mut out = Vec::new();
        for frame in access.stack.frames.iter().filter(runtime).take(2) {
            let Some(func) = self.function(frame) else { continue };
            let lines = &self.lifetimes.program.facts(self.lifetimes.program.funcs()[func].file).lines;
            for (row, found) in self.lifetimes.events.of(func).accesses.iter().enumerate() {
                let fits = match access.kind {
                    report::AccessKind::Read => matches!(found.kind, AccessKind::Read | AccessKind::Send),
                    report::AccessKind::Write => found.kind.is_write(),
                };
                let distance = lines.line(found.span.start).abs_diff(frame.line);
                if fits && distance <= MAX_DRIFT {
                    // The innermost frame is the one that was seen.
                    let outer = if out.is_empty() || frame == &access.stack.frames[0] { 0 } else { 1_000 };
                    let row = u32::try_from(row).unwrap_or(u32::MAX);
                    out.push((distance + outer, LocatedAccess { func, row }));
                }
            }
        }
        out
    }

    /// The spawn site that a creation stack names: in the innermost known function, nearest to the line, and running
    /// the goroutine's outermost function where that is known.
    pub fn spawn(&self, creation: &StackTrace, root: Option<FuncId>) -> Option<SpawnId> {
        let lifetimes = self.lifetimes;
        for frame in creation.frames.iter().take(2) {
            let Some(func) = self.function(frame) else { continue };
            let lines = &lifetimes.program.facts(lifetimes.program.funcs()[func].file).lines;
            let found = lifetimes.spawns.of(func).iter().copied().min_by_key(|id| {
                let site = &lifetimes.spawns.sites[*id];
                let runs = root.is_some_and(|root| site.bodies.contains(&root));
                (!runs, lines.line(site.span.start).abs_diff(frame.line))
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Where a function (or a literal that it defers) recovers from panics.
    pub fn recovery(&self, func: FuncId) -> Option<(FuncId, Span)> {
        let program = self.lifetimes.program;
        let file = program.funcs()[func].file;
        let inside = program.funcs().iter_enumerated().filter(|(id, row)| *id == func || row.parent == Some(func));
        inside.map(|(id, _)| id).find_map(|id| {
            let body = program.function(id).body.as_ref()?;
            body.blocks.iter().flat_map(|b| &b.instrs).find_map(|instr| match instr.kind {
                InstrKind::Call(call) if program.callee(file, call) == Callee::Builtin(Builtin::Recover) => {
                    Some((id, instr.span))
                }
                _ => None,
            })
        })
    }

    /// The goroutine's outermost function.
    pub fn root(&self, stack: &StackTrace) -> Option<FuncId> {
        self.function(stack.frames.last()?)
    }
}

/// What follows the last slash of a symbol's package path: `executor.(*T).Close`.
fn tail(symbol: &str) -> String {
    let end = symbol.find(['(', '[']).unwrap_or(symbol.len());
    let start = symbol[..end].rfind('/').map_or(0, |at| at + 1);
    symbol[start..].to_owned()
}

/// Bazel names the external tests of `dir` after their target: `dir/dir_test_test.F` is `dir_test.F`.
fn bazel_tail(symbol: &str) -> Option<String> {
    let tail = tail(symbol);
    let (package, rest) = tail.split_once('.')?;
    Some(format!("{}.{rest}", package.strip_suffix("_test_test").map(|p| format!("{p}_test"))?))
}

fn common_tail<'s>(a: impl Iterator<Item = &'s str>, b: impl Iterator<Item = &'s str>) -> usize {
    a.zip(b).take_while(|(x, y)| x == y).count()
}

/// The variable that holds an owner, for those who only have a location.
pub fn local_of(location: Location) -> Option<LocalId> {
    match location {
        Location::Local(_, local) => Some(local),
        Location::Field(_) | Location::Global(_) => None,
    }
}
