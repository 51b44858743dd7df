//! The catalogue: rows of library knowledge, embedded, read once into [`Models`].
//!
//! Invariant: every row has a reason. Serde stays here.

use analyzer::{
    base::Symbol,
    lifetime::{Effect, Models, Operand},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The embedded files, by name.
pub const FILES: [(&str, &str); 4] = [
    ("spawns.toml", include_str!("../catalogue/spawns.toml")),
    ("joins.toml", include_str!("../catalogue/joins.toml")),
    ("locks.toml", include_str!("../catalogue/locks.toml")),
    ("resets.toml", include_str!("../catalogue/resets.toml")),
];

/// A catalogue file, or the catalogue part of `outlive.toml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Catalogue {
    spawn: Vec<Spawn>,
    timer: Vec<WithArg>,
    run: Vec<WithArg>,
    run_joined: Vec<WithArg>,
    test_end: Vec<WithArg>,
    add: Vec<OnObject>,
    done: Vec<OnObject>,
    wait: Vec<OnObject>,
    recycle: Vec<OnObject>,
    gives_new: Vec<Plain>,
    sends: Vec<OnObject>,
    work_ends: Vec<OnObject>,
    fills: Vec<Fills>,
    overwrites: Vec<WithArg>,
    gives_out: Vec<Plain>,
    takes_back: Vec<Plain>,
    lock: Vec<Lock>,
    unlock: Vec<Lock>,
    stop_timer: Vec<Plain>,
    start_timer: Vec<Plain>,
    wait_all: Vec<Plain>,
    sleep: Vec<Plain>,
    lets_go: Vec<Plain>,
    under_lock: Vec<Plain>,
    once: Vec<Plain>,
    two_ends: Vec<Plain>,
    comes_with_end: Vec<Plain>,
    comes_with_limit: Vec<Plain>,
    peer: Vec<Plain>,
    lasts_for_ever: Vec<Plain>,
    never_over: Vec<Plain>,
    runs_tests: Vec<Plain>,
    leaves_with_user: Vec<Plain>,
    tells_end: Vec<Plain>,
    lasts: Vec<WithArg>,
    reads_all: Vec<WithArg>,
    long: Vec<Names>,
    pauses: Vec<Plain>,
    never_returns: Vec<Plain>,
    #[serde(default)]
    ends_goroutine: Vec<Plain>,
    test_method: Vec<TestMethod>,
    atomic: Vec<Atomic>,
    ender: Vec<Names>,
    counts_down: Vec<Names>,
    starts: Vec<Names>,
    waits: Vec<Names>,
    synchronised: Vec<Types>,
    test_handle: Vec<Types>,
    recycled: Vec<Types>,
    logger: Vec<Names>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Spawn {
    func: String,
    arg: u8,
    group: Option<String>,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WithArg {
    func: String,
    arg: u8,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OnObject {
    func: String,
    on: String,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fills {
    func: String,
    /// Functions that make the receiver, for where its type is not known.
    #[serde(default)]
    made_by: Vec<String>,
    fields: Vec<String>,
    types: Vec<String>,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lock {
    func: String,
    #[serde(default)]
    read: bool,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Plain {
    func: String,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TestMethod {
    types: Vec<String>,
    ends: Vec<String>,
    needs: Vec<String>,
    fails: Vec<String>,
    /// Other methods of the handle, which tell nothing.
    #[serde(default)]
    others: Vec<String>,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Atomic {
    package: String,
    reads: Vec<String>,
    writes: Vec<String>,
    types: Vec<String>,
    type_reads: Vec<String>,
    type_writes: Vec<String>,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Names {
    names: Vec<String>,
    why: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Types {
    types: Vec<String>,
    why: String,
}

/// A catalogue file that could not be read.
#[derive(Debug)]
pub struct CatalogueError {
    /// Name of the file.
    pub file: String,
    /// What is wrong, with line and column.
    pub message: String,
}

impl std::fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

impl std::error::Error for CatalogueError {}

/// Reads the embedded catalogue.
///
/// # Errors
/// Names the file and line of a row that does not fit its shape; a test makes sure that none does.
pub fn embedded() -> Result<Models, CatalogueError> {
    let mut models = Models::default();
    for (name, text) in FILES {
        add(&mut models, name, text)?;
    }
    Ok(models)
}

/// Adds the rows of one file.
///
/// # Errors
/// As [`embedded`].
pub fn add(models: &mut Models, name: &str, text: &str) -> Result<(), CatalogueError> {
    let error = |message: String| CatalogueError { file: name.to_owned(), message };
    let catalogue: Catalogue = toml::from_str(text).map_err(|e| error(e.to_string()))?;
    catalogue.rows().map_err(error)?.into_iter().for_each(|(key, effect)| models.add(Symbol::new(&key), effect));
    for row in &catalogue.counts_down {
        row.names.iter().for_each(|name| models.add_count_down(name));
    }
    for row in &catalogue.starts {
        row.names.iter().for_each(|name| models.add_start(name));
    }
    for row in &catalogue.waits {
        row.names.iter().for_each(|name| models.add_wait(name));
    }
    for row in &catalogue.test_method {
        let mut mark = |names: &[String], ends| names.iter().for_each(|name| models.add_test_method(name, ends));
        mark(&row.ends, true);
        [&row.needs, &row.fails, &row.others].into_iter().for_each(|names| mark(names, false));
    }
    for row in &catalogue.ender {
        row.names.iter().for_each(|name| models.add_ender(name));
    }
    for row in &catalogue.logger {
        row.names.iter().for_each(|name| models.add_logger(name));
    }
    for row in &catalogue.long {
        row.names.iter().for_each(|name| models.add_long(Symbol::new(name)));
    }
    for row in &catalogue.fills {
        row.fields.iter().for_each(|name| models.add_filled_field(name));
        row.types.iter().for_each(|ty| models.add_filled_type(Symbol::new(ty)));
        let made = Symbol::new(row.func.rsplit_once('.').map_or(row.func.as_str(), |(ty, _)| ty));
        row.made_by.iter().for_each(|maker| models.add_maker(Symbol::new(maker), made));
    }
    let each = |rows: &[Types], mark: &mut dyn FnMut(Symbol)| {
        rows.iter().flat_map(|row| &row.types).for_each(|ty| mark(Symbol::new(ty)));
    };
    each(&catalogue.synchronised, &mut |ty| models.add_synchronised(ty));
    each(&catalogue.test_handle, &mut |ty| models.add_test_handle(ty));
    each(&catalogue.recycled, &mut |ty| models.add_recycled(ty));
    Ok(())
}

fn operand(text: &str) -> Result<Operand, String> {
    if text == "receiver" {
        return Ok(Operand::Receiver);
    }
    let number = text.strip_prefix("arg").and_then(|n| n.parse().ok());
    number.map(Operand::Arg).ok_or_else(|| format!("`{text}` is neither `receiver` nor `argN`"))
}

impl Catalogue {
    /// The effects of all rows, by function.
    fn rows(&self) -> Result<Vec<(String, Effect)>, String> {
        let mut out = Vec::new();
        for row in &self.spawn {
            let group = row.group.as_deref().map(operand).transpose()?;
            out.push((row.func.clone(), Effect::Spawn { arg: row.arg, group }));
        }
        out.extend(self.timer.iter().map(|row| (row.func.clone(), Effect::Timer { arg: row.arg })));
        out.extend(self.run.iter().map(|row| (row.func.clone(), Effect::Run { arg: row.arg })));
        out.extend(self.run_joined.iter().map(|row| (row.func.clone(), Effect::RunJoined { arg: row.arg })));
        out.extend(self.test_end.iter().map(|row| (row.func.clone(), Effect::AtTestEnd { arg: row.arg })));
        type Make = fn(Operand) -> Effect;
        let objects: [(&[OnObject], Make); 6] = [
            (&self.add, Effect::Add),
            (&self.done, Effect::Done),
            (&self.wait, Effect::Wait),
            (&self.recycle, Effect::Recycle),
            (&self.sends, Effect::SendsOn),
            (&self.work_ends, Effect::WorkEnds),
        ];
        for (rows, effect) in objects {
            for row in rows {
                out.push((row.func.clone(), effect(operand(&row.on)?)));
            }
        }
        out.extend(self.fills.iter().map(|row| (row.func.clone(), Effect::Fills)));
        out.extend(self.overwrites.iter().map(|row| (row.func.clone(), Effect::Overwrites { arg: row.arg })));
        out.extend(self.gives_new.iter().map(|row| (row.func.clone(), Effect::GivesNew)));
        out.extend(self.gives_out.iter().map(|row| (row.func.clone(), Effect::GivesOut)));
        out.extend(self.takes_back.iter().map(|row| (row.func.clone(), Effect::TakesBack)));
        let on = Operand::Receiver;
        out.extend(self.lock.iter().map(|row| (row.func.clone(), Effect::Lock { on, read: row.read })));
        out.extend(self.unlock.iter().map(|row| (row.func.clone(), Effect::Unlock { on })));
        out.extend(self.stop_timer.iter().map(|row| (row.func.clone(), Effect::StopTimer)));
        out.extend(self.start_timer.iter().map(|row| (row.func.clone(), Effect::StartTimer)));
        out.extend(self.wait_all.iter().map(|row| (row.func.clone(), Effect::WaitAll)));
        out.extend(self.sleep.iter().map(|row| (row.func.clone(), Effect::Sleep)));
        out.extend(self.lets_go.iter().map(|row| (row.func.clone(), Effect::LetsGo)));
        out.extend(self.under_lock.iter().map(|row| (row.func.clone(), Effect::UnderLock)));
        out.extend(self.once.iter().map(|row| (row.func.clone(), Effect::Once)));
        out.extend(self.pauses.iter().map(|row| (row.func.clone(), Effect::Pauses)));
        out.extend(self.two_ends.iter().map(|row| (row.func.clone(), Effect::TwoEnds)));
        out.extend(self.comes_with_end.iter().map(|row| (row.func.clone(), Effect::ComesWithEnd)));
        out.extend(self.comes_with_limit.iter().map(|row| (row.func.clone(), Effect::ComesWithLimit)));
        out.extend(self.peer.iter().map(|row| (row.func.clone(), Effect::Peer)));
        out.extend(self.lasts_for_ever.iter().map(|row| (row.func.clone(), Effect::LastsForEver)));
        out.extend(self.never_over.iter().map(|row| (row.func.clone(), Effect::NeverOver)));
        out.extend(self.runs_tests.iter().map(|row| (row.func.clone(), Effect::RunsTests)));
        out.extend(self.leaves_with_user.iter().map(|row| (row.func.clone(), Effect::LeavesWithUser)));
        out.extend(self.tells_end.iter().map(|row| (row.func.clone(), Effect::TellsEnd)));
        out.extend(self.reads_all.iter().map(|row| (row.func.clone(), Effect::ReadsAll { arg: row.arg })));
        out.extend(self.lasts.iter().map(|row| (row.func.clone(), Effect::Lasts { arg: row.arg })));
        out.extend(self.never_returns.iter().map(|row| (row.func.clone(), Effect::NeverReturns)));
        out.extend(self.ends_goroutine.iter().map(|row| (row.func.clone(), Effect::Goexit)));
        for row in &self.test_method {
            for ty in &row.types {
                out.extend(row.ends.iter().map(|m| (format!("{ty}.{m}"), Effect::EndsGoroutine)));
                out.extend(row.needs.iter().map(|m| (format!("{ty}.{m}"), Effect::NeedsTest { fails: false })));
                out.extend(row.fails.iter().map(|m| (format!("{ty}.{m}"), Effect::NeedsTest { fails: true })));
            }
        }
        for row in &self.atomic {
            let functions = [(&row.reads, false), (&row.writes, true)];
            for (names, write) in functions {
                let on = Operand::Arg(0);
                out.extend(names.iter().map(|n| (format!("{}.{n}", row.package), Effect::Atomic { on, write })));
            }
            let methods = [(&row.type_reads, false), (&row.type_writes, true)];
            for (names, write) in methods {
                for ty in &row.types {
                    let keys = names.iter().map(|n| format!("{}.{ty}.{n}", row.package));
                    out.extend(keys.map(|key| (key, Effect::Atomic { on, write })));
                }
            }
        }
        Ok(out)
    }

    /// The reasons of all rows.
    pub fn reasons(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        out.extend(self.spawn.iter().map(|row| row.why.as_str()));
        out.extend(
            [&self.timer, &self.run, &self.run_joined, &self.test_end, &self.lasts, &self.reads_all, &self.overwrites]
                .into_iter()
                .flatten()
                .map(|row| row.why.as_str()),
        );
        out.extend(
            [&self.add, &self.done, &self.wait, &self.recycle, &self.sends, &self.work_ends]
                .into_iter()
                .flatten()
                .map(|row| row.why.as_str()),
        );
        out.extend(self.fills.iter().map(|row| row.why.as_str()));
        out.extend([&self.lock, &self.unlock].into_iter().flatten().map(|row| row.why.as_str()));
        out.extend(
            [
                &self.stop_timer,
                &self.start_timer,
                &self.wait_all,
                &self.sleep,
                &self.lets_go,
                &self.under_lock,
                &self.once,
                &self.gives_new,
                &self.gives_out,
                &self.takes_back,
                &self.pauses,
                &self.two_ends,
                &self.comes_with_end,
                &self.comes_with_limit,
                &self.peer,
                &self.lasts_for_ever,
                &self.never_over,
                &self.runs_tests,
                &self.leaves_with_user,
                &self.tells_end,
                &self.never_returns,
                &self.ends_goroutine,
            ]
            .into_iter()
            .flatten()
            .map(|row| row.why.as_str()),
        );
        out.extend(self.test_method.iter().map(|row| row.why.as_str()));
        out.extend(self.atomic.iter().map(|row| row.why.as_str()));
        let named = [&self.ender, &self.counts_down, &self.starts, &self.waits, &self.long, &self.logger];
        out.extend(named.into_iter().flatten().map(|row| row.why.as_str()));
        out.extend(
            [&self.synchronised, &self.test_handle, &self.recycled].into_iter().flatten().map(|row| row.why.as_str()),
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_fits_and_has_a_reason() {
        embedded().expect("the embedded catalogue");
        for (name, text) in FILES {
            let catalogue: Catalogue = toml::from_str(text).expect(name);
            assert!(catalogue.reasons().iter().all(|why| why.len() > 10), "{name}");
        }
    }
}
