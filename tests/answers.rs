//! `outlive explain` on small programs, each with a report that has one difficulty: what it must answer follows from
//! the Go code.

use serde_json::Value;

use super::{Scratch, json, outlive, text};

/// A stack of a report: functions with the line that holds a mark, or frames of libraries as they are.
pub(super) type Stack<'a> = &'a [(&'a str, &'a str)];

/// A one-file program and the report of a race in it. Lines are named by what they hold.
pub(super) struct Case<'a> {
    pub(super) file: &'a str,
    pub(super) go: &'a str,
    pub(super) accesses: [(&'a str, &'a str, Stack<'a>); 2],
    pub(super) created: &'a [(&'a str, Stack<'a>)],
}

impl Case<'_> {
    /// The line of the program that holds a mark.
    pub(super) fn line(&self, mark: &str) -> usize {
        let found: Vec<usize> =
            (1..).zip(self.go.lines()).filter(|(_, l)| l.contains(mark)).map(|(at, _)| at).collect();
        assert_eq!(found.len(), 1, "one line holds {mark}: {found:?}\n{}", self.go);
        found[0]
    }

    fn stack(&self, frames: Stack<'_>) -> String {
        let frame = |(function, at): &(&str, &str)| match at.starts_with(['/', '<']) {
            true => format!("  {function}()\n      {at} +0x1c\n"),
            false => format!("  example.com/m.{function}()\n      /ci/m/{}:{} +0x1c\n", self.file, self.line(at)),
        };
        frames.iter().map(frame).collect()
    }

    fn report(&self) -> String {
        let [first, second] = &self.accesses;
        let mut out = format!(
            "==================\nWARNING: DATA RACE\n{} at 0x00c000012345 by {}:\n{}\nPrevious {} at 0x00c000012345 by {}:\n{}",
            first.0,
            first.1,
            self.stack(first.2),
            second.0.to_lowercase(),
            second.1,
            self.stack(second.2)
        );
        for (goroutine, stack) in self.created {
            out += &format!("\nGoroutine {goroutine} (running) created at:\n{}", self.stack(stack));
        }
        out + "==================\n"
    }

    /// What is said of the report in the program it is of.
    pub(super) fn answer(&self, name: &str) -> Value {
        self.answer_in(name, self.go)
    }

    /// What is said of the report in another revision of the program.
    pub(super) fn answer_in(&self, name: &str, go: &str) -> Value {
        let scratch = Scratch::new(name);
        scratch.write("go.mod", "module example.com/m\n\ngo 1.21\n");
        scratch.write(self.file, go);
        scratch.write("report.txt", self.report());
        let report = format!("{}/report.txt", scratch.path());
        let answer = outlive(&["explain", &report, "--repo", scratch.path(), "--format", "json"]);
        assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
        json(&answer)["reports"][0].clone()
    }
}

#[track_caller]
pub(super) fn says(report: &Value, location: &str, verdict: &str, join: &str) {
    assert_eq!(report["location"]["name"], location, "{report:#}");
    assert_eq!(report["verdict"], verdict, "{report:#}");
    assert_eq!(report["explanations"][0]["join"]["status"], join, "{report:#}");
}

const RUNNER: (&str, &str) = ("testing.tRunner", "/go/src/testing/testing.go:1595");
const LOGS: [(&str, &str); 3] = [
    ("testing.(*common).logDepth", "/go/src/testing/testing.go:1036"),
    ("testing.(*common).log", "/go/src/testing/testing.go:1029"),
    ("testing.(*common).Log", "/go/src/testing/testing.go:1070"),
];

fn late_log(go: &str) -> Case<'_> {
    Case {
        file: "a_test.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[LOGS[0], LOGS[1], LOGS[2], ("TestA.func1", "t.Log")]),
            ("Write", "goroutine 7", &[("testing.tRunner.func1", "/go/src/testing/testing.go:1500"), RUNNER]),
        ],
        created: &[("9", &[("TestA", "go func"), RUNNER])],
    }
}

