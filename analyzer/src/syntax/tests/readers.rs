//! The parser beside tree-sitter: the same facts of the same text.
//!
//! `cargo xtask parsers` compares them on real code; here is what real code has seldom or never.

use super::{in_function, robustness::GO};
use crate::{
    base::Idx,
    syntax::{Expr, FileFacts, Reader, TypeExpr, dump, lower_by},
};

fn words(facts: &FileFacts) -> String {
    format!("{facts:#?}")
}

fn parsed(text: &str) -> Option<FileFacts> {
    lower_by(Reader::Parser, text.as_bytes())
}

fn by_grammar(text: &str) -> FileFacts {
    lower_by(Reader::Grammar, text.as_bytes()).unwrap()
}

#[track_caller]
fn check_same(text: &str) {
    let ours = parsed(text).unwrap_or_else(|| panic!("refused: {text}"));
    let grammar = by_grammar(text);
    assert_eq!(grammar.problems, [], "{text}");
    assert_eq!(dump(&ours, text), dump(&grammar, text), "{text}");
    assert_eq!(words(&ours), words(&grammar), "{text}");
}

#[test]
fn declarations_are_the_same() {
    for text in [
        "",
        "import . \"a\"; import _ `b`; import c \"d\"",
        "import ()",
        "import (\n\"a\"\n// a comment\nb \"c\")",
        "const a, b = 1, 2; const (c int = iota; d; _, e = 3, 4)",
        "var a, b int; var c = 1; var d, e T = f(); var (g (int); h = 2)",
        "type ()",
        "type A = B; type (C []int; D = map[string]E)",
        "type A [N]int; type B [2 * N]int; type C [N * 2]int; type D [p.N]int; type E [N + 1][]int; type F [len(x)]int",
        "type A[P any] struct{}; type B[P, Q any, R ~int | ~string | C] []P; type D[P interface{ m() }] E[P, int]",
        "type A[P []Q, Q any] int; type B[P *C,] int; type D[P *p.C | E, Q any] int; type F[P *p.C, Q any] int; type G[P func()] int",
        "type A[P any] = B[P]; type C[P chan int] int; type D[P map[K]V] int; type E[P *struct{}] int; type F[P ~[]int] int",
        "type A struct { a, b int \"tag\"; *B; C `tag`; p.D; *p.E; F[int]; *G[int, string]; h []int; i [2]int; j [N]T; p.K[int] }",
        "type A struct { a struct { b int }; _ int; c func(d int) (e error); f, g *h }",
        "type A interface { m(); n(a int) string; B; p.C; D[int]; p.E[int]; ~int | string; *F; o() (a, b int) }",
        "type A func(int, ...string) (b, c int); type B func(a, b int, c ...[]string); type C func(p.A, []int, *B) func() int",
        "type A chan int; type B <-chan int; type C chan<- int; type D chan<- <-chan int; type E chan (<-chan int); type F *A",
        "func f(); func g(a, _ int, b ...string) (c int, err error) { return }; func h() p.T { }; func i(x [4]int, y [N]T) { }",
        "func f[T any, U ~[]T](a T, b U, c G[T], d [N]T) G[U] { return f[T, U](a, b) }; func g(func(int), chan<- int) { }",
        "func (t *T) m() { }; func (T) n(a, b p.T) { }; func (t T[A, _]) o() { }; func (t *(T)) q() { }; func (_ *T[A]) r() { }",
        "func f(a [n]int, b []T, c [2][n]int, d map[K]V, e G[int], g p.G[[]int, *T]) { }",
        "func f(a, b, c, d int) (e func(g, h int) (i int)) { return nil }",
    ] {
        check_same(&format!("package p\n{text}\n"));
    }
}

#[test]
fn statements_are_the_same() {
    for body in [
        "",
        ";;",
        "{ a(); { } }",
        "x, y = y, x; x += 1; x <<= 2; x &^= 3; x++; y--; *x = 1; x.y[1].z = 2; (x) = 3",
        "a, b := 1, 2; c := func() { d() }; a, _ := f()",
        "ch <- 1; <-ch; a := <-ch; a, ok := <-ch; f(<-ch, -<-ch)",
        "var a int; const b = 1; type C struct { d int }; var e C; type G[P any] []P",
        "go f(); defer func() { g() }(); go x.y.z(1)",
        "return; return a, b",
        "L: for { break L; continue L; goto L }; N: { goto N }; O: P: f(); goto Q; Q:",
        "if x { a() } else if y { b() } else if z := c(); z { d() } else { e() }",
        "if x == (T{}) { }; if f(T{1}) { }; if a[T{1}.x] { }; if (T{}).m() { }; if x := []int{1}; len(x) > 0 { }",
        "if f := func() bool { return T{} == x }; f() { }; if struct{}{} == x { }; if !x || -y < z && *w { }",
        "for { }; for x { }; for ;; { }; for i := 0; i < 3; i++ { }; for ; x; { }; for ; ; i++ { }; for i = 0; ; { }",
        "for range x { }; for i := range x { }; for i, v = range x.y() { }; for range 10 { }; for _, v := range []int{1, 2} { }",
        "switch { }; switch x { case 1, 2: a(); fallthrough; case 3: default: b() }; switch x := f(); { case x: }; switch a := 1; a { }",
        "switch x.(type) { case int, *T, nil: a() }; switch v := x.y().(type) { case []int, func(int) error: b(v); default: c(v) }",
        "switch a := 1; v := x.(type) { case p.T, map[K]V, chan int, struct{}, interface{ m() }, [2]int, G[int]: f(v, a) }",
        "switch f := func(a any) { switch a.(type) { case int: g() } }; x { case f: }",
        "select { }; select { case <-ch: a(); case ch <- 1: b(); case v := <-ch: c(v); case v, ok = <-ch: d(); default: e() }",
        "select { case x.y = <-ch: ; case a[1], b[2] = <-ch: ; case (<-ch): ; case <-f(func() { g() }): }",
    ] {
        check_same(&in_function(body));
    }
}

