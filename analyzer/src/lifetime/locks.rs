//! Locks held at each access, and locks that a helper takes for its caller. Part of the lowering to [`super::events`].

use std::sync::OnceLock;

use super::{
    domain::{LockSet, SyncKey},
    events::{Event, EventKind, Lowering},
    models::{Effect, Models, Operand},
};
use crate::{
    base::{IndexVec, Span, Worklist},
    resolve::{Callee, FuncId, Place, Program, Root},
    source::FileId,
    syntax::{ExprId, FuncKind, InstrKind, LocalDecl},
};

/// Blocks of a function that may be a helper which takes or gives back a lock.
const MAX_LOCKER_BLOCKS: usize = 4;

/// What short functions do to locks, found out when the first call of each is met.
pub(super) struct Lockers {
    of: IndexVec<FuncId, OnceLock<Box<[Locking]>>>,
}

/// Whether a lock is taken or given back, and where it lives.
type Locking = (bool, Place);

impl Lockers {
    pub(super) fn new(functions: usize) -> Self {
        Self { of: (0..functions).map(|_| OnceLock::new()).collect() }
    }

    fn of(&self, program: &Program, models: &Models, func: FuncId) -> &[Locking] {
        self.of[func].get_or_init(|| Self::found(program, models, func).into())
    }

    fn found(program: &Program, models: &Models, func: FuncId) -> Vec<Locking> {
        let file = program.funcs()[func].file;
        let Some(body) = &program.function(func).body else { return Vec::new() };
        if body.blocks.len() > MAX_LOCKER_BLOCKS {
            return Vec::new();
        }
        let calls = body.instrs().filter_map(|instr| match instr.kind {
            InstrKind::Call(call) | InstrKind::Defer(call) => Some(call),
            _ => None,
        });
        calls.filter_map(|call| locking(program, models, file, call)).collect()
    }
}

/// What a call of a lock's method does to it.
fn locking(program: &Program, models: &Models, file: FileId, call: ExprId) -> Option<Locking> {
    let callee = program.callee(file, call);
    let known = match &callee {
        Callee::External { key, .. } | Callee::Interface { key: Some(key), .. } => models.effects(*key),
        _ => &[],
    };
    let taken = |effect: &Effect| match effect {
        Effect::Lock { on: Operand::Receiver, .. } => Some(true),
        Effect::Unlock { on: Operand::Receiver } => Some(false),
        _ => None,
    };
    let no_arguments = || program.facts(file).exprs.args(call).is_some_and(|args| args.is_empty());
    let by_name = || no_arguments().then(|| own_lock(program, models, &callee)).flatten();
    let taken = known.iter().find_map(taken).or_else(|| taken(&by_name()?))?;
    match callee {
        Callee::External { receiver: Some(receiver), .. }
        | Callee::Interface { receiver, .. }
        | Callee::Func { receiver: Some(receiver), .. } => Some((taken, receiver)),
        _ => None,
    }
}

/// What a method does that is named like one of the library's locks: an interface with `Lock` and `Unlock`, a wrapper that
/// counts or checks what it does, a lock of a module that is not here. A `Lock` that can fail is another thing.
fn own_lock(program: &Program, models: &Models, callee: &Callee) -> Option<Effect> {
    let name = match callee {
        Callee::Func { func, receiver: Some(_), receiver_is_argument: false } => {
            let function = program.function(*func);
            match function.kind {
                FuncKind::Decl { name, .. } if function.signature.results.is_empty() => name,
                _ => return None,
            }
        }
        Callee::External { key, receiver: Some(_) } => {
            return models.lock_by_name(key.as_str().rsplit('.').next()?);
        }
        Callee::Interface { method, .. } => *method,
        _ => return None,
    };
    models.lock_by_name(name.as_str())
}

/// Locks that a deferred call gives back, with its place.
fn unlocks(event: &Event) -> impl Iterator<Item = (SyncKey, Span)> + '_ {
    let effects = match &event.kind {
        EventKind::Defer { effects, test_end: false, .. } => &effects[..],
        _ => &[],
    };
    effects.iter().filter_map(|effect| match effect {
        EventKind::Unlock { key } => Some((*key, event.span)),
        _ => None,
    })
}