#[test]
fn a_test_that_is_over_is_the_other_side() {
    let go = "package m\n\nimport (\n\t\"sync\"\n\t\"testing\"\n)\n\nvar _ sync.Mutex\n\nfunc TestA(t *testing.T) {\n\tgo func() {\n\t\t\
              t.Log(\"late\")\n\t}()\n}\n";
    let answer = late_log(go).answer("test-end");
    says(&answer, "testing.T", "lifetime", "missing");
    assert_eq!(answer["explanations"][0]["rule"], "test-outlived");
    assert_eq!(answer["blame"]["leaked_by"], "TestA");
    // The same test once it waits, the wait being registered before the start.
    let waits = go.replace(
        "\tgo func() {\n\t\tt.Log(\"late\")\n",
        "\tvar wg sync.WaitGroup\n\twg.Add(1)\n\tdefer wg.Wait()\n\tgo func() {\n\t\tdefer wg.Done()\n\t\tt.Log(\"late\")\n",
    );
    says(&late_log(&waits).answer("test-end-ok"), "testing.T", "lifetime", "none-needed");
}

const CHANNELS: &str = "package m\n\ntype q struct {\n\tdone chan struct{}\n\tpool []int\n}\n\nfunc (q *q) run() {\n\tselect {\n\tcase \
                        <-q.done:\n\tdefault:\n\t}\n\t_ = q.pool[0]\n}\n\nfunc (q *q) Close() {\n\tclose(q.done)\n\tq.pool = nil\n}\n\n\
                        func start() {\n\tq := &q{done: make(chan struct{}), pool: []int{1}}\n\tgo q.run()\n\tq.Close()\n}\n";

#[test]
fn only_the_runtime_closes_channels() {
    // The line printed is that of the close, as after an edit: only the missing frame of the runtime tells.
    let case = Case {
        file: "a.go",
        go: CHANNELS,
        accesses: [
            ("Read", "goroutine 9", &[("(*q).run", "q.pool[0]")]),
            ("Write", "main goroutine", &[("(*q).Close", "close(q.done)"), ("start", "q.Close()")]),
        ],
        created: &[("9", &[("start", "go q.run()")])],
    };
    says(&case.answer("close"), "q.pool", "lifetime", "missing");
}

#[test]
fn a_wait_that_comes_later_on_the_stack_is_late() {
    let go = "package m\n\nimport \"sync\"\n\ntype s struct {\n\twg   sync.WaitGroup\n\trows []int\n}\n\nfunc (s *s) run() {\n\tdefer \
              s.wg.Done()\n\t_ = s.rows[0]\n}\n\nfunc (s *s) drop() {\n\ts.rows = nil\n}\n\nfunc start() {\n\ts := &s{}\n\ts.wg.Add(1)\n\tgo \
              s.run()\n\ts.stop()\n}\n\nfunc (s *s) stop() {\n\ts.drop()\n\ts.wg.Wait()\n}\n";
    let mut case = Case {
        file: "a.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[("(*s).run", "s.rows[0]")]),
            (
                "Write",
                "main goroutine",
                &[("(*s).drop", "s.rows = nil"), ("(*s).stop", "s.drop()"), ("start", "s.stop()")],
            ),
        ],
        created: &[("9", &[("start", "go s.run()")])],
    };
    says(&case.answer("late"), "s.rows", "lifetime", "late");
    let mended = go.replace("\ts.drop()\n\ts.wg.Wait()\n", "\ts.wg.Wait()\n\ts.drop()\n");
    case.go = &mended;
    says(&case.answer("late-ok"), "s.rows", "lifetime", "none-needed");
}

