//! Objects that nobody else has: copies of structs, and what a function, or whoever calls it, has made and not yet shown to
//! anybody. No goroutine meets what is done to them.
//!
//! Absent on purpose: what becomes of the object later ([`super::published`]).

use super::{
    after_spawn::Facts,
    domain::{Access, Anchor},
    domain_local::{self, Operand},
    handed::{effects_of, root_local},
    models::Effect,
    objects::{Object, holder_of, only_callee},
    published::returned_locals,
    reach::{Reach, callees},
    spawns::Context,
};
use crate::{
    base::Span,
    callgraph::CallSite,
    resolve::{Builtin, Callee, CalleeKind, FuncId, Root, Type},
    source::FileId,
    syntax::{Expr, ExprId, InstrKind, LocalDecl, LocalId, Source, Terminator},
};

/// Callers above a write that are asked whether they made the object, and constructors below one. They delegate once or
/// twice.
const MAX_CONSTRUCTORS: u32 = 3;
/// Calls from a constructor down to what it may start.
const MAX_STARTED_BELOW: u32 = 3;

/// Whether an access goes to a struct that nobody else has.
pub(super) fn is_of_a_copy(facts: Facts<'_>, access: &Access) -> bool {
    let program = facts.cx.program;
    facts.cx.places.is_of_a_copy(program, program.funcs()[access.func].file, access)
}

/// Whether a write goes to an object that every caller has just made: it belongs to the object's construction.
pub(super) fn of_new_object(facts: Facts<'_>, access: &Access) -> bool {
    matches!(access.anchor, Anchor::Local(local) if is_new(facts, access.func, local))
}

/// Whether everyone who calls a function gives it, as that operand, an object that it has just made and hands out.
pub(super) fn is_new(facts: Facts<'_>, func: FuncId, operand: LocalId) -> bool {
    is_new_to(facts, func, operand, MAX_CONSTRUCTORS)
}

/// Whether an access is of an object that its function makes and hands out, before it starts anything: nobody else has the
/// object yet.
pub(super) fn is_being_made(facts: Facts<'_>, access: &Access) -> bool {
    let Anchor::Local(local) = access.anchor else { return false };
    is_still_new(facts, access.func, local, access.span) && returned_locals(facts, access.func).contains(&local)
}

/// Whether the function has made what a variable of it holds, and has started nothing by then.
pub(super) fn is_still_new(facts: Facts<'_>, func: FuncId, local: LocalId, by: Span) -> bool {
    let cx = facts.cx;
    let file = cx.program.funcs()[func].file;
    let started = facts.spawns.of(func).iter().any(|id| facts.spawns.sites[*id].span.start < by.start);
    !started
        && domain_local::operand(cx.program, func, file, local) == Operand::Own
        && cx.places.initial(cx.program, file, local).is_some_and(|value| makes(facts, file, value))
}

fn is_new_to(facts: Facts<'_>, func: FuncId, local: LocalId, depth: u32) -> bool {
    let cx = facts.cx;
    let program = cx.program;
    let file = program.funcs()[func].file;
    let operand = domain_local::operand(program, func, file, local);
    let sites = cx.graph.callers(func);
    if depth == 0 || sites.is_empty() || !matches!(operand, Operand::Receiver | Operand::Param(_)) {
        return false;
    }
    sites.iter().all(|site| {
        let site = &cx.graph.sites()[*site];
        let caller = program.funcs()[site.func].file;
        let place = match operand {
            Operand::Receiver => match program.callee(caller, site.expr) {
                Callee::Func { receiver: Some(place), .. } => place,
                _ => return false,
            },
            Operand::Param(index) => {
                let Some(args) = program.facts(caller).exprs.args(site.expr) else { return false };
                let Some(arg) = args.get(index as usize) else { return false };
                program.place(caller, *arg)
            }
            _ => return false,
        };
        let Some(holder) = root_local(&place).filter(|_| place.steps.is_empty()) else { return false };
        // A constructor hands its object out; who keeps the object to work with it may call this again and again.
        let looped = program.function(site.func).body.as_ref();
        let looped = looped.is_some_and(|body| cx.events.of(site.func).repeats(&body.loops, site.span));
        let started = facts.spawns.of(site.func).iter().any(|id| facts.spawns.sites[*id].span.start < site.span.start);
        let made = cx.places.initial(program, caller, holder).is_some_and(|value| makes(facts, caller, value))
            && returned_locals(facts, site.func).contains(&holder);
        !looped && !started && (made || is_new_to(facts, site.func, holder, depth - 1))
    })
}

