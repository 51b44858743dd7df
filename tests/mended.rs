//! `outlive explain` before and after a fix: the report is of the one revision, the checkout of the other.

use serde_json::Value;

use super::answers::{Case, says};

#[track_caller]
fn is_gone(report: &Value, location: &str, kind: &str) {
    assert_eq!(report["location"]["name"], location, "{report:#}");
    assert_eq!(report["verdict"], "unsynchronised", "{report:#}");
    assert_eq!(report["race"]["kind"], kind, "{report:#}");
    assert_eq!(report["explanations"].as_array().map(Vec::len), Some(0), "{report:#}");
}

/// The same text with one part of it replaced, which it has exactly once.
#[track_caller]
fn with(go: &str, part: &str, by: &str) -> String {
    assert_eq!(go.matches(part).count(), 1, "{part} in\n{go}");
    go.replace(part, by)
}

/// The same text a line further down, as in another revision.
fn moved(go: &str) -> String {
    format!("// A comment.\n{go}")
}

const LOCKED: &str = r"package m

import ``sync``

type peer struct {
	name string
}

type follower struct {
	mu   sync.RWMutex
	peer *peer
}

func (f *follower) run() {
	println(f.peer)
}

func start(f *follower, next *peer) {
	go f.run()
	f.peer = next
}
";

/// The race of [`LOCKED`], with `go` as its text.
fn locked(go: &str) -> Case<'_> {
    Case {
        file: "a.go",
        go,
        accesses: [
            ("Read", "goroutine 9", &[("(*follower).run", "println")]),
            ("Write", "main goroutine", &[("start", "f.peer = next")]),
        ],
        created: &[("9", &[("start", "go f.run()")])],
    }
}

#[test]
fn a_lock_that_both_sides_hold_by_now_ends_the_race() {
    let go = LOCKED.replace("``", "\"");
    let case = locked(&go);
    says(&case.answer("lock-none"), "follower.peer", "lifetime", "missing");
    let one = with(&go, "\tprintln(f.peer)\n", "\tf.mu.RLock()\n\tprintln(f.peer)\n\tf.mu.RUnlock()\n");
    let answer = case.answer_in("lock-one", &one);
    says(&answer, "follower.peer", "lifetime", "missing");
    let both = with(&one, "\tf.peer = next\n", "\tf.mu.Lock()\n\tf.peer = next\n\tf.mu.Unlock()\n");
    is_gone(&case.answer_in("lock-both", &both), "follower.peer", "guarded");
    // Of this very revision the report is the proof that the lock is not one: it belongs to a copy, or to another object.
    let same = Case { go: &both, ..case };
    says(&same.answer("lock-same"), "follower.peer", "lifetime", "missing");
}

const ORDER: &str = r"package m

type domain struct {
	handle *int
}

func (d *domain) loop() {
	println(d.handle)
}

func (d *domain) load() {
	d.handle = new(int)
}

func (d *domain) update() {
	go d.loop()
}

func boot(d *domain) {
	d.update()
	d.load()
}
";

#[test]
fn a_change_that_comes_before_the_start_by_now_ends_the_race() {
    let case = Case {
        file: "a.go",
        go: ORDER,
        accesses: [
            ("Read", "goroutine 9", &[("(*domain).loop", "println")]),
            ("Write", "main goroutine", &[("(*domain).load", "d.handle ="), ("boot", "d.load()")]),
        ],
        created: &[("9", &[("(*domain).update", "go d.loop()"), ("boot", "d.update()")])],
    };
    says(&case.answer("order"), "domain.handle", "lifetime", "missing");
    let swapped = with(ORDER, "\td.update()\n\td.load()\n", "\td.load()\n\td.update()\n");
    is_gone(&case.answer_in("order-swapped", &swapped), "domain.handle", "ordered");
    // In a loop the change of the next round still comes after the start.
    let looped = with(ORDER, "\td.update()\n\td.load()\n", "\tfor {\n\t\td.load()\n\t\td.update()\n\t}\n");
    says(&case.answer_in("order-looped", &looped), "domain.handle", "lifetime", "missing");
    // So does one that is put off to the end.
    let deferred = with(ORDER, "\td.update()\n\td.load()\n", "\tdefer d.load()\n\td.update()\n");
    says(&case.answer_in("order-deferred", &deferred), "domain.handle", "lifetime", "missing");
    // A report whose change came first is about the next round, wherever that begins.
    let again = Case { go: &swapped, ..case };
    says(&again.answer_in("order-again", &moved(&swapped)), "domain.handle", "lifetime", "missing");
}

const ROUNDS: &str = r"package m

type join struct {
	table  map[string]int
	closed chan struct{}
}

func (j *join) Close() {
	<-j.closed
}

func (j *join) prepare() {
	j.closed = make(chan struct{})
	j.table = map[string]int{}
	go j.finish()
}

func (j *join) finish() {
	close(j.closed)
	j.table = nil
}

func (j *join) Next() {
	j.prepare()
}
";

