//! Which test leaked a goroutine: the one it was created under, whatever test was running when the race was seen.

use analyzer::report::{FunctionName, GoroutineRef, RaceReport, StackTrace, stale_frames_without_source};

use crate::finding::Blame;

/// Goroutines that are followed from creator to creator.
const MAX_ANCESTORS: usize = 16;

/// The blame, if the report says under which test a goroutine was created. `stale` are the stale frames of accesses
/// and creations, in that order, where they are known better than without source.
pub fn blame(report: &RaceReport, stale: Option<&[Vec<bool>]>) -> Option<Blame> {
    let stacks: Vec<&StackTrace> =
        report.accesses.iter().map(|a| &a.stack).chain(report.creations.iter().map(|c| &c.stack)).collect();
    let stale: Vec<Vec<bool>> = match stale {
        Some(known) => known.to_vec(),
        None => stacks.iter().map(|stack| stale_frames_without_source(stack)).collect(),
    };
    let accesses = report.accesses.len();
    // A test's own goroutine shows its test in the access; every other goroutine in its creation.
    let under: Vec<Option<Test>> = (0..accesses).map(|at| test_of(stacks[at], &stale[at])).collect();
    let creators: Vec<Option<Test>> =
        report.accesses.iter().map(|access| creator(report, access.goroutine, &stale[accesses..], 0)).collect();
    let printed = report.test.clone().or_else(|| under.iter().flatten().next().map(|test| test.name.clone()));
    let top = |name: &str| name.split('/').next().unwrap_or(name).to_owned();
    // The leaker is a goroutine that no test runs itself; of two, the one of another test than the running one.
    let mut leakers: Vec<&Test> =
        creators.iter().zip(&under).filter(|(_, own)| own.is_none()).filter_map(|(test, _)| test.as_ref()).collect();
    leakers.sort_by_key(|test| printed.as_ref().is_some_and(|name| top(name) == test.name));
    let leaker = leakers.first()?;
    let mut run = vec![leaker.name.clone()];
    for other in printed.iter().map(|name| top(name)).chain(under.iter().flatten().map(|test| test.name.clone())) {
        if !run.contains(&other) {
            run.push(other);
        }
    }
    let package = report.package.clone().or_else(|| leaker.package.clone());
    let folder = package.as_deref().map_or_else(|| ".".to_owned(), folder);
    let pattern = if run.len() == 1 { format!("^{}$", run[0]) } else { format!("^({})$", run.join("|")) };
    let flag = match leaker.name.strip_prefix("Benchmark") {
        Some(_) => format!("-run '^$' -bench '{pattern}'"),
        None => format!("-run '{pattern}'"),
    };
    Some(Blame {
        leaked_by: leaker.name.clone(),
        printed_under: printed,
        package,
        command: format!("go test -race -count=1 {flag} {folder}"),
        run,
    })
}

/// The argument of `go test` for a package as printed: without the `_test` of external tests, and for the targets of
/// Bazel, which print no module path, the folder.
fn folder(package: &str) -> String {
    match package.strip_suffix("_test_test").and_then(|target| target.rsplit_once('/')) {
        Some((folder, _)) => format!("./{folder}"),
        // A name of package `main` does not say where it is.
        None if matches!(package, "main" | "main_test") => "./...".to_owned(),
        None => package.strip_suffix("_test").unwrap_or(package).to_owned(),
    }
}

/// A test by its function.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    name: String,
    package: Option<String>,
}

/// The test whose function, or a literal of it, is the outermost frame of the program's own on a stack.
fn test_of(stack: &StackTrace, stale: &[bool]) -> Option<Test> {
    let frames = stack.frames.iter().zip(stale).filter(|(_, stale)| !**stale).map(|(frame, _)| frame);
    let names: Vec<FunctionName> = frames.map(|frame| FunctionName::parse(&frame.function)).collect();
    let harness = names.iter().position(|name| name.package == "testing" && !name.base.is_empty())?;
    // `tRunner` with nothing above it is the machinery itself; a method of a suite belongs to the function around.
    let test = names[..harness].iter().rev().find(|name| {
        let entry = FunctionName { suffix: String::new(), receiver: None, pointer: false, ..(*name).clone() };
        entry.is_entry() && name.base != "main" && name.base != "TestMain"
    })?;
    Some(Test { name: test.base.clone(), package: Some(test.package.clone()).filter(|p| !p.is_empty()) })
}

