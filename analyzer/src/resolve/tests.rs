//! Small packages, one construct each, and what is expected of them.

use std::sync::Arc;

use super::*;
use crate::{
    base::{IndexVec, Parsed, ProblemKind, Symbol},
    source::{FileId, FileRole, SourceFile, SourceSet},
    syntax::{self, Expr, ExprId},
};

/// Files as `(import path, file name, text)`.
fn resolve(files: &[(&str, &str, &str)]) -> Parsed<Program> {
    let mut sources = SourceSet::default();
    for &(import_path, name, text) in files {
        sources.files.push(SourceFile {
            path: format!("{import_path}/{name}").into(),
            text: text.into(),
            import_path: Symbol::new(import_path),
            module: None,
            role: if name.starts_with("stub") { FileRole::Stub } else { FileRole::Analysed },
            test: name.ends_with("_test.go"),
        });
    }
    let facts: Vec<_> = sources.files.iter().map(|file| Arc::new(syntax::lower(file.text.as_bytes()))).collect();
    Program::build(Arc::new(sources), IndexVec::from(facts))
}

fn one(text: &str) -> Program {
    resolve(&[("p", "a.go", &format!("package p\n{text}"))]).value
}

/// The last expression of the program that is written `text`.
fn find(program: &Program, text: &str) -> (FileId, ExprId) {
    let files = program.sources().files.iter_enumerated();
    let found = files.flat_map(|(file, source)| {
        let exprs = &program.facts(file).exprs;
        exprs.ids().filter(|&expr| exprs.span(expr).of(&source.text) == text).map(move |expr| (file, expr))
    });
    found.last().unwrap_or_else(|| panic!("no expression {text}"))
}

fn type_of(program: &Program, text: &str) -> String {
    let (file, expr) = find(program, text);
    program.display_type(program.expr_type(file, expr))
}

fn callee_text(program: &Program, callee: &Callee) -> String {
    let symbol = |func: FuncId| program.funcs()[func].symbol;
    match callee {
        Callee::Func { func, receiver_is_argument: true, .. } => format!("expression {}", symbol(*func)),
        Callee::Func { func, .. } => symbol(*func).to_string(),
        Callee::External { key, .. } => format!("external {key}"),
        Callee::Interface { key, method, .. } => {
            format!("interface {}", key.map_or_else(|| method.to_string(), |key| key.to_string()))
        }
        Callee::Literal(func) => format!("literal {}", symbol(*func)),
        Callee::Value(_) => "value".to_owned(),
        Callee::Builtin(builtin) => format!("{builtin:?}"),
        Callee::Conversion(ty) => format!("conversion {}", program.display_type(*ty)),
        Callee::Unknown(reason) => format!("unknown {}", reason.name()),
    }
}

fn callee(program: &Program, call: &str) -> String {
    let (file, expr) = find(program, call);
    assert!(matches!(program.facts(file).exprs[expr], Expr::Call { .. }), "{call} is no call");
    callee_text(program, &program.callee(file, expr))
}

fn place(program: &Program, text: &str) -> String {
    let (file, expr) = find(program, text);
    let place = program.place(file, expr);
    let mut out = match place.root {
        Root::Local(local) => program.facts(file).locals[local].name.to_string(),
        Root::Global(var) => format!("{}.{}", program.var(var).package, program.var(var).name),
        Root::Value(_) => "value".to_owned(),
    };
    for step in place.steps {
        match step {
            Step::Field(field) => out.push_str(&format!(" {}", program.field(field).display)),
            Step::Element => out.push_str(" []"),
            Step::Deref => out.push_str(" *"),
        }
    }
    out
}

fn check_types(text: &str, expected: &[(&str, &str)]) {
    let program = one(text);
    for &(expr, ty) in expected {
        assert_eq!(type_of(&program, expr), ty, "type of {expr}");
    }
}

fn check_callees(text: &str, expected: &[(&str, &str)]) {
    let program = one(text);
    for &(call, name) in expected {
        assert_eq!(callee(&program, call), name, "callee of {call}");
    }
}

fn symbols(program: &Program) -> Vec<&'static str> {
    program.funcs().iter().map(|func| func.symbol.as_str()).collect()
}

