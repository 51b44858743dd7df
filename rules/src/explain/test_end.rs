//! Races with the end of a test: the other side is the testing package, which writes that the test is over while a
//! goroutine still logs to it or fails it.

use analyzer::{
    lifetime::{
        AccessKind, Location, SpawnId,
        conflict::{Conflict, JoinStatus, Relation, Side},
        engine::test_handle,
        events::EventKind,
    },
    locate::Located,
    report::{FunctionName, StackTrace},
    resolve::FuncId,
};

use super::{
    covered::{Known, Waits},
    nothing_to_mend,
};
use crate::{claim, finding::Finding, rule::Cx};

/// Whether a stack is that of a test's end: nothing but the testing package, from its runner down.
pub(super) fn is_test_end(stack: &StackTrace) -> bool {
    let testing = |frame: &str| {
        let name = FunctionName::parse(frame);
        name.package == "testing" || name.is_uninstrumented()
    };
    let runner = |frame: &str| frame.starts_with("testing.tRunner") || frame.starts_with("testing.runTests");
    stack.frames.iter().all(|f| testing(&f.function)) && stack.frames.iter().any(|f| runner(&f.function))
}

/// The first function outside the testing package that used the test.
fn user(used: Known<'_>) -> Option<Located> {
    let rows = used.stack.frames.iter().zip(&used.located.frames).zip(&used.located.stale);
    let mut rows = rows.skip_while(|((frame, _), _)| FunctionName::parse(&frame.function).package == "testing");
    let ((first, found), stale) = rows.next()?;
    // Only what the testing package was called for; a report whose top frame is elsewhere is about something else.
    let through = used.stack.frames.first().is_some_and(|top| top.function != first.function);
    (*found).filter(|_| through && !stale)
}

/// What there is to say when a goroutine still used the test that was over.
pub(super) fn explain(
    cx: &Cx<'_>,
    waits: &Waits<'_>,
    spawn: SpawnId,
    used: Known<'_>,
    outwards: &[FuncId],
) -> Option<Finding> {
    let lifetimes = cx.lifetimes;
    let user = user(used)?;
    let facts = lifetimes.facts();
    // Who armed a timer is in no stack.
    let starter = lifetimes.spawns.sites[spawn].func;
    let mut tests = outwards.iter().copied().chain([starter]);
    let (test, handle) = tests.find_map(|func| Some((func, test_handle(facts, func)?)))?;
    let file = lifetimes.program.funcs()[test].file;
    let uses = lifetimes.events.of(user.func).blocks.iter().flat_map(|block| &block.events);
    let uses = uses.filter(|event| matches!(event.kind, EventKind::UsesTest { .. })).map(|event| event.span);
    let span = uses.min_by_key(|span| cx.site(user.func, *span).line.abs_diff(user.line))?;
    let body = lifetimes.program.function(test).span;
    let end = analyzer::base::Span { start: body.end.saturating_sub(1), end: body.end };
    let conflict = |join| Conflict {
        join,
        ..Conflict::new(
            spawn,
            Location::Local(file, handle),
            Side::at(user.func, span, AccessKind::Read),
            Side::at(test, end, AccessKind::End),
            Relation::TestEnd,
        )
    };
    let known = lifetimes.conflicts().iter().find(|c| c.spawn == spawn && c.relation == Relation::TestEnd);
    if let Some(known) = known {
        return claim(cx, &Conflict { inside: Side::at(user.func, span, AccessKind::Read), ..known.clone() });
    }
    let Some(join) = waits.at_end() else {
        return claim(cx, &conflict(JoinStatus::Missing { asked: None }));
    };
    let site = cx.site(join.func, join.span);
    let conflict = conflict(JoinStatus::Late(join));
    let mut finding = claim(cx, &conflict)?;
    let body = cx.body(&conflict).map_or("the goroutine", |func| cx.short(func));
    let test = cx.short(test);
    let message = format!(
        "this checkout waits for {body} ({}:{}) before {test} is over: the join covers it",
        site.file, site.line
    );
    nothing_to_mend(cx, &mut finding, &conflict, &site, message);
    Some(finding)
}
