//! Frames of a report in a checkout: by symbol first, by line second.
//!
//! The checkout need not be the revision of the report, nor carry the same module path: a function is found by the
//! tail of its symbol, and a line by what it must hold: the access, or a call of the frame above. How far the lines of
//! a file moved is measured where a call leaves no doubt, and carried over to the frames in between.
//!
//! `linked` tells which files of the checkout a report can be about, `links` asks whether one frame can have called another, `access` what the two innermost frames can have touched, `left_out` who
//! called what is not instrumented.
//!
//! Invariant: the only module that knows reports and programs both.

mod access;
mod left_out;
mod linked;
mod links;

pub use access::{LocatedAccess, SharedPlace};
pub use linked::keep_linked;
use rustc_hash::FxHashMap;

use crate::{
    base::{Idx, Span, Symbol},
    callgraph::{CallKind, CallSite, CallSiteId, Target},
    lifetime::{Lifetimes, SpawnId, SpawnKind, SpawnSite, handed::Use},
    report::{Frame, FunctionName, RaceReport, StackTrace, stale_frames},
    resolve::{Builtin, CalleeKind, FuncId},
    source::FileId,
    syntax::InstrKind,
};

/// Lines that code may have moved between the revision of a report and the checkout before a line is no longer taken
/// for the same one. The report of the case this program is measured by is 45 lines off.
const MAX_DRIFT: u32 = 400;
/// Frames of a creation stack in which the spawn site is looked for: a wrapper and a library may stand before it.
const MAX_SPAWN_FRAMES: usize = 4;
/// Outermost functions of a goroutine that a spawn site may be known by: the wrapper's literal and what it calls.
const MAX_ROOTS: usize = 3;
/// Calls below a stale frame that are searched for the function that recovered.
const MAX_RECOVERY_DEPTH: usize = 8;
/// Functions looked at in that search.
const MAX_RECOVERY_FUNCS: usize = 2_000;

/// A frame found in the checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The function; for a wrapper of a `go` or `defer` statement, the one with the statement.
    pub func: FuncId,
    /// The line that fits, from 1.
    pub line: u32,
    /// How far the line moved.
    pub drift: i64,
    /// Whether the line holds the call of the frame above, so that it is no estimate.
    pub anchored: bool,
    /// Whether other frames say how far the lines of the file moved.
    pub measured: bool,
}

/// A stack with what is known about each frame.
#[derive(Clone, Debug)]
pub struct LocatedStack {
    /// Parallel to the frames.
    pub frames: Vec<Option<Located>>,
    /// Frames left over from a recovered panic.
    pub stale: Vec<bool>,
}

/// All stacks of a report.
#[derive(Clone, Debug)]
pub struct LocatedReport {
    /// Parallel to the accesses.
    pub accesses: Vec<LocatedStack>,
    /// Parallel to the creations.
    pub creations: Vec<LocatedStack>,
    /// How far the lines of a file moved at least and at most, by path.
    pub drift: Vec<(FileId, i64, i64)>,
}

impl LocatedReport {
    /// Whether a line of a frame moved: the checkout is of another revision than the report.
    pub fn moved(&self) -> bool {
        let stacks = self.accesses.iter().chain(&self.creations);
        let mut frames = stacks.flat_map(|stack| stack.frames.iter().zip(&stack.stale));
        frames.any(|(frame, stale)| !stale && frame.is_some_and(|frame| frame.drift != 0))
    }
}

/// Finds frames by the tail of their symbols.
pub struct Locator<'a> {
    lifetimes: &'a Lifetimes<'a>,
    by_tail: FxHashMap<String, Vec<FuncId>>,
}

/// Measured movements of lines: per file, the printed line and how far it moved.
type Anchors = FxHashMap<FileId, Vec<(u32, i64)>>;

impl<'a> Locator<'a> {
    /// Indexes the functions of the program.
    pub fn new(lifetimes: &'a Lifetimes<'a>) -> Self {
        let mut by_tail: FxHashMap<String, Vec<FuncId>> = FxHashMap::default();
        for (id, func) in lifetimes.program.funcs().iter_enumerated() {
            by_tail.entry(tail(func.symbol.as_str())).or_default().push(id);
        }
        Self { lifetimes, by_tail }
    }

