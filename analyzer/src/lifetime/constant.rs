//! What is decided before the program runs: comparisons of constants and of variables that keep the constant they
//! began with, loops that count to one, select clauses without a partner. What stands behind one that is false never
//! happens.

use smallvec::SmallVec;

use super::{events::FuncEvents, order::reachable_without, place::Places};
use crate::{
    base::{Idx, Span},
    resolve::Program,
    source::FileId,
    syntax::{
        BinaryOp, Block, BlockId, Body, Expr, ExprId, Instr, InstrKind, LocalDecl, LocalId, Loop, SelectArm, Source,
        Terminator,
    },
};

/// Variables looked through on the way to a constant.
const MAX_CONSTANT_STEPS: u32 = 3;

/// Evaluates conditions of one file.
#[derive(Clone, Copy)]
pub struct Constants<'a> {
    /// The program.
    pub program: &'a Program,
    /// Which variables keep their first value.
    pub places: &'a Places,
    /// The file.
    pub file: FileId,
    /// What the block does whose end is looked at.
    pub instrs: &'a [Instr],
}

impl<'a> Constants<'a> {
    /// A loop that runs once does not come back.
    pub(super) fn loops_once(self, body: &Body, out: &mut FuncEvents) {
        for row in body.loops.iter().filter(|row| self.runs_once(body, row)) {
            let (head, exit) = (row.head.index(), row.exit.index());
            let Some(&first) = out.blocks[head].successors.iter().find(|next| **next != exit) else { continue };
            let mut inside = reachable_without(out, first, head);
            inside.insert(first);
            for at in inside.ones() {
                for next in out.blocks[at].successors.iter_mut().filter(|next| **next == head) {
                    *next = exit;
                }
            }
            out.once.push(row.span);
        }
    }

