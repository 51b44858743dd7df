//! Buffers that a loop fills again while a goroutine may still read what it was given of them:
//!
//! ```go
//! buf := make([]byte, 1500)
//! for {
//!     n, peer, err := conn.ReadFrom(buf) // over what the last goroutine was given
//!     …
//!     go answer(peer, buf[:n])
//! }
//! ```
//!
//! What is given is an argument of the start, what a literal captures, or what is sent on a channel from which a goroutine
//! receives. What an object gives out until it is asked again is such a buffer, too: `lines <- scanner.Bytes()`.
//!
//! Invariant: the buffer is there before the loop, the loop does not replace it, and waits for nothing between what it
//! gives and the next filling. Absent on purpose: buffers that a method fills and gives out (`reused`).

use rayon::prelude::*;

use super::{
    after_spawn::Facts,
    conflict::{Assumption, Conflict, Relation, Side},
    domain::{AccessKind, Anchor, Location, SpawnId, Stored, SyncKey},
    domain_local,
    events::{Event, EventKind},
    handed::effects_of,
    models::Effect,
    order::{gets_to, points},
    place::Places,
    reused::unsliced,
    spawns::Context,
};
use crate::{
    base::{InPieces, Span},
    resolve::{Callee, FuncId, Place, Root, Type},
    source::FileId,
    syntax::{Body, Comm, Expr, ExprId, Exprs, InstrKind, LocalDecl, LocalId, Loop, Terminator},
};

/// Calls from the body of a goroutine to where it receives.
const MAX_RECEIVER_DEPTH: u32 = 1;

/// What is filled again and again.
struct Filling {
    buffer: Place,
    /// Whether it is an object that gives out what it holds.
    gives_out: bool,
    span: Span,
}

/// What a goroutine is given.
enum Gift {
    /// By a `go` statement.
    Start(ExprId),
    /// On a channel.
    Sent(ExprId),
}

/// Finds goroutines that are given a part of what is filled again behind them.
pub(super) fn refilled(facts: Facts<'_>) -> Vec<Conflict> {
    let funcs = facts.cx.program.funcs().par_ids().one_by_one();
    funcs.flat_map_iter(|func| Looked { facts, cx: facts.cx, func }.conflicts()).collect()
}

struct Looked<'a> {
    facts: Facts<'a>,
    cx: Context<'a>,
    func: FuncId,
}

impl<'a> Looked<'a> {
    fn file(&self) -> FileId {
        self.cx.program.funcs()[self.func].file
    }

