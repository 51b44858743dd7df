//! How certain a conflict is: high unless something that matters had to be assumed.

use analyzer::{
    lifetime::{
        AccessKind, Exit, Location, SpawnKind, Stored,
        conflict::{Assumption, Conflict, Evidence, JoinStatus, Relation, Role, SkippedAt},
        events::EventKind,
        joins::gives_up,
    },
    resolve::{Basic, FuncId, Type},
};

use crate::{finding::Confidence, rule::Cx};

/// Said where the other side ends the object.
const NOT_A_STOP: &str = "ending the object is not how the goroutine is told to stop";

/// Said where the goroutine may say something that is heard in front of the other access.
const HEARD: &str = "what is heard in between does not say that all are done";

/// Said where the goroutine is some calls away from its access.
const FAR: &str = "the goroutine gets to the access, several calls away";

/// What has to be assumed for a conflict to be a race: each with its words, and how much all of it weighs.
///
/// Nothing lowers the confidence of a finding without words that the finding lists.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    weight: u32,
    words: Vec<&'static str>,
}

impl Doubts {
    /// What is assumed, in words.
    pub(crate) fn words(&self) -> &[&'static str] {
        &self.words
    }

    fn confidence(&self) -> Confidence {
        match self.weight {
            0 => Confidence::High,
            1 => Confidence::Medium,
            _ => Confidence::Low,
        }
    }

    /// One thing more that is assumed, if `doubtful`.
    fn when(&mut self, doubtful: bool, weight: u32, words: &'static str) {
        if doubtful && weight > 0 {
            self.weight += weight;
            self.words.push(words);
        }
    }

    fn assume(&mut self, conflict: &Conflict, assumption: Assumption, weight: u32) {
        self.when(conflict.assumptions.contains(&assumption), weight, words_of(assumption));
    }

    /// The code itself speaks for the conflict.
    fn answered(&mut self, speaks: bool) {
        self.weight = self.weight.saturating_sub(u32::from(speaks));
    }
}

/// Signs that may order the two sides though nobody waits.
const HIDDEN_ORDER: [Assumption; 9] = [
    Assumption::NoEffectOrders,
    Assumption::NoAtomicOrders,
    Assumption::NotThroughOnce,
    Assumption::TakesThatLong,
    Assumption::FlagTellsNothing,
    Assumption::CountTellsNothing,
    Assumption::PipeTellsNothing,
    Assumption::EmptiedBefore,
    Assumption::TimeIsOverFirst,
];

