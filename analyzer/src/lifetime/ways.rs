//! Ways through a function that the values of its variables allow: who starts a goroutine where a variable is nil, and sets
//! it there, does not come that way again.
//!
//! Invariant: a value is known only of variables that no other function writes and whose address nobody takes, and of fields
//! that only this function writes. A way that is not known to be impossible is possible.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    after_spawn::{Facts, Pass},
    domain::{Access, Location, SyncKey, WaitKind},
    events::{Event, EventKind, FuncEvents},
    guards::deciding,
    order::{is_deferred, point_of, reachable},
    partial_joins::is_error,
    reach::access,
};
use crate::{
    base::{Idx, Span},
    resolve::{Basic, Builtin, CalleeKind, FieldId, FuncId, Place, Program, Root, Step, Type},
    source::FileId,
    syntax::{BinaryOp, BlockId, Body, Expr, ExprId, InstrKind, LocalDecl, LocalId, Source, Terminator},
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
    /// call that it registers for its end, whether one way does both.
    pub(super) fn may_follow(&mut self, goroutine: usize, to: Span) -> bool {
        let (facts, func, file, events) = (self.facts, self.func, self.file, self.events);
        let site = &facts.spawns.sites[self.ids[goroutine]];
        let Some(body) = &facts.cx.program.function(func).body else { return true };
        let over = |key| !self.bodies[goroutine].goes_on_after(facts, key, WaitKind::Group);
        let Answers { tracked: variables, known } = &mut self.ways;
        *known.entry((goroutine, to)).or_insert_with(|| {
            let Some(point) = point_of(events, to) else { return true };
            let tracked = variables.get_or_insert_with(|| tracked(facts, func, file, body));
            let ends = site.signals.iter().filter(|signal| signal.ends_body()).map(|signal| signal.key);
            let joins: Vec<SyncKey> = ends.filter(|key| over(*key)).collect();
            let deferred = is_deferred(events, point);
            let lead = |tracked: &FxHashSet<Asked>| {
                Ways { facts, file, body, events, tracked }.lead(site.call, &joins, to, deferred)
            };
            lead(tracked).unwrap_or_else(|| {
                // Of many variables those are followed that decide about both.
                let decide = |span: Span| -> FxHashSet<Asked> {
                    let all = deciding(facts, func, span, &|_| true).into_iter();
                    all.flat_map(|row| asked_in(facts.cx.program, file, row.condition)).collect()
                };
                let (starts, comes) = (decide(site.span), decide(to));
                let both: FxHashSet<Asked> =
                    tracked.iter().copied().filter(|asked| starts.contains(asked) && comes.contains(asked)).collect();
                lead(&both).unwrap_or(true)
            })
        })
    }
}

impl Pass<'_> {
    /// The same for an access, which a deferred literal may make only where a named result is an error: every way from the start
    /// on has to give one.
    pub(super) fn may_come_to(&mut self, goroutine: usize, access: &Access, top: Span) -> bool {
        self.may_follow(goroutine, top) && !self.gives_no_error(goroutine, access)
    }

    fn gives_no_error(&self, goroutine: usize, access: &Access) -> bool {
        let facts = self.facts;
        let program = facts.cx.program;
        let literal = &program.funcs()[access.func];
        let Some(body) = program.function(self.func).body.as_ref().filter(|_| literal.parent == Some(self.func)) else {
            return false;
        };
        let syntax = program.facts(self.file);
        let own = program.funcs()[self.func].index;
        let result = |condition: ExprId| {
            let Expr::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } = syntax.exprs[condition] else {
                return None;
            };
            let Expr::Local(local) = syntax.exprs[left] else { return None };
            match syntax.locals[local].decl {
                LocalDecl::Result { index, .. } if syntax.locals[local].function == own => {
                    syntax.exprs[right].is_nil().then_some(index as usize)
                }
                _ => None,
            }
        };
        let asked = deciding(facts, access.func, access.span, &|condition| result(condition).is_some());
        let error = asked.into_iter().find_map(|row| match syntax.exprs[row.condition] {
            Expr::Binary { op, .. } if row.holds == (op == BinaryOp::NotEqual) => result(row.condition),
            _ => None,
        });
        let (Some(error), Some(start)) = (error, point_of(self.events, facts.spawns.sites[self.ids[goroutine]].span))
        else {
            return false;
        };
        let mut behind = reachable(self.events, start.0);
        behind.insert(start.0);
        let gives = |at: usize| match body
            .blocks
            .get(BlockId::new(at))
            .filter(|_| at < body.blocks.len())
            .map(|row| &row.end)
        {
            Some(Terminator::Return { values }) => {
                Some(values.get(error).is_some_and(|value| syntax.exprs[*value].is_nil()))
            }
            Some(Terminator::End) => Some(false),
            _ => None,
        };
        let mut given = behind.ones().filter_map(gives).peekable();
        given.peek().is_some() && given.all(|nothing| nothing)
    }
}

/// Variables and fields that conditions of a function ask about, and that nobody else changes.
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
    for (index, function) in syntax.functions.iter_enumerated() {
        for instr in function.body.iter().flat_map(Body::instrs) {
            if let InstrKind::Write { place, .. } = instr.kind
                && let Expr::Local(local) = syntax.exprs[place]
            {
                if index == own {
                    here.insert(local)
                } else {
                    elsewhere.insert(local)
                };
            }
        }
    }
    // A variable of the function around is the same as long as a call of the literal lasts, unless it is that of a loop's header.
    let lasts = |local: LocalId| {
        let row = &syntax.locals[local];
        row.function == own || !row.loop_scope.is_some_and(|scope| scope.header)
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
                if matches!(event.kind, EventKind::Leave { .. }) || started && waits(event) {
                    left = true;
                    break;
                }
            }
            // A named result is set at the very end.
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
        if let Asked::Field(object, field) = asked {
            // Another variable may hold the same object.
            known.retain(|(known, _)| !matches!(known, Asked::Field(of, at) if at == &field && of != &object));
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

    /// Whether what is given to a variable that was found to be nil is taken not to be: `if p == nil { p = find() }`. Of an
    /// error nobody says that.
    fn is_made_there(&self, local: LocalId) -> bool {
        let program = self.facts.cx.program;
        match program.ty(program.underlying(program.local_type(self.file, local))) {
            Type::Pointer(_) | Type::Chan { .. } | Type::Func { .. } | Type::Map { .. } => true,
            Type::Interface { .. } => !is_error(program, self.file, local),
            _ => false,
        }
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
    /// Answers of [`Pass::may_follow`], by goroutine and place.
    known: FxHashMap<(usize, Span), bool>,
}
