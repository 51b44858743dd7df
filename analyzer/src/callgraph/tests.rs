//! Small programs and the edges expected of them.

use std::sync::Arc;

use super::*;
use crate::{
    base::{IndexVec, Symbol},
    resolve::{FuncId, Program},
    source::{FileRole, SourceFile, SourceSet},
    syntax,
};

fn build(text: &str) -> (Program, CallGraph) {
    let mut sources = SourceSet::default();
    sources.files.push(SourceFile {
        path: "a.go".into(),
        text: format!("package p\n{text}").into(),
        import_path: Symbol::new("p"),
        module: None,
        role: FileRole::Analysed,
        test: false,
    });
    let facts: Vec<_> = sources.files.iter().map(|file| Arc::new(syntax::lower(file.text.as_bytes()))).collect();
    let program = Program::build(Arc::new(sources), IndexVec::from(facts)).value;
    let graph = CallGraph::build(&program);
    (program, graph)
}

fn func(program: &Program, name: &str) -> FuncId {
    let found = program.funcs_by_symbol(Symbol::new(&format!("p.{name}")));
    assert_eq!(found.len(), 1, "functions p.{name}");
    found[0]
}

fn name(program: &Program, target: &Target) -> String {
    match target {
        Target::Func(func) => program.funcs()[*func].symbol.as_str().trim_start_matches("p.").to_owned(),
        Target::External(key) => format!("external {key}"),
    }
}

/// What a call calls, in order, with a mark for guesses.
fn targets(program: &Program, targets: &Targets) -> String {
    match targets.resolution() {
        Ok(resolution) => {
            let names: Vec<String> = targets.callees().iter().map(|target| name(program, target)).collect();
            let guess = if matches!(resolution, Resolution::Interface { found: 0, .. }) { "guess " } else { "" };
            format!("{guess}{}", names.join(" "))
        }
        Err(reason) => format!("unknown {}", reason.name()),
    }
}

/// The calls of `p.f` as `text → callees`.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let (program, graph) = build(text);
    let f = func(&program, "f");
    let source = &program.sources().files[program.funcs()[f].file].text;
    for &(call, callees) in expected {
        let sites = graph.sites().iter().filter(|site| site.span.of(source) == call);
        let found: Vec<String> = sites.map(|site| targets(&program, &site.targets)).collect();
        assert_eq!(found, [callees], "callees of {call}");
    }
}

