//! What the lifetime analysis reasons about: locations, accesses, synchronisation keys, goroutines, exits.
//!
//! Locations are *field-based*: `x.f` and `y.f` are one location when `f` is the same declared field, whatever `x` and
//! `y` are (as in RacerD). Which object is meant is judged apart, by [`Anchor`].

use smallvec::SmallVec;
use thin_vec::ThinVec;

use crate::{
    base::Span,
    callgraph::CallSiteId,
    define_id,
    resolve::{FieldId, FuncId, VarId},
    source::FileId,
    syntax::{ExprId, Int, LocalId},
};

define_id!(
    /// A place where goroutines start.
    SpawnId
);

/// Memory that two goroutines may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// A field of a declared or literal struct type, in any object.
    Field(FieldId),
    /// A package variable.
    Global(VarId),
    /// A local variable, shared because a function literal captures it or its address is taken.
    Local(FileId, LocalId),
}

/// A mutex, wait group, channel, group or condition: the location that holds it.
pub type SyncKey = Location;

/// What an access does to its location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessKind {
    /// The value is read.
    Read,
    /// A value is stored.
    Write,
    /// The channel is closed.
    Close,
    /// A value is sent on the channel: races with [`AccessKind::Close`].
    Send,
    /// The object is ended by a call of its `Close` or the like.
    End,
    /// The object goes back to a pool.
    Recycle,
}

impl AccessKind {
    /// Whether two accesses of these kinds conflict when nothing orders them.
    pub fn conflicts(self, other: Self) -> bool {
        use AccessKind::{Close, End, Read, Recycle, Send, Write};
        match (self, other) {
            (Read | Send, Read | Send) => false,
            (Write, Read | Write | Send | Close) | (Read | Send | Close, Write) => true,
            (Close, Close | Send) | (Send, Close) => true,
            // A receive from a channel that is closed is how goroutines are asked to stop.
            (Close, Read) | (Read, Close) => false,
            (End | Recycle, _) | (_, End | Recycle) => true,
        }
    }

    /// Whether this is a write in the eyes of a reader of the report.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Read | Self::Send)
    }
}

/// What a write stores, as far as it tells a reset from ordinary work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stored {
    /// `nil`, a zero literal, `T{}`.
    Cleared,
    /// A new object: `make`, `new`, `&T{…}`, a constructor's result.
    Fresh,
    /// Anything else.
    Other,
    /// The old value takes part: `x++`, `x = append(x, …)`.
    Update,
}

/// Which object an access goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// A local variable (parameter and receiver included) of this file.
    Local(LocalId),
    /// A package variable.
    Global,
    /// What a call or other expression gave.
    Value,
}

/// Which element of a slice, array or map is accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// All of them, or it is no element.
    Whole,
    /// The one with this number.
    Constant(Int),
    /// A field of a struct, which is a location of its own: it meets accesses of the whole only.
    Part,
    /// What `append` adds behind the end.
    Tail,
    /// Those before this number.
    Below(Int),
    /// The one whose number a variable of the function holds.
    Local(LocalId),
    /// One that only the run knows.
    Variable,
}

impl Index {
    /// Whether only the run knows which element it is.
    pub fn varies(self) -> bool {
        matches!(self, Self::Local(_) | Self::Variable)
    }

    /// Whether two accesses may be of one element.
    pub fn may_meet(self, other: Self) -> bool {
        match (self, other) {
            (Self::Part, Self::Part) => false,
            (Self::Tail, Self::Tail) => true,
            (Self::Tail, _) | (_, Self::Tail) => false,
            (Self::Constant(a), Self::Constant(b)) => a == b,
            (Self::Constant(at), Self::Below(end)) | (Self::Below(end), Self::Constant(at)) => at.value() < end.value(),
            _ => true,
        }
    }
}

