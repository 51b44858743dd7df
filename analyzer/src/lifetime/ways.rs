//! Ways through a function that the values of its variables allow: who starts a goroutine where a variable is nil, and sets
//! it there, does not come that way again.
//!
//! Invariant: a value is known only of variables that no other function writes and whose address nobody takes, the variables
//! around a literal among them, and of fields that no other function writes, until the object is given to a call. A way that is
//! not known to be impossible is possible.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    after_spawn::{Facts, Pass},
    domain::{Access, Location, SyncKey, WaitKind},
    events::{Event, EventKind, FuncEvents},
    guards::deciding,
    order::{is_deferred, point_of, reachable},
    reach::access,
};
use crate::{
    base::{Idx, Span},
    resolve::{Basic, Builtin, CalleeKind, FieldId, FuncId, Place, Program, Root, Step, Type},
    source::FileId,
    syntax::{
        BinaryOp, BlockId, Body, Expr, ExprId, FileFacts, FuncIndex, InstrKind, LocalDecl, LocalId, Source, Terminator,
    },
};

/// Blocks visited with different values of variables, for one question. More, and fewer variables are followed; with these,
/// too, and every way counts as possible.
const MAX_VISITS: usize = 4000;

/// What is known of a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Value {
    Nil,
    NotNil,
    True,
    False,
    Zero,
    /// A number above zero.
    Positive,
}

impl Value {
    fn of_truth(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// What a condition asks about: a variable, or a field of the object that a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Asked {
    Local(LocalId),
    Field(LocalId, FieldId),
}

/// What is known at a point, in the order of what is asked.
type Known = SmallVec<[(Asked, Value); 4]>;

/// Variables of a function whose values are followed.
struct Ways<'a> {
    facts: Facts<'a>,
    file: FileId,
    body: &'a Body,
    events: &'a FuncEvents,
    tracked: &'a FxHashSet<Asked>,
}