/// Whether an expression is a new object: `&T{…}`, `T{…}`, `new(T)`, or what a pool gives, `pool.Get().(*T)`.
fn makes(facts: Facts<'_>, file: FileId, value: ExprId) -> bool {
    let program = facts.cx.program;
    match &program.facts(file).exprs[value] {
        Expr::Composite { .. } => true,
        Expr::AddressOf(inner) => matches!(program.facts(file).exprs[*inner], Expr::Composite { .. }),
        Expr::Call { .. } => {
            program.callee_kind(file, value) == CalleeKind::Builtin(Builtin::New)
                || effects_of(program, facts.cx.models, file, value).contains(&Effect::GivesNew)
        }
        Expr::TypeAssert { base, .. } => makes(facts, file, *base),
        _ => false,
    }
}

/// Whether an access is of an object that its function has made and that nobody else has yet: neither a variable beside
/// its own, nor a call, a literal or a channel was given it before.
pub(super) fn is_unshared(facts: Facts<'_>, access: &Access) -> bool {
    holder_of(facts.cx, access)
        .and_then(|holder| is_nobody_elses(facts, access.func, holder, access.span))
        .unwrap_or(false)
}

/// Whether a function has made an object and shown it to nobody by then; `None` where it has not made it.
fn is_nobody_elses(facts: Facts<'_>, func: FuncId, object: Object, until: Span) -> Option<bool> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    if object.as_variable().is_some() && is_struct_of_its_own(facts, func, object.root) {
        return Some(!is_shown(facts, func, object.root, until));
    }
    let made = made_of(facts, func, object.root)?;
    // What a new object is given may be others'; a constructor that is given nothing makes all of it.
    let all = || program.facts(file).exprs.args(made).is_some_and(<[ExprId]>::is_empty);
    let own = (object.as_variable().is_some() || all()) && is_new_value(facts, file, made, MAX_CONSTRUCTORS);
    Some(own && !is_shown(facts, func, object.root, until))
}

/// The same, where a function on the way to the access, the goroutine's body included, has made the object for itself alone,
/// and no function below it has shown it either.
pub(super) fn is_unshared_above(facts: Facts<'_>, reach: &Reach, node: u32, access: &Access) -> bool {
    let Some(mut object) = holder_of(facts.cx, access) else { return false };
    let (mut at, mut until) = (node, access.span);
    while let Some((above, call)) = reach.nodes[at as usize].parent() {
        let (func, caller) = (reach.nodes[at as usize].func, reach.nodes[above as usize].func);
        let Some(there) = given_at(facts, (caller, call), func, object) else { return false };
        if is_shown(facts, func, object.root, until) {
            return false;
        }
        if let Some(own) = is_nobody_elses(facts, caller, there, call) {
            return own;
        }
        (object, at, until) = (there, above, call);
    }
    false
}

/// What an object of a callee is in terms of the function that calls it at a place, here and now.
fn given_at(facts: Facts<'_>, (caller, call): (FuncId, Span), callee: FuncId, object: Object) -> Option<Object> {
    let row = facts
        .calls
        .of(caller)
        .iter()
        .position(|row| row.span == call && !row.deferred && row.targets.contains(&callee))?;
    let mut targets = callees(facts.cx, facts.calls, caller).of_call(row);
    let (_, mut bound) = targets.find(|(target, _)| *target == callee)?;
    bound.find(|(here, _)| *here == object.root)?.1.along(&object.way)
}

/// Whether everyone who calls a method has just made the object it is called on, and the goroutine's was made elsewhere.
pub(super) fn of_other_objects(facts: Facts<'_>, (file, object): (FileId, LocalId), method: FuncId) -> bool {
    let Context { program, graph, .. } = facts.cx;
    let is_new = |file: FileId, local: LocalId| {
        let owner = program.func_of(file, program.facts(file).locals[local].function);
        let made = owner.and_then(|owner| made_of(facts, owner, local));
        made.is_some_and(|value| is_new_value(facts, file, value, MAX_CONSTRUCTORS))
    };
    let callers = graph.callers(method);
    let another = |site: &CallSite| {
        let caller = program.funcs()[site.func].file;
        let Callee::Func { receiver: Some(place), .. } = program.callee(caller, site.expr) else { return false };
        let held = root_local(&place).filter(|_| place.steps.is_empty());
        held.is_some_and(|local| (caller, local) != (file, object) && is_new(caller, local))
    };
    !callers.is_empty() && callers.iter().all(|site| another(&graph.sites()[*site])) && is_new(file, object)
}

