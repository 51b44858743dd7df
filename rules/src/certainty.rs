//! How certain a conflict is: high unless something that matters had to be assumed.

use analyzer::{
    lifetime::{
        AccessKind, Exit, Location, SpawnKind, Stored,
        conflict::{Assumption, Conflict, Evidence, JoinStatus, Relation, Role, SkippedAt},
    },
    resolve::Type,
};

use crate::{finding::Confidence, rule::Cx};

impl Cx<'_> {
    /// The confidence that a conflict deserves, whatever rule claims it.
    pub fn certainty(&self, conflict: &Conflict) -> Confidence {
        let mut doubts = 0_u32;
        // Which of several callees runs is nearly always known to whoever wrote the call.
        doubts += 2 * conflict.inside.dispatched.min(1);
        doubts += 2 * conflict.other.dispatched.min(1);
        // One element of many, or one field of a struct meant as a whole: mostly another one on the other side.
        doubts += 2 * u32::from(conflict.element);
        doubts += 2 * u32::from(self.only_failing_tests(conflict));
        let program = self.lifetimes.program;
        let spawn = &self.lifetimes.spawns.sites[conflict.spawn];
        let test_file = |func| program.sources().files[program.funcs()[func].file].test;
        // A wrapper may refuse, wait by itself, or run what it is given later.
        doubts += u32::from(spawn.kind == SpawnKind::Wrapper);
        match conflict.relation {
            Relation::AfterSpawn => {
                // Code that says itself that the access is to be guarded needs no way to be certain.
                let plain = conflict.evidence.is_empty();
                doubts += u32::from(plain && conflict.assumptions.contains(&Assumption::TakesThatWay));
                // A setter called after the start is often called before anyone listens.
                doubts += u32::from(!conflict.other.path.is_empty());
                doubts += 2 * u32::from(!conflict.other.same_object);
                // A variable is shared with a literal that captures it; of a call's operands there are copies.
                let literal = spawn.bodies.iter().all(|body| program.funcs()[*body].parent.is_some());
                doubts += u32::from(matches!(conflict.location, Location::Local(..)) && !literal);
                // Who talks over a channel in both directions knows when it may be closed.
                let channel = matches!(conflict.other.kind, AccessKind::Close | AccessKind::Send);
                doubts += u32::from(channel && conflict.inside.kind != AccessKind::Read);
                // Closing what a goroutine works on is also how it is stopped.
                doubts += 2 * u32::from(conflict.other.kind == AccessKind::End);
                doubts +=
                    u32::from(!conflict.other.kind.is_write() && !matches!(conflict.location, Location::Local(..)));
            }
            // Whoever calls something that leaves a goroutine behind may know when it is over.
            Relation::AfterCall { .. } => doubts += 1 + u32::from(test_file(conflict.other.func)),
            Relation::Sibling(_) => doubts += 2,
            Relation::OwnerMethod { role, .. } => {
                doubts += match role {
                    Role::Asks => 0,
                    // A name is a convention.
                    Role::Named => 1,
                    Role::Joins => 1,
                    Role::Restarts => 1,
                    Role::Elsewhere => 2,
                };
                doubts += match (conflict.other.kind, conflict.other.stored) {
                    (AccessKind::Write, Stored::Cleared | Stored::Fresh) | (AccessKind::Close, _) => 0,
                    // Closing a connection is also how its reader is woken.
                    (AccessKind::End, _) => 2,
                    _ => 1,
                };
                doubts += u32::from(conflict.inside.path.len() > 3);
                if let Relation::OwnerMethod { method, .. } = conflict.relation {
                    // An end that nobody makes.
                    doubts += u32::from(self.lifetimes.graph.callers(method).is_empty());
                }
                // A test that starts a server by hand has its own ways to know that it is over.
                doubts += u32::from(test_file(spawn.func));
            }
            Relation::NextRound { .. } => {
                // The dispatch on the way to the access is what an executor tree is; one step of it is certain enough.
                doubts = conflict.inside.dispatched.saturating_sub(1);
                doubts += u32::from(
                    !matches!(&conflict.join, JoinStatus::Skipped { join: Some(_), siblings, .. } if !siblings.is_empty()),
                );
                doubts += u32::from(conflict.inside.path.len() > 2);
                // What a round works with is an object of its own; a plain field is set in many objects.
                doubts += u32::from(!self.holds_pointer(conflict.location));
                // Where the join stands in a loop, the way around it at the closing brace is the one of no iteration.
                let at_end = |skip: &SkippedAt| skip.exit == Exit::End;
                doubts += u32::from(
                    matches!(&conflict.join, JoinStatus::Skipped { at, .. } if !at.is_empty() && at.iter().all(at_end)),
                );
            }
            Relation::Restored => {
                doubts += u32::from(conflict.inside.path.len() > 2);
                // Between the start of a server and the restore a test mostly closes it.
                let restoring = conflict.other.path.first().map(|step| step.0);
                doubts += 2 * u32::from(restoring != Some(spawn.func));
                doubts += 2 * u32::from(conflict.assumptions.contains(&Assumption::SameObject));
            }
            Relation::TestEnd => {
                // The handle of a helper is its caller's, who may wait; a test that is a method is run by a runner, which
                // may wait, too.
                doubts += 2 * u32::from(!is_test_name(self.short(spawn.func)));
                doubts += u32::from(conflict.assumptions.contains(&Assumption::TakesThatWay));
            }
            Relation::AddRacesWait { .. } => {
                doubts += u32::from(conflict.assumptions.contains(&Assumption::CalledAgain));
                doubts += u32::from(conflict.assumptions.contains(&Assumption::TakesThatWay));
            }
            Relation::Recycled => {}
        }
        doubts += u32::from(spawn.kind == SpawnKind::Timer);
        doubts += u32::from(conflict.assumptions.contains(&Assumption::HoldsThatKind));
        doubts += u32::from(conflict.assumptions.contains(&Assumption::FailingRun));
        let hidden = [
            Assumption::NoEffectOrders,
            Assumption::NoAtomicOrders,
            Assumption::NotThroughOnce,
            Assumption::TakesThatLong,
            Assumption::FlagTellsNothing,
        ];
        doubts += hidden.iter().map(|sign| u32::from(conflict.assumptions.contains(sign))).sum::<u32>();
        doubts += 2 * u32::from(conflict.assumptions.contains(&Assumption::CallerHoldsNoLock));
        // Who waits late waits on purpose, unless everything else is plain.
        doubts += u32::from(doubts > 0 && matches!(conflict.join, JoinStatus::Late(_)));
        let guarded = conflict.evidence.contains(&Evidence::LeftTheLock);
        let hidden = hidden.iter().any(|sign| conflict.assumptions.contains(sign));
        if guarded && !hidden && conflict.inside.path.is_empty() && conflict.other.path.is_empty() {
            // The code itself says that the access is to be made under the lock.
            doubts = doubts.saturating_sub(1);
        }
        if conflict.evidence.contains(&Evidence::HalfAtomic) {
            doubts = doubts.saturating_sub(1);
        }
        if let (JoinStatus::OtherGoroutine(_), AccessKind::Send, AccessKind::Close) =
            (&conflict.join, conflict.inside.kind, conflict.other.kind)
        {
            // Whoever closes after waiting for other senders has thought of senders: of this one not.
            doubts = doubts.saturating_sub(1);
        }
        match doubts {
            0 => Confidence::High,
            1 => Confidence::Medium,
            _ => Confidence::Low,
        }
    }

    /// Whether the join is skipped only where a test has failed anyway.
    pub fn only_failing_tests(&self, conflict: &Conflict) -> bool {
        let JoinStatus::Skipped { at, .. } = &conflict.join else { return false };
        let program = self.lifetimes.program;
        let in_test = |skip: &SkippedAt| program.sources().files[program.funcs()[skip.func].file].test;
        !at.is_empty() && at.iter().all(|skip| skip.exit == Exit::Panic && in_test(skip))
    }

    /// Whether the location is a field that holds a pointer.
    fn holds_pointer(&self, location: Location) -> bool {
        let Location::Field(field) = location else { return false };
        let program = self.lifetimes.program;
        matches!(program.ty(program.underlying(program.field(field).ty)), Type::Pointer(_))
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
