use analyzer::{base::IndexVec, callgraph::CallGraph, lifetime::Lifetimes, resolve::Program, source::*, syntax};
use rayon::prelude::*;
use std::{path::Path, sync::Arc, time::Instant};
fn walk(dir: &Path, root: &Path, out: &mut Vec<InputFile>) {
    let Ok(rd) = std::fs::read_dir(dir) else { return };
    for e in rd.flatten() {
        let p = e.path();
        let ft = e.file_type().unwrap();
        if ft.is_dir() {
            if p.file_name().is_some_and(|n| n == ".git") {
                continue;
            }
            walk(&p, root, out);
        } else if ft.is_file()
            && (p.extension().is_some_and(|x| x == "go") || p.file_name().is_some_and(|n| n == "go.mod"))
        {
            let rel = p.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            out.push(InputFile {
                path: rel,
                text: std::fs::read(&p).unwrap_or_default(),
                role: FileRole::Analysed,
                import_path: None,
            });
        }
    }
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let all = args.iter().any(|a| a == "--all");
    let json = args.iter().any(|a| a == "json");
    let dir = args.last().unwrap();
    let t = Instant::now();
    let root = Path::new(dir);
    let mut inputs = Vec::new();
    walk(root, root, &mut inputs);
    let set = SourceSet::new(inputs, &BuildOptions::default());
    eprintln!("{} files {:?}", set.files.len(), t.elapsed());
    let facts: Vec<_> = set.files.as_slice().par_iter().map(|f| syntax::lower(f.text.as_bytes())).collect();
    eprintln!("lowered {:?}", t.elapsed());
    let program = Program::build(Arc::new(set), IndexVec::from(facts)).value;
    eprintln!("resolved {:?} funcs {}", t.elapsed(), program.funcs().len());
    let graph = CallGraph::build(&program);
    eprintln!("graph {:?} {:?}", t.elapsed(), graph.stats());
    let models = rules::catalogue::embedded().unwrap();
    let lifetimes = Lifetimes::analyse(&program, &graph, &models);
    eprintln!(
        "lifetimes {:?} spawns {} skips {} conflicts {}",
        t.elapsed(),
        lifetimes.spawns.sites.len(),
        lifetimes.obligations.skips.len(),
        lifetimes.conflicts.len()
    );
    if std::env::var("SKIPS").is_ok() {
        for s in &lifetimes.obligations.skips {
            let cx = rules::Cx { lifetimes: &lifetimes };
            let at = cx.site(s.func, s.span);
            let f = program.funcs()[s.func].file;
            let es = program.facts(f).expr_spans[s.opened_by];
            eprintln!(
                "SKIP {}:{} {} holder {} spawns {} opened {:?}:{} by {} iter {}",
                at.file,
                at.line,
                at.function,
                program.facts(f).locals[s.holder].name,
                s.spawns.count_ones(..),
                cx.quote(s.func, es),
                cx.site(s.func, es).line,
                s.discharged_by
                    .iter()
                    .map(|e| cx.quote(s.func, program.facts(f).expr_spans[*e]))
                    .collect::<Vec<_>>()
                    .join(" | "),
                s.iteration
            );
        }
    }
    let mut findings = rules::findings(&lifetimes);
    eprintln!("findings {:?} {}", t.elapsed(), findings.len());
    if !all {
        findings.retain(|f| f.confidence == rules::Confidence::High);
    }
    if json {
        let v: Vec<_> = findings.iter().map(|f| serde_json::json!({"rule": f.rule.0, "confidence": f.confidence.name(), "message": f.message, "fingerprint": f.fingerprint,
            "location": {"name": f.location.name, "kind": f.location.kind.name(), "package": f.location.package},
            "spawn": {"file": f.spawn.file, "line": f.spawn.line, "function": f.spawn.function},
            "goroutine": {"function": f.goroutine},
            "accesses": f.accesses.iter().map(|a| serde_json::json!({"side": format!("{:?}", a.side).to_lowercase(), "kind": if a.write {"write"} else {"read"}, "file": a.site.file, "line": a.site.line, "function": a.site.function, "expression": a.expression})).collect::<Vec<_>>(),
            "join": {"status": f.join.state.name(), "object": f.join.object, "skipped_at": f.join.skipped_at.iter().map(|(s,e)| serde_json::json!({"file": s.file, "line": s.line, "function": s.function, "exit": e.name()})).collect::<Vec<_>>()},
            "reset": f.reset.as_ref().map(|s| serde_json::json!({"file": s.file, "line": s.line, "function": s.function})),
            "witness": f.witness.iter().map(|s| serde_json::json!({"file": s.site.file, "line": s.site.line, "function": s.site.function, "what": s.what})).collect::<Vec<_>>(),
            "assumptions": f.assumptions, "fix": {"text": f.fix.text, "edits": []}})).collect();
        println!("{}", serde_json::json!({"schema": "outlive.check/1", "findings": v, "problems": []}));
    } else {
        for f in &findings {
            println!(
                "{}:{}: {}[{}]: {} — spawn {}:{}",
                f.place().file,
                f.place().line,
                f.confidence.name(),
                f.rule,
                f.message,
                f.spawn.file,
                f.spawn.line
            );
            for s in &f.witness {
                println!("    {}:{} {}", s.site.file, s.site.line, s.what);
            }
        }
    }
    std::process::exit(i32::from(!findings.is_empty()));
}