#[test]
fn constants_keep_their_kind_until_they_meet_a_type() {
    check_types(
        "type Kind int\nconst ( A Kind = iota; B )\nconst C = 1 << 3\nconst D = Kind(2)\n
         func f(x float64) { a := B; b := C; c := C + 1.5; d := x * 2; e := 'x'; g := D; h := a == 1; i := \"s\" + \"t\"
         use(a, b, c, d, e, g, h, i) }",
        &[
            ("a", "p.Kind"),
            ("b", "int"),
            ("c", "float64"),
            ("d", "float64"),
            ("e", "int32"),
            ("g", "p.Kind"),
            ("h", "bool"),
            ("i", "string"),
        ],
    );
}

#[test]
fn operations_give_parts_of_types() {
    check_types(
        "type T struct { m map[string][]*T; c chan<- int }\n
         func f(t *T, s string, a *[4]bool) {
            _ = t.m[\"k\"][0].c; v, ok := t.m[s]; _ = s[1]; _ = a[1:2]; _ = a[0]; q := <-make(chan T); r := &q; w := *r
            x, yes := any(t).(*T); z := []T{{}}[0].m; use(v, ok, w, x, yes, z) }",
        &[
            ("t.m[\"k\"][0].c", "chan<- int"),
            ("v", "[]*p.T"),
            ("ok", "bool"),
            ("s[1]", "uint8"),
            ("a[1:2]", "[]bool"),
            ("a[0]", "bool"),
            ("q", "p.T"),
            ("r", "*p.T"),
            ("w", "p.T"),
            ("x", "*p.T"),
            ("yes", "bool"),
            ("z", "map[string][]*p.T"),
        ],
    );
}

#[test]
fn range_gives_keys_and_values() {
    check_types(
        "type Seq func(yield func(int, *T) bool)\ntype T struct{}\n
         func f(s []T, m map[string]T, c chan T, q Seq, a *[3]T) {
            for i, x := range s { use(i, x) }
            for k := range m { use(k) }
            for v := range c { use(v) }
            for n := range 10 { use(n) }
            for g, h := range q { use(g, h) }
            for _, r := range \"s\" { use(r) }
            for _, e := range a { use(e) } }",
        &[
            ("i", "int"),
            ("x", "p.T"),
            ("k", "string"),
            ("v", "p.T"),
            ("n", "int"),
            ("g", "int"),
            ("h", "*p.T"),
            ("r", "int32"),
            ("e", "p.T"),
        ],
    );
}

#[test]
fn elided_literals_have_the_type_of_their_place() {
    let program = one(
        "type P struct { X, Y int; in *P }\nvar a = []P{{X: 1}}\nvar b = map[P][]*P{{X: 2}: {{X: 3}}}\nvar c = [...]P{2: {Y: 4}}",
    );
    assert_eq!(type_of(&program, "{X: 1}"), "p.P");
    assert_eq!(type_of(&program, "{X: 2}"), "p.P");
    assert_eq!(type_of(&program, "{X: 3}"), "*p.P");
    assert_eq!(type_of(&program, "{{X: 3}}"), "[]*p.P");
    assert_eq!(type_of(&program, "{Y: 4}"), "p.P");
}

#[test]
fn type_switches_give_each_clause_its_type() {
    check_types(
        "type I interface{ M() }\ntype T struct{}\nfunc (T) M() {}\n
         func f(i I) { switch x := i.(type) { case T: one(x); case *T, nil: two(x); default: three(x) } }
         func one(any) {}\nfunc two(any) {}\nfunc three(any) {}",
        &[("one(x)", "()"), ("x", "p.I")],
    );
    let program = one("type T struct{}\nfunc f(i any) { switch x := i.(type) { case *T: _ = x } }");
    assert_eq!(type_of(&program, "x"), "*p.T");
}

#[test]
fn fields_and_methods_are_promoted_through_embedding() {
    let program = one(
        "type A struct { n int; mu M }\nfunc (a *A) Get() int { return a.n }\ntype M struct{}\nfunc (M) Lock() {}\n
         type I interface { Do() }\ntype B struct { *A; I }\ntype C struct { B; name string }\ntype D C\n
         func f(c *C, d D) { _ = c.n; c.Get(); c.Do(); c.mu.Lock(); _ = d.n; g := c.Get; g(); (*A).Get(c.A); M.Lock(c.mu) }",
    );
    assert_eq!(type_of(&program, "c.n"), "int");
    assert_eq!(type_of(&program, "d.n"), "int");
    assert_eq!(place(&program, "c.n"), "c C.B B.A A.n");
    assert_eq!(callee(&program, "c.Get()"), "p.(*A).Get");
    assert_eq!(callee(&program, "c.Do()"), "interface p.I.Do");
    assert_eq!(callee(&program, "c.mu.Lock()"), "p.M.Lock");
    assert_eq!(callee(&program, "g()"), "value");
    assert_eq!(callee(&program, "(*A).Get(c.A)"), "expression p.(*A).Get");
    assert_eq!(callee(&program, "M.Lock(c.mu)"), "expression p.M.Lock");
    assert_eq!(type_of(&program, "(*A).Get"), "func(*p.A) int");
}

#[test]
fn two_members_at_one_depth_are_none() {
    check_callees(
        "type A struct{}\nfunc (A) M() {}\ntype B struct{}\nfunc (B) M() {}\ntype C struct { A; B }\ntype D struct { C }\n
         func (D) N() {}\nfunc f(c C, d D) { c.M(); d.N() }",
        &[("c.M()", "unknown no-member"), ("d.N()", "p.D.N")],
    );
}

#[test]
fn aliases_stand_for_their_types() {
    let program =
        one("type T struct { v int }\ntype A = T\ntype G[X any] = map[string]X\nfunc (a *A) M() A { return *a }\n
         func f(a A, g G[T]) { a.M(); b := g[\"k\"]; _ = b.v }");
    assert_eq!(callee(&program, "a.M()"), "p.(*T).M");
    assert_eq!(type_of(&program, "b"), "p.T");
    assert_eq!(type_of(&program, "a.M()"), "p.T");
}

#[test]
fn type_arguments_are_inferred() {
    check_types(
        "type List[T any] struct { items []T; next *List[T] }\nfunc (l *List[E]) At(i int) E { return l.items[i] }\n
         func (l *List[E]) Each(f func(E)) {}\ntype S struct { n int }\ntype Names []string\n
         func Map[A, B any](in []A, f func(A) B) []B { return nil }\n
         func First[L ~[]E, E any](l L) E { return l[0] }\nfunc Max[T int | float64](a, b T) T { return a }\n
         func New[T any]() *T { return nil }\nfunc Keys[M ~map[K]V, K comparable, V any](m M) []K { return nil }\n
         func Make[T any, PT interface{ *T; Init() }]() PT { return nil }\n
         func f(l *List[S], names Names, m map[string]S) {
            _ = l.next.At(0).n; a := Map(names, func(s string) S { return S{} }); b := First(names); c := Max(1, 2.5)
            d := New[S](); e := Keys(m); g := l.items[0]; h := Make[S](); i := Map[int, bool]; use(a, b, c, d, e, g, h, i) }",
        &[
            ("l.next.At(0).n", "int"),
            ("a", "[]p.S"),
            ("b", "string"),
            ("c", "float64"),
            ("d", "*p.S"),
            ("e", "[]string"),
            ("g", "p.S"),
            ("h", "*p.S"),
            ("i", "func([]int, func(int) bool) []bool"),
        ],
    );
}

#[test]
fn methods_of_type_parameters_are_those_of_their_constraints() {
    check_callees(
        "type Shape interface { Area() int }\ntype Box[T Shape] struct { v T }\nfunc (b Box[U]) Get() int { return b.v.Area() }\n
         func Sum[S Shape](s []S) { for _, x := range s { x.Area() } }",
        &[("b.v.Area()", "interface p.Shape.Area"), ("x.Area()", "interface p.Shape.Area")],
    );
}

#[test]
fn a_type_parameter_hides_a_package() {
    let program = resolve(&[
        ("q", "q.go", "package q\ntype T struct{}\nfunc F() {}"),
        ("p", "a.go", "package p\nimport \"q\"\nfunc f[q any](x q) { y := q(x); _ = y }\nfunc g() { q.F() }"),
    ])
    .value;
    assert_eq!(type_of(&program, "y"), "q");
    assert_eq!(callee(&program, "q.F()"), "q.F");
}

#[test]
fn calls_that_are_no_calls_are_told_apart() {
    check_callees(
        "type F func(int) int\ntype T struct { f F; g [2]F }\nfunc (T) M() {}\n
         func f(t *T, h func()) { h(); t.f(1); t.g[0](1); F(nil); (*T)(nil); []byte(\"x\"); len(\"x\"); make([]int, 1); func() {}()
         m := map[string]func(){}; m[\"k\"](); new(T); any(t); string(rune(1)) }",
        &[
            ("h()", "value"),
            ("t.f(1)", "value"),
            ("t.g[0](1)", "value"),
            ("F(nil)", "conversion p.F"),
            ("(*T)(nil)", "conversion *p.T"),
            ("[]byte(\"x\")", "conversion []uint8"),
            ("len(\"x\")", "Len"),
            ("make([]int, 1)", "Make"),
            ("func() {}()", "literal p.f.func1"),
            ("m[\"k\"]()", "value"),
            ("new(T)", "New"),
            ("any(t)", "conversion any"),
            ("rune(1)", "conversion int32"),
        ],
    );
}

#[test]
fn absent_packages_give_keys() {
    let program = one(
        "import (\n\"sync\"\n\"time\"\nyaml \"gopkg.in/yaml.v3\"\n\"github.com/x/go-y/v2\"\n)\n
         type T struct { sync.Mutex; wg *sync.WaitGroup; once sync.Once }\n
         func f(t *T, d time.Duration) { t.Lock(); t.wg.Wait(); t.once.Do(nil); time.Sleep(d); time.Duration(3); yaml.Marshal(t)
         y.Go(); time.Now().Unix(); x := new(sync.Cond); x.Wait() }",
    );
    assert_eq!(callee(&program, "t.Lock()"), "external sync.Mutex.Lock");
    assert_eq!(place(&program, "t.wg"), "t T.wg");
    assert_eq!(callee(&program, "t.wg.Wait()"), "external sync.WaitGroup.Wait");
    assert_eq!(callee(&program, "t.once.Do(nil)"), "external sync.Once.Do");
    assert_eq!(callee(&program, "time.Sleep(d)"), "external time.Sleep");
    assert_eq!(callee(&program, "time.Duration(3)"), "conversion time.Duration");
    assert_eq!(callee(&program, "yaml.Marshal(t)"), "external gopkg.in/yaml.v3.Marshal");
    assert_eq!(callee(&program, "y.Go()"), "external github.com/x/go-y/v2.Go");
    assert_eq!(callee(&program, "time.Now().Unix()"), "unknown no-source");
    assert_eq!(callee(&program, "x.Wait()"), "external sync.Cond.Wait");
}

#[test]
fn stubs_are_typed_and_called_as_external() {
    let program = resolve(&[
        (
            "sync",
            "stub.go",
            "package sync\ntype Once struct{}\nfunc (o *Once) Do(f func())\nfunc OnceValue(f func() int) func() int",
        ),
        (
            "p",
            "a.go",
            "package p\nimport \"sync\"\nfunc f(o *sync.Once) { o.Do(nil); g := sync.OnceValue(nil); _ = g }",
        ),
    ])
    .value;
    assert_eq!(callee(&program, "o.Do(nil)"), "external sync.Once.Do");
    assert_eq!(type_of(&program, "g"), "func() int");
}

#[test]
fn imports_bind_by_package_clause_name_dot_and_vendor() {
    let program = resolve(&[
        ("cmd/vendor/x/go-lib", "l.go", "package lib\nfunc F() int { return 1 }\ntype T struct{}\nfunc (T) M() {}"),
        ("cmd/a", "a.go", "package a\nimport \"x/go-lib\"\nimport . \"cmd/b\"\nimport z \"cmd/b\"\nvar v = lib.F()\nfunc f() { G(); z.G(); var t lib.T; t.M() }"),
        ("cmd/b", "b.go", "package bee\nfunc G() {}"),
    ])
    .value;
    assert_eq!(type_of(&program, "v"), "int");
    assert_eq!(callee(&program, "G()"), "cmd/b.G");
    assert_eq!(callee(&program, "z.G()"), "cmd/b.G");
    assert_eq!(callee(&program, "t.M()"), "cmd/vendor/x/go-lib.T.M");
}

#[test]
fn external_tests_see_what_tests_export() {
    let program = resolve(&[
        ("p", "a.go", "package p\nfunc hidden() int { return 1 }"),
        ("p", "export_test.go", "package p\nvar Hidden = hidden"),
        ("p", "x_test.go", "package p_test\nimport \"p\"\nfunc TestX() { n := p.Hidden(); _ = n }"),
    ])
    .value;
    assert_eq!(type_of(&program, "n"), "int");
    assert!(symbols(&program).contains(&"p_test.TestX"));
}

#[test]
fn package_variables_are_typed_across_files() {
    let program = resolve(&[
        ("p", "a.go", "package p\nvar a, err = build(b)\nvar c = func() *T { return a.next }()"),
        (
            "p",
            "b.go",
            "package p\ntype T struct { next *T }\nvar b = T{}\nfunc build(t T) (*T, error) { return &t, nil }",
        ),
    ])
    .value;
    let types: Vec<String> = program.vars().iter().map(|var| program.display_type(var.ty)).collect();
    assert_eq!(types, ["*p.T", "error", "*p.T", "p.T"]);
}

#[test]
fn symbols_are_the_linkers() {
    let program = resolve(&[
        ("x/y.z", "a.go", "package z\nvar late = func() int { return early() }()\ntype T[X any] struct{}\n
            func (t *T[X]) M() { func() { func() {}() }() }\nfunc (T[X]) V() {}\nfunc init() {}\nfunc init() { func() {}() }"),
        ("x/y.z", "b.go", "package z\nfunc init() {}\nvar early = func() int { return func() int { return 1 }() }"),
        ("x/m", "m.go", "package main\nfunc main() { go func() {}() }"),
    ])
    .value;
    let names: Vec<&str> = symbols(&program);
    for name in [
        "x/y%2ez.(*T).M",
        "x/y%2ez.(*T).M.func1",
        "x/y%2ez.(*T).M.func1.1",
        "x/y%2ez.T.V",
        "x/y%2ez.init.0",
        "x/y%2ez.init.1.func1",
        "x/y%2ez.init.2",
        "main.main.func1",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    // `early` is initialised before `late`, which needs it.
    let literal = |text: &str| {
        let (file, expr) = find(&program, text);
        let Expr::FuncLit(index) = program.facts(file).exprs[expr] else { panic!("{text}") };
        program.func_of(file, index).map(|func| program.funcs()[func].symbol.as_str())
    };
    assert_eq!(literal("func() int { return func() int { return 1 }() }"), Some("x/y%2ez.init.func1"));
    assert_eq!(literal("func() int { return 1 }"), Some("x/y%2ez.init.func1.1"));
    assert_eq!(literal("func() int { return early() }"), Some("x/y%2ez.init.func2"));
    assert_eq!(program.funcs().iter().filter(|f| f.key.as_str() == "x/y.z.T.M").count(), 1);
}

#[test]
fn places_are_roots_and_steps() {
    let program = one(
        "type S struct { vars *V }\ntype V struct { ctx []*C; m map[string]C }\ntype C struct { n int }\nvar g *S\nfunc get() *S { return g }\n
         func f(s *S, i interface{}) { s.vars.ctx[0].n = 1; (*s).vars = nil; g.vars.m[\"k\"] = C{}; get().vars = nil
         p := &s.vars.ctx[1:2]; *p = nil; i.(*S).vars = nil; (*S)(s).vars = nil }",
    );
    assert_eq!(place(&program, "s.vars.ctx[0].n"), "s S.vars V.ctx [] C.n");
    assert_eq!(place(&program, "(*s).vars"), "s * S.vars");
    assert_eq!(place(&program, "g.vars.m[\"k\"]"), "p.g S.vars V.m []");
    assert_eq!(place(&program, "get().vars"), "value S.vars");
    assert_eq!(place(&program, "&s.vars.ctx[1:2]"), "s S.vars V.ctx");
    assert_eq!(place(&program, "i.(*S).vars"), "i S.vars");
    assert_eq!(place(&program, "(*S)(s).vars"), "s S.vars");
}

#[test]
fn meanings_of_names_and_selectors() {
    let program = one(
        "import \"os\"\ntype T struct { a A }\ntype A struct { b int }\nfunc (A) M() {}\nfunc f(t T) { _ = t.a.b; g := t.a.M; _ = g; _ = os.Args; _ = nil }",
    );
    let meaning = |text: &str| {
        let (file, expr) = find(&program, text);
        program.meaning(file, expr)
    };
    assert!(matches!(meaning("t.a.b"), Meaning::Field(path) if path.len() == 1));
    assert!(matches!(meaning("t.a.M"), Meaning::Method(callee) if callee_text(&program, &callee) == "p.A.M"));
    assert_eq!(meaning("os.Args"), Meaning::ExternalFunc(Symbol::new("os.Args")));
    assert_eq!(meaning("os"), Meaning::Package(Symbol::new("os")));
    assert!(matches!(meaning("t"), Meaning::Local(_)));
    assert_eq!(meaning("nil"), Meaning::Predeclared(Symbol::new("nil")));
}

// ---- bad input ----

#[test]
fn circles_are_answers() {
    let program = one(
        "type A struct { B; x int }\ntype B struct { A }\ntype I interface { J; M() }\ntype J interface { I; N() }\n
         type X = Y\ntype Y = X\ntype P *P\ntype Q Q\nvar v = w\nvar w = v\ntype G[T any] struct { G[G[T]] }\n
         func f(a A, i I, x X, p P, q Q, g G[int]) { _ = a.x; _ = a.none; i.M(); i.N(); x.M(); _ = *p; q.M(); g.none() }\n
         func (r R) M() {}\ntype R = S\ntype S = R\nfunc h[T U, U T](t T) { t.m(); t[0]() }\ntype Z[T any] T\nvar pp = P{{}}\ntype L []L\nvar ll = L{{{}}}\nfunc z[T Z[T]](a Z[int], b T) { a.m(); b.m() }",
    );
    assert_eq!(type_of(&program, "a.x"), "int");
    assert_eq!(callee(&program, "i.M()"), "interface p.I.M");
    assert!(callee(&program, "x.M()").starts_with("unknown"));
    assert!(callee(&program, "q.M()").starts_with("unknown"));
    assert!(callee(&program, "g.none()").starts_with("unknown"));
    assert!(callee(&program, "t.m()").starts_with("unknown"));
}

#[test]
fn cyclic_imports_and_missing_dependencies_resolve_as_far_as_they_go() {
    let program = resolve(&[
        (
            "a",
            "a.go",
            "package a\nimport \"b\"\nimport \"gone\"\nfunc F() { b.G(); gone.H(); gone.V.W() }\nvar V = b.V",
        ),
        ("b", "b.go", "package b\nimport \"a\"\nfunc G() { a.F(); a.None() }\nvar V = a.V"),
    ])
    .value;
    assert_eq!(callee(&program, "b.G()"), "b.G");
    assert_eq!(callee(&program, "a.F()"), "a.F");
    assert_eq!(callee(&program, "gone.H()"), "external gone.H");
    assert_eq!(callee(&program, "gone.V.W()"), "unknown no-source");
    assert_eq!(callee(&program, "a.None()"), "unknown undeclared");
}

#[test]
fn duplicates_and_package_clashes_are_problems() {
    let resolved = resolve(&[
        ("d", "a.go", "package one\nfunc F() {}\ntype T struct{}\nfunc (T) M() {}"),
        ("d", "b.go", "package one\nfunc F() {}\ntype T int\nfunc (T) M() {}"),
        ("d", "c.go", "package two\nfunc F() {}"),
        ("u", "u.go", "package u\nimport \"d\"\nfunc f() { one.F() }"),
    ]);
    let kinds: Vec<ProblemKind> = resolved.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds.iter().filter(|&&kind| kind == ProblemKind::DuplicateDeclaration).count(), 3);
    assert_eq!(kinds.iter().filter(|&&kind| kind == ProblemKind::PackageClash).count(), 1);
    assert_eq!(callee(&resolved.value, "one.F()"), "d.F");
}

#[test]
fn broken_and_empty_files_resolve() {
    let texts = [
        "",
        "package",
        "package p\nfunc (",
        "package p\nfunc f() { x.y.(",
        "package p\nvar a, b = f(\nfunc f() (int {",
    ];
    for text in texts {
        let program = resolve(&[("p", "a.go", text)]).value;
        for (file, _) in program.sources().files.iter_enumerated() {
            for expr in program.facts(file).exprs.ids() {
                let _ = (program.expr_type(file, expr), program.place(file, expr), program.meaning(file, expr));
            }
        }
    }
}

#[test]
fn deep_nesting_ends() {
    let deep = format!("func f(x *T) {{ _ = {}x{} }}\ntype T struct{{}}", "(*".repeat(20_000), ")".repeat(20_000));
    one(&deep);
    let chain =
        format!("func f(x T) {{ x{} }}\ntype T struct{{}}\nfunc (t T) M() T {{ return t }}", ".M()".repeat(5_000));
    one(&chain);
    let types: String = (0..3000).map(|i| format!("type T{i} T{}\n", i + 1)).collect();
    let program = one(&format!("{types}func f(x T0) {{ x.M() }}"));
    assert!(callee(&program, "x.M()").starts_with("unknown"));
    let embeds: String = (0..3000).map(|i| format!("type T{i} struct {{ T{} }}\n", i + 1)).collect();
    let program = one(&format!("{embeds}type T3000 struct {{}}\nfunc (T3000) M() {{}}\nfunc f(x T0) {{ x.M() }}"));
    assert_eq!(callee(&program, "x.M()"), "p.T3000.M");
}
