//! The shape of what is known about libraries: which functions start, wait, lock, recycle. The rows come from outside
//! (`rules/catalogue`, `outlive.toml`); this module names no library.

use rustc_hash::FxHashMap;

use crate::base::Symbol;

/// A value that takes part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The receiver.
    Receiver,
    /// Argument number `n`, from 0.
    Arg(u8),
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Runs its function argument in a new goroutine; `group` is what is waited for, if anything.
    Spawn { arg: u8, group: Option<Operand> },
    /// Runs its function argument when a timer fires.
    Timer { arg: u8 },
    /// Runs its function argument before it returns.
    Run { arg: u8 },
    /// Runs its function argument, and every goroutine started in it, before it returns.
    RunJoined { arg: u8 },
    /// Returns when every goroutine started so far is over or can go no further by itself.
    WaitAll,
    /// Waits for time to pass. Where goroutines live in a bubble with a clock of its own ([`Effect::RunJoined`]), time
    /// passes only when all of them are over or can go no further.
    Sleep,
    /// Runs a function the first time it is called, and orders that before every later call.
    Once,
    /// Lets goroutines go on that were held where a test had asked for it.
    LetsGo,
    /// Gives an object and a function that ends it; it is over when its first argument is, too.
    ComesWithEnd,
    /// The same, but the object is also over when a time is.
    ComesWithLimit,
    /// Comes back when the other end of a connection has done something: connected, asked, answered.
    Peer,
    /// Gives an object that nobody else has.
    GivesNew,
    /// Gives an object that is not over while anybody asks.
    NeverOver,
    /// Runs the tests of a binary: what stands in front of it is done by then.
    RunsTests,
    /// The framework does not take the receiver back when the handler returns.
    LeavesWithUser,
    /// Gives a channel that is closed when the receiver is over.
    TellsEnd,
    /// Reads all of its argument, up to its end.
    ReadsAll { arg: u8 },
    /// Gives two ends of one thing: what is read from one was written to the other.
    TwoEnds,
    /// What comes of it ends, or is ready, when as much time has passed as the argument says.
    Lasts { arg: u8 },
    /// Counts one more goroutine.
    Add(Operand),
    /// Counts one goroutine less.
    Done(Operand),
    /// Returns when all counted goroutines are done.
    Wait(Operand),
    /// Takes a lock.
    Lock { on: Operand, read: bool },
    /// Gives a lock back.
    Unlock { on: Operand },
    /// Is called with a lock held that belongs to the receiver.
    UnderLock,
    /// Atomic access.
    Atomic { on: Operand, write: bool },
    /// Writes over what its slice argument holds.
    Overwrites { arg: u8 },
    /// Gives out what is good until the object is asked again ([`Effect::TakesBack`]).
    GivesOut,
    /// Writes over what the object gave out.
    TakesBack,
    /// The object may be given to someone else from now on.
    Recycle(Operand),
    /// Never returns: the process or the goroutine ends.
    NeverReturns,
    /// Comes back only when it has failed: there is nothing by which it could be told to stop.
    LastsForEver,
    /// Ends the goroutine, running deferred calls (test failure).
    EndsGoroutine,
    /// The goroutine ends after its deferred calls; no test is meant.
    Goexit,
    /// Runs its function argument when the test is over, after deferred calls.
    AtTestEnd { arg: u8 },
    /// Needs a running test: panics or races after its end.
    NeedsTest {
        /// Whether it makes the test a failed one.
        fails: bool,
    },
    /// The running test goes on only when the function that started it has returned.
    Pauses,
    /// Asks a timer to stop without waiting for its callback.
    StopTimer,
    /// Sets a timer going (again).
    StartTimer,
    /// A goroutine of the library fills the buffers that fields of the receiver were given.
    Fills,
    /// A goroutine of the library sends on the channel from now on.
    SendsOn(Operand),
    /// Ends what a goroutine of the library does with the operand.
    WorkEnds(Operand),
}

/// Rows of the catalogue by the function they speak of (`path.F`, `path.T.M`).
#[derive(Clone, Debug, Default)]
pub struct Models {
    effects: FxHashMap<Symbol, Vec<Effect>>,
    /// Types (`path.T`) whose values synchronise by themselves: a call of their methods is no access.
    synchronised: FxHashMap<Symbol, ()>,
    /// Types (`path.T`) of the test handle.
    test_handles: FxHashMap<Symbol, ()>,
    /// Types (`path.T`) that a framework recycles when the function they are passed to returns.
    recycled: FxHashMap<Symbol, ()>,
    /// Ends of names of types that log, and of functions that make them.
    loggers: Vec<Box<str>>,
    /// Constants (`path.C`) that are a minute or more.
    long: FxHashMap<Symbol, ()>,
    /// Names of methods that end their receiver by convention (`Close`).
    enders: FxHashMap<Box<str>, ()>,
    /// Names of methods that count a goroutine less, where the type says nothing else.
    starts: FxHashMap<Box<str>, ()>,
    count_down: FxHashMap<Box<str>, ()>,
    /// What methods of locks do, by name.
    locks: FxHashMap<Box<str>, Effect>,
    /// Names of methods that wait for what is counted.
    waits: FxHashMap<Box<str>, ()>,
    /// Names of fields that hold what is filled ([`Effect::Fills`]).
    filled_fields: FxHashMap<Box<str>, ()>,
    /// Types (`path.T`) of buffers that are not to be used while they are filled.
    filled_types: FxHashMap<Symbol, ()>,
    /// Methods of the test handle, by name: whether they come back.
    test_methods: FxHashMap<Box<str>, bool>,
    /// Functions (`path.F`) that make an object of a type (`path.T`).
    makers: FxHashMap<Symbol, Symbol>,
}