#[test]
fn a_wait_for_an_earlier_goroutine_covers_nothing() {
    let go = "package m\n\nimport \"sync\"\n\ntype s struct {\n\twg   sync.WaitGroup\n\trows []int\n}\n\nfunc (s *s) run() {\n\tdefer \
              s.wg.Done()\n\t_ = s.rows[0]\n}\n\nfunc (s *s) begin() {\n\ts.wg.Add(1)\n\tgo s.run()\n}\n\nfunc start(s *s) {\n\ts.wg.Wait()\n\t\
              s.begin()\n\ts.rows = nil\n}\n";
    let case = Case {
        file: "a.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[("(*s).run", "s.rows[0]")]),
            ("Write", "main goroutine", &[("start", "s.rows = nil")]),
        ],
        created: &[("9", &[("(*s).begin", "go s.run()"), ("start", "s.begin()")])],
    };
    says(&case.answer("earlier"), "s.rows", "lifetime", "missing");
}

#[test]
fn a_part_of_a_struct_is_the_struct() {
    let go = "package m\n\ntype peer struct{ id, address string }\n\ntype r struct{ peer peer }\n\nfunc (r *r) run() {\n\tprintln(r.peer.id)\n}\n\n\
              func start(next peer) {\n\tr := &r{}\n\tgo r.run()\n\tr.peer = next\n}\n";
    let case = Case {
        file: "a.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[("(*r).run", "println")]),
            ("Write", "main goroutine", &[("start", "r.peer = next")]),
        ],
        created: &[("9", &[("start", "go r.run()")])],
    };
    assert_eq!(case.answer("part")["location"]["name"], "r.peer");
}

#[test]
fn an_access_of_several_lines_stays_where_it_was_printed() {
    let go = "package m\n\ntype r struct{ rows []int }\n\nfunc index(at int) int { return at }\n\nfunc (r *r) run() {\n\t\
              println(r.rows[index(\n\t\t1,\n\t)])\n}\n\nfunc start() {\n\tr := &r{}\n\tgo r.run()\n\tr.rows = nil\n}\n";
    let case = Case {
        file: "a.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[("(*r).run", "\t)])")]),
            ("Write", "main goroutine", &[("start", "r.rows = nil")]),
        ],
        created: &[("9", &[("start", "go r.run()")])],
    };
    let answer = case.answer("lines");
    let resolved = &answer["accesses"][0]["frames"][0]["resolved"];
    assert_eq!((&resolved["line"], &resolved["drift"]), (&case.line("\t)])").into(), &0.into()), "{answer:#}");
}

#[test]
fn a_counter_is_what_the_runtime_says() {
    let go = "package m\n\nimport \"sync\"\n\ntype s struct {\n\twg   sync.WaitGroup\n\tquit chan struct{}\n}\n\nfunc (s *s) run() {\n\t\
              s.wg.Add(1)\n\tdefer s.wg.Done()\n\t<-s.quit\n}\n\nfunc (s *s) Start() {\n\tgo s.run()\n}\n\nfunc (s *s) Stop() {\n\t\
              close(s.quit)\n\ts.wg.Wait()\n}\n";
    let add = [
        ("internal/race.Read", "/go/src/internal/race/race.go:37"),
        ("sync.(*WaitGroup).Add", "/go/src/sync/waitgroup.go:71"),
    ];
    let wait = [
        ("internal/race.Write", "/go/src/internal/race/race.go:41"),
        ("sync.(*WaitGroup).Wait", "/go/src/sync/waitgroup.go:128"),
    ];
    let case = Case {
        file: "a.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[add[0], add[1], ("(*s).run", "s.wg.Add(1)")]),
            ("Write", "main goroutine", &[wait[0], wait[1], ("(*s).Stop", "s.wg.Wait()")]),
        ],
        created: &[("9", &[("(*s).Start", "go s.run()")])],
    };
    let answer = case.answer("counter");
    assert_eq!(answer["location"]["name"], "s.wg");
    assert_eq!(answer["explanations"][0]["rule"], "waitgroup-add-races-wait");
}