impl Cx<'_> {
    /// The confidence that a conflict deserves, whatever rule claims it.
    pub fn certainty(&self, conflict: &Conflict) -> Confidence {
        self.doubts(conflict).confidence()
    }

    /// What has to be assumed for a conflict to be a race.
    pub(crate) fn doubts(&self, conflict: &Conflict) -> Doubts {
        let mut doubts = Doubts::default();
        let spawn = &self.lifetimes.spawns.sites[conflict.spawn];
        let dispatched = words_of(Assumption::OneOfManyCallees);
        // Which of several callees runs is nearly always known to whoever wrote the call.
        doubts.when(conflict.inside.dispatched > 0, 2, dispatched);
        doubts.when(conflict.other.dispatched > 0, 2, dispatched);
        // One element of many, or one field of a struct meant as a whole: mostly another one on the other side.
        doubts.when(conflict.element, 2, words_of(Assumption::SameElement));
        doubts.when(self.only_failing_tests(conflict), 2, words_of(Assumption::FailingRun));
        // Of forty such findings that were read, one was right: what runs a function mostly waits for it.
        let weight = if conflict.relation == Relation::AfterSpawn { 2 } else { 1 };
        let at_once = "the goroutine starts at once, in the function it is given to";
        doubts.when(spawn.kind == SpawnKind::Wrapper && !spawn.only_starts, weight, at_once);
        // A variable that is written again behind the queue is not meant to be another by the time it is read.
        let rewritten = matches!(conflict.location, Location::Local(..)) && conflict.other.kind == AccessKind::Write;
        let queued = spawn.kind == SpawnKind::Queue && !rewritten;
        doubts.when(queued, 1, "what is in the queue runs while the function goes on");
        match conflict.relation {
            Relation::AfterSpawn => self.of_what_follows(conflict, &mut doubts),
            Relation::AfterCall { call: (caller, _) } => {
                doubts.when(true, 1, "the call comes back before the goroutine is over");
                let program = self.lifetimes.program;
                let test = program.in_test_file(caller);
                doubts.when(test, 1, "the test goes on before the goroutine is over");
            }
            Relation::Sibling(_) => {
                let each = conflict.evidence.contains(&Evidence::EachWrites);
                doubts.when(!each, 2, "both goroutines run at the same time");
            }
            Relation::OwnerMethod { role, method } => self.of_methods(conflict, role, method, &mut doubts),
            Relation::NextRound { .. } => {
                // The dispatch on the way to the access is what an executor tree is; one step of it is certain enough.
                doubts = Doubts::default();
                doubts.when(true, conflict.inside.dispatched.saturating_sub(1), dispatched);
                self.of_rounds(conflict, &mut doubts);
            }
            Relation::Restored => {
                doubts.when(conflict.inside.path.len() > 2, 1, FAR);
                // Between the start of a server and the restore a test mostly closes it.
                let restoring = conflict.other.path.first().map(|step| step.0);
                doubts.when(
                    restoring != Some(spawn.func),
                    2,
                    "nothing ends the goroutine before the value is put back",
                );
                doubts.assume(conflict, Assumption::SameObject, 2);
                doubts.assume(conflict, Assumption::CalledAgain, 1);
                doubts.when(self.is_heard_in_between(conflict), 1, HEARD);
            }
            Relation::TestEnd => {
                // The handle of a helper is its caller's, who may wait, if there is something to wait for; a test that is
                // a method is run by a runner, which may wait, too.
                let name = self.short(spawn.func);
                let runner = name.rsplit('.').next().is_some_and(is_test_name) && !is_test_name(name);
                let weight = if spawn.signals.is_empty() && !runner { 1 } else { 2 };
                doubts.when(!is_test_name(name), weight, "who calls the helper does not wait for the goroutine");
                // What is not always done is mostly done where the test fails: of 28 that were read, one was right.
                doubts.assume(conflict, Assumption::TakesThatWay, 2);
            }
            Relation::AddRacesWait { .. } => {
                doubts.assume(conflict, Assumption::CalledAgain, 1);
                doubts.assume(conflict, Assumption::TakesThatWay, 1);
                doubts.when(conflict.inside.path.len() > 1, 1, FAR);
            }
            Relation::Recycled => doubts.assume(conflict, Assumption::TakesThatWay, 1),
            Relation::GivenAway => doubts.assume(conflict, Assumption::RunsElsewhere, 2),
        }
        let goes_on = conflict.relation == Relation::AfterSpawn && matches!(conflict.location, Location::Local(..));
        doubts.when(spawn.kind == SpawnKind::Timer && !goes_on, 1, "the timer fires before it is stopped");
        doubts.when(self.gives_up_in_test(conflict), 1, "a test that gives up waiting has not failed");
        doubts.assume(conflict, Assumption::TakenForEnded, 2);
        doubts.assume(conflict, Assumption::AtWork, 2);
        doubts.assume(conflict, Assumption::HoldsThatKind, 1);
        doubts.assume(conflict, Assumption::FailingRun, 1);
        doubts.assume(conflict, Assumption::StartsLate, 1);
        for sign in HIDDEN_ORDER {
            doubts.assume(conflict, sign, 1);
        }
        doubts.assume(conflict, Assumption::CallerHoldsNoLock, 2);
        // Who waits late waits on purpose, unless everything else is plain.
        let late = doubts.weight > 0 && matches!(conflict.join, JoinStatus::Late(_));
        doubts.when(late, 1, "the wait comes late by mistake");
        self.of_evidence(conflict, &mut doubts);
        doubts
    }

    /// The spawning function goes on to the other access.
    fn of_what_follows(&self, conflict: &Conflict, doubts: &mut Doubts) {
        let program = self.lifetimes.program;
        let spawn = &self.lifetimes.spawns.sites[conflict.spawn];
        // Code that says itself that the access is to be guarded needs no way to be certain.
        if conflict.evidence.is_empty() {
            doubts.assume(conflict, Assumption::TakesThatWay, 1);
        }
        // A setter called after the start is often called before anyone listens.
        let local = matches!(conflict.location, Location::Local(..));
        // Of a package variable there is but one, and whoever starts a server sets it too late: eleven of twelve were right.
        let global = matches!(conflict.location, Location::Global(_));
        let called = !conflict.other.path.is_empty() && !local && !global;
        doubts.when(global && self.is_heard_in_between(conflict), 1, HEARD);
        // Of thirteen that were read, one was right: the goroutine gets there by a request, or for what is made later.
        doubts.when(global && conflict.inside.path.len() > 2, 1, FAR);
        doubts.when(called, 1, "the goroutine listens by the time of the call that leads to the other access");
        doubts.when(!conflict.other.same_object, 2, words_of(Assumption::SameObject));
        // A variable is shared with a literal that captures it; of a call's operands there are copies.
        let literal = spawn.bodies.iter().all(|body| program.funcs()[*body].parent.is_some());
        let captures =
            literal || spawn.func != conflict.inside.func && program.encloses(spawn.func, conflict.inside.func);
        // A channel is the same in all variables.
        let channel = matches!(conflict.other.kind, AccessKind::Close | AccessKind::Send);
        let copied = local && !captures && !channel;
        doubts.when(copied, 1, "the goroutine has the variable itself and not a copy of it");
        // Who talks over a channel in both directions knows when it may be closed.
        let talks = channel
            && conflict.inside.kind != AccessKind::Read
            && !conflict.evidence.contains(&Evidence::ClosedOnEveryWay);
        doubts.when(talks, 1, "what is sent over the channel does not tell when it may be closed");
        // Closing what a goroutine works on is also how it is stopped.
        let ended = if local { "who lent it uses it again before the goroutine is over" } else { NOT_A_STOP };
        let meant = conflict.evidence.contains(&Evidence::NobodyWaits);
        doubts.when(conflict.other.kind == AccessKind::End && !meant, 2, ended);
        // So it is where the goroutine does: `<-ctx.Done(); conn.Close()` wakes whoever reads.
        let early = "the goroutine ends it before the other side has done with it";
        doubts.when(conflict.inside.kind == AccessKind::End, 2, early);
        let read = !conflict.other.kind.is_write() && !local;
        doubts.when(read, 1, "the other side does not know otherwise that the value is there");
    }

    /// A method ends, or resets, what the goroutine uses.
    fn of_methods(&self, conflict: &Conflict, role: Role, method: FuncId, doubts: &mut Doubts) {
        let program = self.lifetimes.program;
        // That it is over is told to whoever asks, and nothing else: of nine that were read eight were right.
        let tells = self.is_flag(conflict.location) && conflict.other.stored == Stored::Other;
        match role {
            Role::Asks => doubts.assume(conflict, Assumption::CalledAgain, 2),
            // A name is a convention.
            Role::Named => doubts.when(!tells, 1, words_of(Assumption::EnderByName)),
            Role::Joins => doubts.when(true, 1, "the method ends the object, since it waits for a goroutine of it"),
            // Most starts happen once, whatever could be: of sixty findings that were read, four were right.
            Role::Restarts => doubts.when(true, 2, words_of(Assumption::CalledAgain)),
            Role::Elsewhere => doubts.when(true, 2, words_of(Assumption::SameObject)),
        }
        doubts.assume(conflict, Assumption::EndedByOthers, 2);
        match (conflict.other.kind, conflict.other.stored) {
            (AccessKind::Write, Stored::Cleared | Stored::Fresh) | (AccessKind::Close, _) => {}
            (AccessKind::Write, _) if tells && role == Role::Named => {}
            // Closing a connection is also how its reader is woken; but not how whoever sets the field is.
            (AccessKind::End, _) => doubts.when(conflict.inside.kind != AccessKind::Write, 2, NOT_A_STOP),
            (AccessKind::Read, _) => doubts.when(true, 1, "what the goroutine writes is read before it is over"),
            _ => doubts.when(true, 1, "what the method stores is to end what the goroutine uses"),
        }
        doubts.when(conflict.inside.path.len() > 3, 1, "the goroutine gets to the access, several calls away");
        // Who calls the function that starts it is done with it before anything is made again.
        let again = conflict.other.stored == Stored::Fresh && self.callers_wait(conflict);
        doubts.when(again, 1, "the method is called while who started the goroutine still waits for it");
        // An end that nobody makes.
        doubts.when(self.lifetimes.graph.callers(method).is_empty(), 1, "somebody calls the method; nothing here does");
        // A test that starts a server by hand has its own ways to know that it is over.
        let test = program.in_test_file(self.lifetimes.spawns.sites[conflict.spawn].func);
        doubts.when(test, 1, "the test has no other way to know that the goroutine is over");
        // Goroutines of one object that talk to each other know more of each other than a wait would say; but who sends
        // on a channel that another closes is not helped by that, outside of tests.
        let peer = || self.lifetimes.spawns.sites.iter().any(|site| site.bodies.contains(&method));
        let closes = conflict.other.kind == AccessKind::Close && !test;
        let asks = role == Role::Asks && doubts.weight <= 1 && !closes && peer();
        doubts.when(asks, 1, "the method, a goroutine of the object itself, does not know how far the other is");
    }

    /// A later round resets what the goroutine of an earlier one uses.
    fn of_rounds(&self, conflict: &Conflict, doubts: &mut Doubts) {
        let shown =
            matches!(&conflict.join, JoinStatus::Skipped { join: Some(_), siblings, .. } if !siblings.is_empty());
        doubts.when(!shown, 1, "the goroutine is to be waited for, which no other path does");
        doubts.when(conflict.inside.path.len() > 2, 1, "the goroutine gets to the access, several calls away");
        // What a round works with is an object of its own; a plain field is set in many objects.
        doubts.when(!self.holds_pointer(conflict.location), 1, words_of(Assumption::SameObject));
        // Where the join stands in a loop, the way around it at the closing brace is the one of no iteration.
        let at_end = |skip: &SkippedAt| skip.exit == Exit::End;
        let around =
            matches!(&conflict.join, JoinStatus::Skipped { at, .. } if !at.is_empty() && at.iter().all(at_end));
        doubts.when(around, 1, "the way around the join is taken while there is something to wait for");
    }

    /// What the code itself says about the access.
    fn of_evidence(&self, conflict: &Conflict, doubts: &mut Doubts) {
        let guarded = conflict.evidence.contains(&Evidence::LeftTheLock);
        let hidden = HIDDEN_ORDER.iter().any(|sign| conflict.assumptions.contains(sign));
        // The access is to be made under the lock.
        doubts.answered(guarded && !hidden && conflict.inside.path.is_empty() && conflict.other.path.is_empty());
        doubts.answered(conflict.evidence.contains(&Evidence::HalfAtomic));
        // Whoever closes after waiting for other senders has thought of senders: of this one not.
        // Of one that another goroutine has started, it may have counted the messages.
        let direct = !matches!(conflict.relation, Relation::AfterCall { .. });
        doubts.answered(
            direct
                && matches!(
                    (&conflict.join, conflict.inside.kind, conflict.other.kind),
                    (JoinStatus::OtherGoroutine(_), AccessKind::Send, AccessKind::Close)
                ),
        );
    }

    /// Whether the join is skipped only where a test has failed anyway. Goroutines that run at the same time do so until
    /// then, too.
    fn only_failing_tests(&self, conflict: &Conflict) -> bool {
        let JoinStatus::Skipped { at, .. } = &conflict.join else { return false };
        if matches!(conflict.relation, Relation::Sibling(_)) {
            return false;
        }
        let program = self.lifetimes.program;
        let in_test = |skip: &SkippedAt| program.in_test_file(skip.func);
        !at.is_empty() && at.iter().all(|skip| skip.exit == Exit::Panic && in_test(skip))
    }

    /// Whether a test, or a helper of tests, waits for the goroutine on another way: that it gave up is mostly a failure.
    fn gives_up_in_test(&self, conflict: &Conflict) -> bool {
        let func = self.lifetimes.spawns.sites[conflict.spawn].func;
        let program = self.lifetimes.program;
        let between = matches!(conflict.relation, Relation::AfterSpawn | Relation::TestEnd | Relation::Recycled);
        let given_up = match conflict.join {
            JoinStatus::Skipped { join: Some(_), .. } => true,
            JoinStatus::Missing { .. } => self.hears_in_an_arm(conflict),
            _ => false,
        };
        between && given_up && (program.in_test_file(func) || self.is_given_test(func))
    }

    /// Whether the spawning function hears something, behind the start and in front of the other access, that the goroutine
    /// may say near its body: the last of several says that all are done.
    fn is_heard_in_between(&self, conflict: &Conflict) -> bool {
        let lifetimes = self.lifetimes;
        let spawn = &lifetimes.spawns.sites[conflict.spawn];
        let (func, other) = conflict.other.top();
        let deferred = || lifetimes.facts().calls.of(func).iter().any(|row| row.deferred && row.span == other);
        // What is deferred runs behind all of it.
        let end = if func == spawn.func && deferred() { u32::MAX } else { other.start };
        let reach = &lifetimes.facts().reaches[conflict.spawn];
        let events_of = |func: FuncId| lifetimes.events.of(func).blocks.iter().flat_map(|block| &block.events);
        let near = || reach.nodes.iter().take_while(|node| node.depth() <= 1).flat_map(|node| events_of(node.func));
        let says = |key: Location| {
            near().any(|event| matches!(event.kind, EventKind::Signal { key: said, .. } if said == key))
        };
        events_of(spawn.func).any(|event| match event.kind {
            EventKind::Wait { key, .. } => spawn.span.end <= event.span.start && event.span.end <= end && says(key),
            _ => false,
        })
    }

    /// Whether everyone who calls the function that starts the goroutine waits for it before it returns.
    fn callers_wait(&self, conflict: &Conflict) -> bool {
        let lifetimes = self.lifetimes;
        let spawn = &lifetimes.spawns.sites[conflict.spawn];
        let ends = spawn.signals.iter().filter(|signal| signal.ends_body());
        let keys: Vec<usize> = ends.filter_map(|signal| lifetimes.joins.index_of(signal.key)).collect();
        let callers = lifetimes.graph.callers(spawn.func);
        !callers.is_empty()
            && callers.iter().all(|site| {
                let waited = lifetimes.joins.must(lifetimes.graph.sites()[*site].func);
                keys.iter().any(|key| waited.contains(*key))
            })
    }

    /// Whether the spawning function waits, in an arm among others, for something that the goroutine says.
    fn hears_in_an_arm(&self, conflict: &Conflict) -> bool {
        let spawn = &self.lifetimes.spawns.sites[conflict.spawn];
        let said = |key: &Location| spawn.signals.iter().any(|signal| signal.key == *key);
        let mut events = self.lifetimes.events.of(spawn.func).blocks.iter().flat_map(|block| &block.events);
        events.any(|event| {
            matches!(&event.kind, EventKind::Wait { key, .. } if said(key))
                && gives_up(self.lifetimes.program, spawn.func, event.span)
        })
    }

    /// Whether the function, or one around it, is given a test.
    fn is_given_test(&self, func: FuncId) -> bool {
        let program = self.lifetimes.program;
        let around = std::iter::successors(Some(func), |at| program.funcs()[*at].parent);
        let models = self.lifetimes.models;
        around.into_iter().any(|func| program.param_of_type(func, |key| models.is_test_handle(key)).is_some())
    }

    /// Whether the location is a field that holds a pointer.
    fn holds_pointer(&self, location: Location) -> bool {
        let Location::Field(field) = location else { return false };
        let program = self.lifetimes.program;
        matches!(program.ty(program.underlying(program.field(field).ty)), Type::Pointer(_))
    }

    /// Whether the location is a field that is either true or not.
    fn is_flag(&self, location: Location) -> bool {
        let Location::Field(field) = location else { return false };
        let program = self.lifetimes.program;
        matches!(program.ty(program.underlying(program.field(field).ty)), Type::Basic(Basic::Bool))
    }

    /// Whether the location is a field that holds a channel.
    pub fn is_channel_field(&self, location: Location) -> bool {
        let Location::Field(field) = location else { return false };
        let program = self.lifetimes.program;
        let ty = program.field(field).ty;
        let synchronises = program.type_key(ty).is_some_and(|key| self.lifetimes.models.is_synchronised(key));
        synchronises || matches!(program.ty(program.underlying(ty)), Type::Chan { .. })
    }
}