    /// The function a frame names; `None` when it is not in the checkout.
    pub fn function(&self, frame: &Frame) -> Option<FuncId> {
        // The main function of a test binary is generated.
        if frame.file.ends_with("_testmain.go") || frame.file.starts_with('<') {
            return None;
        }
        let mut name = FunctionName::parse(&frame.function);
        if name.is_wrapper() {
            let end = name.suffix.rfind('.').unwrap_or(0);
            name.suffix.truncate(end);
        }
        if let Some(at) = name.suffix.find("-range") {
            // The body of a loop over a function is a function of its own to the compiler, but not in the source.
            name.suffix.truncate(at);
        }
        self.named(&name.canonical(), frame).or_else(|| self.inlined_literal(&name, frame))
    }

    /// The functions of a stack. A literal of an inlined function is numbered by the function it was inlined into, and
    /// its line may have moved: where its name goes on from its caller's, it is the literal of that caller.
    fn functions(&self, stack: &StackTrace) -> Vec<Option<FuncId>> {
        let mut funcs: Vec<Option<FuncId>> = stack.frames.iter().map(|frame| self.function(frame)).collect();
        for at in 1..funcs.len() {
            let own = FunctionName::parse(&stack.frames[at - 1].function).canonical();
            let caller = FunctionName::parse(&stack.frames[at].function);
            let (Some(func), Some((outer, _))) = (funcs[at], own.rsplit_once('.')) else { continue };
            let local = caller.canonical();
            let local = local.strip_prefix(&caller.package).unwrap_or(&local);
            if outer == caller.canonical() || !outer.ends_with(local) || !caller.is_closure() {
                continue;
            }
            let rows = self.lifetimes.program.funcs().iter_enumerated();
            let mut literals = rows.filter(|(_, row)| row.parent == Some(func)).map(|(id, _)| id);
            if let (Some(only), None) = (literals.next(), literals.next()) {
                funcs[at - 1] = Some(only);
            }
        }
        funcs
    }

    fn named(&self, canonical: &str, frame: &Frame) -> Option<FuncId> {
        let tail = tail(canonical);
        if let [one] = self.lifetimes.program.funcs_by_symbol(Symbol::new(canonical)) {
            return Some(*one);
        }
        let candidates = self.by_tail.get(&tail).or_else(|| self.by_tail.get(&bazel_tail(canonical)?))?;
        let package = canonical.strip_suffix(&tail).unwrap_or("");
        let score = |func: &FuncId| {
            let program = self.lifetimes.program;
            let row = &program.funcs()[*func];
            let own = program.packages()[row.package].path.as_str();
            let by_package = common_tail(own.split('/').rev(), package.trim_end_matches('/').split('/').rev());
            (self.path_score(row.file, frame), by_package)
        };
        let best = candidates.iter().copied().max_by_key(|func| (score(func), std::cmp::Reverse(func.index())))?;
        // Every program has a package `main`: the file must tell which.
        (!package.is_empty() || !tail.starts_with("main.") || score(&best).0 > 0).then_some(best)
    }

    /// Elements that the end of a file's path shares with the printed one.
    fn path_score(&self, file: FileId, frame: &Frame) -> usize {
        let path = &self.lifetimes.program.sources().files[file].path;
        let printed = frame.file.replace('\\', "/");
        common_tail(path.split('/').rev(), printed.split('/').rev())
    }

    /// A literal of a function that was inlined into another: `main.main.func1.func2` is not numbered by the function
    /// it stands in, so file and line must tell. The literal's function has to occur in the name.
    fn inlined_literal(&self, name: &FunctionName, frame: &Frame) -> Option<FuncId> {
        if !name.is_closure() && !name.base.contains('.') && name.suffix.is_empty() {
            return None;
        }
        let program = self.lifetimes.program;
        let canonical = name.canonical();
        let literals = program.funcs().iter_enumerated().filter(|(id, row)| {
            row.parent.is_some() && self.path_score(row.file, frame) >= 1 && self.holds_line(*id, frame.line)
        });
        let outer = |id: FuncId| program.funcs()[self.declaration(id)].symbol.as_str().rsplit('.').next().unwrap_or("");
        let fits = literals.filter(|(id, _)| canonical.split(['.', '-']).any(|part| part == outer(*id)));
        fits.map(|(id, row)| (std::cmp::Reverse(self.path_score(row.file, frame)), program.function(id).span, id))
            .min_by_key(|(score, span, _)| (*score, span.end - span.start))
            .map(|(.., id)| id)
    }

