//! The order in which package variables are initialised, by which Go numbers the literals in their initialisers.
//!
//! After the Go specification, "Package initialization": again and again the variable that comes first in declaration
//! order among those that depend on no uninitialised one, dependencies through functions included.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

use rustc_hash::FxHashMap;

use super::{
    calls::Called,
    declare::Entity,
    model::{FuncId, PackageId},
    names::Binding,
    symbols,
    typer::Typer,
};
use crate::{
    base::Span,
    source::FileId,
    syntax::{Expr, ExprId, FuncIndex, FuncKind},
};

/// What an expression belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Owner {
    /// Initialiser number `n` in declaration order.
    Initialiser(usize),
    Func(FuncId),
}

/// One initialiser: the value of one variable, or of several that share a call.
struct Initialiser {
    file: FileId,
    span: Span,
}

/// The files of the package, and the number of every literal that stands directly in an initialiser; `None` where
/// source order says the same.
pub(super) fn literal_numbers(typer: &Typer<'_>, package: PackageId) -> Option<(Vec<FileId>, FxHashMap<FuncId, u32>)> {
    let files = symbols::compile_order(&typer.declared().packages[package].files, &typer.p.sources);
    let literals: Vec<(FileId, FuncIndex, Span)> =
        files.iter().flat_map(|&file| variable_literals(typer, file)).collect();
    if literals.len() < 2 {
        return None;
    }
    let order = initialisation_order(typer, &files);
    let mut numbers = FxHashMap::default();
    for initialiser in &order {
        for &(file, index, span) in &literals {
            if file == initialiser.file
                && initialiser.span.contains(span)
                && let Some(func) = typer.declared().func(file, index)
            {
                let next = numbers.len() as u32 + 1;
                numbers.entry(func).or_insert(next);
            }
        }
    }
    Some((files, numbers))
}

fn variable_literals(typer: &Typer<'_>, file: FileId) -> impl Iterator<Item = (FileId, FuncIndex, Span)> {
    let functions = &typer.facts(file).functions;
    functions.iter_enumerated().filter_map(move |(index, function)| match function.kind {
        FuncKind::Literal { parent, .. } if matches!(functions[parent].kind, FuncKind::VarInit) => {
            Some((file, index, function.span))
        }
        _ => None,
    })
}

fn initialisation_order(typer: &Typer<'_>, files: &[FileId]) -> Vec<Initialiser> {
    let mut initialisers: Vec<Initialiser> = Vec::new();
    // Rows of values that an initialiser gives: a multi-value call initialises several variables at once.
    let mut of_value: FxHashMap<(FileId, u32), usize> = FxHashMap::default();
    for &file in files {
        let facts = typer.facts(file);
        let mut of_expr: FxHashMap<ExprId, usize> = FxHashMap::default();
        for (row, value) in facts.values.iter().enumerate().filter(|(_, value)| !value.constant) {
            let Some(value) = value.value else { continue };
            let number = *of_expr.entry(value.expr).or_insert_with(|| {
                initialisers.push(Initialiser { file, span: facts.exprs.span(value.expr) });
                initialisers.len() - 1
            });
            of_value.insert((file, row as u32), number);
        }
    }
    let mut needs: FxHashMap<Owner, BTreeSet<Owner>> = FxHashMap::default();
    for &file in files {
        let regions = regions(typer, file, &initialisers);
        let facts = typer.facts(file);
        for (expr, row) in facts.exprs.iter_enumerated() {
            if !matches!(row, Expr::Name(_) | Expr::Select { .. }) {
                continue;
            }
            let span = facts.exprs.span(expr);
            let at = regions.partition_point(|&(region, _)| region.start <= span.start);
            let Some(&(region, owner)) = at.checked_sub(1).and_then(|at| regions.get(at)) else { continue };
            let needed = match typer.binding(file, expr) {
                Some(Binding::Entity(Entity::Value(file, row))) => {
                    of_value.get(&(file, row)).map(|&n| Owner::Initialiser(n))
                }
                Some(Binding::Entity(Entity::Func(func))) => Some(Owner::Func(func)),
                Some(_) => None,
                None => match typer.called(file, expr) {
                    Called::Func { func, .. } => Some(Owner::Func(func)),
                    _ => None,
                },
            };
            if let Some(needed) = needed.filter(|_| region.contains(span)) {
                needs.entry(owner).or_default().insert(needed);
            }
        }
    }
    let needed: Vec<BTreeSet<usize>> = (0..initialisers.len()).map(|n| through_functions(n, &needs)).collect();
    sort_by_need(initialisers, &needed)
}

/// Declared functions and initialisers of a file by where they begin.
fn regions(typer: &Typer<'_>, file: FileId, initialisers: &[Initialiser]) -> Vec<(Span, Owner)> {
    let mut regions: Vec<(Span, Owner)> = initialisers
        .iter()
        .enumerate()
        .filter(|(_, initialiser)| initialiser.file == file)
        .map(|(n, initialiser)| (initialiser.span, Owner::Initialiser(n)))
        .collect();
    for (index, function) in typer.facts(file).functions.iter_enumerated() {
        if let (FuncKind::Decl { .. }, Some(func)) = (&function.kind, typer.declared().func(file, index)) {
            regions.push((function.span, Owner::Func(func)));
        }
    }
    regions.sort_unstable();
    regions
}

/// The other initialisers that one needs.
fn through_functions(number: usize, needs: &FxHashMap<Owner, BTreeSet<Owner>>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([Owner::Initialiser(number)]);
    let mut open = vec![Owner::Initialiser(number)];
    while let Some(owner) = open.pop() {
        for &needed in needs.get(&owner).into_iter().flatten() {
            if !seen.insert(needed) {
                continue;
            }
            match needed {
                Owner::Initialiser(n) => {
                    found.insert(n);
                }
                Owner::Func(_) => open.push(needed),
            }
        }
    }
    found
}

fn sort_by_need(initialisers: Vec<Initialiser>, needed: &[BTreeSet<usize>]) -> Vec<Initialiser> {
    let mut missing: Vec<usize> = needed.iter().map(BTreeSet::len).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); needed.len()];
    for (user, needs) in needed.iter().enumerate() {
        for &n in needs {
            users[n].push(user);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..needed.len()).filter(|&n| missing[n] == 0).map(Reverse).collect();
    let mut order = Vec::new();
    while let Some(Reverse(n)) = ready.pop() {
        order.push(n);
        for &user in &users[n] {
            missing[user] -= 1;
            if missing[user] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    // Initialisers that need each other in a circle are an error in Go; they keep their order.
    let rest = (0..needed.len()).filter(|&n| missing[n] > 0);
    let mut slots: Vec<Option<Initialiser>> = initialisers.into_iter().map(Some).collect();
    order.iter().copied().chain(rest).filter_map(|n| slots[n].take()).collect()
}