impl Pass<'_> {
    /// Whether the function may get to a place of its own when it has started a goroutine, without a wait for its group; of a
    /// call that it registers for its end, whether one way does both. What lasts longer than the function's call, fields and
    /// variables around a literal, tells only about a location that does not: `of_this_call`.
    pub(super) fn may_follow(&mut self, goroutine: usize, to: Span, of_this_call: bool) -> bool {
        let (facts, func, file, events) = (self.facts, self.func, self.file, self.events);
        let site = &facts.spawns.sites[self.ids[goroutine]];
        let program = facts.cx.program;
        let Some(body) = &program.function(func).body else { return true };
        let over = |key| !self.bodies[goroutine].goes_on_after(facts, key, WaitKind::Group);
        let Answers { tracked: variables, decide, overflown, known } = &mut self.ways;
        *known.entry((goroutine, to, of_this_call)).or_insert_with(|| {
            let Some(point) = point_of(events, to) else { return true };
            let all = variables.get_or_insert_with(|| tracked(facts, func, file, body));
            let own = |asked: &Asked| match *asked {
                Asked::Local(local) => program.facts(file).locals[local].function == program.funcs()[func].index,
                Asked::Field(..) => false,
            };
            let tracked: FxHashSet<Asked> = all.iter().copied().filter(|asked| of_this_call || own(asked)).collect();
            let ends = site.signals.iter().filter(|signal| signal.ends_body()).map(|signal| signal.key);
            let joins: Vec<SyncKey> = ends.filter(|key| over(*key)).collect();
            let deferred = is_deferred(events, point);
            let lead = |tracked: &FxHashSet<Asked>| {
                Ways { facts, file, body, events, tracked }.lead(site.call, &joins, to, deferred)
            };
            let first = if *overflown { None } else { lead(&tracked) };
            first.unwrap_or_else(|| {
                *overflown = true;
                // Of many variables those are followed that decide about both.
                for span in [site.span, to] {
                    decide.entry(span).or_insert_with(|| {
                        let all = deciding(facts, func, span, &|_| true).into_iter();
                        all.flat_map(|row| asked_in(program, file, row.condition)).collect()
                    });
                }
                let about = |span: Span, asked: &Asked| decide.get(&span).is_some_and(|all| all.contains(asked));
                let both = tracked.iter().copied().filter(|asked| about(site.span, asked) && about(to, asked));
                lead(&both.collect()).unwrap_or(true)
            })
        })
    }

    /// Whether the function may come to an access, its own or of something it runs at `top`, when it has started a goroutine.
    pub(super) fn may_come_to(&mut self, goroutine: usize, access: &Access, top: Span) -> bool {
        let program = self.facts.cx.program;
        let own = program.funcs()[self.func].index;
        let of_this_call = match access.location {
            Location::Local(file, local) => file == self.file && program.facts(file).locals[local].function == own,
            Location::Field(_) | Location::Global(_) => false,
        };
        self.may_follow(goroutine, top, of_this_call) && !self.gives_no_error(goroutine, access, top)
    }

    /// Whether a deferred literal makes the access only where a named result is an error, and no way from the start on gives one.
    fn gives_no_error(&self, goroutine: usize, access: &Access, top: Span) -> bool {
        let facts = self.facts;
        let program = facts.cx.program;
        let deferred = || facts.calls.of(self.func).iter().any(|row| row.deferred && row.span == top);
        if program.funcs()[access.func].parent != Some(self.func) || !deferred() {
            return false;
        }
        let Some(body) = &program.function(self.func).body else { return false };
        let syntax = program.facts(self.file);
        let own = program.funcs()[self.func].index;
        let result = |condition: ExprId| {
            let Expr::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } = syntax.exprs[condition] else {
                return None;
            };
            let Expr::Local(local) = syntax.exprs[left] else { return None };
            match syntax.locals[local].decl {
                LocalDecl::Result { index, .. } if syntax.locals[local].function == own => {
                    syntax.exprs[right].is_nil().then_some((local, index as usize))
                }
                _ => None,
            }
        };
        let asked = deciding(facts, access.func, access.span, &|condition| result(condition).is_some());
        let error = asked.into_iter().find_map(|row| match syntax.exprs[row.condition] {
            Expr::Binary { op, .. } if row.holds == (op == BinaryOp::NotEqual) => result(row.condition),
            _ => None,
        });
        let start = point_of(self.events, facts.spawns.sites[self.ids[goroutine]].span);
        let (Some((local, error)), Some(start)) = (error, start) else { return false };
        let set_elsewhere = writes(syntax).any(|(index, written)| index != own && written == local);
        if set_elsewhere || facts.cx.places.is_addressed(self.file, local) {
            return false;
        }
        let mut behind = reachable(self.events, start.0);
        behind.insert(start.0);
        let gives = |at: usize| match &body.blocks.get(BlockId::new(at))?.end {
            Terminator::Return { values } => Some(values.get(error).is_some_and(|value| syntax.exprs[*value].is_nil())),
            Terminator::End => Some(false),
            _ => None,
        };
        let mut given = behind.ones().filter_map(gives).peekable();
        given.peek().is_some() && given.all(|nothing| nothing)
    }
}

/// Variables and fields that conditions of a function ask about, and that no other function writes.
fn tracked(facts: Facts<'_>, func: FuncId, file: FileId, body: &Body) -> FxHashSet<Asked> {
    let program = facts.cx.program;
    let syntax = program.facts(file);
    let own = program.funcs()[func].index;
    let conditions = body.blocks.iter().filter_map(|block| match block.end {
        Terminator::If { condition, .. } => Some(condition),
        _ => None,
    });
    let mut asked: FxHashSet<Asked> = conditions.flat_map(|condition| asked_in(program, file, condition)).collect();
    if asked.is_empty() {
        return asked;
    }
    // Who writes a variable: this function, or others.
    let (mut here, mut elsewhere) = (FxHashSet::default(), FxHashSet::default());
    for (index, local) in writes(syntax) {
        if index == own {
            here.insert(local)
        } else {
            elsewhere.insert(local)
        };
    }
    // A variable of the function around is the same as long as a call of the literal lasts, unless it is that of a loop's header.
    let lasts = |local: LocalId| {
        let row = &syntax.locals[local];
        row.function == own || !row.is_of_header()
    };
    asked.retain(|asked| match *asked {
        Asked::Local(local) => {
            !elsewhere.contains(&local) && lasts(local) && !facts.cx.places.is_addressed(file, local)
        }
        Asked::Field(local, field) => {
            let rows = facts.index.of(Location::Field(field)).iter();
            let mut writes = rows.filter(|row| access(facts.cx, **row).kind.is_write());
            !elsewhere.contains(&local)
                && !here.contains(&local)
                && lasts(local)
                && writes.all(|row| row.0 == func)
                && !facts.cx.places.is_addressed(file, local)
        }
    });
    asked
}