impl Lowering<'_> {
    /// What a method does that is no library's, but has a name of theirs: of a test handle, or of a lock.
    pub(super) fn effect_by_name(&self, callee: &Callee, args: &[ExprId]) -> Option<Effect> {
        let lock = || own_lock(self.program, self.models, callee).filter(|_| args.is_empty());
        self.of_test_handle(callee).or_else(lock)
    }

    /// Locks that a short callee takes and keeps, or gives back although it did not take them: `s.lock()`.
    pub(super) fn locks_kept(&self, callee: FuncId, args: &[ExprId], span: Span, events: &mut Vec<Event>) {
        let file = self.program.funcs()[callee].file;
        let mut kept: Vec<EventKind> = Vec::new();
        for (taken, receiver) in self.lockers.of(self.program, self.models, callee) {
            let taken = *taken;
            let key = match receiver.root {
                Root::Local(local) if receiver.steps.is_empty() => match self.program.facts(file).locals[local].decl {
                    LocalDecl::Param { index, .. } => args.get(index as usize).and_then(|arg| self.key_of(*arg)),
                    _ => self.places.key_of_place(self.program, self.graph, file, receiver),
                },
                _ => self.places.key_of_place(self.program, self.graph, file, receiver),
            };
            let Some(key) = key else { continue };
            let undone = kept.iter().position(|kind| match kind {
                EventKind::Lock { key: k } => *k == key && !taken,
                EventKind::Unlock { key: k } => *k == key && taken,
                _ => false,
            });
            match undone {
                Some(at) => {
                    kept.remove(at);
                }
                None => kept.push(if taken { EventKind::Lock { key } } else { EventKind::Unlock { key } }),
            }
        }
        events.extend(kept.into_iter().map(|kind| Event { kind, span }));
    }

    /// Locks that a deferred call gives back, a literal of any length included that does so before it decides anything.
    fn given_back_at_end(&self, event: &Event) -> Vec<SyncKey> {
        let EventKind::Defer { call, test_end: false, .. } = event.kind else { return Vec::new() };
        let mut keys: Vec<SyncKey> = unlocks(event).map(|row| row.0).collect();
        let Callee::Literal(literal) = self.program.callee(self.file, call) else { return keys };
        let mut own: Vec<SyncKey> = Vec::new();
        let Some(body) = &self.program.function(literal).body else { return keys };
        for instr in body.blocks.iter().take(1).flat_map(|first| body.instrs_of(first)) {
            let InstrKind::Call(call) = instr.kind else { continue };
            let Some((taken, receiver)) = locking(self.program, self.models, self.file, call) else { continue };
            match self.places.key_of_place(self.program, self.graph, self.file, &receiver) {
                Some(key) if taken => own.push(key),
                Some(key) if !own.contains(&key) => keys.push(key),
                _ => {}
            }
        }
        keys
    }

    /// Locks that may be held at each access: a forward analysis over the blocks. A deferred unlock holds the lock to the
    /// end of the function. May, not must: `if useLock { mu.Lock() }` is written by people who know when it is needed.
    pub(super) fn locksets(&mut self) {
        // A lock that is given back before it is taken was handed over: `go c.resetAndUnlock()`.
        let mut handed_over = LockSet::new();
        let mut own = LockSet::new();
        for event in self.out.blocks.iter().flat_map(|b| &b.events) {
            match event.kind {
                EventKind::Lock { key } if !own.contains(&key) => own.push(key),
                EventKind::Unlock { key } if !own.contains(&key) && !handed_over.contains(&key) => {
                    handed_over.push(key);
                }
                _ => {}
            }
        }
        // So was one that it never takes, and gives back when it is left: `go func() { defer c.mu.Unlock(); … }()`.
        let at_end = self.out.blocks.iter().flat_map(|b| &b.events).flat_map(|event| self.given_back_at_end(event));
        handed_over.extend(at_end.filter(|key| !own.contains(key)).collect::<Vec<_>>());
        if own.is_empty() && handed_over.is_empty() {
            return;
        }
        handed_over.sort();
        handed_over.dedup();
        self.out.handed_over = handed_over.iter().copied().collect();
        // What is deferred last runs first: a lock that is to be given back by then is still held.
        let given_back: Vec<(SyncKey, Span)> =
            self.out.blocks.iter().flat_map(|b| &b.events).flat_map(unlocks).collect();
        let held_at_end = |held: &LockSet, span: Span| -> LockSet {
            let still = |key: &&SyncKey| given_back.iter().any(|(k, at)| k == *key && at.start < span.start);
            held.iter().filter(still).copied().collect()
        };
        let mut entry: Vec<Option<LockSet>> = vec![None; self.out.blocks.len()];
        entry[0] = Some(handed_over);
        let mut work = Worklist::of(self.out.blocks.len(), 0);
        let mut call_locks: Vec<(ExprId, LockSet)> = Vec::new();
        let mut add_locks: Vec<(Span, LockSet)> = Vec::new();
        while let Some(block) = work.pop() {
            let Some(mut held) = entry[block].clone() else { continue };
            for event in &self.out.blocks[block].events {
                match event.kind {
                    EventKind::Lock { key } => {
                        if let Err(at) = held.binary_search(&key) {
                            held.insert(at, key);
                        }
                    }
                    EventKind::Unlock { key } => held.retain(|k| *k != key),
                    EventKind::Access(row) => self.out.accesses[row as usize].locks = held.clone(),
                    EventKind::Call(call) | EventKind::Spawn(call) if !held.is_empty() => {
                        call_locks.push((call, held.clone()));
                    }
                    EventKind::Defer { call, .. } => {
                        let held = held_at_end(&held, event.span);
                        if !held.is_empty() {
                            call_locks.push((call, held));
                        }
                    }
                    EventKind::Add { .. } if !held.is_empty() => add_locks.push((event.span, held.clone())),
                    _ => {}
                }
            }
            for &next in &self.out.blocks[block].successors {
                let merged: LockSet = match &entry[next] {
                    None => held.clone(),
                    Some(old) => {
                        let mut merged = old.clone();
                        for key in &held {
                            if let Err(at) = merged.binary_search(key) {
                                merged.insert(at, *key);
                            }
                        }
                        merged
                    }
                };
                if entry[next].as_ref() != Some(&merged) {
                    entry[next] = Some(merged);
                    work.push(next);
                }
            }
        }
        // A block visited again was visited with more locks: the last row of a call is the full one.
        call_locks.reverse();
        call_locks.sort_by_key(|row| row.0);
        call_locks.dedup_by_key(|row| row.0);
        self.out.call_locks = call_locks.into();
        self.out.add_locks = add_locks.into();
    }
}
