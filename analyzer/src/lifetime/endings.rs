//! Objects that come with a function which ends them, where a goroutine calls it to say that it is over:
//!
//! ```go
//! running, done := context.WithCancel(context.Background())
//! go func() { defer done(); work() }()
//! <-running.Done()
//! ```
//!
//! The end of a pipe that is read is such an object, and the end that is written to ends it when it is closed: who reads
//! all there is has waited for that.
//!
//! Invariant: an object counts only where nothing else ends it: neither what it was made of, nor another goroutine, nor
//! the function that made it before it is left.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    calls::Calls,
    domain::{Exit, Location},
    events::EventKind,
    handed::effects_of,
    models::{Effect, Models},
    origin::{derives, mentions},
    partial_joins::under_error,
    place::Places,
    spawns::Context,
};
use crate::{
    base::InPieces,
    resolve::{CalleeKind, FuncId, Program},
    source::FileId,
    syntax::{
        Body, Expr, ExprId, FileFacts, FuncIndex, FuncKind, InstrKind, LocalDecl, LocalId, Source, Terminator, ValueRef,
    },
};

/// Calls by which such an object is handed on, and by which a callee waits for its end: a helper, and a literal of it.
const MAX_HANDED_ON: u32 = 3;

/// How an object is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By a call of what the variable holds.
    Call,
    /// By a method of what it holds that ends that.
    Method,
}

/// An object, with what ends it.
#[derive(Clone, Copy, Debug)]
struct Made {
    file: FileId,
    /// The function that made both.
    maker: FuncIndex,
    object: LocalId,
    end: LocalId,
    by: By,
}

/// The objects of a program.
#[derive(Debug, Default)]
pub(super) struct Endings {
    /// By the variable that ends one.
    ended: FxHashMap<(FileId, LocalId), Made>,
    /// Variables and parameters that hold one.
    objects: FxHashSet<Location>,
}

impl Endings {
    /// Scans all files.
    pub(super) fn build(program: &Program, models: &Models, places: &Places) -> Self {
        let files = || program.sources().files.par_ids().one_by_one();
        let pipes = files().flat_map_iter(|file| makers_of_pipes(program, models, file));
        let pipes: FxHashSet<FuncId> = pipes.collect::<Vec<_>>().into_iter().collect();
        let cx = Search { program, models, places, pipes: &pipes };
        let found = files().map(|file| cx.made_in(file));
        let mut endings = Self::default();
        let mut work: Vec<(FileId, LocalId, u32)> = Vec::new();
        for made in found.flatten_iter().collect::<Vec<_>>() {
            endings.ended.insert((made.file, made.end), made);
            work.push((made.file, made.object, 0));
        }
        while let Some((file, local, depth)) = work.pop() {
            if endings.objects.insert(Location::Local(file, local)) && depth < MAX_HANDED_ON {
                work.extend(given_as(program, places, file, local).map(|(file, param)| (file, param, depth + 1)));
            }
        }
        endings
    }

    /// What a goroutine ends through a variable: not what its maker does when it is left.
    pub(super) fn ended(
        &self,
        program: &Program,
        func: FuncId,
        file: FileId,
        (local, by): (LocalId, By),
    ) -> Option<Location> {
        let made = self.ended.get(&(file, local)).filter(|made| made.by == by)?;
        (program.funcs()[func].index != made.maker).then_some(Location::Local(file, made.object))
    }

    /// Whether a variable or parameter holds such an object.
    pub(super) fn holds(&self, location: Location) -> bool {
        self.objects.contains(&location)
    }
}

/// Whether what an expression gives is never over before whoever asks is.
pub(super) fn never_over(program: &Program, models: &Models, places: &Places, file: FileId, expr: ExprId) -> bool {
    let pipes = FxHashSet::default();
    Search { program, models, places, pipes: &pipes }.never_over(file, expr, MAX_HANDED_ON)
}

/// The one literal that ends an object by a call of what a variable holds, which came with it.
pub(super) fn ender_of(
    program: &Program,
    models: &Models,
    places: &Places,
    (file, end): (FileId, LocalId),
) -> Option<FuncIndex> {
    let pipes = FxHashSet::default();
    let maker = program.facts(file).locals[end].function;
    Search { program, models, places, pipes: &pipes }.only_ender(file, maker, end, By::Call)
}