    /// The value of a condition, where it has the same one in every run.
    pub fn condition(self, expr: ExprId) -> Option<bool> {
        match self.expr(expr) {
            Expr::Name(name) if name.as_str() == "true" => Some(true),
            Expr::Name(name) if name.as_str() == "false" => Some(false),
            Expr::Not(inner) => self.condition(*inner).map(|value| !value),
            Expr::Binary { op, left, right } => match op {
                BinaryOp::And => match (self.condition(*left), self.condition(*right)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
                BinaryOp::Or => match (self.condition(*left), self.condition(*right)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
                BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Order => self.comparison(*left, *right),
                BinaryOp::Shift | BinaryOp::Arithmetic => None,
            },
            _ => None,
        }
    }

    /// The blocks control may go to from the end of a block: those behind conditions that are never true, and behind
    /// communications that never happen, are left out.
    pub fn ways_out(self, body: &'a Body, block: &'a Block) -> SmallVec<[BlockId; 2]> {
        match &block.end {
            Terminator::If { condition, then, otherwise } => {
                match self.within(body.instrs_of(block)).condition(*condition) {
                    Some(true) => SmallVec::from_slice(&[*then]),
                    Some(false) => SmallVec::from_slice(&[*otherwise]),
                    None => SmallVec::from_slice(&[*then, *otherwise]),
                }
            }
            Terminator::Switch { tag, arms, default } => {
                let mut ways = SmallVec::new();
                for arm in arms {
                    let decided = |case: &ExprId| match tag {
                        Some(tag) => Some(self.integer(*tag, 0)? == self.integer(*case, 0)?),
                        None => self.condition(*case),
                    };
                    if arm.cases.iter().all(|case| decided(case) == Some(false)) {
                        continue;
                    }
                    ways.push(arm.block);
                    if arm.cases.iter().any(|case| decided(case) == Some(true)) {
                        return ways;
                    }
                }
                ways.push(*default);
                ways
            }
            Terminator::Select { arms } => {
                let happens = |arm: &&SelectArm| !self.places.never_happens(self.program, self.file, arm.comm);
                let ways: SmallVec<[BlockId; 2]> = arms.iter().filter(happens).map(|arm| arm.block).collect();
                if ways.is_empty() { arms.iter().map(|arm| arm.block).collect() } else { ways }
            }
            end => end.successors().into(),
        }
    }

    /// The same at the end of a block, where variables have the constants that the block itself gave them last.
    fn within(self, instrs: &'a [Instr]) -> Self {
        Self { instrs, ..self }
    }

    /// The constant that the block at whose end the condition stands gave to a variable of its own.
    fn set_in_block(self, local: LocalId) -> Option<i64> {
        let facts = self.program.facts(self.file);
        let (at, source) = self.instrs.iter().enumerate().rev().find_map(|(at, instr)| match instr.kind {
            InstrKind::Define { local: set, source } if set == local => Some((at, source)),
            InstrKind::Write { place, source } if matches!(facts.exprs[place], Expr::Local(set) if set == local) => {
                Some((at, source))
            }
            _ => None,
        })?;
        // Whoever is called, or runs at the same time, may write what it can reach.
        let calls = |instr: &Instr| !matches!(instr.kind, InstrKind::Read(_) | InstrKind::Define { .. });
        if self.places.is_shared(self.program, self.file, local) && self.instrs[at + 1..].iter().any(calls) {
            return None;
        }
        match source {
            Source::Zero => Some(0),
            Source::Value(value) if value.component.is_none() => match self.expr(value.expr) {
                Expr::Int(value) => Some(value.value()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a loop that counts (`for i := a; i < b; i++`) is known to run exactly once.
    pub fn runs_once(self, body: &Body, row: &Loop) -> bool {
        let Terminator::If { condition, .. } = body.blocks[row.head].end else { return false };
        let Expr::Binary { op: BinaryOp::Order, left, right } = *self.expr(condition) else { return false };
        let Expr::Local(counter) = *self.expr(left) else { return false };
        let facts = self.program.facts(self.file);
        let declared = &facts.locals[counter];
        let LocalDecl::Value(first) = &declared.decl else { return false };
        let bounds = (self.integer(first.expr, 0), self.integer(right, 0));
        let (Some(first), Some(bound)) = bounds else { return false };
        let operator = match bound {
            _ if first == bound => "<=",
            _ if first.checked_add(1) == Some(bound) => "<",
            _ => return false,
        };
        let between = Span { start: facts.exprs.span(left).end, end: facts.exprs.span(right).start };
        let once = between.of(&self.program.sources().files[self.file].text).trim() == operator;
        // The counter is counted up by the header alone.
        let counts = |instr: &Instr| match instr.kind {
            InstrKind::Write { place, source } if matches!(facts.exprs[place], Expr::Local(l) if l == counter) => {
                source == Source::Update(None)
            }
            _ => true,
        };
        once && declared.is_of_header() && !declared.captured && body.instrs().all(counts)
    }

    /// The parts of a condition that are never evaluated: the right of a false `&&` or a true `||`.
    pub fn unevaluated(self, expr: ExprId, out: &mut Vec<Span>) {
        let Expr::Binary { op, left, right } = self.expr(expr) else { return };
        let ends = match op {
            BinaryOp::And => false,
            BinaryOp::Or => true,
            _ => return,
        };
        self.unevaluated(*left, out);
        if self.condition(*left) == Some(ends) {
            out.push(self.program.facts(self.file).exprs.span(*right));
        } else {
            self.unevaluated(*right, out);
        }
    }

    fn comparison(self, left: ExprId, right: ExprId) -> Option<bool> {
        let (a, b) = (self.integer(left, 0)?, self.integer(right, 0)?);
        let exprs = &self.program.facts(self.file).exprs;
        let text = &self.program.sources().files[self.file].text;
        match text.get(exprs.span(left).end as usize..exprs.span(right).start as usize)?.trim() {
            "==" => Some(a == b),
            "!=" => Some(a != b),
            "<" => Some(a < b),
            "<=" => Some(a <= b),
            ">" => Some(a > b),
            ">=" => Some(a >= b),
            _ => None,
        }
    }

    fn integer(self, expr: ExprId, steps: u32) -> Option<i64> {
        match self.expr(expr) {
            Expr::Int(value) => Some(value.value()),
            Expr::Local(local) if steps < MAX_CONSTANT_STEPS => {
                match self.places.initial(self.program, self.file, *local) {
                    Some(initial) => self.integer(initial, steps + 1),
                    None => self.set_in_block(*local),
                }
            }
            _ => None,
        }
    }

    fn expr(&self, expr: ExprId) -> &Expr {
        &self.program.facts(self.file).exprs[expr]
    }
}

/// Whether a number is written with a minus: `wg.Add(-1)` counts down.
pub(super) fn is_negative(program: &Program, file: FileId, expr: ExprId) -> bool {
    let facts = program.facts(file);
    matches!(facts.exprs[expr], Expr::Unary(_))
        && facts.exprs.span(expr).of(&program.sources().files[file].text).starts_with('-')
}