const SHAPES: &str = "type Shape interface { Area() int }\ntype Square struct{}\nfunc (Square) Area() int { return 1 }\n
    type Circle struct{}\nfunc (*Circle) Area() int { return 2 }\ntype Unused struct{}\nfunc (Unused) Area() int { return 3 }\n
    type Other struct{}\nfunc (Other) Area() string { return \"\" }\nfunc sink(any) {}\n";

#[test]
fn direct_calls_name_their_callee() {
    check(
        "type T struct{}\nfunc (t *T) M() {}\nfunc g() {}\nfunc f(t T) { g(); t.M(); func() { g() }(); go t.M(); defer func() {}() }",
        &[("func() { g() }()", "f.func1"), ("func() {}()", "f.func2")],
    );
}

#[test]
fn kinds_of_calls_are_kept() {
    let (program, graph) = build("func g() {}\nfunc f() { g(); go g(); defer g() }");
    let f = func(&program, "f");
    let kinds: Vec<CallKind> = graph.sites_of(f).iter().map(|&site| graph.sites()[site].kind).collect();
    assert_eq!(kinds, [CallKind::Call, CallKind::Go, CallKind::Defer]);
    assert_eq!(graph.callers(func(&program, "g")).len(), 3);
}

#[test]
fn interface_calls_reach_the_types_that_flow_there() {
    check(
        &format!(
            "{SHAPES}type Holder struct {{ s Shape }}\nfunc use(s Shape) int {{ return s.Area() }}\n
             func f(h *Holder) {{ h.s = &Circle{{}}; use(Square{{}}); h.s.Area(); sink(Other{{}}); sink(Unused{{}}) }}"
        ),
        &[("s.Area()", "Square.Area"), ("h.s.Area()", "(*Circle).Area")],
    );
}

#[test]
fn without_a_flow_all_types_that_fit_are_a_guess() {
    check(
        &format!("{SHAPES}func f(s Shape) {{ s.Area(); sink(Square{{}}); sink(Other{{}}) }}"),
        &[("s.Area()", "guess Square.Area")],
    );
    check("type I interface { M() }\nfunc f(i I) { i.M() }", &[("i.M()", "unknown no-implementer")]);
}

#[test]
fn types_flow_through_containers_channels_and_results() {
    check(
        &format!(
            "{SHAPES}func make1() Shape {{ return Square{{}} }}\nfunc two() (int, Shape) {{ return 1, &Circle{{}} }}\n
             func f(m map[string]Shape, c chan Shape, l []Shape, p *Shape) {{
                m[\"a\"] = Square{{}}; c <- &Circle{{}}; l = append(l, Square{{}}); *p = &Circle{{}}
                for _, a := range m {{ a.Area() }}
                b := <-c; b.Area(); l[0].Area(); (*p).Area(); make1().Area(); _, d := two(); d.Area()
                e, ok := any(b).(Shape); _ = ok; e.Area()
                switch g := any(d).(type) {{ case Shape: g.Area() }} }}"
        ),
        &[
            ("a.Area()", "Square.Area"),
            ("b.Area()", "(*Circle).Area"),
            ("l[0].Area()", "Square.Area"),
            ("(*p).Area()", "(*Circle).Area"),
            ("make1().Area()", "Square.Area"),
            ("d.Area()", "(*Circle).Area"),
            ("e.Area()", "(*Circle).Area"),
            ("g.Area()", "(*Circle).Area"),
        ],
    );
}

#[test]
fn embedded_interfaces_lead_to_what_is_in_the_field() {
    check(
        &format!(
            "{SHAPES}type Wrap struct {{ Shape }}\ntype Deep struct {{ *Wrap }}\n
             func f() {{ var s Shape = Deep{{&Wrap{{Square{{}}}}}}; s.Area(); w := Wrap{{}}; w.Area() }}"
        ),
        &[("s.Area()", "Square.Area"), ("w.Area()", "Square.Area")],
    );
}

#[test]
fn function_values_flow_through_variables_fields_and_parameters() {
    check(
        "type T struct { hook func(int); all map[string]func() }\nfunc g(int) {}\nfunc h() {}\nfunc (t *T) M() {}\n
         func run(cb func()) { cb() }\nfunc pick() func() { return h }\n
         func f(t *T, c chan func()) {
            t.hook = g; t.hook(1); run(t.M); run(func() {}); x := h; x(); t.all[\"a\"] = x; t.all[\"b\"](); pick()()
            c <- h; (<-c)(); y := (*T).M; y(t); var z func(); z() }",
        &[
            ("t.hook(1)", "g"),
            ("cb()", "(*T).M f.func1"),
            ("x()", "h"),
            ("t.all[\"b\"]()", "h"),
            ("pick()()", "h"),
            ("(<-c)()", "h"),
            ("y(t)", "(*T).M"),
            ("z()", "unknown no-function-value"),
        ],
    );
}

#[test]
fn method_values_of_interfaces_dispatch() {
    check(
        &format!("{SHAPES}func run(cb func() int) {{ cb() }}\nfunc f() {{ var s Shape = Square{{}}; run(s.Area) }}"),
        &[("cb()", "Square.Area")],
    );
}

#[test]
fn functions_travel_inside_of_interfaces() {
    check(
        "type Handler interface { Serve() }\ntype HandlerFunc func()\nfunc (h HandlerFunc) Serve() { h() }\n
         func hello() {}\nfunc f() { var h Handler = HandlerFunc(hello); h.Serve() }",
        &[("h.Serve()", "HandlerFunc.Serve"), ("h()", "hello")],
    );
}

#[test]
fn generic_code_reaches_what_stands_for_its_parameters() {
    check(
        &format!(
            "{SHAPES}func Sum[S Shape](all []S) {{ for _, s := range all {{ s.Area() }} }}\n
             func Each[T any](all []T, do func(T)) {{ for _, x := range all {{ do(x) }} }}\n
             type Stack[T any] struct {{ items []T }}\nfunc (s *Stack[T]) Push(x T) {{ s.items = append(s.items, x) }}\n
             func (s *Stack[T]) Pop() T {{ return s.items[0] }}\n
             func f() {{ Sum([]Square{{}}); Each([]Shape{{&Circle{{}}}}, func(e Shape) {{ e.Area() }})
                k := Stack[Shape]{{}}; k.Push(Square{{}}); k.Pop().Area() }}"
        ),
        &[
            ("s.Area()", "Square.Area"),
            ("do(x)", "f.func1"),
            ("e.Area()", "(*Circle).Area Square.Area"),
            ("k.Pop().Area()", "(*Circle).Area Square.Area"),
        ],
    );
}

#[test]
fn ranges_over_functions_are_calls() {
    let (program, graph) = build(
        "type T struct{}\nfunc (T) M() {}\ntype I interface { M() }\n
         func all() func(func(I) bool) { return func(yield func(I) bool) { yield(T{}) } }\n
         func f() { for x := range all() { x.M() } }",
    );
    let f = func(&program, "f");
    let found: Vec<(CallKind, String)> = graph
        .sites_of(f)
        .iter()
        .map(|&id| (graph.sites()[id].kind, targets(&program, &graph.sites()[id].targets)))
        .collect();
    assert_eq!(
        found,
        [
            (CallKind::Call, "all".to_owned()),
            (CallKind::Range, "all.func1".to_owned()),
            (CallKind::Call, "T.M".to_owned()),
        ]
    );
    let inner = graph.sites_of(func(&program, "all.func1"));
    assert_eq!(graph.loop_bodies(inner[0]).len(), 1);
}

#[test]
fn a_range_over_a_type_without_source_is_a_call_when_functions_flow_there() {
    let (program, graph) = build(
        "import \"iter\"\nfunc all(n int) iter.Seq[int] { return func(yield func(int) bool) { yield(1) } }\n
         func f(unknown iter.Seq[int]) { for range all(1) { f(nil) }\nfor range unknown {} }",
    );
    let ranges: Vec<String> = graph
        .sites()
        .iter()
        .filter(|site| site.kind == CallKind::Range)
        .map(|site| targets(&program, &site.targets))
        .collect();
    assert_eq!(ranges, ["all.func1"]);
}

#[test]
fn what_comes_from_outside_is_open() {
    check(
        "import \"ext\"\ntype I interface { M() }\ntype A struct{}\nfunc (A) M() {}\n
         func f() { var i I = A{}; ext.Use(i); g := ext.Get; g(); var j I = ext.Make(); j.M(); h := ext.Func(); h() }",
        &[
            ("ext.Use(i)", "external ext.Use"),
            ("g()", "external ext.Get"),
            ("j.M()", "guess A.M"),
            ("h()", "unknown no-source"),
        ],
    );
}

#[test]
fn function_values_are_told_for_arguments() {
    let (program, graph) =
        build("func g() {}\nfunc run(func()) {}\nfunc f(n func()) { h := g; run(h); run(func() {}); run(n) }");
    let file = program.funcs()[func(&program, "f")].file;
    let source = &program.sources().files[file].text;
    let facts = program.facts(file);
    let value = |text: &str| {
        let expr = facts.exprs.ids().rfind(|&expr| facts.exprs.span(expr).of(source) == text)?;
        Some(graph.function_values(file, expr).map(|found| name(&program, &found[0])))
    };
    assert_eq!(value("h"), Some(Ok("g".to_owned())));
    assert_eq!(value("func() {}"), Some(Ok("f.func1".to_owned())));
    assert_eq!(value("n"), Some(Err(crate::resolve::Reason::NoFunctionValue)));
}

#[test]
fn components_come_callees_first() {
    let (program, graph) = build("func a() { b() }\nfunc b() { c(); a() }\nfunc c() {}\nfunc f() { a() }");
    let names: Vec<Vec<&str>> = graph
        .components()
        .iter()
        .map(|members| members.iter().map(|&func| program.funcs()[func].symbol.as_str()).collect())
        .collect();
    assert_eq!(names, [vec!["p.c"], vec!["p.a", "p.b"], vec!["p.f"]]);
}

// ---- bad input ----

/// Builds the graph of a text that is wrong, or endless if one follows it naively; the calls of `p.f`.
fn calls_of_f(text: &str) -> Vec<String> {
    let (program, graph) = build(text);
    let sites = graph.sites_of(func(&program, "f"));
    sites.iter().map(|&id| targets(&program, &graph.sites()[id].targets)).collect()
}

#[test]
fn embedding_in_a_circle_ends() {
    let found = calls_of_f(
        "type A struct { *B }\ntype B struct { *A; C }\ntype C struct{}\nfunc (C) M() {}\ntype I interface { J; M() }\ntype J interface { I }\n
         func f(a A, i I) { a.M(); a.none(); i = a; i.M() }",
    );
    assert_eq!(found, ["C.M", "unknown no-member", "C.M"]);
}

#[test]
fn instances_that_grow_without_end_are_followed_to_the_declaration() {
    let found = calls_of_f(
        "type G[T any] struct { n *G[G[T]]; v T }\nfunc (g *G[T]) M() { g.n.M(); var x G[[]T]; x.M() }\n
         func F[T any](t T) { F[[]T](nil); F(&t); F(func() T { return t }) }\n
         func f(g G[int]) { F(1); g.M(); g.n.n.n.M() }",
    );
    assert_eq!(found, ["F", "(*G).M", "(*G).M"]);
    let found = calls_of_f(
        "type A[T any] = B[[]T]\ntype B[T any] = A[map[int]T]\ntype C[T any] struct { A[C[T]] }\n
         func f(a A[int], c C[int]) { a.M(); c.M() }",
    );
    assert!(found.iter().all(|name| name.starts_with("unknown")), "{found:?}");
}

#[test]
fn types_that_double_with_every_step_are_written_once() {
    let steps = 40;
    let pairs: String =
        (0..steps).map(|i| format!("type T{i}[X any] struct {{ v T{}[Pair[X, X]] }}\n", i + 1)).collect();
    let way = ".v".repeat(steps);
    let found = calls_of_f(&format!(
        "type Pair[A, B any] struct {{ a A; b B }}\n{pairs}type T{steps}[X any] struct {{ x X }}\nfunc (T{steps}[X]) M() {{}}\n
         func f(t T0[int]) {{ t{way}.M() }}"
    ));
    assert_eq!(found, ["T40.M"]);
    // Two ways from every level to the next: 2^40 from top to bottom.
    let levels: String = (0..steps)
        .map(|i| {
            let next = i + 1;
            format!("type D{i} struct {{ *L{i}; *R{i} }}\ntype L{i} struct {{ *D{next} }}\ntype R{i} struct {{ *D{next} }}\n
                     type E{i} interface {{ E{next}; O{next} }}\ntype O{i} interface {{ E{next}; O{next} }}\n")
        })
        .collect();
    let found = calls_of_f(&format!(
        "{levels}type D{steps} struct {{}}\nfunc (D{steps}) M() {{}}\ntype E{steps} interface {{ M() }}\ntype O{steps} interface {{ N() }}\n
         type S struct {{}}\nfunc (S) M() {{}}\nfunc (S) N() {{}}\nfunc f(d D0, e E0) {{ d.M(); d.none(); e = S{{}}; e.N() }}"
    ));
    assert_eq!(found, ["unknown no-member", "unknown no-member", "S.N"]);
}

#[test]
fn values_that_depend_on_themselves_end() {
    let found = calls_of_f(
        "var a = b()\nfunc b() func() { return a }\nvar c = func() { c() }\ntype F func(F) F\nfunc g(x F) F { return x(x) }\n
         func f() { a(); c(); g(g)(g); var h func(); h = func() { h() }; h() }",
    );
    assert_eq!(found, ["unknown no-function-value", "init.func1", "g", "unknown no-function-value", "f.func1"]);
}

#[test]
fn duplicates_and_what_is_missing_are_called_as_far_as_known() {
    let found = calls_of_f(
        "import \"gone\"\ntype T struct{}\nfunc (T) M() {}\nfunc (T) M() {}\ntype T int\nfunc g() {}\nfunc g(int) {}\n
         func f[gone any](t T, x gone.T, y gone) { t.M(); g(); x.M(); y.M(); none(); gone.F() }",
    );
    assert_eq!(found.len(), 6);
    assert!(found[3].starts_with("unknown") && found[4].starts_with("unknown"), "{found:?}");
}

#[test]
fn many_calls_of_many_values_take_no_more_than_their_edges() {
    let functions: String = (0..500).map(|i| format!("func g{i}() {{ h = g{}; h() }}\n", (i + 1) % 500)).collect();
    let found = calls_of_f(&format!("var h func()\n{functions}func f() {{ h() }}"));
    assert_eq!(found[0].split(' ').count(), 500);
}