impl Models {
    /// Adds what `key` does.
    pub fn add(&mut self, key: Symbol, effect: Effect) {
        if matches!(effect, Effect::Lock { on: Operand::Receiver, .. } | Effect::Unlock { on: Operand::Receiver }) {
            self.locks.insert(key.as_str().rsplit('.').next().unwrap_or_default().into(), effect);
        }
        self.effects.entry(key).or_default().push(effect);
    }

    /// What a method of that name without parameters does to its receiver, by convention: everybody's own locks have
    /// the methods of the library's, and their users rely on it.
    pub fn lock_by_name(&self, name: &str) -> Option<Effect> {
        self.locks.get(name).copied()
    }

    /// Tells that a test handle has a method of that name, and whether it ends the goroutine.
    pub fn add_test_method(&mut self, name: &str, ends: bool) {
        self.test_methods.insert(name.into(), ends);
    }

    /// Whether a method of that name of a test handle ends the goroutine; `None` if a test handle has none.
    pub fn test_method(&self, name: &str) -> Option<bool> {
        self.test_methods.get(name).copied()
    }

    /// Marks a type that synchronises by itself.
    pub fn add_synchronised(&mut self, key: Symbol) {
        self.synchronised.insert(key, ());
    }

    /// Marks a test handle.
    pub fn add_test_handle(&mut self, key: Symbol) {
        self.test_handles.insert(key, ());
    }

    /// Marks a type that is recycled when the function it is passed to returns.
    pub fn add_recycled(&mut self, key: Symbol) {
        self.recycled.insert(key, ());
    }

    /// Marks the end of a name of what logs.
    pub fn add_logger(&mut self, name: &str) {
        self.loggers.push(name.into());
    }

    /// Marks a constant that is a minute or more.
    pub fn add_long(&mut self, key: Symbol) {
        self.long.insert(key, ());
    }

    /// Marks a method name that ends its receiver.
    pub fn add_ender(&mut self, name: &str) {
        self.enders.insert(name.into(), ());
    }

    /// Adds the name of methods that start a goroutine for what they are given.
    pub fn add_start(&mut self, name: &str) {
        self.starts.insert(name.into(), ());
    }

    /// Marks a method name that counts a goroutine less by convention.
    pub fn add_count_down(&mut self, name: &str) {
        self.count_down.insert(name.into(), ());
    }

    /// Marks a method name that waits by convention.
    pub fn add_wait(&mut self, name: &str) {
        self.waits.insert(name.into(), ());
    }

    /// Marks a field that holds what is filled.
    pub fn add_filled_field(&mut self, name: &str) {
        self.filled_fields.insert(name.into(), ());
    }

    /// Marks a type of buffers that are not to be used while they are filled.
    pub fn add_filled_type(&mut self, key: Symbol) {
        self.filled_types.insert(key, ());
    }

    /// Tells what type of object a function makes.
    pub fn add_maker(&mut self, func: Symbol, ty: Symbol) {
        self.makers.insert(func, ty);
    }

    /// The type of object that a function makes.
    pub fn made_by(&self, func: Symbol) -> Option<Symbol> {
        self.makers.get(&func).copied()
    }

    /// Whether a field of this name holds what is filled.
    pub fn fills(&self, name: &str) -> bool {
        self.filled_fields.contains_key(name)
    }

    /// Whether buffers of the type are not to be used while they are filled.
    pub fn is_filled(&self, key: Symbol) -> bool {
        self.filled_types.contains_key(&key)
    }

    /// Whether a method of this name counts a goroutine less, by convention.
    pub fn counts_down(&self, name: &str) -> bool {
        self.count_down.contains_key(name)
    }

    /// Whether a method of this name starts a goroutine for the function it is given, by convention.
    pub fn starts(&self, name: &str) -> bool {
        self.starts.contains_key(name)
    }

    /// Whether a method of this name waits, by convention.
    pub fn waits(&self, name: &str) -> bool {
        self.waits.contains_key(name)
    }

    /// Whether a method of this name ends its receiver; unexported ones are taken for their exported twins.
    pub fn ends_object(&self, name: &str) -> bool {
        let mut letters = name.chars();
        let exported = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
        exported.is_some_and(|name| self.enders.contains_key(name.as_str()))
    }

    /// Whether the name begins with one that ends its receiver: `Close`, `StopWithin`.
    pub fn begins_with_ender(&self, name: &str) -> bool {
        let more = name.char_indices().skip(1).filter(|(_, letter)| letter.is_uppercase());
        let ends = more.map(|(at, _)| at).chain([name.len()]);
        ends.into_iter().any(|end| self.ends_object(&name[..end]))
    }

    /// What `key` does; empty when nothing is known.
    pub fn effects(&self, key: Symbol) -> &[Effect] {
        self.effects.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whether values of the type synchronise by themselves.
    pub fn is_synchronised(&self, key: Symbol) -> bool {
        self.synchronised.contains_key(&key)
    }

    /// Whether the type is a test handle.
    pub fn is_test_handle(&self, key: Symbol) -> bool {
        self.test_handles.contains_key(&key)
    }

    /// Whether a type of that name logs, or a function of that name makes what does: `SugaredLogger`, `NewLogger`.
    pub fn is_logger(&self, name: &str) -> bool {
        self.loggers.iter().any(|logger| name.ends_with(&**logger))
    }

    /// Whether the constant is a minute or more.
    pub fn is_long(&self, key: Symbol) -> bool {
        self.long.contains_key(&key)
    }

    /// Whether a framework recycles values of the type.
    pub fn is_recycled(&self, key: Symbol) -> bool {
        self.recycled.contains_key(&key)
    }
}
