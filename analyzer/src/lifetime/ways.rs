//! Ways through a function that the values of its variables allow: who starts a goroutine where a variable is nil, and sets
//! it there, does not come that way again.
//!
//! Invariant: a value is known only of variables that no other function writes and whose address nobody takes. A way that
//! is not known to be impossible is possible.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    after_spawn::{Facts, Pass},
    events::{Event, EventKind, FuncEvents},
    order::{is_deferred, point_of},
};
use crate::{
    base::{Idx, Span},
    resolve::{Basic, Builtin, CalleeKind, FuncId, Type},
    source::FileId,
    syntax::{BinaryOp, BlockId, Body, Expr, ExprId, InstrKind, LocalId, Source, Terminator},
};

/// Blocks visited with different values of variables, for one question. More, and every way counts as possible.
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

/// What is known at a point, in the order of the variables.
type Known = SmallVec<[(LocalId, Value); 4]>;

/// Variables of a function whose values are followed.
struct Ways<'a> {
    facts: Facts<'a>,
    file: FileId,
    body: &'a Body,
    events: &'a FuncEvents,
    tracked: &'a FxHashSet<LocalId>,
}

impl Pass<'_> {
    /// Whether the function may get to a place of its own when it has started a goroutine; of a call that it registers for
    /// its end, whether one way does both.
    pub(super) fn may_follow(&mut self, goroutine: usize, to: Span) -> bool {
        let (facts, func, file, events) = (self.facts, self.func, self.file, self.events);
        let call = facts.spawns.sites[self.ids[goroutine]].call;
        let Some(body) = &facts.cx.program.function(func).body else { return true };
        let Answers { tracked: variables, known } = &mut self.ways;
        *known.entry((goroutine, to)).or_insert_with(|| {
            let Some(point) = point_of(events, to) else { return true };
            let tracked = variables.get_or_insert_with(|| tracked(facts, func, file, body));
            Ways { facts, file, body, events, tracked }.lead(call, to, is_deferred(events, point))
        })
    }
}

/// Variables that conditions of a function ask about, and that nobody else changes.
fn tracked(facts: Facts<'_>, func: FuncId, file: FileId, body: &Body) -> FxHashSet<LocalId> {
    let program = facts.cx.program;
    let syntax = program.facts(file);
    let own = program.funcs()[func].index;
    let mut asked = FxHashSet::default();
    for block in body.blocks.iter() {
        let Terminator::If { condition, .. } = block.end else { continue };
        let mut work = vec![condition];
        while let Some(expr) = work.pop() {
            match syntax.exprs[expr] {
                Expr::Local(local) => drop(asked.insert(local)),
                Expr::Not(inner) => work.push(inner),
                Expr::Binary { left, right, .. } => work.extend([left, right]),
                _ => {}
            }
        }
    }
    asked.retain(|local| syntax.locals[*local].function == own);
    let mut changed: FxHashSet<LocalId> = FxHashSet::default();
    for (_, function) in syntax.functions.iter_enumerated().filter(|(index, _)| *index != own) {
        for instr in function.body.iter().flat_map(Body::instrs) {
            if let InstrKind::Write { place, .. } = instr.kind
                && let Expr::Local(local) = syntax.exprs[place]
            {
                changed.insert(local);
            }
        }
    }
    asked.retain(|local| !changed.contains(local) && !facts.cx.places.is_addressed(file, *local));
    asked
}

impl Ways<'_> {
    /// Whether some way meets the start and then the other place, or both of them if that is deferred.
    fn lead(&self, call: ExprId, to: Span, deferred: bool) -> bool {
        let starts = |event: &Event| match event.kind {
            EventKind::Spawn(spawn) | EventKind::Call(spawn) => spawn == call,
            _ => false,
        };
        let mut seen: FxHashSet<(usize, bool, bool, Known)> = FxHashSet::default();
        let mut work: Vec<(usize, bool, bool, Known)> = vec![(0, false, false, Known::new())];
        while let Some((at, mut started, mut met, mut known)) = work.pop() {
            if seen.len() >= MAX_VISITS {
                return true;
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
                    return true;
                }
                if matches!(event.kind, EventKind::Leave { .. }) {
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
        false
    }

    fn expr(&self, expr: ExprId) -> &Expr {
        &self.facts.cx.program.facts(self.file).exprs[expr]
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
        let (local, source) = match *instr {
            InstrKind::Define { local, source } => (local, source),
            InstrKind::Write { place, source } => match *self.expr(place) {
                Expr::Local(local) => (local, source),
                _ => return,
            },
            _ => return,
        };
        if !self.tracked.contains(&local) {
            return;
        }
        let before = get(known, local);
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
        set(known, local, value);
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
            Expr::Local(local) => get(known, *local),
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
            Expr::Local(local) => match get(known, local)? {
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
                let (local, with) = self.comparison(left, right)?;
                let value = get(known, local)?;
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

    /// A comparison of a variable that is followed with a constant.
    fn comparison(&self, left: ExprId, right: ExprId) -> Option<(LocalId, Value)> {
        [(left, right), (right, left)].into_iter().find_map(|(local, constant)| match *self.expr(local) {
            Expr::Local(local) if self.tracked.contains(&local) => Some((local, self.constant(constant)?)),
            _ => None,
        })
    }

    /// Notes what is known where a condition holds, or where it does not.
    fn learn(&self, condition: ExprId, holds: bool, known: &mut Known) {
        match *self.expr(condition) {
            Expr::Local(local) if self.tracked.contains(&local) => set(known, local, Some(Value::of_truth(holds))),
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
                let Some((local, with)) = self.comparison(left, right) else { return };
                let same = holds == (op == BinaryOp::Equal);
                match (with, same) {
                    (Value::Nil, false) => set(known, local, Some(Value::NotNil)),
                    (Value::True | Value::False, false) => {
                        set(known, local, Some(Value::of_truth(with == Value::False)));
                    }
                    (_, true) => set(known, local, Some(with)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn get(known: &Known, local: LocalId) -> Option<Value> {
    known.binary_search_by_key(&local, |row| row.0).ok().map(|at| known[at].1)
}

fn set(known: &mut Known, local: LocalId, value: Option<Value>) {
    match (known.binary_search_by_key(&local, |row| row.0), value) {
        (Ok(at), Some(value)) => known[at].1 = value,
        (Ok(at), None) => drop(known.remove(at)),
        (Err(at), Some(value)) => known.insert(at, (local, value)),
        (Err(_), None) => {}
    }
}

/// What is known of the ways of one function.
#[derive(Default)]
pub(super) struct Answers {
    /// Variables whose values are followed, once somebody has asked.
    tracked: Option<FxHashSet<LocalId>>,
    /// Answers of [`Pass::may_follow`], by goroutine and place.
    known: FxHashMap<(usize, Span), bool>,
}