#[test]
fn expressions_are_the_same() {
    for expression in [
        "1 + 2*3 - 4<<5&^6 | 7 ^ 8%9/10",
        "a || b && c == d < e",
        "-x + +y - ^z",
        "!a == *b",
        "&x.y[1]",
        "&T{1}",
        "**x",
        "0x1F + 0b1 + 0o7 + 017 + 1_000 + 1e3 + .5 + 0x1p-2 + 3i + 'a' + '\\n' + '\\u1234'",
        "\"a\\\"b\" + `c\nd` + \"\"",
        "nil == true",
        "iota + false",
        "x.y.z(1, 2)(3).w[4][5:6][:][7:][:8][9:10:11][:12:13]",
        "f(a, b...)",
        "f(a,)",
        "f(\na,\nb,\n)",
        "(x)((y))",
        "((x.y))",
        "(*T)(x)",
        "(*p.T)(x).y",
        "(*T).m",
        "(func())(x)",
        "(func(int) string)(nil)",
        "(<-chan int)(x)",
        "(chan int)(nil)",
        "([]byte)(x)",
        "([]byte)(x)[0]",
        "[]byte(x)",
        "[]byte(x,)",
        "[4]int(x)",
        "map[string]int(x)[y]",
        "interface{ m() }(x).m()",
        "struct{ a int }{1}.a",
        "chan int(x)",
        "func(a int) (b int) { return a }(1)",
        "func() { }",
        "new(T)",
        "new([]T)",
        "new(p.T)",
        "new(*T)",
        "new(G[int])",
        "new(struct{ a int })",
        "make([]int, 1, 2)",
        "make(map[K]V)",
        "make(chan<- int, 1)",
        "make(<-chan int)",
        "make(chan func() int)",
        "x.new(1) + x.make(2)",
        "T{}",
        "T{1, 2,}",
        "T{a: 1, b: {2}, c: T{3}, \"d\": 4, e.f: 5, {6}: 7, true: 8, nil: 9}",
        "p.T{1}",
        "[]T{{1}, {a: 2}, 3: {}}",
        "[...]string{\"a\", 2: \"b\"}",
        "[2][]int{{1}, {2}}",
        "map[string]func(){\"a\": func() { }, \"b\": nil}",
        "[]struct{ a, b int }{{1, 2}}",
        "&[]int{1}",
        "G[int]{}",
        "G[int, *p.T, []K, map[K]V]{1}",
        "p.G[int]{}",
        "f[int](x)",
        "f[int, string](x)",
        "f[[]int](x)",
        "f[*T](x)",
        "f[p.T]",
        "f[map[K]V](x)",
        "f[func(int)](x)",
        "x.(T).(*p.T)",
        "x.([]int)",
        "x.(func() int)()",
        "x.(G[int])",
        "x.(interface{ m() }).m()",
        "größe + 界(ñ)",
        "a /* comment */ + // another\nb",
    ] {
        check_same(&in_function(&format!("_ = {expression}")));
        check_same(&in_function(&format!("a := {expression}\nreturn f(a, {expression})")));
        check_same(&format!("package p\nvar a, b = {expression}, 1\n"));
    }
}

#[test]
fn comments_are_the_same() {
    check_same(
        "// Code generated by x. DO NOT EDIT.\npackage p // want \"a\"\n//nolint\nvar a = 1 //outlive:ignore b\n/* want */\n",
    );
    check_same("\u{feff}// a\r\npackage p\r\n\r\nvar a = 1\r\n");
}