    fn exprs(&self) -> &'a Exprs {
        &self.cx.program.facts(self.file()).exprs
    }

    fn expr(&self, expr: ExprId) -> &'a Expr {
        &self.exprs()[expr]
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let Some(body) = &self.cx.program.function(self.func).body else { return Vec::new() };
        if body.loops.is_empty() {
            return Vec::new();
        }
        let fillings = self.fillings(body);
        if fillings.is_empty() {
            return Vec::new();
        }
        let mut out: Vec<Conflict> = Vec::new();
        for filling in &fillings {
            for (gift, given, span) in self.gifts(body) {
                let goes_on = || body.loops.iter().any(|row| self.stays(body, row, filling, span));
                if !self.is_given(&gift, &given, filling) || !goes_on() || !self.comes_again(span, filling.span) {
                    continue;
                }
                let known = |c: &Conflict| c.other.span == filling.span;
                if !out.iter().any(known) {
                    out.extend(self.conflict(&gift, filling));
                }
            }
        }
        out
    }

    fn place(&self, expr: ExprId) -> Place {
        self.cx.places.canonical(self.cx.program, self.file(), self.cx.program.place(self.file(), expr))
    }

    /// Calls that fill a buffer.
    fn fillings(&self, body: &Body) -> Vec<Filling> {
        let mut out = Vec::new();
        for instr in body.instrs() {
            let InstrKind::Call(call) = instr.kind else { continue };
            for effect in self.effects(call) {
                let (buffer, gives_out) = match *effect {
                    Effect::Overwrites { arg } => {
                        let Expr::Call { args, .. } = self.expr(call) else { continue };
                        let Some(arg) = self.exprs().list(*args).get(usize::from(arg)) else { continue };
                        (self.place(self.unsliced(*arg)), false)
                    }
                    Effect::TakesBack => match self.receiver(call) {
                        Some(receiver) => (receiver, true),
                        None => continue,
                    },
                    _ => continue,
                };
                let holds = matches!(buffer.root, Root::Local(_)) && Places::location(&buffer, self.file()).is_some();
                if holds {
                    out.push(Filling { buffer, gives_out, span: instr.span });
                }
            }
        }
        out
    }

    fn effects(&self, call: ExprId) -> &'a [Effect] {
        effects_of(self.cx.program, self.cx.models, self.file(), call)
    }

    fn receiver(&self, call: ExprId) -> Option<Place> {
        let receiver = match self.cx.program.callee(self.file(), call) {
            Callee::External { receiver, .. } | Callee::Func { receiver, .. } => receiver?,
            Callee::Interface { receiver, .. } => receiver,
            _ => return None,
        };
        Some(self.cx.places.canonical(self.cx.program, self.file(), receiver))
    }

    /// The slice that an expression is a part of: `buf` of `buf[:n]`.
    fn unsliced(&self, expr: ExprId) -> ExprId {
        unsliced(self.cx.program.facts(self.file()), expr)
    }

    /// What goroutines are given: how, what, where.
    fn gifts(&self, body: &Body) -> Vec<(Gift, Vec<ExprId>, Span)> {
        let mut out = Vec::new();
        for block in body.blocks.iter() {
            for instr in body.instrs_of(block) {
                match instr.kind {
                    InstrKind::Go(call) => {
                        let Expr::Call { args, .. } = self.expr(call) else { continue };
                        out.push((Gift::Start(call), self.exprs().list(*args).to_vec(), instr.span));
                    }
                    InstrKind::Send { channel, value } => {
                        out.push((Gift::Sent(channel), self.parts(value), instr.span));
                    }
                    _ => {}
                }
            }
            if let Terminator::Select { arms } = &block.end {
                out.extend(arms.iter().filter_map(|arm| match arm.comm {
                    Comm::Send { channel, value } => Some((Gift::Sent(channel), self.parts(value), arm.span)),
                    _ => None,
                }));
            }
        }
        out
    }

    /// A value, or what a struct is made of.
    fn parts(&self, value: ExprId) -> Vec<ExprId> {
        let value = match self.expr(value) {
            Expr::AddressOf(inner) => *inner,
            _ => value,
        };
        match self.expr(value) {
            Expr::Composite { elements, .. } => {
                self.exprs().elements(*elements).iter().map(|element| element.value).collect()
            }
            _ => vec![value],
        }
    }

    fn is_given(&self, gift: &Gift, given: &[ExprId], filling: &Filling) -> bool {
        given.iter().any(|expr| self.is_part(*expr, filling)) || self.captured(gift, filling).is_some()
    }

    /// Whether an expression is a part of the buffer: a slice of it, what the object gives out, or a variable with that.
    fn is_part(&self, expr: ExprId, filling: &Filling) -> bool {
        let whole = self.unsliced(expr);
        // An array that is not sliced is copied.
        if whole == expr && !filling.gives_out && !self.is_slice(expr) {
            return false;
        }
        let expr = whole;
        match self.expr(expr) {
            Expr::Call { .. } if filling.gives_out => {
                self.effects(expr).contains(&Effect::GivesOut) && self.receiver(expr).as_ref() == Some(&filling.buffer)
            }
            Expr::Local(local) => self.is_variable_of(*local, filling),
            _ => !filling.gives_out && self.place(expr) == filling.buffer,
        }
    }

    fn is_variable_of(&self, local: LocalId, filling: &Filling) -> bool {
        let initial = match &self.cx.program.facts(self.file()).locals[local].decl {
            LocalDecl::Value(value) if value.component.unwrap_or(0) == 0 => Some(self.unsliced(value.expr)),
            _ => None,
        };
        let itself = filling.buffer.root == Root::Local(local) && filling.buffer.steps.is_empty();
        if itself {
            return !filling.gives_out;
        }
        let reassigned = self.cx.places.is_reassigned(self.file(), local);
        initial.is_some_and(|initial| !reassigned && self.is_part(initial, filling))
    }

    fn is_slice(&self, expr: ExprId) -> bool {
        let program = self.cx.program;
        let ty = program.underlying(program.expr_type(self.file(), expr));
        matches!(program.ty(ty), Type::Slice(_))
    }

    /// Where a literal that is started uses a part of the buffer.
    fn captured(&self, gift: &Gift, filling: &Filling) -> Option<(FuncId, Span)> {
        let Gift::Start(call) = *gift else { return None };
        let site = &self.facts.spawns.sites[self.facts.spawns.at(self.file(), call)?];
        site.bodies.iter().filter(|body| self.cx.program.encloses(self.func, **body)).find_map(|body| {
            let used = self.cx.events.of(*body).accesses.iter().find(|access| match access.location {
                Location::Local(_, local) => {
                    let outer = domain_local::operand(self.cx.program, *body, self.file(), local);
                    outer == domain_local::Operand::Captured && self.is_variable_of(local, filling)
                }
                _ => false,
            });
            used.map(|access| (*body, access.span))
        })
    }

    /// Whether a loop around both goes on with the same buffer.
    fn stays(&self, body: &Body, row: &Loop, filling: &Filling, given: Span) -> bool {
        let Root::Local(root) = filling.buffer.root else { return false };
        let declared = self.cx.program.facts(self.file()).locals[root].loop_scope;
        let inside = |span: Span| row.span.contains(span);
        let replaced = body.instrs().any(|instr| match instr.kind {
            InstrKind::Write { place, .. } => {
                inside(instr.span) && {
                    let place = self.place(place);
                    place.root == filling.buffer.root && filling.buffer.steps.starts_with(&place.steps)
                }
            }
            InstrKind::Define { local, .. } => inside(instr.span) && local == root,
            _ => false,
        });
        inside(filling.span) && inside(given) && !declared.is_some_and(|scope| inside(scope.span)) && !replaced
    }

    /// Whether control gets from what is given to the filling without a wait.
    fn comes_again(&self, from: Span, to: Span) -> bool {
        let events = self.cx.events.of(self.func);
        let here = points(events);
        let waits = |event: &Event| match event.kind {
            EventKind::Wait { .. } | EventKind::WaitAll => true,
            EventKind::Call(call) => {
                let row = self.facts.calls.at(self.func, call);
                row.is_some_and(|row| self.facts.joins.call_may_wait(row))
            }
            _ => false,
        };
        match (here.get(&from), here.get(&to)) {
            (Some(from), Some(to)) => gets_to(events, *from, Some(*to), &waits),
            _ => false,
        }
    }

    fn conflict(&self, gift: &Gift, filling: &Filling) -> Option<Conflict> {
        let (id, inside, assumptions) = match *gift {
            Gift::Start(call) => {
                let id = self.facts.spawns.at(self.file(), call)?;
                let (func, span) = self.captured(gift, filling).or_else(|| self.first_use(id, filling))?;
                (id, Side::at(func, span, AccessKind::Read), Vec::new())
            }
            Gift::Sent(channel) => {
                let (id, inside) = self.receiver_of(channel)?;
                (id, inside, vec![Assumption::TakesThatWay])
            }
        };
        let location = Places::location(&filling.buffer, self.file())?;
        let other = Side { stored: Stored::Update, ..Side::at(self.func, filling.span, AccessKind::Recycle) };
        Some(Conflict { assumptions, ..Conflict::new(id, location, inside, other, Relation::Recycled) })
    }

    /// Where the body first uses the parameter that it is given a part by.
    fn first_use(&self, id: SpawnId, filling: &Filling) -> Option<(FuncId, Span)> {
        let program = self.cx.program;
        self.facts.spawns.sites[id].arguments.iter().filter(|row| self.is_part(row.2, filling)).find_map(|row| {
            let (body, number, _) = *row;
            let file = program.funcs()[body].file;
            let is_it = |local: LocalId| {
                domain_local::operand(program, body, file, local) == domain_local::Operand::Param(number)
            };
            let mut accesses = self.cx.events.of(body).accesses.iter();
            let used = accesses.find(|access| match (access.location, access.anchor) {
                (Location::Local(_, local), _) | (_, Anchor::Local(local)) => is_it(local),
                _ => false,
            });
            let handed_on = || {
                self.facts.calls.of(body).iter().find(|call| {
                    let syntax = program.facts(file);
                    let Some(args) = syntax.exprs.args(call.call) else { return false };
                    let whole = |arg: &ExprId| &syntax.exprs[unsliced(syntax, *arg)];
                    args.iter().any(|arg| matches!(whole(arg), Expr::Local(local) if is_it(*local)))
                })
            };
            used.map(|access| access.span).or_else(|| handed_on().map(|call| call.span)).map(|span| (body, span))
        })
    }

    /// A goroutine that receives from the channel, and is not this one.
    fn receiver_of(&self, channel: ExprId) -> Option<(SpawnId, Side)> {
        let cx = self.cx;
        let own = cx.places.key(cx.program, cx.graph, self.file(), channel)?;
        let mut keys: Vec<SyncKey> = vec![own];
        let started = self.facts.spawns.sites.iter().filter(|site| site.bodies.contains(&self.func));
        keys.extend(started.map(|site| cx.key_outside(site, self.func, own)));
        self.facts.spawns.sites.iter_enumerated().find_map(|(id, site)| {
            let reach = &self.facts.reaches[id];
            if reach.contains(self.func) {
                return None;
            }
            let nodes = reach.nodes.iter().zip(0_u32..).take_while(|(node, _)| node.depth() <= MAX_RECEIVER_DEPTH);
            nodes.into_iter().find_map(|(node, number)| {
                let named = |key: SyncKey| match node.depth() {
                    0 => cx.key_outside(site, node.func, key),
                    _ => key,
                };
                let mut all = cx.events.of(node.func).blocks.iter().flat_map(|block| &block.events);
                let received =
                    all.find(|event| matches!(event.kind, EventKind::Wait { key, .. } if keys.contains(&named(key))))?;
                let inside = Side::at(node.func, received.span, AccessKind::Read);
                Some((id, inside.reached_by(reach.path(number), node.dispatched())))
            })
        })
    }
}