const HELD: &str = "package m\n\nimport \"sync\"\n\ntype vars struct{ ctx *int }\n\ntype worker struct {\n\twg   sync.WaitGroup\n\tvars *vars\n}\n\n\
                    func (w *worker) Next() error {\n\tw.wg.Add(1)\n\tgo w.fetch()\n\treturn nil\n}\n\nfunc (w *worker) fetch() {\n\tdefer \
                    w.wg.Done()\n\t_ = *w.vars.ctx\n}\n\nfunc (w *worker) Close() { w.wg.Wait() }\n\ntype executor interface {\n\tNext() \
                    error\n\tClose()\n}\n\ntype explain struct{ inner executor }\n\nfunc (e *explain) run() error {\n\tif err := \
                    e.inner.Next(); err != nil {\n\t\treturn err\n\t}\n\te.inner.Close()\n\treturn nil\n}\n\nfunc reset(v *vars) {\n\tv.ctx = \
                    new(int)\n}\n\nfunc session(v *vars) {\n\tfor {\n\t\treset(v)\n\t\te := &explain{inner: &worker{vars: v}}\n\t\tif \
                    e.run() != nil {\n\t\t\tcontinue\n\t\t}\n\t}\n}\n";

#[test]
fn the_holder_of_the_owner_is_found_outwards() {
    let mut case = Case {
        file: "a.go",
        go: HELD,
        accesses: [
            ("Read", "goroutine 9", &[("(*worker).fetch", "*w.vars.ctx")]),
            ("Write", "main goroutine", &[("reset", "v.ctx ="), ("session", "reset(v)")]),
        ],
        created: &[(
            "9",
            &[("(*worker).Next", "go w.fetch()"), ("(*explain).run", "e.inner.Next()"), ("session", "e.run()")],
        )],
    };
    let answer = case.answer("held");
    says(&answer, "vars.ctx", "lifetime", "skipped");
    let skipped = &answer["explanations"][0]["join"]["skipped_at"][0];
    assert_eq!(skipped["line"], case.line("return err"), "{answer:#}");
    let mended = HELD
        .replace("error {\n\tif err", "error {\n\tdefer e.inner.Close()\n\tif err")
        .replace("\te.inner.Close()\n\treturn", "\treturn");
    assert_ne!(mended, HELD);
    case.go = &mended;
    says(&case.answer("held-ok"), "vars.ctx", "lifetime", "none-needed");
}

/// A counter that is raised in a loop while somebody may wait; nobody saw who called the library.
const COUNTED: &str = r#"package m

import "sync"

type pool struct {
	jobs chan int
	wg   sync.WaitGroup
}

func newPool() *pool {
	p := &pool{jobs: make(chan int)}
	go p.accept()
	return p
}

func (p *pool) accept() {
	for range p.jobs {
		p.wg.Add(1)
		go p.work()
	}
}

func (p *pool) work() {
	defer p.wg.Done()
}

func (p *pool) Close() {
	close(p.jobs)
	p.wg.Wait()
}

func run() {
	p := newPool()
	p.Close()
}
"#;

fn counted(go: &str) -> Case<'_> {
    Case {
        file: "a.go",
        go,
        accesses: [
            ("Write", "main goroutine", &[("runtime.racewrite", "<autogenerated>:1"), ("run", "p.Close()")]),
            ("Read", "goroutine 9", &[("runtime.raceread", "<autogenerated>:1"), ("newPool.gowrap1", "go p.accept()")]),
        ],
        created: &[("9", &[("newPool", "go p.accept()")])],
    }
}

