//! `outlive graph` from outside: its forms, formats and messages, and input that is wrong.

use std::fs;

use super::{Scratch, json, outlive, text};

const MODULE: &str = "module example.com/m\n\ngo 1.24\n";

/// A program with a bit of each kind of call.
fn program(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    fs::create_dir_all(format!("{}/inner", scratch.path())).expect("a temporary folder");
    scratch
        .write("go.mod", MODULE)
        .write(
            "main.go",
            "package main\n\nimport (\n\t\"context\"\n\t\"example.com/m/inner\"\n\t\"io\"\n\t\"os\"\n)\n\n\
             type file struct{ io.Closer }\n\nfunc (f *file) Stop() {}\n\n\
             func main() {\n\tstart(context.Background(), &file{})\n\tdefer os.Exit(1)\n}\n\n\
             func start(ctx context.Context, f *file) {\n\tinner.Run(f.Stop)\n\t<-ctx.Done()\n\tf.Close()\n\tgo finish(f)\n}\n\n\
             func finish(c io.Closer) { _ = c.Close() }\n\nfunc lonely() {}\n",
        )
        .write("inner/run.go", "package inner\n\nfunc Run(f func()) { f() }\n\nfunc Stop() {}\n");
    scratch
}

fn graph(scratch: &Scratch, args: &[&str]) -> (Option<i32>, String, String) {
    let output = outlive(&[&["graph", scratch.path()], args].concat());
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn calls_are_sorted_lines_of_four_columns() {
    let scratch = program("graph-calls");
    let (code, out, err) = graph(&scratch, &["--calls"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.is_sorted() && lines.iter().all(|line| line.split('\t').count() == 4), "{out}");
    for line in [
        "main.main\tmain.go:15\tmain.start\tstatic",
        "main.main\tmain.go:16\tos.Exit\tdefer external",
        "main.start\tmain.go:20\texample.com/m/inner.Run\tstatic",
        "main.start\tmain.go:21\tcontext.Context.Done\texternal",
        "main.start\tmain.go:23\tmain.finish\tgo static",
        "example.com/m/inner.Run\tinner/run.go:3\tmain.(*file).Stop\tfunction-value",
    ] {
        assert!(lines.contains(&line), "{line} is not in\n{out}");
    }
}

#[test]
fn what_stands_for_the_standard_library_is_not_analysed() {
    let scratch = program("graph-stubs");
    let (_, out, _) = graph(&scratch, &["--calls"]);
    assert!(!out.contains("$std"), "{out}");
    assert!(out.lines().all(|line| line.starts_with("main.") || line.starts_with("example.com/m/")), "{out}");
    let (code, out, err) = graph(&scratch, &["--from", "context.Context.Done"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("no function"), "{err}");
}

#[test]
fn a_neighbourhood_and_a_path_are_found_by_the_end_of_a_name() {
    let scratch = program("graph-names");
    let (code, out, _) = graph(&scratch, &["--from", "finish"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("main.finish\tmain.go:26\tio.Closer.Close\t"), "{out}");
    let (code, out, _) = graph(&scratch, &["--to", "inner.Run"]);
    assert_eq!((code, out.as_str()), (Some(0), "main.start\tmain.go:20\texample.com/m/inner.Run\tstatic\n"));
    // A function without source has callers, too.
    let (code, out, _) = graph(&scratch, &["--to", "os.Exit"]);
    assert_eq!((code, out.as_str()), (Some(0), "main.main\tmain.go:16\tos.Exit\tdefer external\n"));
    let (code, out, _) = graph(&scratch, &["--from", "main.main", "--to", "main.(*file).Stop"]);
    let callees: Vec<&str> = out.lines().filter_map(|line| line.split('\t').nth(2)).collect();
    assert_eq!((code, callees), (Some(0), vec!["main.start", "example.com/m/inner.Run", "main.(*file).Stop"]));
    let (code, out, err) = graph(&scratch, &["--from", "lonely", "--to", "start"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", "note: no path\n"));
    let (_, out, _) = graph(&scratch, &["--calls", "--package", "example.com/m/inner"]);
    assert_eq!(out.lines().count(), 1, "{out}");
}

#[test]
fn names_that_fit_several_functions_or_none_are_said() {
    let scratch = program("graph-unclear");
    let (code, out, err) = graph(&scratch, &["--to", "Stop"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err, "error: `Stop` may be `example.com/m/inner.Stop`, `main.(*file).Stop`\n");
    let (code, _, err) = graph(&scratch, &["--from", "main.strat"]);
    assert_eq!((code, err.as_str()), (Some(2), "error: no function `main.strat`; near it: `main.start`\n"));
    let (code, _, err) = graph(&scratch, &["--from", "file.stop"]);
    assert_eq!((code, err.as_str()), (Some(2), "error: no function `file.stop`; near it: `main.(*file).Stop`\n"));
    let (code, _, err) = graph(&scratch, &["--to", "nowhereNearAnything"]);
    assert!(code == Some(2) && err.contains("as in Go symbols"), "{err}");
    let (code, _, err) = graph(&scratch, &[]);
    assert!(code == Some(2) && err.contains("--calls"), "{err}");
    for empty in ["", ".", "/"] {
        assert_eq!(graph(&scratch, &["--from", empty]).0, Some(2), "{empty:?}");
    }
}

#[test]
fn json_and_dot_say_the_same() {
    let scratch = program("graph-formats");
    let answer = json(&outlive(&["graph", scratch.path(), "--from", "main.main", "--format", "json"]));
    assert_eq!(answer["schema"], "outlive.graph/1");
    assert_eq!(answer["problems"].as_array().map(Vec::len), Some(0));
    let edges = answer["edges"].as_array().expect("edges");
    let callees: Vec<&str> = edges.iter().filter_map(|edge| edge["callee"].as_str()).collect();
    assert_eq!(callees, ["context.Background", "main.start", "os.Exit"]);
    assert_eq!(
        (&edges[1]["line"], &edges[1]["file"], &edges[1]["kind"]),
        (&15.into(), &"main.go".into(), &"static".into())
    );
    let (_, dot, _) = graph(&scratch, &["--from", "main.main", "--format", "dot"]);
    assert!(dot.starts_with("digraph calls {\n") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains("  \"main.main\" -> \"main.start\";\n"), "{dot}");
}

#[test]
fn sources_of_dependencies_are_followed_where_they_are() {
    let scratch = Scratch::new("graph-modcache");
    let cache = format!("{}/cache", scratch.path());
    for folder in ["app", "cache/example.com/!lib@v1.2.0", "cache/example.com/!lib@v1.1.0"] {
        fs::create_dir_all(format!("{}/{folder}", scratch.path())).expect("a temporary folder");
    }
    scratch
        .write("app/go.mod", "module example.com/app\n\nrequire example.com/Lib v1.2.0\n")
        .write("app/a.go", "package app\n\nimport lib \"example.com/Lib\"\n\ntype T struct{}\n\nfunc (T) M() {}\n\nfunc f() { lib.Each(T{}) }\n")
        .write("cache/example.com/!lib@v1.2.0/l.go", "package lib\n\ntype I interface{ M() }\n\nfunc Each(i I) { i.M() }\n")
        .write("cache/example.com/!lib@v1.1.0/l.go", "package lib\n\nfunc Each(any) {}\n");
    let app = format!("{}/app", scratch.path());
    let alone = text(&outlive(&["graph", &app, "--calls"]).stdout);
    assert_eq!(alone, "example.com/app.f\ta.go:9\texample.com/Lib.Each\texternal\n");
    let with = text(&outlive(&["graph", &app, "--calls", "--modcache", &cache]).stdout);
    let kinds: Vec<&str> = with.lines().filter_map(|line| line.rsplit('\t').next()).collect();
    assert_eq!(kinds, ["interface:1/1", "static"], "{with}");
    // What is not there is no trouble.
    let gone =
        text(&outlive(&["graph", &app, "--calls", "--modcache", "/nonexistent", "--goroot", "/nonexistent"]).stdout);
    assert_eq!(gone, alone);
}

#[test]
fn wrong_input_gives_answers_and_problems() {
    let scratch = Scratch::new("graph-wrong");
    for folder in ["a", "b", "two"] {
        fs::create_dir_all(format!("{}/{folder}", scratch.path())).expect("a temporary folder");
    }
    scratch
        .write("go.mod", MODULE)
        .write("a/a.go", "package a\n\nimport (\n\t\"example.com/m/b\"\n\t\"example.org/gone\"\n)\n\ntype T struct{ b.T }\n\nfunc F() {\n\tb.G()\n\tgone.H()\n\tvar t T\n\tt.M()\n\tt.N()\n}\n")
        .write("b/b.go", "package b\n\nimport \"example.com/m/a\"\n\ntype T struct{ a.T }\n\nfunc (T) M() {}\n\nfunc G() { a.F() }\n")
        .write("b/again.go", "package b\n\nfunc G() { G() }\n\nfunc broken( {\n")
        .write("two/one.go", "package one\n\nfunc F() { G() }\n\nfunc G() {}\n")
        .write("two/two.go", "package two\n\nfunc F() { G() }\n");
    let answer = json(&outlive(&["graph", scratch.path(), "--calls", "--format", "json"]));
    let kinds: Vec<&str> =
        answer["problems"].as_array().expect("problems").iter().filter_map(|row| row["kind"].as_str()).collect();
    for kind in ["duplicate-declaration", "package-clash", "syntax"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    let edges = answer["edges"].as_array().expect("edges");
    let has =
        |caller: &str, callee: &str| edges.iter().any(|edge| edge["caller"] == caller && edge["callee"] == callee);
    assert!(has("example.com/m/a.F", "example.com/m/b.G"));
    assert!(has("example.com/m/a.F", "example.org/gone.H"));
    assert!(has("example.com/m/a.F", "example.com/m/b.T.M"));
    assert!(has("example.com/m/b.G", "example.com/m/a.F"));
}
