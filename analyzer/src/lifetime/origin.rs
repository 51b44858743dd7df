//! Where the values of local variables come from: whether two variables speak of one object.

use crate::{
    resolve::Program,
    source::FileId,
    syntax::{Expr, ExprId, LocalDecl, LocalId},
};

/// How far a variable's origin is followed when asking whether two variables speak of one object. Longer chains of
/// declarations inside one function are rare, and the answer only ever keeps a join from being overlooked.
const MAX_ORIGIN_STEPS: u32 = 4;

/// Whether the value of `local` was made from `origin`: `u := wrap(e)`, `for _, e := range es`, `x := e.child`.
pub fn derives(program: &Program, file: FileId, local: LocalId, origin: LocalId, steps: u32) -> bool {
    if steps > MAX_ORIGIN_STEPS {
        return false;
    }
    let expr = match &program.facts(file).locals[local].decl {
        LocalDecl::Value(value) => value.expr,
        LocalDecl::RangeKey { over } | LocalDecl::RangeValue { over } => *over,
        LocalDecl::TypeSwitch { subject, .. } => *subject,
        _ => return false,
    };
    mentions(program, file, expr)
        .into_iter()
        .any(|l| l == origin || (l != local && derives(program, file, l, origin, steps + 1)))
}

/// Whether `local` is the variable of a `range` over `list`.
pub fn ranges_over(program: &Program, file: FileId, local: LocalId, list: LocalId) -> bool {
    match &program.facts(file).locals[local].decl {
        LocalDecl::RangeKey { over } | LocalDecl::RangeValue { over } => mentions(program, file, *over).contains(&list),
        _ => false,
    }
}

/// Variables whose values an expression is made of.
pub fn mentions(program: &Program, file: FileId, expr: ExprId) -> Vec<LocalId> {
    let facts = program.facts(file);
    let mut out = Vec::new();
    let mut work = vec![expr];
    while let Some(expr) = work.pop() {
        match &facts.exprs[expr] {
            Expr::Local(local) => out.push(*local),
            Expr::Select { base, .. } | Expr::Index { base, .. } | Expr::Slice { base, .. } => work.push(*base),
            Expr::AddressOf(inner) | Expr::Deref(inner) | Expr::Receive(inner) => work.push(*inner),
            Expr::TypeAssert { base, .. } => work.push(*base),
            Expr::Call { callee, args, .. } => {
                work.push(*callee);
                work.extend(facts.exprs.list(*args));
            }
            Expr::Composite { elements, .. } => {
                work.extend(facts.exprs.elements(*elements).iter().map(|e| e.value));
            }
            _ => {}
        }
    }
    out
}