#[test]
fn who_raised_a_counter_and_who_waited_is_put_back() {
    let case = counted(COUNTED);
    let answer = case.answer("left-out");
    says(&answer, "pool.wg", "lifetime", "missing");
    assert_eq!(answer["explanations"][0]["rule"], "waitgroup-add-races-wait");
    for (at, function, mark) in [(0, "(*pool).Close", "p.wg.Wait()"), (1, "(*pool).accept", "p.wg.Add(1)")] {
        let frame = &answer["accesses"][at]["frames"][1];
        assert_eq!(frame["left_out"], true, "{answer:#}");
        assert_eq!(frame["function"], format!("example.com/m.{function}"), "{answer:#}");
        assert_eq!(frame["line"], case.line(mark), "{answer:#}");
    }
    // Either of two lines may be meant.
    let two =
        COUNTED.replace("\tfor range p.jobs {\n", "\tp.wg.Add(1) // itself\n\tdefer p.work()\n\tfor range p.jobs {\n");
    let answer = counted(&two).answer("left-out-of-two");
    assert_eq!(answer["accesses"][1]["frames"][1]["left_out"], Value::Null, "{answer:#}");
}

#[test]
fn the_body_of_a_goroutine_is_put_back_by_its_start() {
    let go = COUNTED.replace("go p.accept()", "go func() {\n\t\tp.wg.Add(1) // here\n\t\tp.accept()\n\t}()");
    let case = Case {
        accesses: [
            ("Write", "main goroutine", &[("runtime.racewrite", "<autogenerated>:1"), ("run", "p.Close()")]),
            ("Read", "goroutine 9", &[("runtime.raceread", "<autogenerated>:1")]),
        ],
        created: &[("9", &[("newPool", "go func")])],
        ..counted(&go)
    };
    let answer = case.answer("left-out-body");
    let frame = &answer["accesses"][1]["frames"][1];
    assert_eq!(frame["function"], "example.com/m.newPool.func1", "{answer:#}");
    assert_eq!(frame["line"], case.line("// here"), "{answer:#}");
}

/// A counter that a callback raises; the test waits in a function that is inlined in it.
const CALLED_BACK: &str = r#"package m

import (
	"sync"
	"testing"
)

type watcher struct {
	changes  chan int
	onChange func(int)
}

func watch(onChange func(int)) *watcher {
	w := &watcher{changes: make(chan int, 1), onChange: onChange}
	go w.run()
	return w
}

func (w *watcher) run() {
	for change := range w.changes {
		w.onChange(change)
	}
}

type pool struct {
	passwords *watcher
	closing   sync.WaitGroup
}

func newPool() *pool {
	p := &pool{}
	p.passwords = watch(p.changed)
	return p
}

func (p *pool) changed(password int) {
	p.closing.Go(func() {
		println(password)
	})
}

func (p *pool) Close() {
	close(p.passwords.changes)
	p.closing.Wait()
}

func TestPool(t *testing.T) {
	p := newPool()
	p.passwords.changes <- 1
	p.Close()
}
"#;

#[test]
fn a_test_above_its_runner_is_put_back() {
    let case = Case {
        file: "a_test.go",
        go: CALLED_BACK,
        accesses: [
            ("Write", "goroutine 8", &[("runtime.racewrite", "<autogenerated>:1"), RUNNER]),
            (
                "Read",
                "goroutine 9",
                &[
                    ("runtime.raceread", "<autogenerated>:1"),
                    ("(*watcher).run", "w.onChange(change)"),
                    ("watch.gowrap1", "go w.run()"),
                ],
            ),
        ],
        created: &[
            ("8", &[("testing.(*T).Run", "/go/src/testing/testing.go:2101")]),
            ("9", &[("watch", "go w.run()"), ("newPool", "watch(p.changed)"), ("TestPool", "p := newPool()"), RUNNER]),
        ],
    };
    let answer = case.answer("left-out-test");
    says(&answer, "pool.closing", "lifetime", "missing");
    let put_back = [
        (0, 1, "(*pool).Close", "p.closing.Wait()"),
        (0, 2, "TestPool", "p.Close()"),
        (1, 1, "(*pool).changed", "p.closing.Go("),
    ];
    for (at, frame, function, mark) in put_back {
        let frame = &answer["accesses"][at]["frames"][frame];
        assert_eq!(frame["left_out"], true, "{answer:#}");
        assert_eq!(frame["function"], format!("example.com/m.{function}"), "{answer:#}");
        assert_eq!(frame["line"], case.line(mark), "{answer:#}");
    }
    // Not inlined, the method value has a frame of its own.
    let called = [
        ("runtime.raceread", "<autogenerated>:1"),
        ("(*pool).changed-fm", "<autogenerated>:1"),
        ("(*watcher).run", "w.onChange(change)"),
    ];
    let value = Case { accesses: [case.accesses[0], ("Read", "goroutine 9", &called)], ..case };
    let answer = value.answer("left-out-method-value");
    says(&answer, "pool.closing", "lifetime", "missing");
    assert_eq!(answer["accesses"][1]["frames"][1]["line"], value.line("p.closing.Go("), "{answer:#}");
    // Nothing says which test it is.
    let case = Case { created: &[case.created[0], ("9", &[("watch", "go w.run()")])], ..case };
    assert_eq!(case.answer("left-out-of-tests")["accesses"][0]["frames"][1]["left_out"], Value::Null);
}

