//! What the call graph knows of the language and of how Go code is laid out, a small program each: the lines below are
//! all edges, or all of one caller, so that nothing is found too much either.

use std::fs;

use super::{Scratch, outlive, text};

/// A checkout: paths and texts.
fn checkout(name: &str, files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new(&format!("features-{name}"));
    for (path, content) in files {
        let path = scratch.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    scratch
}

/// `caller callee kind` of each edge, without the place.
fn edges(scratch: &Scratch, folder: &str, args: &[&str]) -> Vec<String> {
    let dir = scratch.0.join(folder);
    let output = outlive(&[&["graph", dir.to_str().expect("a plain path"), "--calls"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        format!("{} {} {}", columns[0], columns[2], columns[3])
    };
    // How many types a call may reach is a matter of precision, which docs/callgraph-quality.md measures.
    let plain = |row: String| row.split(":").next().unwrap_or("").to_owned();
    let mut rows: Vec<String> = text(&output.stdout).lines().map(row).map(plain).collect();
    rows.sort();
    rows.dedup();
    rows
}

/// The edges of a package of one file.
fn of_file(name: &str, code: &str) -> Vec<String> {
    let scratch =
        checkout(name, &[("go.mod", "module m\n\ngo 1.26\n"), ("a.go", &format!("package p\n{SHAPES}\n{code}"))]);
    edges(&scratch, "", &[])
}

const SHAPES: &str = "
type shape interface{ Area() int }

type square struct{}

func (square) Area() int { return 1 }

type circle struct{ r int }

func (c *circle) Area() int { return c.r }

func leaf() {}
";

const LIB: [(&str, &str); 2] =
    [("lib/go.mod", "module example.com/lib\n\ngo 1.26\n"), ("lib/l.go", "package lib\n\nfunc F() {}\n")];

const CALLER: &str = "package app\n\nimport \"example.com/lib\"\n\nfunc f() { lib.F() }\n";

#[test]
fn modules_of_a_workspace_see_each_other() {
    let files = [
        ("go.work", "go 1.26\n\nuse (\n\t./app\n\t./lib\n)\n"),
        ("app/go.mod", "module example.com/app\n\ngo 1.26\n"),
        ("app/a.go", CALLER),
    ];
    let scratch = checkout("workspace", &[&files[..], &LIB].concat());
    assert_eq!(edges(&scratch, "", &[]), ["example.com/app.f example.com/lib.F static"]);
}

#[test]
fn a_replacement_inside_the_checkout_is_followed() {
    let replaced =
        "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib => ./lib\n";
    let scratch = checkout("replace", &[&[("go.mod", replaced), ("a.go", CALLER)][..], &LIB].concat());
    assert_eq!(edges(&scratch, "", &[]), ["example.com/app.f example.com/lib.F static"]);
}

/// In the module cache a replacement has the folder of what replaces, and the import path of what is replaced.
#[test]
fn a_replacement_in_the_module_cache_is_followed() {
    for replaced in [
        "require example.com/lib v1.0.0\n\nreplace example.com/lib => example.com/fork v1.1.0\n",
        "require (\n\texample.com/lib v1.0.0 // indirect\n)\n\nreplace (\n\texample.com/lib v1.0.0 => example.com/fork v1.1.0\n)\n\nexclude example.com/lib v1.0.1\n",
    ] {
        let module = format!("module example.com/app\n\ngo 1.26\n\n{replaced}");
        let scratch = checkout(
            "cache",
            &[
                ("app/go.mod", module.as_str()),
                ("app/a.go", CALLER),
                ("cache/example.com/fork@v1.1.0/l.go", "package lib\n\nfunc F() { forked() }\n\nfunc forked() {}\n"),
                ("cache/example.com/lib@v1.0.0/l.go", "package lib\n\nfunc F() {}\n"),
                ("cache/example.com/lib@v1.0.1/l.go", "package lib\n\nfunc F() { excluded() }\n\nfunc excluded() {}\n"),
            ],
        );
        let cache = format!("{}/cache", scratch.path());
        let found = edges(&scratch, "app", &["--modcache", &cache]);
        let wanted = ["example.com/app.f example.com/lib.F static", "example.com/lib.F example.com/lib.forked static"];
        assert_eq!(found, wanted, "{replaced}");
    }
}

#[test]
fn vendored_and_gopath_sources_are_read() {
    let vendored = [
        ("go.mod", "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v1.0.0\n"),
        ("a.go", CALLER),
        ("vendor/modules.txt", "# example.com/lib v1.0.0\n## explicit\nexample.com/lib\n"),
        ("vendor/example.com/lib/l.go", "package lib\n\nfunc F() {}\n"),
    ];
    let scratch = checkout("vendor", &vendored);
    assert_eq!(edges(&scratch, "", &[]), ["example.com/app.f example.com/lib.F static"]);
    let gopath = [
        ("src/example.com/app/a.go", CALLER),
        ("src/example.com/lib/l.go", "package lib\n\nfunc F() { G() }\n"),
        ("src/example.com/lib/g.go", "package lib\n\nfunc G() {}\n"),
    ];
    let scratch = checkout("gopath", &gopath);
    let wanted = ["example.com/app.f example.com/lib.F static", "example.com/lib.F example.com/lib.G static"];
    assert_eq!(edges(&scratch, "", &[]), wanted);
}

#[test]
fn imports_have_the_names_that_files_give_them() {
    let scratch = checkout(
        "imports",
        &[
            ("go.mod", "module m\n\ngo 1.26\n"),
            ("dot/d.go", "package dot\n\nfunc Dotted() {}\n\ntype T struct{}\n\nfunc (T) M() {}\n"),
            ("names/n.go", "package other\n\nfunc F() {}\n"),
            ("v2/v.go", "package versioned\n\nfunc F() {}\n"),
            (
                "a/a.go",
                "package a\n\nimport (\n\t. \"m/dot\"\n\tname \"m/names\"\n\t\"m/v2\"\n\t_ \"m/blank\"\n)\n\nfunc f() {\n\tDotted()\n\tT{}.M()\n\tname.F()\n\tversioned.F()\n}\n",
            ),
            ("a/b.go", "package a\n\nimport \"m/names\"\n\nfunc Local() {}\n\nfunc g() {\n\tother.F()\n\tLocal()\n}\n"),
            ("a/a_test.go", "package a_test\n\nimport \"m/a\"\n\nfunc Test() { a.Exported() }\n"),
            ("a/export_test.go", "package a\n\nfunc Exported() { f() }\n"),
            ("blank/b.go", "package blank\n\nfunc init() { hidden() }\n\nfunc hidden() {}\n"),
        ],
    );
    let wanted = [
        "m/a.Exported m/a.f static",
        "m/a.f m/dot.Dotted static",
        "m/a.f m/dot.T.M method",
        "m/a.f m/names.F static",
        "m/a.f m/v2.F static",
        "m/a.g m/a.Local static",
        "m/a.g m/names.F static",
        "m/a_test.Test m/a.Exported static",
        "m/blank.init.0 m/blank.hidden static",
    ];
    assert_eq!(edges(&scratch, "", &["--tests"]), wanted);
}

#[test]
fn files_are_chosen_by_build_constraints() {
    let scratch = checkout(
        "constraints",
        &[
            ("go.mod", "module m\n\ngo 1.26\n"),
            ("a.go", "package a\n\nfunc f() { g() }\n"),
            ("g_linux.go", "package a\n\nfunc g() { linux() }\n\nfunc linux() {}\n"),
            ("g_windows.go", "package a\n\nfunc g() { windows() }\n\nfunc windows() {}\n"),
            ("g_other.go", "//go:build !linux && !windows\n\npackage a\n\nfunc g() { other() }\n\nfunc other() {}\n"),
            ("extra.go", "//go:build extra && amd64\n\npackage a\n\nfunc h() { f() }\n"),
            ("ignored.go", "//go:build ignore\n\npackage main\n\nfunc main() { gone() }\n"),
        ],
    );
    assert_eq!(edges(&scratch, "", &[]), ["m.f m.g static", "m.g m.linux static"]);
    assert_eq!(edges(&scratch, "", &["--goos", "windows"]), ["m.f m.g static", "m.g m.windows static"]);
    let tagged = edges(&scratch, "", &["--goos", "plan9", "--tags", "extra"]);
    assert_eq!(tagged, ["m.f m.g static", "m.g m.other static", "m.h m.f static"]);
}

#[test]
fn elements_have_the_types_that_were_put_there() {
    let found = of_file(
        "elements",
        "
type box struct {
	list  []shape
	byKey map[string]shape
	ch    chan shape
	array [2]shape
	hook  func()
	inner struct{ one shape }
}

func fill(b *box) {
	b.list = append(b.list, square{})
	b.byKey = map[string]shape{\"c\": &circle{}}
	b.ch <- square{}
	b.array[1] = &circle{}
	b.hook = leaf
	b.inner.one = square{}
}

func list(b *box)  { for _, s := range b.list { s.Area() } }
func byKey(b *box) { if s, ok := b.byKey[\"c\"]; ok { s.Area() } }
func ch(b *box)    { for s := range b.ch { s.Area() } }
func array(b *box) { b.array[0].Area() }
func hook(b *box)  { b.hook() }
func inner(b *box) { b.inner.one.Area() }
",
    );
    let wanted = [
        // An array may be sliced, so arrays and slices of one type share their elements.
        "m.array m.(*circle).Area interface",
        "m.array m.square.Area interface",
        "m.byKey m.(*circle).Area interface",
        "m.ch m.square.Area interface",
        "m.hook m.leaf function-value",
        "m.inner m.square.Area interface",
        "m.list m.(*circle).Area interface",
        "m.list m.square.Area interface",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn functions_are_values() {
    let found = of_file(
        "values",
        "
type action func()

func (a action) Run() { a() }

func named()      { action(leaf).Run() }
func method()     { f := square{}.Area; f() }
func expression() { square.Area(square{}) }
func pointer()    { f := (*circle).Area; f(&circle{}) }
func bound(s shape) { f := s.Area; f() }
func callBound()  { bound(&circle{}) }
func nested()     { func() { func() { leaf() }() }() }
func result() func() { return leaf }
func curried()    { result()() }

var global = func() { leaf() }

func init() { global() }
",
    );
    let wanted = [
        "m.action.Run m.leaf function-value",
        "m.bound m.(*circle).Area function-value",
        "m.callBound m.bound static",
        "m.curried m.leaf function-value",
        "m.curried m.result static",
        "m.expression m.square.Area method",
        "m.init.0 m.init.func1 function-value",
        "m.init.func1 m.leaf static",
        "m.method m.square.Area function-value",
        "m.named m.action.Run method",
        "m.nested m.nested.func1 static",
        "m.nested.func1 m.nested.func1.1 static",
        "m.nested.func1.1 m.leaf static",
        "m.pointer m.(*circle).Area function-value",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn embedding_promotes_fields_and_methods_through_pointers_and_interfaces() {
    let found = of_file(
        "embedding",
        "
type frame struct{ *circle }

type window struct {
	frame
	shape
	name string
}

type named interface {
	shape
	Name() string
}

func (w window) Name() string { return w.name }

type tile struct{ square }

func (tile) Name() string { return \"\" }

func promoted(f frame)  { f.Area() }
func twice(w *window)   { w.circle.Area() }
func field(w window)    { w.shape.Area() }
func embedded(n named)  { n.Area(); n.Name() }
func make1()            { field(window{shape: square{}}); embedded(tile{}) }
",
    );
    let wanted = [
        "m.embedded m.square.Area interface",
        "m.embedded m.tile.Name interface",
        "m.field m.square.Area interface",
        "m.make1 m.embedded static",
        "m.make1 m.field static",
        "m.promoted m.(*circle).Area method",
        "m.twice m.(*circle).Area method",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn generic_code_reaches_what_its_arguments_are() {
    let found = of_file(
        "generics",
        "
type Box[T any] struct{ v T }

func (b *Box[T]) Set(v T) { b.v = v }
func (b *Box[T]) Get() T  { return b.v }

type Boxed[T any] = Box[T]

type Shapes = []shape

func call[T shape](t T)            { t.Area() }
func apply[T any](f func(T), v T)  { f(v) }
func keep[K comparable, V shape](m map[K]V) { for _, v := range m { v.Area() } }

func inferred()   { call(square{}) }
func explicit()   { call[*circle](&circle{}) }
func zero[T shape]() { var t T; t.Area() }
func unseen()     { zero[square]() }
func alias()      { var b Boxed[shape]; b.Set(square{}); b.Get().Area() }
func listed()     { for _, s := range (Shapes{&circle{}}) { s.Area() } }
func function()   { apply(func(s shape) { s.Area() }, shape(square{})) }
func mapped()     { keep(map[string]square{}) }
",
    );
    let wanted = [
        "m.alias m.(*Box).Get method",
        "m.alias m.(*Box).Set method",
        "m.alias m.square.Area interface",
        "m.apply m.function.func1 function-value",
        "m.call m.(*circle).Area interface",
        "m.call m.square.Area interface",
        "m.explicit m.call static",
        "m.function m.apply static",
        "m.function.func1 m.square.Area interface",
        "m.inferred m.call static",
        "m.keep m.square.Area interface",
        "m.listed m.(*circle).Area interface",
        "m.mapped m.keep static",
        "m.unseen m.zero static",
        "m.zero m.square.Area interface",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn ranges_over_functions_and_results_of_several_values() {
    let found = of_file(
        "ranges",
        "
func all(yield func(int, shape) bool) {
	if !yield(0, square{}) {
		return
	}
	leaf()
}

func pair() (shape, error) { return &circle{}, nil }

func ranged()  { for _, s := range all { s.Area() } }
func several() { s, err := pair(); _ = err; s.Area() }
func passed(s shape, _ error) { s.Area() }
func through() { passed(pair()) }
func switched(s shape) {
	switch s := s.(type) {
	case square:
		s.Area()
	case interface{ Area() int }:
		s.Area()
	}
}
func start() { switched(&circle{}) }
",
    );
    let wanted = [
        "m.all m.leaf static",
        "m.all m.ranged-range1 function-value",
        "m.passed m.(*circle).Area interface",
        "m.ranged m.all function-value",
        "m.ranged-range1 m.square.Area interface",
        "m.several m.(*circle).Area interface",
        "m.several m.pair static",
        "m.start m.switched static",
        "m.switched m.(*circle).Area interface",
        "m.switched m.square.Area method",
        "m.through m.pair static",
        "m.through m.passed static",
    ];
    assert_eq!(found, wanted);
}
