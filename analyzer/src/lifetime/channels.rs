//! Channels of the whole program, by how they are made and who communicates over them.
//!
//! Invariant: a channel counts as unbuffered, or as one-sided, only when every place that makes or uses it is seen.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{domain::Location, place::Places};
use crate::{
    base::{Idx, InPieces},
    resolve::{Builtin, CalleeKind, Program},
    source::FileId,
    syntax::{Body, Comm, Expr, ExprId, FileFacts, Instr, InstrKind, LocalId, Source, Terminator},
};

/// What is known about channels.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// Made without a buffer, and never with one.
    unbuffered: FxHashSet<Location>,
    /// Local channels without a buffer that nobody receives from.
    never_received: FxHashSet<(FileId, LocalId)>,
    /// Local channels that nobody sends on or closes.
    never_sent: FxHashSet<(FileId, LocalId)>,
}

/// Who uses one local channel, as far as its file shows.
#[derive(Debug, Default)]
struct Talk {
    sent: bool,
    received: bool,
    /// The expressions that are its sends, receives and closes.
    seen: FxHashSet<ExprId>,
}

impl Channels {
    /// Scans all files. `reassigned` are the locals assigned after their declaration, by file.
    pub(super) fn build(program: &Program, reassigned: &[FxHashSet<LocalId>]) -> Self {
        let found = program.sources().files.par_ids().one_by_one().map(|file| {
            let mut channels = Self::default();
            let mut buffered: Vec<Location> = Vec::new();
            let facts = program.facts(file);
            let mut own: Vec<LocalId> = Vec::new();
            for Instr { kind, .. } in instrs(facts) {
                let (location, value) = match *kind {
                    InstrKind::Define { local, source: Source::Value(value) } => {
                        (Some(Location::Local(file, local)), value.expr)
                    }
                    InstrKind::Write { place, source: Source::Value(value) } => {
                        (Places::location(&program.place(file, place), file), value.expr)
                    }
                    _ => continue,
                };
                let (Some(location), Some(none)) = (location, makes_without_buffer(program, file, value)) else {
                    continue;
                };
                if !none {
                    buffered.push(location);
                    continue;
                }
                channels.unbuffered.insert(location);
                if let Location::Local(_, local) = location
                    && !reassigned[file.index()].contains(&local)
                {
                    own.push(local);
                }
            }
            channels.one_sided(program, file, &own);
            (channels, buffered)
        });
        let mut channels = Self::default();
        let mut all_buffered: FxHashSet<Location> = FxHashSet::default();
        for (found, buffered) in found.collect::<Vec<_>>() {
            channels.unbuffered.extend(found.unbuffered);
            channels.never_sent.extend(found.never_sent);
            channels.never_received.extend(found.never_received);
            all_buffered.extend(buffered);
        }
        channels.unbuffered.retain(|location| !all_buffered.contains(location));
        channels
    }

    /// Whether the channel is known to have no buffer.
    pub(super) fn is_unbuffered(&self, key: Location) -> bool {
        self.unbuffered.contains(&key)
    }

    /// Whether the communication of a select clause can never happen: nobody is on the other side of the channel.
    pub(super) fn never_happens(&self, program: &Program, file: FileId, comm: Comm) -> bool {
        let facts = program.facts(file);
        match comm {
            Comm::Send { channel, .. } => {
                matches!(facts.exprs[channel], Expr::Local(local) if self.never_received.contains(&(file, local)))
            }
            Comm::Receive(receive) => match facts.exprs[receive] {
                Expr::Receive(channel) => {
                    matches!(facts.exprs[channel], Expr::Local(local) if self.never_sent.contains(&(file, local)))
                }
                _ => false,
            },
            Comm::Default => false,
        }
    }

    /// Finds the channels among `own` that are used for one direction only and in no other way: what is handed on,
    /// stored or compared may have a second side that is not seen.
    fn one_sided(&mut self, program: &Program, file: FileId, own: &[LocalId]) {
        if own.is_empty() {
            return;
        }
        let facts = program.facts(file);
        let mut talks: FxHashMap<LocalId, Talk> = own.iter().map(|local| (*local, Talk::default())).collect();
        let mut note = |channel: ExprId, sends: bool| {
            if let Expr::Local(local) = facts.exprs[channel]
                && let Some(talk) = talks.get_mut(&local)
            {
                talk.seen.insert(channel);
                if sends {
                    talk.sent = true;
                } else {
                    talk.received = true;
                }
            }
        };
        for (id, expr) in facts.exprs.iter_enumerated() {
            match expr {
                Expr::Receive(channel) => note(*channel, false),
                Expr::Call { callee, args, .. } => {
                    let named = matches!(facts.exprs[*callee], Expr::Name(name) if name.as_str() == "close");
                    if named && program.callee_kind(file, id) == CalleeKind::Builtin(Builtin::Close) {
                        facts.exprs.list(*args).iter().for_each(|channel| note(*channel, true));
                    }
                }
                _ => {}
            }
        }
        let sends = instrs(facts).filter_map(|instr| match instr.kind {
            InstrKind::Send { channel, .. } => Some(channel),
            _ => None,
        });
        sends.for_each(|channel| note(channel, true));
        for block in facts.functions.iter().filter_map(|f| f.body.as_ref()).flat_map(|body| body.blocks.iter()) {
            match &block.end {
                Terminator::Select { arms } => arms.iter().for_each(|arm| {
                    if let Comm::Send { channel, .. } = arm.comm {
                        note(channel, true);
                    }
                }),
                Terminator::Range { over, .. } => note(*over, false),
                _ => {}
            }
        }
        for (id, expr) in facts.exprs.iter_enumerated() {
            if let Expr::Local(local) = expr
                && talks.get(local).is_some_and(|talk| !talk.seen.contains(&id))
            {
                talks.remove(local);
            }
        }
        for local in own {
            let Some(talk) = talks.get(local) else { continue };
            if !talk.received {
                self.never_received.insert((file, *local));
            }
            if !talk.sent {
                self.never_sent.insert((file, *local));
            }
        }
    }
}

fn instrs(facts: &FileFacts) -> impl Iterator<Item = &Instr> {
    let bodies = facts.functions.iter().filter_map(|function| function.body.as_ref());
    bodies.flat_map(Body::instrs)
}

/// For a call of `make`: whether no buffer is asked for.
fn makes_without_buffer(program: &Program, file: FileId, value: ExprId) -> Option<bool> {
    let facts = program.facts(file);
    let args = facts.exprs.args(value)?;
    (program.callee_kind(file, value) == CalleeKind::Builtin(Builtin::Make))
        .then(|| args.get(1).is_none_or(|size| matches!(facts.exprs[*size], Expr::Int(n) if n.value() == 0)))
}
