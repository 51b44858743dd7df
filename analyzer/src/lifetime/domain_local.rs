//! Questions about local variables that several passes ask.

use crate::{
    base::Span,
    resolve::{FuncId, Program, Type},
    source::FileId,
    syntax::{Expr, ExprId, LocalDecl, LocalId, Terminator},
};

/// What a local variable is to a function that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The function's receiver.
    Receiver,
    /// Its parameter of that number.
    Param(u32),
    /// A variable of a function around it.
    Captured,
    /// A variable of its own.
    Own,
}

/// What `local` is to `func`.
pub fn operand(program: &Program, func: FuncId, file: FileId, local: LocalId) -> Operand {
    let Some(row) = program.facts(file).locals.get(local) else { return Operand::Captured };
    if program.funcs()[func].index != row.function {
        return Operand::Captured;
    }
    match row.decl {
        LocalDecl::Receiver { .. } => Operand::Receiver,
        LocalDecl::Param { index, .. } => Operand::Param(index),
        _ => Operand::Own,
    }
}

/// What a caller hands over: one argument, or all that a variadic parameter collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Number of the parameter.
    pub param: u32,
    /// Whether every argument from that number on is meant.
    pub rest: bool,
}

impl Given {
    /// The arguments that are meant, of those of a call.
    pub fn arguments(self, args: &[ExprId]) -> &[ExprId] {
        let from = (self.param as usize).min(args.len());
        let end = if self.rest { args.len() } else { args.len().min(from + 1) };
        &args[from..end]
    }
}

/// The arguments that `local` stands for in `func`: it is a parameter, or goes over a variadic one.
pub fn given(program: &Program, func: FuncId, file: FileId, local: LocalId) -> Option<Given> {
    let facts = program.facts(file);
    // What is kept in a list goes by the name of the list.
    let rest = |local: LocalId| matches!(facts.locals[local].decl, LocalDecl::Param { variadic: true, .. });
    if let Operand::Param(param) = operand(program, func, file, local) {
        return Some(Given { param, rest: rest(local) });
    }
    let LocalDecl::RangeValue { over } = facts.locals.get(local)?.decl else { return None };
    let Expr::Local(collected) = facts.exprs[over] else { return None };
    match operand(program, func, file, collected) {
        Operand::Param(param) if rest(collected) => Some(Given { param, rest: true }),
        _ => None,
    }
}

/// Whether the local is a parameter.
pub fn is_param(program: &Program, file: FileId, local: LocalId) -> bool {
    matches!(program.facts(file).locals[local].decl, LocalDecl::Param { .. })
}

/// Whether an argument may be a function: cheap, before the functions are looked for.
pub fn may_be_function(program: &Program, file: FileId, expr: ExprId) -> bool {
    match &program.facts(file).exprs[expr] {
        Expr::FuncLit(_) => true,
        Expr::Int(_)
        | Expr::Literal(_)
        | Expr::Composite { .. }
        | Expr::Binary { .. }
        | Expr::AddressOf(_)
        | Expr::Not(_) => false,
        _ => {
            let ty = program.underlying(program.expr_type(file, expr));
            matches!(program.ty(ty), Type::Func { .. })
        }
    }
}

/// Local variables that a function gives back as they are, each with the `return` statement.
pub fn returned(program: &Program, func: FuncId) -> impl Iterator<Item = (Span, LocalId)> {
    let exprs = &program.facts(program.funcs()[func].file).exprs;
    let blocks = program.function(func).body.iter().flat_map(|body| body.blocks.iter());
    let values = blocks.filter_map(|block| match &block.end {
        Terminator::Return { values } => Some(values.iter().map(|value| (block.end_span, *value))),
        _ => None,
    });
    values.flatten().filter_map(|(at, value)| match exprs[value] {
        Expr::Local(local) => Some((at, local)),
        _ => None,
    })
}
