//! What the innermost frames of two accesses can have touched, and which locks they held.

use super::{LocatedStack, Locator, MAX_DRIFT};
use crate::{
    base::Span,
    lifetime::{AccessKind, Index, Location, LockSet, SignalKind, Stored, WaitKind, events::EventKind, place::Places},
    report::{self, FunctionName, RaceAccess, StackTrace},
    resolve::{Callee, FuncId, Type},
    source::FileId,
    syntax::{Expr, ExprId, LocalDecl},
};

/// Located frames of a stack that may have made the access: the innermost, and the one it may be inlined into.
const MAX_ACCESS_FRAMES: usize = 2;
/// Lines off within which a local variable is taken for the shared one where the movement of lines was measured: a
/// function has many, and one that is gone must not be taken for its neighbour.
const MAX_LOCAL_DRIFT: u32 = 12;
/// The same where what the analysis takes for a read may be the write.
const MAX_LOOSE_LOCAL_DRIFT: u32 = 6;
/// Calls upwards in which a pointer parameter is followed to what it was given.
const MAX_LIFTS: usize = 6;
/// Added to the distance in lines of what the runtime's own frames speak against.
const MISFIT: u32 = 24;
/// Added to the distance in lines of what is not in the innermost frame.
const OUTER: u32 = 1_000;

/// An access of the checkout that fits a report's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedAccess {
    /// Its function.
    pub func: FuncId,
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub kind: AccessKind,
    /// For writes, what is stored.
    pub stored: Stored,
    /// Whether it is an element of the location, or what it points to.
    pub element: bool,
    /// Which element.
    pub index: Index,
    /// Through `sync/atomic` or a type of it.
    pub atomic: bool,
    /// Locks certainly held, by its own function.
    pub locks: LockSet,
    /// The frame it was found by.
    pub frame: usize,
}

/// What two sides of a report share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedPlace {
    /// The first access.
    pub first: LocatedAccess,
    /// The second access.
    pub second: LocatedAccess,
    /// The memory: where both sides reach it through a parameter, what that was given.
    pub location: Location,
    /// Whether it is an element of it, or what it points to.
    pub element: bool,
    /// Lines that the two accesses are off; more than a thousand where one is not in the innermost frame.
    pub cost: u32,
}

/// A possible access, with what it costs to believe in it.
#[derive(Clone, Debug)]
struct Candidate {
    cost: u32,
    /// Lines between where it is and where its frame says it should be.
    drift: i64,
    file: FileId,
    at: LocatedAccess,
    location: Location,
    element: bool,
}