#[test]
fn the_method_that_ends_a_round_is_on_neither_stack() {
    let case = Case {
        file: "a.go",
        go: ROUNDS,
        accesses: [
            ("Write", "goroutine 9", &[("(*join).finish", "j.table = nil")]),
            ("Write", "main goroutine", &[("(*join).prepare", "j.table = map"), ("(*join).Next", "j.prepare()")]),
        ],
        created: &[("9", &[("(*join).prepare", "go j.finish()"), ("(*join).Next", "j.prepare()")])],
    };
    let answer = case.answer("rounds");
    says(&answer, "join.table", "lifetime", "late");
    assert_eq!(answer["explanations"][0]["rule"], "signal-before-last-access");
    assert_eq!(answer["explanations"][0]["join"]["joined_by"]["line"], case.line("<-j.closed"));
    let last = "\tj.table = nil\n\tclose(j.closed)\n";
    let mended = with(ROUNDS, "\tclose(j.closed)\n\tj.table = nil\n", last);
    says(&case.answer_in("rounds-mended", &mended), "join.table", "lifetime", "none-needed");
    // A method that may return without the wait covers nothing.
    let skips =
        with(&mended, "Close() {\n", "Close() {\n\tif j.table == nil {\n\t\tclose(j.closed)\n\t\treturn\n\t}\n");
    says(&case.answer_in("rounds-skips", &skips), "join.table", "lifetime", "missing");
    // Nor does one that is not of the object.
    let foreign = with(&mended, "func (j *join) Close() {\n", "func closeIt(j *join) {\n");
    says(&case.answer_in("rounds-foreign", &foreign), "join.table", "lifetime", "missing");
}

const COUNTED: &str = r"package m

type vars struct {
	ctx *int
}

type task struct {
	vars *vars
}

func worker(tasks chan task, results chan int) {
	for t := range tasks {
		results <- *t.vars.ctx
	}
}

func reset(v *vars) {
	v.ctx = new(int)
}

func analyze(v *vars, all []task) {
	tasks := make(chan task, len(all))
	results := make(chan int, len(all))
	for i := 0; i < 4; i++ {
		go worker(tasks, results)
	}
	for _, t := range all {
		tasks <- t
	}
	close(tasks)
	for i := 0; i < len(all); i++ {
		<-results
		reset(v)
	}
}
";

#[test]
fn results_that_are_counted_are_a_join() {
    let case = Case {
        file: "a.go",
        go: COUNTED,
        accesses: [
            ("Read", "goroutine 9", &[("worker", "*t.vars.ctx")]),
            ("Write", "main goroutine", &[("reset", "v.ctx ="), ("analyze", "reset(v)")]),
        ],
        created: &[("9", &[("analyze", "go worker")])],
    };
    let answer = case.answer("counted");
    says(&answer, "vars.ctx", "lifetime", "late");
    assert_eq!(answer["explanations"][0]["join"]["joined_by"]["line"], case.line("<-results"));
    let mended = with(COUNTED, "\t\treset(v)\n\t}\n", "\t}\n\treset(v)\n");
    says(&case.answer_in("counted-mended", &mended), "vars.ctx", "lifetime", "none-needed");
    // Fewer results than pieces of work, a way out of the loop, work that goes on behind the result: none waits for all.
    let fewer = with(&mended, "i < len(all)", "i < 2");
    says(&case.answer_in("counted-fewer", &fewer), "vars.ctx", "lifetime", "missing");
    let left = with(&mended, "\t\t<-results\n", "\t\tif <-results == 0 {\n\t\t\tbreak\n\t\t}\n");
    says(&case.answer_in("counted-left", &left), "vars.ctx", "lifetime", "missing");
    let behind = with(&mended, "results <- *t.vars.ctx\n", "results <- 1\n\t\tprintln(*t.vars.ctx)\n");
    let behind =
        Case { go: &behind, accesses: [("Read", "goroutine 9", &[("worker", "println")]), case.accesses[1]], ..case };
    says(&behind.answer("counted-behind"), "vars.ctx", "lifetime", "missing");
}

const OPTION: &str = r"package m

type conn struct {
	logger *int
}

func (c *conn) loop() {
	println(c.logger)
}

func (c *conn) setLogger(to *int) {
	c.logger = to
}

func connect(options ...func(*conn)) *conn {
	c := &conn{}
	for _, option := range options {
		option(c)
	}
	go c.loop()
	return c
}

func discover(to *int) {
	c := connect() // here
	c.setLogger(to)
}
";

#[test]
fn a_change_that_another_function_makes_by_now_is_found() {
    let case = Case {
        file: "a.go",
        go: OPTION,
        accesses: [
            ("Read", "goroutine 9", &[("(*conn).loop", "println")]),
            ("Write", "main goroutine", &[("(*conn).setLogger", "c.logger = to"), ("discover", "c.setLogger(to)")]),
        ],
        created: &[("9", &[("connect", "go c.loop()"), ("discover", "connect() // here")])],
    };
    says(&case.answer("option"), "conn.logger", "lifetime", "missing");
    let first = "\tconnect(func(c *conn) {\n\t\tc.setLogger(to)\n\t})\n";
    let mended = with(OPTION, "\tc := connect() // here\n\tc.setLogger(to)\n", first);
    is_gone(&case.answer_in("option-first", &moved(&mended)), "conn.logger", "ordered");
    // An option that is applied after the start is as late as before.
    let loops = "\tfor _, option := range options {\n\t\toption(c)\n\t}\n";
    let late = with(&mended, &format!("{loops}\tgo c.loop()\n"), &format!("\tgo c.loop()\n{loops}"));
    says(&case.answer_in("option-late", &moved(&late)), "conn.logger", "lifetime", "missing");
}