    fn holds_line(&self, func: FuncId, line: u32) -> bool {
        let (first, last) = self.line_range(func);
        (first..=last).contains(&line)
    }

    fn line_range(&self, func: FuncId) -> (u32, u32) {
        let program = self.lifetimes.program;
        let lines = &program.facts(program.funcs()[func].file).lines;
        let span = program.function(func).span;
        (lines.line(span.start), lines.line(span.end.saturating_sub(1)))
    }

    /// The declared function around a literal.
    pub fn declaration(&self, func: FuncId) -> FuncId {
        let mut outer = func;
        while let Some(parent) = self.lifetimes.program.funcs()[outer].parent {
            outer = parent;
        }
        outer
    }

    /// Locates every frame of a report and marks the stale ones.
    pub fn report(&self, report: &RaceReport) -> LocatedReport {
        let stacks: Vec<&StackTrace> =
            report.accesses.iter().map(|a| &a.stack).chain(report.creations.iter().map(|c| &c.stack)).collect();
        let mut located = self.stacks(&stacks, report.accesses.len());
        let creations = located.split_off(report.accesses.len());
        let mut drift: Vec<(FileId, i64, i64)> = Vec::new();
        for stack in located.iter().chain(&creations) {
            for found in stack.frames.iter().zip(&stack.stale).filter(|(_, stale)| !**stale).filter_map(|(f, _)| *f) {
                let file = self.lifetimes.program.funcs()[found.func].file;
                match drift.iter_mut().find(|row| row.0 == file) {
                    Some(row) => *row = (file, row.1.min(found.drift), row.2.max(found.drift)),
                    None => drift.push((file, found.drift, found.drift)),
                }
            }
        }
        drift.retain(|row| (row.1, row.2) != (0, 0));
        drift.sort_unstable();
        LocatedReport { accesses: located, creations, drift }
    }

    /// Locates stacks together; from `creations` on they end in the start of a goroutine.
    fn stacks(&self, stacks: &[&StackTrace], creations: usize) -> Vec<LocatedStack> {
        let funcs: Vec<Vec<Option<FuncId>>> = stacks.iter().map(|stack| self.functions(stack)).collect();
        let mut anchors = Anchors::default();
        for (stack, funcs) in stacks.iter().zip(&funcs).skip(creations) {
            let (Some(frame), Some(Some(func))) = (stack.frames.first(), funcs.first()) else { continue };
            if let Some((line, true)) = self.start_line(*func, frame.line) {
                let file = self.lifetimes.program.funcs()[*func].file;
                anchors.entry(file).or_default().push((frame.line, i64::from(line) - i64::from(frame.line)));
            }
        }
        for (stack, funcs) in stacks.iter().zip(&funcs) {
            for (caller, pair) in funcs.windows(2).enumerate() {
                let (Some(callee), Some(func)) = (pair[0], pair[1]) else { continue };
                let printed = stack.frames[caller + 1].line;
                if let Some(line) = self.call_line(func, callee, printed) {
                    let file = self.lifetimes.program.funcs()[func].file;
                    anchors.entry(file).or_default().push((printed, i64::from(line) - i64::from(printed)));
                }
            }
        }
        let locate = |(index, (stack, funcs)): (usize, (&&StackTrace, &Vec<Option<FuncId>>))| {
            let stale = self.stale(stack, funcs, &anchors);
            let mut frames: Vec<Option<Located>> =
                (0..stack.frames.len()).map(|at| self.locate(stack, funcs, at, &anchors)).collect();
            if let (true, Some(Some(top))) = (index >= creations, frames.first_mut())
                && let Some((line, _)) = self.start_line(top.func, top.line)
            {
                let printed = stack.frames[0].line;
                *top = Located { line, drift: i64::from(line) - i64::from(printed), anchored: true, ..*top };
            }
            LocatedStack { frames, stale }
        };
        stacks.iter().zip(&funcs).enumerate().map(locate).collect()
    }