/// Whoever waits for a counter starts before it is raised.
const WAITER_FIRST: &str = r#"package m

import "sync"

type process struct {
	readers sync.WaitGroup
	ended   chan bool
}

func (p *process) start() {
	go func() {
		p.readers.Wait()
		p.ended <- true
	}()
	p.readers.Add(1) // late
	go p.read()
}

func (p *process) read() {
	defer p.readers.Done()
}
"#;

#[test]
fn who_waits_already_is_told_of_who_raises() {
    let case = Case {
        file: "a.go",
        go: WAITER_FIRST,
        accesses: [
            (
                "Read",
                "main goroutine",
                &[("runtime.raceread", "<autogenerated>:1"), ("(*process).start", "p.readers.Add(1)")],
            ),
            ("Write", "goroutine 9", &[("runtime.racewrite", "<autogenerated>:1")]),
        ],
        created: &[("9", &[("(*process).start", "go func() {")])],
    };
    let answer = case.answer("waits-already");
    says(&answer, "process.readers", "lifetime", "missing");
    assert_eq!(answer["explanations"][0]["rule"], "waitgroup-add-races-wait", "{answer:#}");
    // Raised before the waiter starts.
    let go = WAITER_FIRST
        .replace("\tp.readers.Add(1) // late\n", "")
        .replace("start() {\n", "start() {\n\tp.readers.Add(1)\n");
    assert_ne!(case.answer_in("waits-later", &go)["verdict"], "lifetime");
}

#[test]
fn a_panic_of_the_testing_package_is_explained() {
    let scratch = Scratch::new("after-test");
    let go = "package m\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestA(t *testing.T) {\n\ttime.AfterFunc(time.Second, func() {\n\t\t\
              t.Log(\"late\")\n\t})\n}\n";
    scratch.write("go.mod", "module example.com/m\n\ngo 1.21\n");
    scratch.write("a_test.go", go);
    let panic = "PASS\npanic: Log in goroutine after TestA has completed: late\n\n\ngoroutine 9 [running]:\n\
                 testing.(*common).log(0xc000140248, {0xc000096020, 0x4})\n\t/go/src/testing/testing.go:1039 +0x1df\n\
                 example.com/m.TestA.func1()\n\t/ci/m/a_test.go:10 +0x66\n\
                 created by time.goFunc\n\t/go/src/time/sleep.go:215 +0x45\n";
    scratch.write("report.txt", panic);
    let report = format!("{}/report.txt", scratch.path());
    let answer = outlive(&["explain", &report, "--repo", scratch.path(), "--format", "json"]);
    assert_eq!(answer.status.code(), Some(0), "{}", text(&answer.stderr));
    let answer = &json(&answer)["panics"][0];
    says(answer, "testing.T", "lifetime", "missing");
    assert_eq!(answer["title"], "panic: Log in goroutine after TestA has completed");
    assert_eq!(answer["explanations"][0]["rule"], "test-outlived");
}