/// One access of one function.
#[derive(Clone, Debug)]
pub struct Access {
    /// The function it stands in.
    pub func: FuncId,
    /// Which memory.
    pub location: Location,
    /// Whether it is an element of the slice, array or map held there, or what the pointer held there points to.
    pub element: bool,
    /// Which element, where the code says so with a constant.
    pub index: Index,
    /// Read, write, …
    pub kind: AccessKind,
    /// For writes, what is stored.
    pub stored: Stored,
    /// Through `sync/atomic` or a type of it.
    pub atomic: bool,
    /// The object.
    pub anchor: Anchor,
    /// Number of fields between the object and the location: 0 for `x.f`.
    pub depth: u8,
    /// The expression.
    pub expr: ExprId,
    /// Where it stands.
    pub span: Span,
    /// Locks certainly held, of this function only.
    pub locks: LockSet,
}

/// Locks held, sorted.
pub type LockSet = ThinVec<SyncKey>;

/// How a function is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// A `return` statement.
    Return,
    /// A panic.
    Panic,
    /// The closing brace.
    End,
}

/// How the end of a goroutine can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignalKind {
    /// `wg.Done()`.
    Done,
    /// `close(ch)`.
    Close,
    /// A send.
    Send,
    /// The return of a function run by a group (`errgroup`, `wg.Go`).
    Group,
    /// A write, under a lock or atomic, of what a loop waits for.
    Flag,
}

impl SignalKind {
    /// Whether a wait of that kind can end with such a signal: `range` goes on until the channel is closed.
    pub fn ends(self, how: WaitKind) -> bool {
        match how {
            WaitKind::Range => self == Self::Close,
            WaitKind::Receive | WaitKind::Group => true,
        }
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WaitKind {
    /// A counter or group.
    Group,
    /// One receive.
    Receive,
    /// `range` until the channel is closed.
    Range,
}

/// A completion signal of a goroutine's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What is signalled.
    pub key: SyncKey,
    /// How.
    pub kind: SignalKind,
    /// Whether every way through the body gives it (a deferred one does).
    pub certain: bool,
    /// Whether it is deferred.
    pub deferred: bool,
    /// Whether nothing that matters follows it.
    pub last: bool,
    /// The variable through which the key is reached, in the function the row speaks of; `None` when it is none.
    pub anchor: Option<LocalId>,
    /// Function and place of the signal.
    pub site: (FuncId, Span),
}

impl Signal {
    /// Whether whoever sees the signal knows that the body is (about to be) over. A close or send does only when every
    /// way through the body makes it and nothing follows: a worker that sends results in a loop says nothing about its end.
    pub fn ends_body(&self) -> bool {
        match self.kind {
            SignalKind::Done | SignalKind::Group => true,
            SignalKind::Close => self.certain && (self.deferred || self.last),
            SignalKind::Send | SignalKind::Flag => self.certain && self.last,
        }
    }
}

/// How a goroutine is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpawnKind {
    /// `go f()`.
    Go,
    /// A library call that starts its argument, such as a group's `Go`.
    Library,
    /// A function of the project that starts its argument.
    Wrapper,
    /// A function of the project that puts its argument into a queue, from which a goroutine takes it.
    Queue,
    /// A timer's callback.
    Timer,
    /// A subtest that pauses until the function that starts it has returned.
    Subtest,
}

/// A place where goroutines start.
#[derive(Clone, Debug)]
pub struct SpawnSite {
    /// The function that starts them.
    pub func: FuncId,
    /// The `go` statement's call, or the call that hands the function over.
    pub call: ExprId,
    /// Its call site, when it is one.
    pub site: Option<CallSiteId>,
    /// Where it stands.
    pub span: Span,
    /// How.
    pub kind: SpawnKind,
    /// Functions that run, most often one.
    pub bodies: SmallVec<[FuncId; 1]>,
    /// How its end can be seen.
    pub signals: Vec<Signal>,
    /// Arguments that are bound to parameters of the body: (body, parameter number, expression in `func`).
    pub arguments: Vec<(FuncId, u32, ExprId)>,
    /// Whether it stands inside a loop of `func` (several goroutines of one site).
    pub in_loop: bool,
    /// Of a wrapper, whether it starts what it is given itself and waits for nothing: it is as good as a `go` statement.
    pub only_starts: bool,
}