/// The test under which a goroutine was created, through the goroutines that created it.
fn creator(report: &RaceReport, goroutine: GoroutineRef, stale: &[Vec<bool>], depth: usize) -> Option<Test> {
    let GoroutineRef::Id(id) = goroutine else { return None };
    let at = report.creations.iter().position(|c| c.goroutine == id)?;
    let creation = &report.creations[at];
    let found = test_of(&creation.stack, &stale[at]).or_else(|| {
        // The creator ran in a literal of a test that had no frame of the testing package below it.
        let last = creation.stack.frames.iter().zip(&stale[at]).rfind(|(_, stale)| !**stale)?.0;
        let name = FunctionName::parse(&last.function);
        let entry = FunctionName { suffix: String::new(), ..name.clone() };
        (name.receiver.is_none() && entry.is_entry() && !matches!(name.base.as_str(), "main" | "TestMain"))
            .then(|| Test { name: name.base.clone(), package: Some(name.package) })
    });
    if found.is_some() || depth == MAX_ANCESTORS {
        return found;
    }
    // With the full thread history the goroutine that created this one has a section of its own: it is the one whose
    // number is not that of an access, or the other access's.
    let root = creation.stack.frames.last()?;
    let parent = report.creations.iter().find(|c| {
        let runs = |a: &analyzer::report::RaceAccess| {
            a.goroutine == GoroutineRef::Id(c.goroutine)
                && a.stack.frames.last().is_some_and(|frame| frame.function == root.function)
        };
        c.goroutine != id && report.accesses.iter().any(runs)
    });
    let history = || {
        let known = |c: &&analyzer::report::Creation| {
            c.goroutine < id && !report.accesses.iter().any(|a| a.goroutine == GoroutineRef::Id(c.goroutine))
        };
        report.creations.iter().filter(known).max_by_key(|c| c.goroutine)
    };
    let parent = parent.or_else(history)?;
    creator(report, GoroutineRef::Id(parent.goroutine), stale, depth + 1)
}

#[cfg(test)]
mod tests {
    use analyzer::report::parse_reports;

    use super::*;

    fn report(test: &str) -> String {
        let own = "  testing.tRunner()\n      /go/src/testing/testing.go:2036 +0x1\n";
        format!(
            "WARNING: DATA RACE\nWrite at 0x00c000012345 by goroutine 9:\n  e.org/p.reset()\n      /p/a.go:3 +0x1\n  \
             e.org/p.{test}()\n      /p/a_test.go:30 +0x1\n{own}\nPrevious read at 0x00c000012345 by goroutine 7:\n  \
             e.org/p.(*S).loop()\n      /p/a.go:9 +0x1\n\nGoroutine 9 (running) created at:\n  testing.(*T).Run()\n      \
             /go/src/testing/testing.go:2101 +0x1\n\nGoroutine 7 (running) created at:\n  e.org/p.start()\n      \
             /p/a.go:7 +0x1\n  e.org/p.TestFirst.func1()\n      /p/a_test.go:12 +0x1\n{own}==================\n"
        )
    }

    fn blamed(text: &str) -> Blame {
        let parsed = parse_reports(text.as_bytes());
        blame(&parsed.value[0], None).expect("a blame")
    }

    #[test]
    fn the_creator_leaked_it() {
        let found = blamed(&report("TestSecond"));
        assert_eq!((found.leaked_by.as_str(), found.printed_under.as_deref()), ("TestFirst", Some("TestSecond")));
        assert_eq!(found.run, ["TestFirst", "TestSecond"]);
        assert_eq!(found.command, "go test -race -count=1 -run '^(TestFirst|TestSecond)$' e.org/p");
        assert_eq!(blamed(&report("TestFirst")).run, ["TestFirst"]);
        let main = blamed(&report("TestFirst").replace("e.org/p.", "main."));
        assert_eq!(main.command, "go test -race -count=1 -run '^TestFirst$' ./...");
    }

    #[test]
    fn json_names_the_test_that_ran() {
        let line = |l: &str| {
            let text = serde_text(&format!("{l}\n"));
            format!("{{\"Action\":\"output\",\"Package\":\"e.org/p\",\"Test\":\"TestThird/sub\",\"Output\":{text}}}\n")
        };
        let found = blamed(&report("TestSecond").lines().map(line).collect::<String>());
        assert_eq!(found.printed_under.as_deref(), Some("TestThird/sub"));
        assert_eq!(found.run, ["TestFirst", "TestThird", "TestSecond"]);
    }

    fn serde_text(line: &str) -> String {
        format!("\"{}\"", line.replace('\n', "\\n"))
    }
}