impl Locator<'_> {
    /// The pair of accesses of one location that the two sides of a report most likely are.
    pub fn accesses(
        &self,
        (first, first_stack): (&RaceAccess, &LocatedStack),
        (second, second_stack): (&RaceAccess, &LocatedStack),
    ) -> Option<SharedPlace> {
        let strict =
            best_pair(&self.candidates(first, first_stack, false), &self.candidates(second, second_stack, false));
        // What the analysis takes for a read may write: `append`, a method of a library.
        strict.or_else(|| {
            best_pair(&self.candidates(first, first_stack, true), &self.candidates(second, second_stack, true))
        })
    }

    /// What one side alone may have touched, best first.
    pub fn side_alone(&self, access: &RaceAccess, stack: &LocatedStack) -> Vec<(LocatedAccess, Location)> {
        let mut found = self.candidates(access, stack, false);
        found.sort_by_key(|c| (c.cost + lines_off(c.drift), c.at.span));
        let mut out: Vec<(LocatedAccess, Location)> = Vec::new();
        for candidate in found {
            if candidate.cost < OUTER && !out.iter().any(|row| row.1 == candidate.location) {
                out.push((candidate.at, candidate.location));
            }
        }
        out
    }

    /// Accesses of the innermost known functions of a stack that fit in kind, by their distance from the line.
    fn candidates(&self, access: &RaceAccess, stack: &LocatedStack, any_kind: bool) -> Vec<Candidate> {
        let through_atomic = access.stack.frames.first().is_some_and(|f| f.function.starts_with("sync/atomic."));
        let mut out = Vec::new();
        let mut through_library = false;
        let mut seen = 0;
        for (index, frame) in access.stack.frames.iter().enumerate() {
            let name = FunctionName::parse(&frame.function);
            if name.is_runtime() || stack.stale[index] || name.is_wrapper() {
                continue;
            }
            let Some(found) = stack.frames[index] else {
                through_library |= seen == 0;
                continue;
            };
            let lines = &self.lifetimes.program.facts(self.lifetimes.program.funcs()[found.func].file).lines;
            let made = self.lifetimes.events.of(found.func).accesses.iter().map(|made| {
                let at = LocatedAccess {
                    func: found.func,
                    span: made.span,
                    kind: made.kind,
                    stored: made.stored,
                    element: made.element,
                    index: made.index,
                    atomic: made.atomic,
                    locks: made.locks.clone(),
                    frame: index,
                };
                (at, made.location)
            });
            let by_runtime = (seen == 0).then(|| Operation::of(&access.stack));
            let made = made.chain(self.called_values(found.func, index)).chain(self.containers(found.func, index));
            // What the runtime does to a counter is no access of anything else.
            let counts = matches!(by_runtime, Some(Operation::Raises | Operation::Counts));
            let made = made.filter(|_| !counts).chain(self.counted(found.func, index, by_runtime));
            for (made, location) in made {
                // A library reads and writes what it is given; the caller only reads the pointer.
                let by_library = through_library && seen == 0;
                // A variable of the function itself is written where the code says so, by nothing else.
                let own = matches!(location, Location::Local(..)) && !made.element;
                let loosely = any_kind && !(own && made.kind == AccessKind::Read);
                if !(fits(access.kind, &made) || loosely || by_library) {
                    continue;
                }
                let (line, last) = (lines.line(made.span.start), lines.line(made.span.end.saturating_sub(1)));
                let drift = |to: u32| i64::from(to.clamp(line, last)) - i64::from(to);
                let drift = drift(found.line);
                let local = matches!(location, Location::Local(..));
                let limit = match (local && found.measured, any_kind) {
                    (true, false) => MAX_LOCAL_DRIFT,
                    (true, true) => MAX_LOOSE_LOCAL_DRIFT,
                    (false, _) => MAX_DRIFT,
                };
                if drift.unsigned_abs() > u64::from(limit) {
                    continue;
                }
                let outer = if seen == 0 { 0 } else { OUTER };
                let loose = u32::from(through_library && seen == 0) * 2
                    + u32::from(made.atomic != through_atomic) * 6
                    + u32::from(by_runtime.is_some_and(|by| !by.fits(&made))) * MISFIT;
                let element = made.element;
                let file = self.lifetimes.program.funcs()[found.func].file;
                let base = Candidate { cost: outer + loose, drift, file, at: made, location, element };
                let lifted = self.lift(access, stack, &base);
                // What the parameter was given says more than its name, but a field says most.
                let (own, given) = if lifted.is_some() { (3, 2) } else { (0, 0) };
                let lifted = lifted.map(|lifted| Candidate { cost: lifted.cost + given, ..lifted });
                out.push(Candidate { cost: base.cost + own, ..base });
                out.extend(lifted);
            }
            seen += 1;
            if seen == MAX_ACCESS_FRAMES {
                break;
            }
        }
        out
    }

    /// Struct values that hold what is accessed: `s.peer.ID` is part of `s.peer`.
    fn containers(&self, func: FuncId, frame: usize) -> Vec<(LocatedAccess, Location)> {
        let program = self.lifetimes.program;
        let file = program.funcs()[func].file;
        let exprs = &program.facts(file).exprs;
        let mut out = Vec::new();
        for made in &self.lifetimes.events.of(func).accesses {
            let mut inner = made.expr;
            while let Expr::Select { base, .. } = exprs[inner] {
                let whole = matches!(exprs[base], Expr::Select { .. }) && self.is_struct(file, base);
                let Some(location) = Places::location(&program.place(file, base), file).filter(|_| whole) else {
                    break;
                };
                let at = LocatedAccess {
                    func,
                    span: made.span,
                    kind: made.kind,
                    stored: made.stored,
                    element: false,
                    index: Index::Whole,
                    atomic: made.atomic,
                    locks: made.locks.clone(),
                    frame,
                };
                out.push((at, location));
                inner = base;
            }
        }
        out
    }

    /// Whether an expression is a struct in place, not a pointer to one.
    fn is_struct(&self, file: FileId, expr: ExprId) -> bool {
        let program = self.lifetimes.program;
        matches!(program.ty(program.underlying(program.expr_type(file, expr))), Type::Struct { .. })
    }

    /// Counters that are raised, lowered and waited for, where that is what the report's top frames say.
    fn counted(&self, func: FuncId, frame: usize, by: Option<Operation>) -> Vec<(LocatedAccess, Location)> {
        let Some(by @ (Operation::Raises | Operation::Counts)) = by else { return Vec::new() };
        let rows = self.lifetimes.events.of(func).blocks.iter().flat_map(|block| &block.events);
        let raises = |kind: &EventKind| matches!(kind, EventKind::Add { .. });
        let counted = |kind: &EventKind| match kind {
            EventKind::Add { key }
            | EventKind::Wait { key, how: WaitKind::Group }
            | EventKind::Signal { key, kind: SignalKind::Done } => Some(*key),
            _ => None,
        };
        let keys = rows.filter_map(|event| match &event.kind {
            EventKind::Defer { effects, .. } => {
                Some((event.span, effects.iter().find_map(counted)?, effects.iter().any(raises)))
            }
            kind => Some((event.span, counted(kind)?, raises(kind))),
        });
        let started = self.groups_raised(func).map(|(span, key)| (span, key, true));
        let mut keys: Vec<(Span, Location, bool)> = keys.chain(started).collect();
        if by == Operation::Raises && keys.iter().any(|row| row.2) {
            // A function that raises one lowers it mostly in the next line.
            keys.retain(|row| row.2);
        }
        let made = keys.into_iter().map(|(span, key, _)| {
            let at = LocatedAccess {
                func,
                span,
                kind: AccessKind::Write,
                stored: Stored::Update,
                element: false,
                index: Index::Whole,
                atomic: false,
                locks: LockSet::new(),
                frame,
            };
            (at, key)
        });
        made.collect()
    }

    /// Counters that a function raises by starting a goroutine for them (`wg.Go`), and where.
    pub fn groups_raised(&self, func: FuncId) -> impl Iterator<Item = (Span, Location)> + '_ {
        let spawns = &self.lifetimes.spawns;
        let signals = spawns.of(func).iter().flat_map(|id| &spawns.sites[*id].signals);
        let raised = signals.filter(move |signal| signal.kind == SignalKind::Group && signal.site.0 == func);
        raised.map(|signal| (signal.site.1, signal.key))
    }

    /// Function values that are called: the call reads the variable or field that holds them.
    fn called_values(&self, func: FuncId, frame: usize) -> Vec<(LocatedAccess, Location)> {
        let (program, graph) = (self.lifetimes.program, self.lifetimes.graph);
        let file = program.funcs()[func].file;
        let sites = graph.sites_of(func).iter().map(|site| &graph.sites()[*site]);
        let values = sites.filter_map(|site| match program.callee(file, site.expr) {
            Callee::Value(value) => Some((value, site.expr)),
            _ => None,
        });
        let read = values.filter_map(|(value, call)| {
            let at = LocatedAccess {
                func,
                span: program.facts(file).exprs.span(value),
                kind: AccessKind::Read,
                stored: Stored::Other,
                element: false,
                index: Index::Whole,
                atomic: false,
                locks: self.lifetimes.events.of(func).locks_at(call).iter().copied().collect(),
                frame,
            };
            Some((at, Places::location(&program.place(file, value), file)?))
        });
        read.collect()
    }

    /// What a pointer, slice or map parameter was given by the callers on the stack.
    fn lift(&self, access: &RaceAccess, stack: &LocatedStack, base: &Candidate) -> Option<Candidate> {
        let program = self.lifetimes.program;
        let mut func = base.at.func;
        let mut location = base.location;
        let mut frame = base.at.frame;
        let mut lifted = None;
        for _ in 0..MAX_LIFTS {
            let Location::Local(file, local) = location else { break };
            let row = &program.facts(file).locals[local];
            let LocalDecl::Param { index, variadic: false, .. } = row.decl else { break };
            // The parameter of a function around a literal is bound further out than this stack may show.
            if !base.element || program.func_of(file, row.function) != Some(func) {
                break;
            }
            let caller = (frame + 1..access.stack.frames.len()).find(|at| !stack.stale[*at])?;
            let Some(found) = stack.frames[caller] else { break };
            let Some((_, site)) = self.call_site(found.func, func, access.stack.frames[caller].line) else { break };
            let site = &self.lifetimes.graph.sites()[site];
            let caller_file = program.funcs()[found.func].file;
            let facts = program.facts(caller_file);
            let Some(args) = facts.exprs.args(site.expr) else { break };
            let Some(&argument) = args.get(index as usize) else { break };
            let (argument, through_address) = match facts.exprs[argument] {
                Expr::AddressOf(inner) => (inner, true),
                _ => (argument, false),
            };
            let place = program.place(caller_file, argument);
            let Some(next) = Places::location(&place, caller_file) else { break };
            location = next;
            func = found.func;
            frame = caller;
            // `&x` hands over x itself; a pointer, slice or map what it leads to.
            lifted = Some(Candidate { location, element: !through_address, ..base.clone() });
            if through_address {
                break;
            }
        }
        lifted
    }

    /// Locks certainly held at an access: by its own function, and by its callers on the stack.
    pub fn locks(&self, stack: &LocatedStack, access: &RaceAccess, at: &LocatedAccess) -> LockSet {
        let lifetimes = self.lifetimes;
        let mut held = at.locks.clone();
        let mut callee = at.func;
        for index in at.frame + 1..stack.frames.len() {
            if stack.stale[index] {
                continue;
            }
            let Some(found) = stack.frames[index] else { continue };
            if let Some((_, site)) = self.call_site(found.func, callee, access.stack.frames[index].line) {
                let call = lifetimes.graph.sites()[site].expr;
                for lock in lifetimes.events.of(found.func).locks_at(call) {
                    if !held.contains(lock) {
                        held.push(*lock);
                    }
                }
            }
            callee = found.func;
        }
        held.sort_unstable();
        held
    }
}