#[test]
fn go_the_grammar_does_not_know_is_read() {
    let text =
        in_function("a := new(x.y + 1)\nb := new([]int{1})\nc := new(f())\nd := new(-1)\nmake := 1\n_ = make\n_ = a")
            + "func (t *T[A]) m[B any](b B) { }\n";
    let facts = parsed(&text).unwrap();
    assert_eq!(facts.problems, []);
    let calls = facts.exprs.iter().filter(|expr| matches!(expr, Expr::Call { .. })).count();
    assert_eq!(calls, 5);
    let method = facts.functions.iter().last().unwrap();
    assert_eq!(method.type_params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn mistakes_of_the_grammar_are_not_repeated() {
    // Each of them is read without an error, but not as Go reads it.
    let conversion = in_function("_ = *(*[]byte)(x)");
    let is_dereference = |facts: FileFacts| facts.exprs.iter().any(|expr| matches!(expr, Expr::Deref(_)));
    assert!(parsed(&conversion).is_some_and(is_dereference) && !is_dereference(by_grammar(&conversion)));

    let parameters = "package p\nfunc f(a, b, c, d, e, f, g, h, i, j, k int) { }\n";
    let named = |facts: FileFacts| {
        let function = &facts.functions[crate::syntax::FuncIndex::new(0)];
        function.signature.params.iter().filter(|param| param.name.is_some()).count()
    };
    assert!(parsed(parameters).map(named) == Some(11) && named(by_grammar(parameters)) < 11);

    let channel = "package p\ntype A chan<- chan int\n";
    let sends = |facts: FileFacts| {
        let sends = |ty: &TypeExpr| matches!(ty, TypeExpr::Chan { direction: crate::syntax::ChanDirection::Send, .. });
        facts.type_exprs.iter().any(sends)
    };
    assert!(parsed(channel).is_some_and(sends) && !sends(by_grammar(channel)));
}

#[test]
fn what_is_no_go_is_refused() {
    for text in [
        "func f() {}",
        "package",
        "package p func f() {}",
        "package p\nx := 1",
        "package p\nfunc f(",
        "package p\nfunc f(a, b) (c int, d) {}",
        "package p\nfunc f(a int, []b) {}",
        "package p\nvar a",
        "package p\nconst a int",
        "package p\ntype T struct { a int b int }",
        "package p\ntype T[P, Q] struct{}",
        "package p\nimport fmt",
        "package p\nvar a = \"\\q\"",
        "package p\nvar a = 08",
        "package p\nvar a = \"\u{1}\" + '",
    ] {
        assert!(parsed(text).is_none(), "{text}");
    }
    for body in [
        "x = ",
        "x y",
        "x := [3]int",
        "f([]int)",
        "x[]",
        "x[1:2:]",
        "x[::3]",
        "x.(type)",
        "_ = x.(type)",
        "if x { } else y()",
        "if x := 1 { }",
        "if T{} == x { }",
        "for x := 1 { }",
        "for i := 0; i < 1 { }",
        "switch a = x.(type) { }",
        "switch (x.(type)) { }",
        "switch a, b := x.(type) { }",
        "switch f(x.(type)) { }",
        "switch x { a() }",
        "switch x { case: }",
        "select { case x: y = 1; case a, b = c, d: }",
        "goto",
        "go",
        "a, b++",
        "a, b",
        "{ a() ",
        "a() }",
        "var x = [...]int",
        "x = chan int",
        "L: M",
        "\"a\nb\"",
        "x = @",
    ] {
        let refused = parsed(&in_function(body)).is_none();
        // Some of them are odd rather than wrong, and the grammar has the word.
        assert!(refused || body == "L: M" || body.starts_with("select"), "{body}");
    }
}

#[test]
fn a_damaged_text_is_refused_or_read_alike() {
    let odd = b"{}()[]\"`'/\\\n\0;:=.*<x0,&!~-+|@";
    let mut accepted = 0;
    for at in (0..GO.len()).step_by(3) {
        let mut replaced = GO.as_bytes().to_vec();
        replaced[at] = odd[at * 7 % odd.len()];
        let mut removed = GO.as_bytes().to_vec();
        removed.remove(at);
        let mut inserted = GO.as_bytes().to_vec();
        inserted.insert(at, odd[at * 11 % odd.len()]);
        for text in [replaced, removed, inserted] {
            let Some(ours) = lower_by(Reader::Parser, &text) else { continue };
            accepted += 1;
            let mut grammar = lower_by(Reader::Grammar, &text).unwrap();
            // `new(n + 1)` and the generic method in it are errors to the grammar, which its second reading mends.
            grammar.grammar_errors = 0;
            if grammar.problems.is_empty() {
                assert_eq!(words(&ours), words(&grammar), "{}", String::from_utf8_lossy(&text));
            }
        }
    }
    assert!(accepted > 100, "only {accepted} texts were read at all");
}

#[test]
fn odd_text_is_refused_in_one_pass() {
    for line in [
        "func (",
        "x(",
        "[",
        "{",
        "x{",
        "T[",
        "type T[P *C",
        "/*",
        "`",
        "a,",
        "a.",
        "<-chan ",
        "*",
        "L:\n",
        "a[b](",
        "\u{20ac}",
    ] {
        for before in ["", "package p\n", "package p\nvar x = ", "package p\nfunc f() {\n", "package p\nfunc f("] {
            let text = format!("{before}{}", line.repeat(100_000));
            assert!(parsed(&text).is_none(), "{before}{line}");
        }
    }
}