/// Whether a variable of the function is a struct, declared without a value: `var entry Entry`.
fn is_struct_of_its_own(facts: Facts<'_>, func: FuncId, local: LocalId) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let row = &program.facts(file).locals[local];
    let held = || program.ty(program.underlying(program.local_type(file, local)));
    row.function == program.funcs()[func].index
        && matches!(row.decl, LocalDecl::Typed { .. })
        && matches!(held(), Type::Struct(_))
}

/// The expression that makes what a variable of the function holds, if it holds but one thing.
fn made_of(facts: Facts<'_>, func: FuncId, local: LocalId) -> Option<ExprId> {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    if domain_local::operand(program, func, file, local) != Operand::Own || facts.cx.places.is_reassigned(file, local) {
        return None;
    }
    match &program.facts(file).locals[local].decl {
        LocalDecl::Value(value) if value.component.unwrap_or(0) == 0 => Some(value.expr),
        _ => None,
    }
}

/// Whether an expression is a new object, made here or by a constructor that starts nothing.
fn is_new_value(facts: Facts<'_>, file: FileId, value: ExprId, depth: u32) -> bool {
    makes(facts, file, value)
        || depth > 0 && only_callee(facts.cx, file, value).is_some_and(|func| gives_new(facts, func, depth - 1))
}

/// Whether whatever a function gives back first is an object that it has made and keeps nowhere.
fn gives_new(facts: Facts<'_>, func: FuncId, depth: u32) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let Some(body) = &program.function(func).body else { return false };
    let mut given = false;
    for block in body.blocks.iter() {
        let Terminator::Return { values } = &block.end else { continue };
        let Some(&value) = values.first() else { return false };
        let value = match program.facts(file).exprs[value] {
            Expr::Local(local) => match made_of(facts, func, local) {
                Some(made) if !is_shown(facts, func, local, block.end_span) => made,
                _ => return false,
            },
            _ => value,
        };
        // Where there is an error there is no object.
        if facts.cx.program.facts(file).exprs[value].is_nil() {
            continue;
        }
        if !is_new_value(facts, file, value, depth) {
            return false;
        }
        given = true;
    }
    let below = || Reach::of_func(facts.cx, facts.calls, func, MAX_STARTED_BELOW);
    given && below().nodes.iter().all(|node| facts.spawns.of(node.func).is_empty())
}

/// Whether anything but a field of what `local` holds is used in front of `until`, or what comes before it in a loop.
fn is_shown(facts: Facts<'_>, func: FuncId, local: LocalId, until: Span) -> bool {
    let program = facts.cx.program;
    let file = program.funcs()[func].file;
    let row = &program.facts(file).locals[local];
    let Some(body) = program.function(func).body.as_ref().filter(|_| !row.captured) else { return true };
    // A loop that makes a new one each time shows it no earlier than the text does.
    let defined =
        body.instrs().find(|instr| matches!(instr.kind, InstrKind::Define { local: new, .. } if new == local));
    let defined = defined.map(|instr| instr.span);
    let given = matches!(domain_local::operand(program, func, file, local), Operand::Receiver | Operand::Param(_));
    if defined.is_none() && !given {
        return true;
    }
    let within = |span: Span| defined.is_some_and(|defined| span.contains(defined));
    let kept = body.loops.iter().any(|row| row.span.contains(until) && !within(row.span));
    let whole = |expr: ExprId| {
        let place = program.place(file, expr);
        match place.root {
            Root::Local(root) => root == local && place.steps.is_empty(),
            Root::Value(_) => super::origin::mentions(program, file, expr).contains(&local),
            Root::Global(_) => false,
        }
    };
    let gives = |call: ExprId| {
        let args = program.facts(file).exprs.args(call).is_some_and(|args| args.iter().any(|arg| whole(*arg)));
        let getter = || only_callee(facts.cx, file, call).is_some_and(|func| facts.cx.places.getter(func).is_some());
        let receiver = || match program.callee(file, call) {
            Callee::Func { receiver: Some(place), .. } | Callee::Interface { receiver: place, .. } => {
                root_local(&place) == Some(local) && place.steps.is_empty()
            }
            _ => false,
        };
        args || receiver() && !getter()
    };
    body.instrs().filter(|instr| kept || instr.span.start < until.start).any(|instr| match instr.kind {
        InstrKind::Define { local: new, source: Source::Value(value) } => new != local && whole(value.expr),
        InstrKind::Write { source: Source::Value(value), .. } => whole(value.expr),
        InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => gives(call),
        InstrKind::Send { value, .. } => whole(value),
        _ => false,
    })
}