/// What the frames of the runtime above the first function of a program say was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Nothing: a plain access.
    Plain,
    /// A channel was closed.
    Closes,
    /// A value was sent.
    Sends,
    /// A WaitGroup was raised.
    Raises,
    /// A WaitGroup was lowered, or waited for.
    Counts,
    /// Something else.
    Other,
}

impl Operation {
    pub(super) fn of(stack: &StackTrace) -> Self {
        let above = stack.frames.iter().take_while(|f| FunctionName::parse(&f.function).is_runtime());
        let names: Vec<&str> = above.map(|f| f.function.as_str()).collect();
        let any = |start: &str| names.iter().any(|name| name.starts_with(start));
        let by_hand = |name: &str| stack.frames.first().is_some_and(|f| f.function == name && f.file.starts_with('<'));
        match () {
            () if any("runtime.closechan") => Self::Closes,
            () if any("runtime.chansend") || any("runtime.selectnbsend") => Self::Sends,
            () if any("sync.(*WaitGroup).Add") && !any("sync.(*WaitGroup).Done") => Self::Raises,
            () if any("sync.(*WaitGroup).") => Self::Counts,
            // What a library tells the detector by hand comes through a generated wrapper: a counter raised from zero is
            // read, who is the first to wait for it writes.
            () if by_hand("runtime.raceread") => Self::Raises,
            () if by_hand("runtime.racewrite") => Self::Counts,
            () if names.is_empty() => Self::Plain,
            () => Self::Other,
        }
    }

