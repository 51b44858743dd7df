//! What tells one side that the other has been there, though they wait for each other by no name they share: methods of one
//! object, literals, flags, goroutines of a goroutine, and ways that a condition excludes. Each beside a twin without it.

use crate::{Scratch, certainty::confidence, json, outlive};

#[test]
fn a_goroutine_waits_on_an_object_that_is_left_alone_until_then() {
    let queue = |name: &str, (between, behind): (&str, &str)| {
        let code = format!(
            "
import \"testing\"

type queue struct{{ in, out chan int }}

func (q *queue) In() chan<- int  {{ return q.in }}
func (q *queue) Out() <-chan int {{ return q.out }}

func newQueue(n int) *queue {{
	q := &queue{{in: make(chan int, n)}}
	q.out = q.in
	return q
}}

func TestEmpty(t *testing.T) {{
	for n := range 3 {{
		q, other := newQueue(n), newQueue(n)
		got := false
		go func() {{
			<-q.Out()
			got = true
		}}()
		{between}
		if got {{
			t.Log(\"got what nobody has put in\", other)
		}}
		{behind}
	}}
}}
"
        );
        confidence(name, "got", &code)
    };
    assert_eq!(queue("left-alone", ("", "q.In() <- 1")), "medium");
    assert_eq!(queue("used-between", ("q.In() <- 1", "q.In() <- 1")), "high");
    assert_eq!(queue("another-queue", ("", "other.In() <- 1")), "high");
}

#[test]
fn a_method_waits_for_what_another_method_of_the_object_tells() {
    let runs = |name: &str, (told, waited): (&str, &str)| {
        let code = format!(
            "
type runner struct {{
	stop chan bool
	turn chan int
}}

func (r *runner) Stop() {{
	select {{
	case r.stop <- true:
	default:
	}}
}}

func (r *runner) Run(limit chan bool) {{
	for {{
		select {{
		case <-r.stop:
			return
		case <-limit:
			return
		case <-r.turn:
		}}
	}}
}}

func phases(one, two *runner, limit chan bool, find func() string) string {{
	var found string
	go func() {{
		found = find()
		{told}.Stop()
	}}()
	{waited}.Run(limit)
	go func() {{
		found = find()
	}}()
	return \"\"
}}
"
        );
        confidence(name, "found", &code)
    };
    assert_eq!(runs("one-object", ("one", "one")), "medium");
    assert_eq!(runs("two-objects", ("one", "two")), "high");
}

#[test]
fn who_waits_for_a_counter_only_when_told_that_it_was_raised() {
    let close = |name: &str, (before, behind): (&str, &str)| {
        let code = format!(
            "
import (
	\"sync\"
	\"sync/atomic\"
)

type worker struct {{
	wg     sync.WaitGroup
	closed atomic.Bool
	work   chan int
}}

func newWorker() *worker {{
	w := &worker{{work: make(chan int)}}
	w.closed.Store(true)
	return w
}}

func (w *worker) Start() {{
	{before}
	w.wg.Add(1)
	defer w.wg.Done()
	{behind}
	for range w.work {{
	}}
}}

func (w *worker) Close() {{
	if w.closed.Load() {{
		return
	}}
	close(w.work)
	w.wg.Wait()
}}

func serve(stop chan bool) {{
	w := newWorker()
	go w.Start()
	<-stop
	w.Close()
}}
"
        );
        confidence(name, "wg", &code)
    };
    assert_eq!(close("stored-behind", ("", "w.closed.Store(false)")), "medium");
    assert_eq!(close("stored-before", ("w.closed.Store(false)", "")), "high");
}

#[test]
fn a_literal_that_is_polled_may_have_heard() {
    let poll = |name: &str, asked: &str| {
        let code = format!(
            "
import (
	\"sync/atomic\"
	\"testing\"
	\"time\"
)

var source = \"one\"

type worker struct {{
	waiting, other atomic.Bool
	name           string
}}

func (w *worker) start() {{
	w.name = source
	w.waiting.Store(false)
}}

func until(done func() bool) bool {{
	for !done() {{
		time.Sleep(time.Millisecond)
	}}
	return true
}}

func TestStart(t *testing.T) {{
	w := &worker{{}}
	w.waiting.Store(true)
	go func() {{
		w.start()
	}}()
	if !until(func() bool {{ return !w.{asked}.Load() }}) {{
		t.Fatal(\"not started\")
	}}
	source = \"two\"
}}
"
        );
        confidence(name, "source", &code)
    };
    assert_eq!(poll("asks", "waiting"), "medium");
    assert_eq!(poll("asks-another", "other"), "high");
}

#[test]
fn a_literal_may_have_received_what_it_says() {
    let asked = |name: &str, (told, heard): (&str, &str)| {
        let code = format!(
            "
func compacted(compact func() error, state func() string) string {{
	var s string
	done, other := make(chan error, 1), make(chan error, 1)
	go func() {{
		if err := compact(); err != nil {{
			return
		}}
		s = state()
		{told} <- nil
	}}()
	over := func() bool {{
		select {{
		case <-{heard}:
			return true
		default:
			return false
		}}
	}}
	if over() {{
		return s
	}}
	return \"\"
}}
"
        );
        confidence(name, "s", &code)
    };
    assert_eq!(asked("literal", ("done", "done")), "medium");
    assert_eq!(asked("another-channel", ("other", "done")), "high");
}

#[test]
fn what_a_goroutine_starts_may_tell_for_it() {
    let publish = |name: &str, (before, behind): (&str, &str)| {
        let code = format!(
            "
import \"sync\"

func publish(n int, send func(int)) []int {{
	var sent []int
	var wg sync.WaitGroup
	wg.Add(n)
	go func() {{
		for i := range n {{
			{before}
			sent = append(sent, i)
			{behind}
		}}
	}}()
	wg.Wait()
	return sent
}}
"
        );
        confidence(name, "sent", &code)
    };
    let child = "go func() { send(i); wg.Done() }()";
    assert_eq!(publish("behind", ("", child)), "medium");
    assert_eq!(publish("nobody", ("", "send(i)")), "high");
}

#[test]
fn who_heard_the_close_may_take_the_channel_away() {
    let closed = |name: &str, heard: &str| {
        let code = format!(
            "
type broker struct {{
	done, other chan bool
	stopped     bool
}}

func (b *broker) run(work func()) {{
	work()
	close(b.done)
}}

func (b *broker) Close() {{
	<-b.{heard}
	b.done = nil
}}

func open(b *broker, work func()) {{
	b.done = make(chan bool)
	go b.run(work)
	go b.Close()
}}
"
        );
        confidence(name, "done", &code)
    };
    assert_eq!(closed("heard", "done").matches("high").count(), 0);
    assert_ne!(closed("heard-another", "other"), "");
}

#[test]
fn a_server_is_asked_when_somebody_asks_it() {
    let served = |name: &str, step: &str| {
        let code = format!(
            "
import \"time\"

var limit int

func serve(answer func()) {{
	for {{
		time.Sleep(time.Second)
		answer()
	}}
}}

func one() {{ {step} }}

func two() {{ three() }}

func three() {{ println(limit) }}

func Start() {{
	go func() {{
		one()
	}}()
	limit = 3
}}
"
        );
        confidence(name, "limit", &code)
    };
    assert_eq!(served("near", "three()"), "high");
    assert_eq!(served("far", "two()"), "medium");
}

#[test]
fn what_is_deferred_comes_behind_what_was_heard() {
    let restores = |name: &str, wait: &str| {
        let code = format!(
            "
import (
	\"testing\"
	\"time\"
)

var interval = time.Second

func tick(stop chan bool) {{
	for {{
		select {{
		case <-time.After(interval):
		case <-stop:
			return
		}}
	}}
}}

func TestTick(t *testing.T) {{
	old := interval
	defer func() {{ interval = old }}()
	stop, over := make(chan bool), make(chan bool)
	go func() {{
		tick(stop)
		over <- true
	}}()
	close(stop)
	{wait}
}}
"
        );
        confidence(name, "interval", &code)
    };
    let wait = "select {\n\tcase <-over:\n\tcase <-time.After(time.Second):\n\t\tt.Fatal(\"still there\")\n\t}";
    assert_ne!(restores("heard", wait), "high");
    assert_eq!(restores("not-heard", "_ = over"), "high");
}

#[test]
fn what_is_read_for_the_report_of_a_failure_in_a_goroutine() {
    let reports = |name: &str, (variable, read): (&str, &str)| {
        let code = format!(
            "
import \"testing\"

func TestServe(t *testing.T, serve func() error, dial func() (int, error)) {{
	_, err := dial()
	go func() {{
		if failed := serve(); failed != nil {{
			{read}
		}}
	}}()
	_, {variable} = dial()
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(reports("report", ("err", "t.Errorf(\"error serving: %s\", err)")), "medium");
    assert_eq!(reports("told-of-an-error", ("err", "println(err)")), "medium");
    let always = "}\n\t\t{\n\t\t\tprintln(err)";
    assert_eq!(reports("always", ("err", always)), "high");
}

#[test]
fn a_server_of_its_own_comes_back_only_when_it_has_failed() {
    let serves = |name: &str, serve: &str| {
        let code = format!(
            "
import (
	\"net/http\"
	\"testing\"
)

type server struct {{
	http.Server
	work chan int
}}

func (s *server) run() error {{
	for range s.work {{
	}}
	return nil
}}

func TestServe(t *testing.T) {{
	s := &server{{}}
	go func() {{
		t.Log(s != nil, {serve})
	}}()
}}
"
        );
        confidence(name, "testing.T", &code)
    };
    assert_eq!(serves("for-ever", "http.ListenAndServe(\":1\", nil)"), "medium");
    assert_eq!(serves("ends", "s.run()"), "high");
}

#[test]
fn one_of_many_goroutines_may_be_meant() {
    let each = |name: &str, condition: &str| {
        let code = format!(
            "
import \"sync\"

type backend struct {{ preferred, failed bool }}

type gate struct {{
	mu   sync.Mutex
	last int
}}

func (g *gate) enter(now int) bool {{
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.last == now {{
		return false
	}}
	g.last = now
	return true
}}

func (g *gate) look(now int) bool {{
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last == now
}}

func ask(all []*backend, g *gate, now int) int {{
	var wg sync.WaitGroup
	chosen := 0
	for i, b := range all {{
		wg.Add(1)
		go func(i int, b *backend) {{
			defer wg.Done()
			if {condition} {{
				chosen = i
			}}
		}}(i, b)
	}}
	wg.Wait()
	return chosen
}}
"
        );
        confidence(name, "chosen", &code)
    };
    assert_eq!(each("its-own-flag", "b.preferred"), "low");
    assert_eq!(each("let-in", "g.enter(now)"), "low");
    assert_eq!(each("no-gate", "g.look(now)"), "high");
}

#[test]
fn a_test_is_in_the_binary_of_its_own_package() {
    let calls = |name: &str, folder: &str| {
        let scratch = Scratch::new(&format!("passed-{name}"));
        scratch
            .write("go.mod", "module example.com/m\n\ngo 1.22\n")
            .write("hook/hook.go", "package hook\n\ntype Options struct{ Failed func(error) }\n")
            .write(
                "one/one_test.go",
                "package one

import (
	\"testing\"

	\"example.com/m/hook\"
)

func TestFailed(t *testing.T) {
	o := make(chan *hook.Options, 1)
	go (<-o).Failed(nil)
}
",
            )
            .write(
                &format!("{folder}/hook_test.go"),
                format!(
                    "package {folder}

import (
	\"testing\"

	\"example.com/m/hook\"
)

func TestHook(t *testing.T) {{
	o := &hook.Options{{}}
	o.Failed = func(err error) {{ t.Log(err) }}
	o.Failed(nil)
}}
"
                ),
            );
        let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
        let findings = answer["findings"].as_array().expect("findings").clone();
        findings.iter().filter(|finding| finding["rule"] == "test-outlived").count()
    };
    assert_eq!(calls("another", "two"), 0);
    assert_eq!(calls("the-same", "one"), 1);
}

#[test]
fn a_lock_of_a_type_that_the_build_generates_is_a_lock() {
    let guarded = |name: &str, (lock, unlock): (&str, &str)| {
        let code = format!(
            "
type file struct {{
	mu   fileMutex
	gone bool
}}

func (f *file) run() {{
	for {{
		f.mu.{lock}()
		gone := f.gone
		f.mu.{unlock}()
		if gone {{
			return
		}}
	}}
}}

func (f *file) Close() {{
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = true
}}

func open() *file {{
	f := &file{{}}
	go f.run()
	return f
}}
"
        );
        confidence(name, "gone", &code)
    };
    assert_eq!(guarded("generated-lock", ("Lock", "Unlock")), "");
    assert_eq!(guarded("no-lock", ("Touch", "Leave")), "medium");
}

#[test]
fn code_without_a_module_is_as_old_as_the_modules_beside_it() {
    let range = |name: &str, beside: Option<&str>| {
        let scratch = Scratch::new(&format!("passed-{name}"));
        scratch.write(
            "each.go",
            "package each

func each(lines []string, say func(string)) {
	for _, line := range lines {
		go func() { say(line) }()
	}
}
",
        );
        if let Some(go) = beside {
            scratch
                .write("tool/go.mod", format!("module example.com/tool\n\ngo {go}\n"))
                .write("tool/main.go", "package main\n\nfunc main() {}\n");
        }
        let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
        answer["findings"].as_array().expect("findings").len()
    };
    assert_eq!(range("alone", None), 1);
    assert_eq!(range("beside-an-old-one", Some("1.21")), 1);
    assert_eq!(range("beside-a-new-one", Some("1.25")), 0);
}

#[test]
fn a_loggers_fatal_ends_the_process() {
    let fetch = |name: &str, end: &str| {
        let code = format!(
            "
import (
	\"time\"

	\"github.com/sirupsen/logrus\"
)

func fetch(get func() string) string {{
	var got string
	done := make(chan bool, 1)
	go func() {{
		got = get()
		done <- true
	}}()
	select {{
	case <-done:
	case <-time.After(time.Second):
		logrus.{end}(\"no answer\")
	}}
	return got
}}
"
        );
        confidence(name, "got", &code)
    };
    assert_eq!(fetch("fatal", "Fatal"), "");
    assert_eq!(fetch("error", "Error"), "high");
}

#[test]
fn a_worker_gets_there_for_a_message_of_a_later_call() {
    let clean = |name: &str, (before, behind): (&str, &str)| {
        let code = format!(
            "
import \"testing\"

var limit = 10

type cleaner struct {{
	work, other chan bool
	quit        chan bool
}}

func (c *cleaner) run() {{
	for {{
		select {{
		case <-c.quit:
			return
		case <-c.work:
		}}
		println(limit)
	}}
}}

func (c *cleaner) ask() {{ c.work <- true }}

func TestClean(t *testing.T) {{
	c := &cleaner{{work: make(chan bool, 1), quit: make(chan bool)}}
	go c.run()
	{before}
	limit = 11
	{behind}
}}
"
        );
        confidence(name, "limit", &code)
    };
    assert_eq!(clean("asked-later", ("", "c.ask()")), "medium");
    assert_eq!(clean("asked-before", ("c.ask()", "c.ask()")), "high");
}

#[test]
fn a_struct_that_a_loop_gives_out_is_copied_into_one_variable() {
    let crush = |name: &str, rocks: &str| {
        let scratch = Scratch::new(&format!("passed-{name}"));
        scratch.write("go.mod", "module example.com/m\n\ngo 1.20\n").write(
            "rocks.go",
            format!(
                "package m

type rock struct{{ size int }}

func (r *rock) crush() {{ r.size-- }}

func crushAll(rocks []{rocks}) {{
	for _, r := range rocks {{
		r.size = 3
		go r.crush()
	}}
}}
"
            ),
        );
        let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
        answer["findings"].as_array().expect("findings").len()
    };
    assert_eq!(crush("copied", "rock"), 1);
    assert_eq!(crush("pointed-to", "*rock"), 0);
}

#[test]
fn a_field_that_a_call_may_set_tells_nothing() {
    let list = |name: &str, (between, field): (&str, &str)| {
        let code = format!(
            "
type options struct {{ plain, loud bool }}

func (o *options) list(load func(*options), read func() error) error {{
	var err error
	done := make(chan bool)
	if !o.plain {{
		go func() {{
			err = read()
			close(done)
		}}()
	}}
	{between}
	if o.{field} {{
		err = read()
	}}
	<-done
	return err
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(list("kept", ("", "plain")), "");
    assert_eq!(list("loaded", ("load(o)", "plain")), "high");
    assert_eq!(list("another-field", ("", "loud")), "high");
}