/// `TestX`, `BenchmarkX`, `FuzzX`, or a literal in one, as run by `go test` itself: no method.
fn is_test_name(short: &str) -> bool {
    ["Test", "Benchmark", "Fuzz"].iter().any(|prefix| short.starts_with(prefix))
}

/// An assumption in words.
pub(crate) fn words_of(assumption: Assumption) -> &'static str {
    match assumption {
        Assumption::OneOfManyCallees => "a call on the way has several possible callees; one of them was followed",
        Assumption::SameObject => "both sides reach the same object, which is known by its type only",
        Assumption::CalledAgain => "the function is called again while the goroutine runs",
        Assumption::EnderByName => "the method ends the object, as its name says",
        Assumption::EndedByOthers => {
            "somebody else ends the object while the goroutine, which may do so too, is at work"
        }
        Assumption::UnresolvedCall => "a call that could not be resolved does not wait for the goroutine",
        Assumption::SameElement => "both sides touch the same element",
        Assumption::TakesThatWay => "the goroutine takes the way that leads to the access",
        Assumption::HoldsThatKind => "the variable holds, behind several interfaces, what starts the goroutine",
        Assumption::CallerHoldsNoLock => "a lock that some callers hold is not held by the one that matters",
        Assumption::NoEffectOrders => "no call of one side waits for what a call of the other does",
        Assumption::NoAtomicOrders => "no goroutine that is waited for sees what this one does atomically",
        Assumption::NotThroughOnce => "the goroutine does not come through the Once that runs the other side",
        Assumption::TakesThatLong => "the other side is not over when a timer of minutes fires",
        Assumption::CountTellsNothing => "as many receives as sends do not order the two sides",
        Assumption::PipeTellsNothing => "what comes out of the pipe does not tell what the goroutine has done before",
        Assumption::TimeIsOverFirst => "the time is over before the goroutine says that it is done",
        Assumption::EmptiedBefore => "the field, which is set only where it is nil, is emptied in between",
        Assumption::FlagTellsNothing => "the flag asked about first does not tell that the other side has been there",
        Assumption::StartsLate => {
            "the goroutine has not done its first steps when the other side has waited for somebody"
        }
        Assumption::RunsElsewhere => {
            "the goroutine, which somebody else starts, runs the literal while the function goes on"
        }
        Assumption::TakenForEnded => "who waits for the goroutine relies on what it still ends",
        Assumption::AtWork => "the goroutine is at work on something of others when it is told to stop",
        Assumption::FailingRun => "only a run that fails anyway gets to the other access",
    }
}