    /// Whether an access is what such an operation makes. The runtime always names itself when it closes or sends.
    fn fits(self, made: &LocatedAccess) -> bool {
        match made.kind {
            AccessKind::Close => self == Self::Closes,
            AccessKind::Send => self == Self::Sends,
            _ => !matches!(self, Self::Closes | Self::Sends),
        }
    }
}

/// Whether an access can be what the detector saw. `x++` is seen as the read or as the write.
fn fits(kind: report::AccessKind, access: &LocatedAccess) -> bool {
    match kind {
        report::AccessKind::Read => {
            matches!(access.kind, AccessKind::Read | AccessKind::Send)
                || access.kind == AccessKind::Write && access.stored == Stored::Update
        }
        report::AccessKind::Write => access.kind.is_write(),
    }
}

/// What it costs to be so many lines off.
fn lines_off(drift: i64) -> u32 {
    u32::try_from(drift.unsigned_abs()).unwrap_or(u32::MAX / 16).saturating_mul(2)
}

/// The pair that costs least to believe in.
fn best_pair(a: &[Candidate], b: &[Candidate]) -> Option<SharedPlace> {
    let mut best: Option<SharedPlace> = None;
    for x in a {
        for y in b.iter().filter(|y| y.location == x.location) {
            // An element is not the variable that holds it, but a struct in place is both.
            let apart = if x.file == y.file {
                // Lines of one file move together.
                lines_off(x.drift - y.drift) + (lines_off(x.drift) + lines_off(y.drift)) / 8
            } else {
                lines_off(x.drift) + lines_off(y.drift)
            };
            let cost = x.cost + y.cost + apart + if x.element == y.element { 0 } else { 20 };
            if best.as_ref().is_none_or(|known| cost < known.cost) {
                best = Some(SharedPlace {
                    first: x.at.clone(),
                    second: y.at.clone(),
                    location: x.location,
                    element: x.element,
                    cost,
                });
            }
        }
    }
    best
}