#[test]
fn sides_that_are_atomic_by_now_end_the_race() {
    let go = LOCKED.replace("``", "\"");
    let case = locked(&go);
    let go = with(&go, "import \"sync\"", "import \"sync/atomic\"");
    let go = with(&go, "\tmu   sync.RWMutex\n\tpeer *peer\n", "\tpeer atomic.Pointer[peer]\n");
    let go = with(&go, "println(f.peer)", "println(f.peer.Load())");
    let go = with(&go, "f.peer = next", "f.peer.Store(next)");
    is_gone(&case.answer_in("atomic", &go), "follower.peer", "atomic");
}

const COUNTER: &str = r"package m

import ``sync``

type server struct {
	wg   sync.WaitGroup
	work chan int
}

func (s *server) worker() {
	s.wg.Add(1)
	defer s.wg.Done()
	for range s.work {
	}
}

func (s *server) Start() {
	go s.worker()
}

func (s *server) Stop() {
	close(s.work)
	s.wg.Wait()
}
";

#[test]
fn a_counter_that_is_raised_before_the_start_by_now_is_a_join() {
    const ADD: [(&str, &str); 2] = [
        ("internal/race.Read", "/go/src/internal/race/race.go:37"),
        ("sync.(*WaitGroup).Add", "/go/src/sync/waitgroup.go:71"),
    ];
    const WAIT: [(&str, &str); 2] = [
        ("internal/race.Write", "/go/src/internal/race/race.go:41"),
        ("sync.(*WaitGroup).Wait", "/go/src/sync/waitgroup.go:128"),
    ];
    let go = COUNTER.replace("``", "\"");
    let case = Case {
        file: "a.go",
        go: &go,
        accesses: [
            ("Read", "goroutine 9", &[ADD[0], ADD[1], ("(*server).worker", "s.wg.Add(1)")]),
            ("Write", "main goroutine", &[WAIT[0], WAIT[1], ("(*server).Stop", "s.wg.Wait()")]),
        ],
        created: &[("9", &[("(*server).Start", "go s.worker()")])],
    };
    says(&case.answer("counter"), "server.wg", "lifetime", "missing");
    let mended = with(&go, "\ts.wg.Add(1)\n", "");
    let mended = with(&mended, "\tgo s.worker()\n", "\ts.wg.Add(1)\n\tgo s.worker()\n");
    says(&case.answer_in("counter-before", &moved(&mended)), "server.wg", "lifetime", "none-needed");
    // Who raises it without being one of those it counts races with the wait, too.
    let accepts =
        with(&go, "\tdefer s.wg.Done()\n\tfor range s.work {\n\t}\n", "\tgo func() {\n\t\ts.wg.Done()\n\t}()\n");
    let accepts = Case { go: &accepts, ..case };
    let answer = accepts.answer("counter-accepts");
    says(&answer, "server.wg", "lifetime", "missing");
    assert_eq!(answer["explanations"][0]["rule"], "waitgroup-add-races-wait");
}

const EXITS: &str = r"package m

type stream interface {
	Recv() error
	Done() chan int
}

func transport(s stream) (err error) {
	errc := make(chan error, 1)
	go func() {
		for {
			err = s.Recv()
			if err != nil {
				errc <- err
				return
			}
			if s.Done() == nil {
				errc <- nil
				return
			}
		}
	}()
	select {
	case err = <-errc:
	case <-s.Done():
		err = nil
	}
	return err
}
";

#[test]
fn an_end_that_every_exit_signals_for_itself_is_one() {
    let case = Case {
        file: "a.go",
        go: EXITS,
        accesses: [
            ("Write", "main goroutine", &[("transport", "err = nil")]),
            ("Write", "goroutine 9", &[("transport.func1", "err = s.Recv()")]),
        ],
        created: &[("9", &[("transport", "go func")])],
    };
    let answer = case.answer("exits");
    says(&answer, "err", "lifetime", "skipped");
    assert_eq!(answer["explanations"][0]["join"]["joined_by"]["line"], case.line("err = <-errc"));
    // An exit without the signal, and nobody knows that it is over.
    let silent = with(EXITS, "\t\t\t\terrc <- nil\n\t\t\t\treturn\n", "\t\t\t\treturn\n");
    let silent = Case { go: &silent, ..case };
    says(&silent.answer("exits-silent"), "err", "lifetime", "missing");
    // A variable of its own is not shared; the stream, which both use, is no variable that is written.
    let own = with(EXITS, "err = s.Recv()", "err := s.Recv()");
    let answer = case.answer_in("exits-own", &moved(&own));
    assert_eq!(answer["verdict"], "unknown", "{answer:#}");
}
