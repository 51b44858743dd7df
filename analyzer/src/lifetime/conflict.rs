//! A conflict: a goroutine's access, another access of the same location that nothing orders after it, and what is
//! known about the join that should have.

use thin_vec::ThinVec;

use super::domain::{Access, AccessKind, Exit, Location, SpawnId, Stored, SyncKey};
use crate::{base::Span, resolve::FuncId, syntax::LocalId};

/// One side of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The function of the access.
    pub func: FuncId,
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub kind: AccessKind,
    /// For writes, what is stored.
    pub stored: Stored,
    /// Calls down to the access: (caller, where), from the goroutine's body or from the other side's function.
    pub path: ThinVec<(FuncId, Span)>,
    /// Calls on the way whose callee was one of several.
    pub dispatched: u32,
    /// Whether the object is known to be the one both sides share.
    pub same_object: bool,
}

impl Side {
    /// An access that the function makes itself.
    pub fn of(access: &Access, same_object: bool) -> Self {
        let &Access { func, span, kind, stored, .. } = access;
        Self { func, span, kind, stored, path: ThinVec::new(), dispatched: 0, same_object }
    }

    /// A place that stands for an access of the shared object: a wait, an exit, a use of the whole.
    pub fn at(func: FuncId, span: Span, kind: AccessKind) -> Self {
        Self { func, span, kind, stored: Stored::Other, path: ThinVec::new(), dispatched: 0, same_object: true }
    }

    /// The functions on the way to the access, with the place where each goes on; the access last.
    pub fn steps(&self) -> impl Iterator<Item = (FuncId, Span)> + '_ {
        self.path.iter().copied().chain([(self.func, self.span)])
    }

    /// The same, got to by calls.
    #[must_use]
    pub fn reached_by(self, path: Vec<(FuncId, Span)>, dispatched: u32) -> Self {
        Self { path: path.into(), dispatched, ..self }
    }

    /// Where the way to the access begins: its first call, or the access itself.
    pub fn top(&self) -> (FuncId, Span) {
        self.path.first().copied().unwrap_or((self.func, self.span))
    }
}

/// Where somebody waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinPoint {
    /// What is waited for.
    pub key: SyncKey,
    /// The function that waits.
    pub func: FuncId,
    /// Where.
    pub span: Span,
    /// Functions from the call that should have joined down to the one that waits.
    pub reached_by: ThinVec<FuncId>,
}

impl JoinPoint {
    /// A wait of the function itself.
    pub fn at(key: SyncKey, func: FuncId, span: Span) -> Self {
        Self { key, func, span, reached_by: ThinVec::new() }
    }
}

/// An exit without the join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedAt {
    /// The function.
    pub func: FuncId,
    /// How it is left.
    pub exit: Exit,
    /// Where.
    pub span: Span,
}

/// What is known about the join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinStatus {
    /// Another path joins; this one does not.
    Skipped {
        /// The join of the other path.
        join: Option<JoinPoint>,
        /// The calls of the same function that reach it.
        siblings: ThinVec<(FuncId, Span)>,
        /// Exits without it.
        at: ThinVec<SkippedAt>,
    },
    /// The join comes after the conflicting access.
    Late(JoinPoint),
    /// A join is there, but of another goroutine.
    OtherGoroutine(JoinPoint),
    /// Nobody waits; perhaps somebody asks the goroutine to stop.
    Missing {
        /// Where it is asked.
        asked: Option<(FuncId, Span)>,
    },
    /// The join is there and comes first, but the goroutine goes on after it signalled its end.
    SignalledEarly(JoinPoint, (FuncId, Span)),
}

impl JoinStatus {
    /// Another path joins, if any does, and these exits do not.
    pub fn around(join: Option<&JoinPoint>, at: impl IntoIterator<Item = SkippedAt>) -> Self {
        match join {
            Some(join) => {
                Self::Skipped { join: Some(join.clone()), siblings: ThinVec::new(), at: at.into_iter().collect() }
            }
            None => Self::Missing { asked: None },
        }
    }
}

/// How the two sides stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The spawning function goes on and accesses what it shares.
    AfterSpawn,
    /// A caller of the spawning function goes on with an object it gave it.
    AfterCall {
        /// The call that left the goroutine running.
        call: (FuncId, Span),
    },
    /// Another goroutine of the same function.
    Sibling(SpawnId),
    /// A method ends or resets the object the goroutine works for.
    OwnerMethod {
        /// The method.
        method: FuncId,
        /// How it is known to end or restart the object.
        role: Role,
    },
    /// The owner's joiner is skipped and a later round resets what the goroutine uses.
    NextRound {
        /// A function that reaches both the skipping exit and the reset.
        round: Option<FuncId>,
        /// The variable that held the owner.
        holder: LocalId,
    },
    /// A test (or another function) puts a package variable back.
    Restored,
    /// The test ends.
    TestEnd,
    /// The goroutine, which somebody else starts, runs a literal of the function that goes on with a variable of both.
    GivenAway,
    /// What the goroutine was given is filled again.
    Recycled,
    /// The counter is raised where it may already be waited for.
    AddRacesWait {
        /// The wait.
        wait: (FuncId, Span),
    },
}

