//! From a claimed conflict to a [`Finding`]: names, places, witness. The words come from the rule.

use analyzer::{
    base::Span,
    lifetime::{
        AccessKind, Exit, Location, SpawnKind, Stored,
        conflict::{Conflict, JoinPoint, JoinStatus, Relation, Side},
    },
    resolve::FuncId,
};

use crate::{
    certainty::words_of,
    finding::{
        Access, Confidence, ExitKind, Finding, Join, JoinState, LocationKind, MemoryLocation, RuleId, Site, Step,
    },
    rule::{Cx, Wording},
};

/// Longest piece of source quoted in a finding, in characters.
const MAX_QUOTE: usize = 90;
/// Other paths that join, as steps of a witness: more prove nothing more.
const MAX_SIBLINGS_SHOWN: usize = 6;

impl Cx<'_> {
    /// The place of a span of a function.
    pub fn site(&self, func: FuncId, span: Span) -> Site {
        let program = self.lifetimes.program;
        let row = &program.funcs()[func];
        let file = &program.sources().files[row.file];
        Site {
            file: file.path.clone(),
            line: program.facts(row.file).lines.line(span.start),
            function: row.symbol.as_str(),
        }
    }

    /// The code's own words: the first line of the span.
    pub fn quote(&self, func: FuncId, span: Span) -> String {
        let program = self.lifetimes.program;
        let file = &program.sources().files[program.funcs()[func].file];
        let first = span.of(&file.text).lines().next().unwrap_or("").trim();
        let mut out: String = first.chars().take(MAX_QUOTE).collect();
        if out.len() < first.len() {
            out.push('…');
        }
        out
    }

    /// The words of an access: a name alone (`vars.Ctx`) says little, its line (`vars.Ctx = new(Ctx)`) says what happens.
    fn words(&self, func: FuncId, span: Span) -> String {
        let quote = self.quote(func, span);
        if quote.contains(['(', ' ']) {
            return quote;
        }
        let program = self.lifetimes.program;
        let text = &program.sources().files[program.funcs()[func].file].text;
        let at = span.start as usize;
        let Some((before, behind)) = text.split_at_checked(at) else { return quote };
        let first = before.rfind('\n').map_or(0, |newline| newline + 1);
        let last = behind.find('\n').map_or(text.len(), |newline| at + newline);
        let line = &text[first..last];
        // A comment at the end; a `//` between quotes is none.
        let comment = line.find(" //").filter(|at| line[..*at].matches(['"', '`']).count().is_multiple_of(2));
        let line = line[..comment.unwrap_or(line.len())].trim();
        if line.chars().count() > MAX_QUOTE { quote } else { line.to_owned() }
    }

    /// The name of a location.
    pub fn location_name(&self, location: Location) -> String {
        let program = self.lifetimes.program;
        match location {
            Location::Field(field) => program.field(field).display.as_str().to_owned(),
            Location::Global(var) => {
                let var = program.var(var);
                let package = var.package.as_str().rsplit('/').next().unwrap_or("");
                format!("{package}.{}", var.name)
            }
            Location::Local(file, local) => program.facts(file).locals[local].name.as_str().to_owned(),
        }
    }

    /// The object a location belongs to: the type around a field, else the location itself.
    pub fn object_name(&self, location: Location) -> String {
        let program = self.lifetimes.program;
        let owner = match location {
            Location::Field(field) => program.field(field).owner,
            Location::Global(_) | Location::Local(..) => None,
        };
        owner.map_or_else(|| self.location_name(location), |named| program.named(named).name.as_str().to_owned())
    }

    /// The memory that a conflict is about.
    pub(crate) fn memory(&self, conflict: &Conflict) -> MemoryLocation {
        let program = self.lifetimes.program;
        let name = match (&conflict.relation, conflict.location) {
            // The variable is the function's own; what ends is the test.
            (Relation::TestEnd, Location::Local(file, local)) => {
                let key = program.type_key(program.local_type(file, local));
                key.map_or_else(|| self.location_name(conflict.location), |key| last_part(key.as_str()).to_owned())
            }
            _ => self.location_name(conflict.location),
        };
        let (kind, package) = match conflict.location {
            Location::Field(field) => {
                let owner = program.field(field).owner.map(|named| program.named(named).package);
                (LocationKind::Field, owner.map_or("", |p| p.as_str()).to_owned())
            }
            Location::Global(var) => (LocationKind::Global, program.var(var).package.as_str().to_owned()),
            Location::Local(file, _) => {
                (LocationKind::Local, program.sources().files[file].import_path.as_str().to_owned())
            }
        };
        let kind = if conflict.element { LocationKind::Element } else { kind };
        MemoryLocation { name, kind, package }
    }

    /// The function a goroutine runs.
    pub fn body(&self, conflict: &Conflict) -> Option<FuncId> {
        self.lifetimes.spawns.sites[conflict.spawn].bodies.first().copied()
    }

    /// The symbol of a function.
    pub fn symbol(&self, func: FuncId) -> &'static str {
        self.lifetimes.program.funcs()[func].symbol.as_str()
    }

    /// The last part of a symbol, for sentences: `(*T).Close`, `run.func1`.
    pub fn short(&self, func: FuncId) -> &'static str {
        let symbol = self.symbol(func);
        let after_slash = symbol.rfind('/').map_or(symbol, |at| &symbol[at + 1..]);
        after_slash.find('.').map_or(after_slash, |at| &after_slash[at + 1..])
    }

    /// The join point of a conflict, if one is known.
    pub fn join_point<'c>(&self, conflict: &'c Conflict) -> Option<&'c JoinPoint> {
        match &conflict.join {
            JoinStatus::Skipped { join, .. } => join.as_ref(),
            JoinStatus::Late(join) | JoinStatus::OtherGoroutine(join) | JoinStatus::SignalledEarly(join, _) => {
                Some(join)
            }
            JoinStatus::Missing { .. } => None,
        }
    }

    fn join(&self, conflict: &Conflict) -> Join {
        let point = self.join_point(conflict);
        let mut join = Join {
            state: JoinState::Missing,
            object: point.map(|p| self.location_name(p.key)),
            joined_by: point.map(|p| self.site(p.func, p.span)),
            reached_by: point.map_or(Vec::new(), |p| p.reached_by.iter().map(|f| self.symbol(*f).to_owned()).collect()),
            siblings: Vec::new(),
            skipped_at: Vec::new(),
        };
        match &conflict.join {
            JoinStatus::Skipped { siblings, at, .. } => {
                join.state = JoinState::Skipped;
                join.siblings = siblings.iter().map(|(func, span)| self.site(*func, *span)).collect();
                join.skipped_at = at.iter().map(|s| (self.site(s.func, s.span), exit_kind(s.exit))).collect();
                join.skipped_at.sort();
                join.skipped_at.dedup();
            }
            JoinStatus::Late(_) | JoinStatus::OtherGoroutine(_) | JoinStatus::SignalledEarly(..) => {
                join.state = JoinState::Late;
            }
            JoinStatus::Missing { .. } => {}
        }
        join
    }

    fn step(&self, func: FuncId, span: Span, what: &str) -> Step {
        Step { site: self.site(func, span), what: format!("{what}: `{}`", self.quote(func, span)) }
    }

    fn step_in_words(&self, func: FuncId, span: Span, what: &str) -> Step {
        Step { site: self.site(func, span), what: format!("{what}: `{}`", self.words(func, span)) }
    }

    fn witness(&self, conflict: &Conflict, name: &str) -> Vec<Step> {
        let spawn = &self.lifetimes.spawns.sites[conflict.spawn];
        let how = match spawn.kind {
            SpawnKind::Go | SpawnKind::Library => "the goroutine starts",
            SpawnKind::Wrapper => "the goroutine starts, through a wrapper",
            SpawnKind::Queue => "it is put into a queue, from which a goroutine takes it",
            SpawnKind::Timer => "the callback is armed",
            SpawnKind::Subtest => "the subtest starts, and pauses until its parent is over",
        };
        let mut steps = vec![self.step(spawn.func, spawn.span, how)];
        for (func, span) in &conflict.inside.path {
            steps.push(self.step(*func, *span, "it calls"));
        }
        let counted = matches!(conflict.relation, Relation::AddRacesWait { .. });
        let raises = |side: &Side| matches!(conflict.relation, Relation::AddRacesWait { wait } if wait != (side.func, side.span));
        let of_test = matches!(conflict.relation, Relation::TestEnd);
        let used = if of_test { self.location_name(conflict.location) } else { name.to_owned() };
        let verb = match conflict.inside.kind {
            _ if of_test => "it uses",
            AccessKind::Write if raises(&conflict.inside) => "it adds to",
            AccessKind::Write if counted => "it counts down",
            AccessKind::Read if counted => "it waits for",
            AccessKind::Read => "it reads",
            AccessKind::Write => "it writes",
            AccessKind::Close => "it closes",
            AccessKind::Send => "it sends on",
            AccessKind::End => "it ends",
            AccessKind::Recycle => "it recycles",
        };
        let inside = &conflict.inside;
        steps.push(self.step_in_words(inside.func, inside.span, &format!("{verb} {used}")));
        match &conflict.join {
            JoinStatus::Skipped { join, siblings, at } => {
                for skipped in at {
                    steps.push(self.step(skipped.func, skipped.span, "left here without the join"));
                }
                for (func, span) in siblings.iter().take(MAX_SIBLINGS_SHOWN) {
                    steps.push(self.step(*func, *span, "another path joins"));
                }
                if let Some(join) = join {
                    steps.push(self.step(join.func, join.span, "the join"));
                }
            }
            JoinStatus::Late(join) => steps.push(self.step(join.func, join.span, "the join comes after it")),
            JoinStatus::OtherGoroutine(join) => {
                steps.push(self.step(join.func, join.span, "this waits for another goroutine"));
            }
            JoinStatus::SignalledEarly(join, (func, span)) => {
                steps.push(self.step(*func, *span, "it signals its end"));
                steps.push(self.step(join.func, join.span, "this waits for that signal"));
            }
            JoinStatus::Missing { asked: Some((func, span)) } => {
                steps.push(self.step(*func, *span, "it is asked to stop; nobody waits"));
            }
            JoinStatus::Missing { asked: None } => {}
        }
        if let Relation::AfterCall { call: (func, span) } = conflict.relation {
            steps.push(self.step(func, span, "it was started under this call"));
        }
        for (func, span) in &conflict.other.path {
            steps.push(self.step(*func, *span, "meanwhile this calls"));
        }
        let verb = match conflict.other.kind {
            AccessKind::Read if counted => "waits for",
            AccessKind::Read => "reads",
            AccessKind::Write if raises(&conflict.other) => "this adds to",
            AccessKind::Write => "writes",
            AccessKind::Close => "closes",
            AccessKind::Send => "sends on",
            AccessKind::End => "ends",
            AccessKind::Recycle if conflict.other.stored == Stored::Update => "fills again",
            AccessKind::Recycle => "recycles",
        };
        let what = if of_test { "and the test is over".to_owned() } else { format!("and {verb} {name}") };
        steps.push(self.step_in_words(conflict.other.func, conflict.other.span, &what));
        // What was given back is used by somebody else next, and that is what the race detector shows.
        let next = match conflict.other.kind {
            AccessKind::Recycle => Some("who gets it next goes on with it"),
            AccessKind::End if matches!(conflict.location, Location::Local(..)) => {
                Some("and the caller goes on with it")
            }
            _ => None,
        };
        if let (Some(what), Some(side)) = (next, conflict.others.last().filter(|side| side.kind != AccessKind::Recycle))
        {
            steps.push(self.step_in_words(side.func, side.span, what));
        }
        steps
    }

    /// The first and the last line of a span.
    pub fn lines(&self, func: FuncId, span: Span) -> (u32, u32) {
        let program = self.lifetimes.program;
        let lines = &program.facts(program.funcs()[func].file).lines;
        (lines.line(span.start), lines.line(span.end.saturating_sub(1)))
    }

    /// Where the life of the object ends, or its state changes under the goroutine.
    pub(crate) fn reset(&self, conflict: &Conflict) -> Option<Site> {
        let other = &conflict.other;
        // The call that gives an object back is where its life ends, whatever that does with it.
        let recycles = other.kind == AccessKind::Recycle && other.stored != Stored::Update;
        let given_back = other.path.last().copied().filter(|_| recycles);
        let (func, span) = given_back.or_else(|| other.kind.is_write().then_some((other.func, other.span)))?;
        Some(self.site(func, span))
    }

    /// Builds the finding of a rule.
    pub(crate) fn finding(
        &self,
        rule: RuleId,
        conflict: &Conflict,
        confidence: Confidence,
        wording: Wording,
        accesses: Vec<Access>,
    ) -> Finding {
        let spawn = &self.lifetimes.spawns.sites[conflict.spawn];
        let location = self.memory(conflict);
        let round = match conflict.relation {
            Relation::NextRound { round, .. } => round.map(|f| self.symbol(f).to_owned()),
            _ => None,
        };
        let Wording { message, fix } = wording;
        let mut finding = Finding {
            rule,
            confidence,
            message,
            fingerprint: String::new(),
            witness: self.witness(conflict, &location.name),
            join: self.join(conflict),
            accesses,
            spawn: self.site(spawn.func, spawn.span),
            goroutine: self.body(conflict).map_or("", |f| self.symbol(f)).to_owned(),
            location,
            reset: self.reset(conflict),
            round,
            assumptions: self.assumed(conflict),
            fix,
        };
        finding.fingerprint = finding.cause();
        finding
    }

    /// What is assumed, in words, once each.
    fn assumed(&self, conflict: &Conflict) -> Vec<String> {
        let known = conflict.assumptions.iter().map(|assumption| words_of(*assumption));
        let doubts = self.doubts(conflict);
        let mut assumptions: Vec<String> = Vec::new();
        for words in known.chain(doubts.words().iter().copied()) {
            if !assumptions.iter().any(|said| said == words) {
                assumptions.push(words.to_owned());
            }
        }
        assumptions
    }
}

/// `pkg.T` of `path/of/pkg.T`.
fn last_part(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

fn exit_kind(exit: Exit) -> ExitKind {
    match exit {
        Exit::Return => ExitKind::Return,
        Exit::Panic => ExitKind::Panic,
        Exit::End => ExitKind::End,
    }
}