/// The object whose end the channel tells that a call gives: `running.Done()`.
pub(super) fn told_of(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<LocalId> {
    let syntax = program.facts(file);
    let Expr::Call { callee, .. } = &syntax.exprs[call] else { return None };
    let Expr::Select { base, .. } = syntax.exprs[*callee] else { return None };
    let Expr::Local(local) = syntax.exprs[base] else { return None };
    effects_of(program, models, file, call).contains(&Effect::TellsEnd).then_some(local)
}

/// Functions of a file that keep both ends of a library's pipe in variables.
fn makers_of_pipes(program: &Program, models: &Models, file: FileId) -> Vec<FuncId> {
    let rows = program.facts(file).locals.iter().filter(|row| match row.decl {
        LocalDecl::Value(value) if value.component == Some(0) => {
            effects_of(program, models, file, value.expr).contains(&Effect::TwoEnds)
        }
        _ => false,
    });
    rows.filter_map(|row| program.func_of(file, row.function)).collect()
}

/// What the search for objects reads.
#[derive(Clone, Copy)]
struct Search<'a> {
    program: &'a Program,
    models: &'a Models,
    places: &'a Places,
    /// Functions that make a pipe.
    pipes: &'a FxHashSet<FuncId>,
}

impl Search<'_> {
    /// The objects made in a file.
    fn made_in(self, file: FileId) -> Vec<Made> {
        let syntax = self.program.facts(file);
        let mut out = Vec::new();
        let mut calls: Vec<(ExprId, FuncIndex)> = Vec::new();
        for row in syntax.locals.iter() {
            if let LocalDecl::Value(value) = row.decl
                && value.component.is_some()
                && calls.last() != Some(&(value.expr, row.function))
            {
                calls.push((value.expr, row.function));
            }
        }
        for (call, maker) in calls {
            for (object, end, by) in self.gives(file, call, 1) {
                let held = |of: u16| {
                    let mut rows = syntax.locals.iter_enumerated();
                    rows.find(
                        |(_, row)| matches!(row.decl, LocalDecl::Value(v) if v.expr == call && v.component == Some(of)),
                    )
                };
                let (Some((object, _)), Some((end, _))) = (held(object), held(end)) else { continue };
                let kept = |local| !self.places.is_reassigned(file, local);
                if kept(end)
                    && kept(object)
                    && let Some(ender) = self.only_ender(file, maker, end, by)
                    && runs_once(self.program, self.models, file, (maker, ender), object)
                {
                    out.push(Made { file, maker, object, end, by });
                }
            }
        }
        out
    }

    /// Which results of a call are an object, and what ends it.
    fn gives(self, file: FileId, call: ExprId, depth: u32) -> Vec<(u16, u16, By)> {
        let Some(args) = self.program.facts(file).exprs.args(call) else { return Vec::new() };
        let effects = effects_of(self.program, self.models, file, call);
        if effects.contains(&Effect::ComesWithEnd) {
            let lasts = args.first().is_some_and(|parent| self.never_over(file, *parent, MAX_HANDED_ON));
            return if lasts { vec![(0, 1, By::Call)] } else { Vec::new() };
        }
        if effects.contains(&Effect::TwoEnds) {
            return vec![(0, 1, By::Method), (1, 0, By::Method)];
        }
        match self.program.callee_kind(file, call) {
            CalleeKind::Func(func) if depth > 0 && self.pipes.contains(&func) => self.wraps(func, depth - 1),
            _ => Vec::new(),
        }
    }

    /// Which results of a function are made of the two ends of a pipe of its own.
    fn wraps(self, func: FuncId, depth: u32) -> Vec<(u16, u16, By)> {
        let file = self.program.funcs()[func].file;
        let (syntax, index) = (self.program.facts(file), self.program.funcs()[func].index);
        let Some(body) = &self.program.function(func).body else { return Vec::new() };
        let mut out = Vec::new();
        for (object, row) in syntax.locals.iter_enumerated().filter(|(_, row)| row.function == index) {
            let LocalDecl::Value(value) = row.decl else { continue };
            let Some(of) = value.component else { continue };
            for (_, second, by) in self.gives(file, value.expr, depth).into_iter().filter(|row| row.0 == of) {
                let is_end = |decl: &LocalDecl| matches!(decl, LocalDecl::Value(v) if v.expr == value.expr && v.component == Some(second));
                let Some((end, _)) = syntax.locals.iter_enumerated().find(|(_, row)| is_end(&row.decl)) else {
                    continue;
                };
                for block in body.blocks.iter() {
                    let Terminator::Return { values } = &block.end else { continue };
                    let of = |local| {
                        let made = |value: &ExprId| {
                            let parts = mentions(self.program, file, *value);
                            parts.iter().any(|part| *part == local || derives(self.program, file, *part, local, 0))
                        };
                        values.iter().position(made).and_then(|at| u16::try_from(at).ok())
                    };
                    if by == By::Method
                        && let (Some(object), Some(end)) = (of(object), of(end))
                        && object != end
                        && !out.contains(&(object, end, by))
                    {
                        out.push((object, end, by));
                    }
                }
            }
        }
        out
    }

    /// Whether what an expression gives is never over before whoever asks is.
    fn never_over(self, file: FileId, expr: ExprId, steps: u32) -> bool {
        match self.program.facts(file).exprs[expr] {
            Expr::Call { .. } => effects_of(self.program, self.models, file, expr).contains(&Effect::NeverOver),
            Expr::Local(local) if steps > 0 => {
                let initial = self.places.initial(self.program, file, local);
                initial.is_some_and(|initial| self.never_over(file, initial, steps - 1))
            }
            _ => false,
        }
    }

    /// The one literal of `maker` through which `end` ends the object; the maker itself may end it when it is left. What
    /// is written to is used there, too, but nowhere else.
    fn only_ender(self, file: FileId, maker: FuncIndex, end: LocalId, by: By) -> Option<FuncIndex> {
        let syntax = self.program.facts(file);
        let mut called: FxHashSet<ExprId> = FxHashSet::default();
        let mut ender = None;
        let empty = matches!(syntax.locals[end].decl, LocalDecl::Typed { .. });
        for (index, function) in syntax.functions.iter_enumerated() {
            let instrs = function.body.iter().flat_map(Body::instrs);
            for instr in instrs {
                let (call, deferred) = match instr.kind {
                    InstrKind::Call(call) => (call, false),
                    InstrKind::Defer(call) => (call, true),
                    // What a variable without a value is given first may stand on each way of its own.
                    InstrKind::Write { place, source: Source::Value(ValueRef { component: Some(_), .. }) }
                        if by == By::Call && empty && is_local(syntax, place, end) =>
                    {
                        called.insert(place);
                        continue;
                    }
                    _ => continue,
                };
                let Some(used) = self.through(file, call, by).filter(|used| is_local(syntax, *used, end)) else {
                    continue;
                };
                called.insert(used);
                if index == maker {
                    if !deferred {
                        return None;
                    }
                    continue;
                }
                let literal = literal_of(syntax, maker, index)?;
                if *ender.get_or_insert(literal) != literal {
                    return None;
                }
            }
        }
        let inside = syntax.functions[ender?].span;
        let mut uses = syntax.exprs.ids().filter(|expr| is_local(syntax, *expr, end));
        let own = |used: ExprId| by == By::Method && inside.contains(syntax.exprs.span(used));
        uses.all(|used| called.contains(&used) || own(used)).then_some(ender).flatten()
    }

    /// What a call ends, or would end something by.
    fn through(self, file: FileId, call: ExprId, by: By) -> Option<ExprId> {
        let syntax = self.program.facts(file);
        let Expr::Call { callee, .. } = &syntax.exprs[call] else { return None };
        match (by, &syntax.exprs[*callee]) {
            (By::Call, Expr::Local(_)) => Some(*callee),
            (By::Method, Expr::Select { base, name }) => self.models.begins_with_ender(name.as_str()).then_some(*base),
            _ => None,
        }
    }
}