/// The variables that functions of a file write behind their declaration, each time with the function.
fn writes(syntax: &FileFacts) -> impl Iterator<Item = (FuncIndex, LocalId)> {
    syntax.functions.iter_enumerated().flat_map(move |(index, function)| {
        let places = function.body.iter().flat_map(Body::instrs).filter_map(|instr| match instr.kind {
            InstrKind::Write { place, .. } => Some(place),
            _ => None,
        });
        places.filter_map(move |place| match syntax.exprs[place] {
            Expr::Local(local) => Some((index, local)),
            _ => None,
        })
    })
}

/// What a condition asks about.
fn asked_in(program: &Program, file: FileId, condition: ExprId) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut work = vec![condition];
    while let Some(expr) = work.pop() {
        match program.facts(file).exprs[expr] {
            Expr::Local(_) | Expr::Select { .. } => asked.extend(asked_about(program, file, expr)),
            Expr::Not(inner) => work.push(inner),
            Expr::Binary { left, right, .. } => work.extend([left, right]),
            _ => {}
        }
    }
    asked
}

/// What an expression that is read or written asks about, if it can be followed.
fn asked_about(program: &Program, file: FileId, expr: ExprId) -> Option<Asked> {
    match program.facts(file).exprs[expr] {
        Expr::Local(local) => Some(Asked::Local(local)),
        Expr::Select { .. } => match program.place(file, expr) {
            Place { root: Root::Local(local), steps } => match steps[..] {
                [Step::Field(field)] => Some(Asked::Field(local, field)),
                _ => None,
            },
            Place { .. } => None,
        },
        _ => None,
    }
}