/// Why a method counts as the end, or a new beginning, of its receiver's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its name says so by convention (`Close`).
    Named,
    /// It asks the goroutine to stop.
    Asks,
    /// It waits for a goroutine of the object.
    Joins,
    /// It starts the goroutine (again).
    Restarts,
    /// It is any function that ends or replaces what a field of that type holds; which object is not known.
    Elsewhere,
}

/// A goroutine that may still use a location that somebody else changes or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The goroutine.
    pub spawn: SpawnId,
    /// What is shared.
    pub location: Location,
    /// Whether an element of it, or what it points to, is meant.
    pub element: bool,
    /// The goroutine's access.
    pub inside: Side,
    /// The other access.
    pub other: Side,
    /// How they stand to each other.
    pub relation: Relation,
    /// What is known about the join.
    pub join: JoinStatus,
    /// What had to be assumed.
    pub assumptions: Vec<Assumption>,
    /// Further accesses of the other side that nothing orders either, at most [`MAX_OTHERS`].
    pub others: ThinVec<Side>,
    /// What speaks for it beside the missing order.
    pub evidence: ThinVec<Evidence>,
}

impl Conflict {
    /// Two accesses that stand so to each other: nobody waits, and nothing had to be assumed.
    pub fn new(spawn: SpawnId, location: Location, inside: Side, other: Side, relation: Relation) -> Self {
        let join = JoinStatus::Missing { asked: None };
        let (assumptions, others, evidence) = (Vec::new(), ThinVec::new(), ThinVec::new());
        Self { spawn, location, element: false, inside, other, relation, join, assumptions, others, evidence }
    }
}

/// Further accesses listed for one conflict.
pub const MAX_OTHERS: usize = 8;

/// A sign, found in the code itself, that an access is meant to be guarded and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// The function had taken the lock that the other side holds, and gave it back before the access.
    LeftTheLock,
    /// The other side is atomic, the goroutine's is not.
    HalfAtomic,
    /// A channel on which the goroutine sends is closed on every way out, those that come early included.
    ClosedOnEveryWay,
    /// Each of two goroutines of one function writes a variable of that function, whatever it works on.
    EachWrites,
    /// The function counts the goroutine in a counter of its own, and nobody waits for it.
    NobodyWaits,
}

/// Something that had to be assumed on the way to a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Assumption {
    /// Of several functions that a call may reach, one was followed.
    OneOfManyCallees,
    /// Two objects of one type were taken for the same.
    SameObject,
    /// The function is called again while the goroutine runs.
    CalledAgain,
    /// A method ends its receiver because of its name.
    EnderByName,
    /// The goroutine, which may end the object itself, is at work when somebody else does.
    EndedByOthers,
    /// A call that could not be resolved does not wait.
    UnresolvedCall,
    /// The two accesses touch the same element.
    SameElement,
    /// The goroutine takes the way that leads to the access, which is one of several.
    TakesThatWay,
    /// The variable holds, behind more than one interface, the kind of object that starts the goroutine.
    HoldsThatKind,
    /// A lock that other callers of a function hold is not held by the one that matters.
    CallerHoldsNoLock,
    /// Who waits for the goroutine relies on what it ends being ended.
    TakenForEnded,
    /// The goroutine is at work on something when it is told to stop.
    AtWork,
    /// Only a run that fails anyway gets to the other access.
    FailingRun,
    /// The goroutine has not done its first steps when the other side has waited for somebody.
    StartsLate,
    /// What both sides do with one object, or two of one kind, does not make one wait for the other.
    NoEffectOrders,
    /// The other side is not over when a timer of minutes fires.
    TakesThatLong,
    /// The goroutine does not come through the `sync.Once` that runs the other side.
    NotThroughOnce,
    /// What the goroutine does atomically is not seen by another goroutine that is waited for.
    NoAtomicOrders,
    /// The flag that the goroutine asks about first does not tell that the other side has been there.
    FlagTellsNothing,
    /// That something is received as often as it is sent does not order the two sides.
    CountTellsNothing,
    /// What comes out of one end of a pipe does not tell that the other end has been given it.
    PipeTellsNothing,
    /// The time is over before the goroutine ends what it ends when it is done.
    TimeIsOverFirst,
    /// The field, which the other side sets only where it is nil, is emptied while the goroutine uses it.
    EmptiedBefore,
    /// The goroutine, which is known by function values only, runs the literal while the function goes on.
    RunsElsewhere,
}