/// What a call ends that comes with its end, or with a pipe: a variable, and how.
pub(super) fn ended_by(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<(LocalId, By)> {
    let syntax = program.facts(file);
    let Expr::Call { callee, .. } = &syntax.exprs[call] else { return None };
    match &syntax.exprs[*callee] {
        Expr::Local(local) => Some((*local, By::Call)),
        Expr::Select { base, name } => match syntax.exprs[*base] {
            Expr::Local(local) if models.begins_with_ender(name.as_str()) => Some((local, By::Method)),
            _ => None,
        },
        _ => None,
    }
}

/// The pipe's end that a call reads all of.
pub(super) fn read_up(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<LocalId> {
    let args = program.facts(file).exprs.args(call)?;
    let read = effects_of(program, models, file, call).iter().find_map(|effect| match *effect {
        Effect::ReadsAll { arg } => args.get(usize::from(arg)),
        _ => None,
    });
    match program.facts(file).exprs[*read?] {
        Expr::Local(local) => Some(local),
        _ => None,
    }
}

fn is_local(syntax: &FileFacts, expr: ExprId, local: LocalId) -> bool {
    matches!(syntax.exprs[expr], Expr::Local(l) if l == local)
}

/// The literal right inside `maker` that `index` is, or is in.
fn literal_of(syntax: &FileFacts, maker: FuncIndex, index: FuncIndex) -> Option<FuncIndex> {
    let mut at = index;
    loop {
        let FuncKind::Literal { parent, .. } = syntax.functions[at].kind else { return None };
        if parent == maker {
            return Some(at);
        }
        at = parent;
    }
}

/// Whether a literal is started as a goroutine, once for each object.
fn runs_once(
    program: &Program,
    models: &Models,
    file: FileId,
    (maker, literal): (FuncIndex, FuncIndex),
    object: LocalId,
) -> bool {
    let syntax = program.facts(file);
    let Some(body) = &syntax.functions[maker].body else { return false };
    let is_it = |expr: ExprId| matches!(syntax.exprs[expr], Expr::FuncLit(index) if index == literal);
    let starts = body.instrs().any(|instr| match instr.kind {
        InstrKind::Go(call) => matches!(&syntax.exprs[call], Expr::Call { callee, .. } if is_it(*callee)),
        InstrKind::Call(call) => effects_of(program, models, file, call).iter().any(|effect| match *effect {
            Effect::Spawn { arg, .. } => match &syntax.exprs[call] {
                Expr::Call { args, .. } => {
                    syntax.exprs.list(*args).get(usize::from(arg)).is_some_and(|arg| is_it(*arg))
                }
                _ => false,
            },
            _ => false,
        }),
        _ => false,
    });
    let (started, made) = (syntax.functions[literal].span, syntax.locals[object].span);
    starts && body.loops.iter().all(|row| !row.span.contains(started) || row.span.contains(made))
}

/// The parameters that a variable is handed on as.
fn given_as<'p>(
    program: &'p Program,
    places: &'p Places,
    file: FileId,
    local: LocalId,
) -> impl Iterator<Item = (FileId, LocalId)> + 'p {
    let syntax = program.facts(file);
    syntax.exprs.iter_enumerated().flat_map(move |(call, expr)| {
        let args = match expr {
            Expr::Call { args, .. } => syntax.exprs.list(*args),
            _ => &[],
        };
        let is_it = move |arg: ExprId| matches!(syntax.exprs[arg], Expr::Local(l) if l == local);
        let given = args.iter().zip(0..).filter(move |(arg, _)| is_it(**arg));
        given.filter_map(move |(_, at): (_, usize)| {
            let CalleeKind::Func(func) = program.callee_kind(file, call) else { return None };
            let file = program.funcs()[func].file;
            let param = program.function(func).signature.params.get(at)?.local?;
            (!places.is_reassigned(file, param)).then_some((file, param))
        })
    })
}