    /// The line nearest to the given one on which a function starts a goroutine, and whether it is the only one.
    fn start_line(&self, func: FuncId, near: u32) -> Option<(u32, bool)> {
        let lifetimes = self.lifetimes;
        let lines = &lifetimes.program.facts(lifetimes.program.funcs()[func].file).lines;
        let sites = lifetimes.spawns.of(func);
        let starts = sites.iter().map(|id| lines.line(lifetimes.spawns.sites[*id].span.start));
        let nearest = starts.min_by_key(|line| line.abs_diff(near)).filter(|line| line.abs_diff(near) <= MAX_DRIFT)?;
        Some((nearest, sites.len() == 1))
    }

    /// A single stack, for callers without a report.
    pub fn stack(&self, stack: &StackTrace) -> LocatedStack {
        let mut one = self.stacks(&[stack], 1);
        one.pop().unwrap_or(LocatedStack { frames: Vec::new(), stale: Vec::new() })
    }

    fn stale(&self, stack: &StackTrace, funcs: &[Option<FuncId>], anchors: &Anchors) -> Vec<bool> {
        let at: FxHashMap<*const Frame, Option<FuncId>> =
            stack.frames.iter().map(std::ptr::from_ref).zip(funcs.iter().copied()).collect();
        stale_frames(stack, |caller, callee| {
            let known = |frame: &Frame| at.get(&std::ptr::from_ref(frame)).copied().flatten();
            let exact = known(caller).is_some_and(|func| {
                let file = self.lifetimes.program.funcs()[func].file;
                // Most lines of the file fit as printed: then a line that does not says something.
                anchors.get(&file).is_some_and(|rows| {
                    let zero = rows.iter().filter(|row| row.1 == 0).count();
                    zero * 4 >= rows.len() * 3
                })
            });
            self.link((caller, known(caller)), (callee, known(callee)), exact)
        })
    }

    /// The lines a call may be printed with: those of its callee's name and of its closing parenthesis.
    fn lines_of(&self, site: &CallSite) -> [u32; 3] {
        let program = self.lifetimes.program;
        let facts = program.facts(program.funcs()[site.func].file);
        let (first, last) = (facts.lines.line(site.span.start), facts.lines.line(site.span.end.saturating_sub(1)));
        // `f(…)` and `func() { … }()` end in the parenthesis; a chain `a.\n b().\n c()` has a line a link.
        let text = site.span.of(&program.sources().files[program.funcs()[site.func].file].text);
        let open = text.rfind('(').map_or(0, |at| text[..at].matches('\n').count());
        [first, first + u32::try_from(open).unwrap_or(0), last]
    }

    /// The line of the call of `callee` in `func` nearest to the printed one.
    fn call_line(&self, func: FuncId, callee: FuncId, printed: u32) -> Option<u32> {
        self.call_site(func, callee, printed).map(|(line, _)| line)
    }

    /// The call of `callee` in `func` nearest to the printed line, and the line of it that is nearest.
    pub fn call_site(&self, func: FuncId, callee: FuncId, printed: u32) -> Option<(u32, CallSiteId)> {
        let graph = self.lifetimes.graph;
        let mut best: Option<(u32, CallSiteId)> = None;
        for &id in graph.sites_of(func) {
            let site = &graph.sites()[id];
            if !site.targets.callees().contains(&Target::Func(callee)) {
                continue;
            }
            for line in self.lines_of(site) {
                let distance = line.abs_diff(printed);
                if distance <= MAX_DRIFT && best.is_none_or(|(known, _)| distance < known.abs_diff(printed)) {
                    best = Some((line, id));
                }
            }
        }
        best
    }

