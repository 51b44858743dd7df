//! Prints the reports of a file as `outlive explain FILE --format json` does, without any analysis.
#![allow(clippy::print_stdout)]

use analyzer::report::{Frame, GoroutineRef, parse_reports};
use serde_json::{Value, json};

fn frames(frames: &[Frame]) -> Vec<Value> {
    let frame =
        |f: &Frame| json!({"function": f.function, "file": f.file, "line": f.line, "resolved": null, "stale": false});
    frames.iter().map(frame).collect()
}

fn goroutine(g: GoroutineRef) -> String {
    match g {
        GoroutineRef::Main => "main".to_owned(),
        GoroutineRef::Id(id) => id.to_string(),
    }
}

fn main() -> std::io::Result<()> {
    let words = ["explain", "--format", "json"];
    let path = std::env::args().skip(1).find(|a| !words.contains(&a.as_str())).unwrap_or_default();
    let parsed = parse_reports(&std::fs::read(path)?);
    let reports = parsed.value.iter().map(|r| {
        let accesses = r.accesses.iter().map(
            |a| json!({"kind": a.kind.name(), "goroutine": goroutine(a.goroutine), "frames": frames(&a.stack.frames)}),
        );
        let created = r
            .creations
            .iter()
            .map(|c| json!({"goroutine": c.goroutine.to_string(), "frames": frames(&c.stack.frames)}));
        json!({"id": r.number, "title": r.title, "accesses": accesses.collect::<Vec<_>>(),
            "created": created.collect::<Vec<_>>(), "location": null, "verdict": "unknown", "explanations": [],
            "lines": [r.lines.0, r.lines.1], "package": r.package, "test": r.test})
    });
    let problems = parsed.problems.iter().map(|p| json!({"kind": p.kind.name(), "message": p.message, "line": p.line}));
    println!(
        "{}",
        json!({"schema": "outlive.explain/1", "reports": reports.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>()})
    );
    Ok(())
}