/// Whether a function comes back only when the object at `key` is over, or with an error.
pub(super) fn waits_for_end(cx: Context<'_>, calls: &Calls, func: FuncId, key: Location) -> bool {
    waits(cx, calls, func, key, MAX_HANDED_ON)
}

fn waits(cx: Context<'_>, calls: &Calls, func: FuncId, key: Location, depth: u32) -> bool {
    let events = cx.events.of(func);
    let Location::Local(file, local) = key else { return false };
    let by_call = |call: ExprId| {
        let Some(row) = calls.at(func, call).filter(|_| depth > 0) else { return false };
        let [target] = row.targets[..] else { return false };
        if cx.program.funcs()[target].parent.is_some() && cx.program.funcs()[target].file == file {
            return waits(cx, calls, target, key, depth - 1);
        }
        let exprs = &cx.program.facts(cx.program.funcs()[func].file).exprs;
        let Some(args) = exprs.args(call) else { return false };
        let given = |arg: &ExprId| matches!(cx.program.facts(file).exprs[*arg], Expr::Local(l) if l == local);
        let Some(at) = args.iter().position(given) else { return false };
        let Some(param) = cx.program.function(target).signature.params.get(at).and_then(|row| row.local) else {
            return false;
        };
        waits(cx, calls, target, Location::Local(cx.program.funcs()[target].file, param), depth - 1)
    };
    let mut seen = vec![false; events.blocks.len()];
    let mut work: Vec<usize> = if events.blocks.is_empty() { Vec::new() } else { vec![0] };
    let mut comes_back = false;
    while let Some(at) = work.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let block = &events.blocks[at];
        let stops = block.events.iter().any(|event| match event.kind {
            EventKind::Wait { key: waited, .. } => waited == key,
            EventKind::Leave { .. } => true,
            EventKind::Call(call) => by_call(call),
            _ => false,
        });
        comes_back |= stops;
        if stops {
            continue;
        }
        if matches!(block.left, Some(Exit::Return | Exit::End)) && !under_error(cx.program, func, events, at) {
            return false;
        }
        work.extend(block.successors.iter().copied());
    }
    comes_back
}