impl Ways<'_> {
    /// Whether some way meets the start and then the other place, or both of them if that is deferred.
    /// `None` if there are too many.
    fn lead(&self, call: ExprId, joins: &[SyncKey], to: Span, deferred: bool) -> Option<bool> {
        let waits = |event: &Event| match &event.kind {
            EventKind::Wait { key, how: WaitKind::Group } => !deferred && joins.contains(key),
            _ => false,
        };
        let starts = |event: &Event| match event.kind {
            EventKind::Spawn(spawn) | EventKind::Call(spawn) => spawn == call,
            _ => false,
        };
        let mut seen: FxHashSet<(usize, bool, bool, Known)> = FxHashSet::default();
        let mut work: Vec<(usize, bool, bool, Known)> = vec![(0, false, false, Known::new())];
        while let Some((at, mut started, mut met, mut known)) = work.pop() {
            if seen.len() >= MAX_VISITS {
                return None;
            }
            if !seen.insert((at, started, met, known.clone())) {
                continue;
            }
            let block = &self.events.blocks[at];
            let mut left = false;
            for event in &block.events {
                if event.span == to && (deferred || started) {
                    met = true;
                }
                started |= starts(event);
                if started && met {
                    return Some(true);
                }
                if waits(event) {
                    // What was started is over; the next round may start again.
                    (started, met) = (false, false);
                }
                if matches!(event.kind, EventKind::Leave { .. }) {
                    left = true;
                    break;
                }
            }
            if left {
                continue;
            }
            let own = self.body.blocks.get(BlockId::new(at)).filter(|_| at < self.body.blocks.len());
            let Some(own) = own else {
                work.extend(block.successors.iter().map(|next| (*next, started, met, known.clone())));
                continue;
            };
            for instr in self.body.instrs_of(own) {
                self.apply(&instr.kind, instr.span, &mut known);
            }
            match (&own.end, &block.successors[..]) {
                (Terminator::If { condition, .. }, &[then, otherwise]) => {
                    for (next, holds) in [(then, true), (otherwise, false)] {
                        if self.truth(*condition, &known).is_none_or(|truth| truth == holds) {
                            let mut known = known.clone();
                            self.learn(*condition, holds, &mut known);
                            work.push((next, started, met, known));
                        }
                    }
                }
                _ => work.extend(block.successors.iter().map(|next| (*next, started, met, known.clone()))),
            }
        }
        Some(false)
    }

    fn expr(&self, expr: ExprId) -> &Expr {
        &self.facts.cx.program.facts(self.file).exprs[expr]
    }

    /// What an expression asks about, if that is followed.
    fn asked(&self, expr: ExprId) -> Option<Asked> {
        asked_about(self.facts.cx.program, self.file, expr).filter(|asked| self.tracked.contains(asked))
    }

    /// What a value is compared with: `nil`, `true`, a number.
    fn constant(&self, expr: ExprId) -> Option<Value> {
        match self.expr(expr) {
            Expr::Name(name) => match name.as_str() {
                "nil" => Some(Value::Nil),
                "true" => Some(Value::True),
                "false" => Some(Value::False),
                _ => None,
            },
            Expr::Int(number) => match number.value() {
                0 => Some(Value::Zero),
                number => (number > 0).then_some(Value::Positive),
            },
            _ => None,
        }
    }

    /// What an instruction tells of a variable.
    fn apply(&self, instr: &InstrKind, span: Span, known: &mut Known) {
        self.forget(instr, known);
        let (asked, source) = match *instr {
            InstrKind::Define { local, source } => {
                known.retain(|(known, _)| !matches!(known, Asked::Field(object, _) if *object == local));
                (Asked::Local(local), source)
            }
            InstrKind::Write { place, source } => match self.asked(place) {
                Some(asked) => (asked, source),
                None => return,
            },
            _ => return,
        };
        if !self.tracked.contains(&asked) {
            return;
        }
        if let Asked::Field(..) = asked {
            let value = match source {
                Source::Value(value) if value.component.is_none() => self.value(value.expr, known),
                _ => None,
            };
            set(known, asked, value);
            return;
        }
        let Asked::Local(local) = asked else { return };
        let before = get(known, asked);
        let value = match source {
            Source::Zero => self.zero(local),
            Source::Value(value) if value.component.is_none() => self
                .value(value.expr, known)
                .or_else(|| (before == Some(Value::Nil) && self.is_made_there(local)).then_some(Value::NotNil)),
            Source::Value(_) => (before == Some(Value::Nil) && self.is_made_there(local)).then_some(Value::NotNil),
            Source::Update(_) => {
                let text = &self.facts.cx.program.sources().files[self.file].text;
                let counts = span.of(text).ends_with("++") && matches!(before, Some(Value::Zero | Value::Positive));
                counts.then_some(Value::Positive)
            }
            Source::RangeKey { .. } | Source::RangeValue { .. } => None,
        };
        set(known, asked, value);
    }

    /// A field that is written, of whatever object, is known no more; nor are those of an object that a call is given, which may
    /// be decoded there.
    fn forget(&self, instr: &InstrKind, known: &mut Known) {
        if !known.iter().any(|(asked, _)| matches!(asked, Asked::Field(..))) {
            return;
        }
        let program = self.facts.cx.program;
        match *instr {
            InstrKind::Write { place, .. } => {
                if let Some(Step::Field(written)) = program.place(self.file, place).steps.last() {
                    known.retain(|(asked, _)| !matches!(asked, Asked::Field(_, field) if field == written));
                }
            }
            InstrKind::Call(call) => {
                let exprs = &program.facts(self.file).exprs;
                let Expr::Call { callee, args, .. } = exprs[call] else { return };
                let receiver = match exprs[callee] {
                    Expr::Select { base, .. } => Some(base),
                    _ => None,
                };
                for given in exprs.list(args).iter().copied().chain(receiver) {
                    let object = match exprs[given] {
                        Expr::AddressOf(inner) => inner,
                        _ => given,
                    };
                    if let Expr::Local(object) = exprs[object] {
                        known.retain(|(asked, _)| !matches!(asked, Asked::Field(of, _) if *of == object));
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether what is given to a variable that was found to be nil is taken not to be: `if p == nil { p = find() }`. Of an
    /// interface nobody says that; most of those are errors.
    fn is_made_there(&self, local: LocalId) -> bool {
        let program = self.facts.cx.program;
        let ty = program.underlying(program.local_type(self.file, local));
        matches!(program.ty(ty), Type::Pointer(_) | Type::Chan { .. } | Type::Func { .. } | Type::Map { .. })
    }

    fn zero(&self, local: LocalId) -> Option<Value> {
        let program = self.facts.cx.program;
        match program.ty(program.underlying(program.local_type(self.file, local))) {
            Type::Basic(Basic::Bool) => Some(Value::False),
            Type::Pointer(_) | Type::Chan { .. } | Type::Func { .. } | Type::Map { .. } | Type::Slice(_) => {
                Some(Value::Nil)
            }
            Type::Interface { .. } => Some(Value::Nil),
            _ => None,
        }
    }

    fn value(&self, expr: ExprId, known: &Known) -> Option<Value> {
        match self.expr(expr) {
            Expr::Local(local) => get(known, Asked::Local(*local)),
            Expr::AddressOf(_) | Expr::FuncLit(_) | Expr::Composite { .. } => Some(Value::NotNil),
            Expr::Call { .. } => {
                let made = self.facts.cx.program.callee_kind(self.file, expr);
                matches!(made, CalleeKind::Builtin(Builtin::Make | Builtin::New)).then_some(Value::NotNil)
            }
            _ => self.constant(expr),
        }
    }

    /// Whether a condition holds, as far as is known.
    fn truth(&self, condition: ExprId, known: &Known) -> Option<bool> {
        match *self.expr(condition) {
            Expr::Local(_) | Expr::Select { .. } => match get(known, self.asked(condition)?)? {
                Value::True => Some(true),
                Value::False => Some(false),
                _ => None,
            },
            Expr::Not(inner) => self.truth(inner, known).map(|holds| !holds),
            Expr::Binary { op: BinaryOp::And, left, right } => {
                match (self.truth(left, known), self.truth(right, known)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }
            }
            Expr::Binary { op: BinaryOp::Or, left, right } => {
                match (self.truth(left, known), self.truth(right, known)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                }
            }
            Expr::Binary { op: op @ (BinaryOp::Equal | BinaryOp::NotEqual), left, right } => {
                let (asked, with) = self.comparison(left, right)?;
                let value = get(known, asked)?;
                let same = match (value, with) {
                    // One number above zero is not another.
                    (Value::Positive, Value::Positive) => return None,
                    _ => value == with,
                };
                Some(same == (op == BinaryOp::Equal))
            }
            _ => None,
        }
    }

    /// A comparison of what is followed with a constant.
    fn comparison(&self, left: ExprId, right: ExprId) -> Option<(Asked, Value)> {
        [(left, right), (right, left)]
            .into_iter()
            .find_map(|(asked, constant)| Some((self.asked(asked)?, self.constant(constant)?)))
    }

    /// Notes what is known where a condition holds, or where it does not.
    fn learn(&self, condition: ExprId, holds: bool, known: &mut Known) {
        match *self.expr(condition) {
            Expr::Local(_) | Expr::Select { .. } => {
                if let Some(asked) = self.asked(condition) {
                    set(known, asked, Some(Value::of_truth(holds)));
                }
            }
            Expr::Not(inner) => self.learn(inner, !holds, known),
            Expr::Binary { op: BinaryOp::And, left, right } if holds => {
                self.learn(left, true, known);
                self.learn(right, true, known);
            }
            Expr::Binary { op: BinaryOp::Or, left, right } if !holds => {
                self.learn(left, false, known);
                self.learn(right, false, known);
            }
            Expr::Binary { op: op @ (BinaryOp::Equal | BinaryOp::NotEqual), left, right } => {
                let Some((asked, with)) = self.comparison(left, right) else { return };
                let same = holds == (op == BinaryOp::Equal);
                match (with, same) {
                    (Value::Nil, false) => set(known, asked, Some(Value::NotNil)),
                    (Value::True | Value::False, false) => {
                        set(known, asked, Some(Value::of_truth(with == Value::False)));
                    }
                    (_, true) => set(known, asked, Some(with)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn get(known: &Known, asked: Asked) -> Option<Value> {
    known.binary_search_by_key(&asked, |row| row.0).ok().map(|at| known[at].1)
}

fn set(known: &mut Known, asked: Asked, value: Option<Value>) {
    match (known.binary_search_by_key(&asked, |row| row.0), value) {
        (Ok(at), Some(value)) => known[at].1 = value,
        (Ok(at), None) => drop(known.remove(at)),
        (Err(at), Some(value)) => known.insert(at, (asked, value)),
        (Err(_), None) => {}
    }
}

/// What is known of the ways of one function.
#[derive(Default)]
pub(super) struct Answers {
    /// Variables whose values are followed, once somebody has asked.
    tracked: Option<FxHashSet<Asked>>,
    /// What the conditions that decide about a place ask, once it was needed.
    decide: FxHashMap<Span, FxHashSet<Asked>>,
    /// Whether there have been too many values to follow all variables.
    overflown: bool,
    /// Answers of [`Pass::may_follow`], by goroutine and place.
    known: FxHashMap<(usize, Span, bool), bool>,
}