    /// The line of a frame: for a caller, the nearest call of the callee; else as far off as the frames around it.
    fn locate(&self, stack: &StackTrace, funcs: &[Option<FuncId>], at: usize, anchors: &Anchors) -> Option<Located> {
        let func = funcs[at]?;
        let frame = &stack.frames[at];
        let callee = at.checked_sub(1).and_then(|above| funcs[above]);
        let called = callee.and_then(|callee| self.call_line(func, callee, frame.line));
        let line = called.unwrap_or_else(|| {
            let file = self.lifetimes.program.funcs()[func].file;
            let (first, last) = self.line_range(func);
            self.estimate(file, frame.line, anchors).clamp(first, last)
        });
        let measured = anchors.contains_key(&self.lifetimes.program.funcs()[func].file);
        Some(Located {
            func,
            line,
            drift: i64::from(line) - i64::from(frame.line),
            anchored: called.is_some(),
            measured,
        })
    }

    /// Where a printed line of a file probably is.
    fn estimate(&self, file: FileId, printed: u32, anchors: &Anchors) -> u32 {
        let nearest = anchors.get(&file).and_then(|rows| rows.iter().min_by_key(|row| row.0.abs_diff(printed)));
        let moved = nearest.map_or(0, |row| row.1);
        u32::try_from((i64::from(printed) + moved).max(1)).unwrap_or(printed)
    }

    /// The spawn site that a creation stack names. A site that runs one of the goroutine's outermost functions (`roots`)
    /// is better than one that does not, then one of a wrapper's caller than the wrapper's own.
    pub fn spawn(&self, creation: &StackTrace, located: &LocatedStack, roots: &[FuncId]) -> Option<SpawnId> {
        let lifetimes = self.lifetimes;
        let visible = located.frames.iter().zip(&located.stale).enumerate().filter(|(_, (_, stale))| !**stale);
        let found = visible.filter_map(|(at, (frame, _))| Some((at, (*frame)?))).take(MAX_SPAWN_FRAMES);
        let found: Vec<(usize, Located)> = found.collect();
        let hides_caller =
            creation.frames.first().is_some_and(|f| FunctionName::parse(&f.function).is_uninstrumented());
        let mut best: Option<((bool, bool, usize, u32), SpawnId)> = None;
        let mut consider = |rank: usize, func: FuncId, line: u32| {
            let lines = &lifetimes.program.facts(lifetimes.program.funcs()[func].file).lines;
            for &id in lifetimes.spawns.of(func) {
                let site = &lifetimes.spawns.sites[id];
                if site.kind == SpawnKind::Subtest {
                    // The testing package starts it.
                    continue;
                }
                let runs = roots.iter().any(|root| site.bodies.contains(root));
                // A wrapper starts what it was handed: the function that hands it over says more.
                let hands_on = site.kind == SpawnKind::Go && self.is_wrapper(func);
                let key = (!runs, hands_on, rank, lines.line(site.span.start).abs_diff(line));
                if (rank == 0 || runs) && best.as_ref().is_none_or(|(known, _)| key < *known) {
                    best = Some((key, id));
                }
            }
        };
        for (rank, (_, frame)) in found.iter().enumerate() {
            if hides_caller && rank == 0 {
                // Who called the library is not on the stack: it is called by the first frame that is.
                for &site in lifetimes.graph.sites_of(frame.func) {
                    lifetimes.graph.sites()[site].targets.funcs().for_each(|func| consider(1, func, 0));
                }
            }
            consider(rank, frame.func, frame.line);
        }
        let of_frames = best.map(|(_, id)| id);
        // A timer or a finalizer: the function that armed it is not in the report.
        of_frames.or_else(|| {
            let root = roots.first()?;
            let of_root = |site: &SpawnSite| site.kind != SpawnKind::Subtest && site.bodies.contains(root);
            let mut runs = lifetimes.spawns.sites.iter_enumerated().filter(|(_, site)| of_root(site));
            let first = runs.next().map(|(id, _)| id);
            first.filter(|_| runs.next().is_none())
        })
    }

    /// Whether a function starts what is handed to it.
    fn is_wrapper(&self, func: FuncId) -> bool {
        let params = self.lifetimes.program.function(func).signature.params.len();
        let spawns = |at| matches!(self.lifetimes.handed.use_of(func, at), Some(Use::Spawns { .. }));
        (0..params).any(|at| u32::try_from(at).is_ok_and(spawns))
    }

