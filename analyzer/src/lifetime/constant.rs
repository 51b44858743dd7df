//! Conditions that are decided before the program runs: comparisons of constants and of variables that keep the
//! constant they began with. What stands behind one that is false never happens.

use super::place::Places;
use crate::{
    base::Span,
    resolve::Program,
    source::FileId,
    syntax::{BinaryOp, Expr, ExprId, Literal},
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
}

impl Constants<'_> {
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
            out.push(self.program.facts(self.file).expr_spans[*right]);
        } else {
            self.unevaluated(*right, out);
        }
    }

    fn comparison(self, left: ExprId, right: ExprId) -> Option<bool> {
        let (a, b) = (self.integer(left, 0)?, self.integer(right, 0)?);
        let spans = &self.program.facts(self.file).expr_spans;
        let text = &self.program.sources().files[self.file].text;
        match text.get(spans[left].end as usize..spans[right].start as usize)?.trim() {
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
            Expr::Literal(Literal::Int(value)) => *value,
            Expr::Local(local) if steps < MAX_CONSTANT_STEPS => {
                self.integer(self.places.initial(self.program, self.file, *local)?, steps + 1)
            }
            _ => None,
        }
    }

    fn expr(&self, expr: ExprId) -> &Expr {
        &self.program.facts(self.file).exprs[expr]
    }
}