    /// The function at or below one of `from` that recovers from panics, and where it does: functions called first and
    /// nearest first, and whether there was no choice on the way. `library` says whether a function without source does.
    pub fn recovery(&self, from: &[FuncId], library: impl Fn(Symbol) -> bool) -> Option<(Recovery, bool)> {
        let graph = self.lifetimes.graph;
        let mut seen: rustc_hash::FxHashSet<FuncId> = from.iter().copied().collect();
        // With each function, whether there was no choice on the way to it.
        let mut level: Vec<(FuncId, bool)> = from.iter().map(|func| (*func, true)).collect();
        for _ in 0..MAX_RECOVERY_DEPTH {
            let mut below = Vec::new();
            for (func, certain) in level {
                if let Some((_, span)) = self.recovers(func) {
                    return Some((Recovery::At(func, span), certain));
                }
                for &id in graph.sites_of(func) {
                    let site = &graph.sites()[id];
                    if site.kind == CallKind::Go {
                        continue;
                    }
                    let callees = site.targets.callees();
                    let certain = certain && callees.len() == 1;
                    for target in callees {
                        match target {
                            Target::External(key) if library(*key) => {
                                return Some((Recovery::Library(func, site.span, *key), certain));
                            }
                            Target::Func(callee) if seen.len() < MAX_RECOVERY_FUNCS && seen.insert(*callee) => {
                                below.push((*callee, certain));
                            }
                            _ => {}
                        }
                    }
                }
            }
            level = below;
        }
        None
    }

    /// Where a function (or a literal that it defers) recovers from panics.
    fn recovers(&self, func: FuncId) -> Option<(FuncId, Span)> {
        let (program, graph) = (self.lifetimes.program, self.lifetimes.graph);
        let deferred = graph.sites_of(func).iter().map(|id| &graph.sites()[*id]);
        let deferred = deferred.filter(|site| site.kind == CallKind::Defer);
        let inside = deferred.flat_map(|site| site.targets.funcs());
        inside.into_iter().find_map(|id| {
            let file = program.funcs()[id].file;
            let body = program.function(id).body.as_ref()?;
            body.instrs().find_map(|instr| match instr.kind {
                InstrKind::Call(call) if program.callee_kind(file, call) == CalleeKind::Builtin(Builtin::Recover) => {
                    Some((id, instr.span))
                }
                _ => None,
            })
        })
    }

    /// The goroutine's outermost functions, outermost first: what a wrapper of the project was handed is called by it.
    /// Empty when the stack does not reach them.
    pub fn roots(&self, stack: &StackTrace, located: &LocatedStack) -> Vec<FuncId> {
        let Some(root) = self.root(stack, located) else { return Vec::new() };
        let visible = located.frames.iter().zip(&located.stale).filter(|(_, stale)| !**stale);
        let mut roots: Vec<FuncId> = visible.filter_map(|(frame, _)| Some((*frame)?.func)).collect();
        roots.reverse();
        roots.retain(|func| *func != root);
        roots.insert(0, root);
        roots.truncate(if self.program_wraps(root) { MAX_ROOTS } else { 1 });
        roots
    }

    /// Whether a function is the body of a goroutine that some wrapper of the program starts.
    fn program_wraps(&self, func: FuncId) -> bool {
        self.lifetimes.program.funcs()[func].parent.is_some_and(|outer| self.is_wrapper(outer))
    }

    /// The goroutine's outermost function; `None` when its stack does not reach it. The wrapper of a `go` statement
    /// stands for the function it calls.
    pub fn root(&self, stack: &StackTrace, located: &LocatedStack) -> Option<FuncId> {
        let last = stack.frames.iter().zip(&located.stale).rposition(|(_, stale)| !*stale)?;
        let wrapper = FunctionName::parse(&stack.frames[last].function).is_wrapper();
        let at = if wrapper { last.checked_sub(1)? } else { last };
        located.frames[at].map(|found| found.func)
    }
}

/// Who recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// A function of the checkout; the call of `recover` stands in it or in what it defers.
    At(FuncId, Span),
    /// A library function, called by that function there.
    Library(FuncId, Span, Symbol),
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
