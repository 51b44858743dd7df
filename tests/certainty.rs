//! What lowers the confidence of a finding, each beside a twin that differs in that alone and is certain.

use crate::{Scratch, json, outlive};

/// The confidence of what is found about `location` in a module of one file.
pub(crate) fn confidence(name: &str, location: &str, code: &str) -> String {
    let scratch = Scratch::new(&format!("certainty-{name}"));
    let file = if code.contains("\"testing\"") { "m_test.go" } else { "m.go" };
    scratch.write("go.mod", "module example.com/m\n\ngo 1.22\n").write(file, format!("package m\n{code}"));
    let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
    let findings = answer["findings"].as_array().expect("findings").iter();
    let about = findings.filter(|f| f["location"]["name"].as_str().is_some_and(|name| name.ends_with(location)));
    let found: Vec<&str> = about.filter_map(|f| f["confidence"].as_str()).collect();
    found.join(" ")
}

const CLIENT: &str = r#"
import (
	"testing"
	"time"
)

type client struct {
	calls   chan int
	answers chan int
}

func (c *client) ask() int {
	c.calls <- 1
	return <-c.answers
}
"#;

#[test]
fn what_both_sides_do_with_one_object_may_order_them() {
    let test = |name: &str, between: &str| {
        let code = format!(
            "{CLIENT}
func TestWait(t *testing.T) {{
	one, two := &client{{}}, &client{{}}
	start := time.Now()
	var waited time.Duration
	go func() {{
		waited = time.Since(start)
		one.ask()
	}}()
	{between}
	t.Log(waited, two)
}}
"
        );
        confidence(name, "waited", &code)
    };
    assert_eq!(test("sleep", "time.Sleep(time.Millisecond)"), "high");
    assert_eq!(test("same-object", "one.ask()"), "medium");
    assert_eq!(test("same-type", "two.ask()"), "medium");
}

#[test]
fn a_goroutine_that_goes_on_is_not_ordered_by_one_answer() {
    let code = format!(
        "{CLIENT}
func TestCount(t *testing.T) {{
	c := &client{{}}
	seen := 0
	go func() {{
		for {{
			c.ask()
			seen++
		}}
	}}()
	time.Sleep(time.Millisecond)
	c.ask()
	t.Log(seen)
}}
"
    );
    assert_eq!(confidence("loop", "seen", &code), "high");
}

#[test]
fn a_goroutine_may_be_held_until_the_test_lets_it_go() {
    let test = |name: &str, release: &str| {
        let code = format!(
            "
import (
	\"testing\"
	\"time\"

	\"github.com/pingcap/failpoint\"
)

type committer struct{{ steps chan int }}

func (c *committer) commit() error {{
	<-c.steps
	return nil
}}

func begin() (*committer, error) {{ return &committer{{steps: make(chan int)}}, nil }}

func TestCommit(t *testing.T) {{
	c, err := begin()
	done := make(chan struct{{}})
	go func() {{
		err = c.commit()
		close(done)
	}}()
	time.Sleep(time.Millisecond)
	_, err = begin()
	{release}
	<-done
	_ = failpoint.Enable
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(test("free", "t.Log(\"released\")"), "high");
    // The late join counts, too, as soon as there is another doubt.
    assert_eq!(test("held", "failpoint.Disable(\"commit\")"), "low");
}

#[test]
fn what_comes_after_a_month_is_rarely_concurrent() {
    let test = |name: &str, every: &str| {
        let code = format!(
            "
import \"time\"

func load() int {{ return 1 }}

func watch() int {{
	certificate := load()
	go func() {{
		for range time.Tick({every}) {{
			certificate = load()
		}}
	}}()
	return certificate
}}
"
        );
        confidence(name, "certificate", &code)
    };
    assert_eq!(test("soon", "24 * 30 * time.Millisecond"), "high");
    assert_eq!(test("late", "24 * 30 * time.Hour"), "medium");
}

#[test]
fn an_atomic_of_a_goroutine_that_is_waited_for_may_order_the_one_of_another() {
    let test = |name: &str, add: &str| {
        let code = format!(
            "
import (
	\"sync\"
	\"sync/atomic\"
	\"time\"
)

func measure() uint64 {{
	var answers, others uint64
	go func() {{
		time.Sleep(time.Millisecond)
		atomic.StoreUint64(&answers, 0)
	}}()
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {{
		defer wg.Done()
		atomic.AddUint64(&{add}, 1)
	}}()
	wg.Wait()
	return answers
}}
"
        );
        confidence(name, "answers", &code)
    };
    assert_eq!(test("other", "others"), "high");
    assert_eq!(test("same", "answers"), "medium");
}

#[test]
fn a_flag_of_the_same_critical_section_may_tell() {
    let test = |name: &str, set: &str| {
        let code = format!(
            "
import \"sync\"

type server struct {{
	mu       sync.Mutex
	draining bool
	accepted []int
	quit     chan struct{{}}
}}

func (s *server) isDraining() bool {{
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}}

func (s *server) start() {{
	go func() {{
		<-s.quit
		if s.isDraining() {{
			s.accepted = append(s.accepted, 1)
		}}
	}}()
}}

func run(s *server) {{
	s.start()
	s.drain()
}}

func (s *server) drain() {{
	close(s.quit)
	s.mu.Lock()
	defer s.mu.Unlock()
	{set}
	s.accepted = nil
}}
"
        );
        confidence(name, "accepted", &code)
    };
    assert_eq!(test("no-flag", ""), "high");
    assert_eq!(test("flag", "s.draining = true"), "medium");
}

#[test]
fn returning_a_named_result_stores_nothing_in_it() {
    let test = |name: &str, value: &str| {
        let code = format!(
            "
import \"time\"

func load(last int) (sum, count int) {{
	go func() {{
		time.Sleep(time.Millisecond)
		println(sum)
	}}()
	return {value}, last
}}
"
        );
        confidence(name, "sum", &code)
    };
    assert_eq!(test("stored", "last"), "high");
    assert_eq!(test("itself", "sum"), "");
}

#[test]
fn a_copy_of_what_is_then_replaced_is_the_old_object() {
    let test = |name: &str, replace: &str| {
        let code = format!(
            "
import \"time\"

type body struct {{ next *body }}

func (b *body) Close() {{ println(b.next) }}

func open() *body {{
	b := &body{{}}
	old := b
	go func() {{
		time.Sleep(time.Millisecond)
		old.Close()
	}}()
	{replace}
	b.next = &body{{}}
	return b
}}
"
        );
        confidence(name, "next", &code)
    };
    assert_eq!(test("kept", ""), "high");
    assert_eq!(test("replaced", "b = &body{next: b}"), "");
}

#[test]
fn a_channel_of_this_iteration_was_not_used_in_the_last() {
    let code = "
import (
	\"testing\"
	\"time\"
)

func TestBlocks(t *testing.T) {
	for size := 0; size < 5; size++ {
		c := make(chan int, size)
		received := false
		go func() {
			<-c
			received = true
		}()
		time.Sleep(time.Millisecond)
		if received {
			t.Error(size)
		}
		c <- 0
	}
}
";
    assert_eq!(confidence("iteration", "received", code), "");
}

#[test]
fn what_a_once_runs_may_come_before() {
    let test = |name: &str, fill: &str| {
        let code = format!(
            "
import \"sync\"

type table struct {{
	once sync.Once
	quit chan struct{{}}
	rows map[string]int
}}

func (t *table) start() {{
	go func() {{
		<-t.quit
		println(len(t.rows))
	}}()
}}

func (t *table) fill() {{ t.rows = make(map[string]int) }}

func (t *table) leave() {{
	close(t.quit)
	{fill}
}}

func run(t *table) {{
	t.start()
	t.leave()
}}
"
        );
        confidence(name, "rows", &code)
    };
    assert_eq!(test("each-time", "t.fill()"), "high");
    assert_eq!(test("once", "t.once.Do(t.fill)"), "medium");
}

#[test]
fn a_hook_may_tell_the_test_that_it_ran() {
    let test = |name: &str, ty: &str, value: &str, other: &str, reads: &str| {
        let code = format!(
            "
import (
	\"testing\"
	\"time\"
)

var onServe {ty}

func serve() {{
	time.Sleep(time.Millisecond)
	{reads}
}}

func TestServe(t *testing.T) {{
	onServe = {value}
	defer func() {{ onServe = {other} }}()
	go serve()
	time.Sleep(time.Millisecond)
}}
"
        );
        confidence(name, "onServe", &code)
    };
    assert_eq!(test("value", "int", "1", "0", "println(onServe)"), "high");
    assert_eq!(test("hook", "func()", "func() {}", "nil", "onServe()"), "medium");
}

#[test]
fn a_worker_that_answers_each_request_of_a_test_is_idle_at_its_end() {
    let test = |name: &str, answer: &str| {
        let code = format!(
            "
import \"testing\"

func TestWork(t *testing.T) {{
	requests := make(chan int)
	answers := make(chan int)
	go func() {{
		for r := range requests {{
			t.Log(r)
			{answer}
		}}
	}}()
	requests <- 1
	{take}
	close(requests)
}}
",
            take = if answer.is_empty() { "println(answers)" } else { "<-answers" },
        );
        confidence(name, "testing.T", &code)
    };
    assert_eq!(test("silent", ""), "high");
    assert_eq!(test("answers", "answers <- r"), "medium");
}

#[test]
fn an_atomic_flag_that_a_literal_asks_about_orders() {
    let test = |name: &str, flag: &str| {
        let code = format!(
            "
import (
	\"sync/atomic\"
	\"testing\"

	\"github.com/stretchr/testify/require\"
)

var results chan error

func work() error {{ return <-results }}

func TestWork(t *testing.T) {{
	var err error
	var done, other atomic.Bool
	go func() {{
		err = work()
		done.Store(true)
	}}()
	require.Eventually(t, func() bool {{ return {flag}.Load() }}, 10, 1)
	t.Log(err, &other)
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(test("other-flag", "other"), "high");
    assert_eq!(test("its-flag", "done"), "");
}

#[test]
fn what_was_seen_under_the_lock_may_order_what_is_read_without() {
    let test = |name: &str, seen: &str| {
        let code = format!(
            "
import (
	\"sync\"
	\"testing\"
	\"time\"
)

func TestCollect(t *testing.T) {{
	var mu sync.Mutex
	var lines []string
	go func() {{
		time.Sleep(time.Millisecond)
		mu.Lock()
		lines = append(lines, \"a\")
		mu.Unlock()
	}}()
	mu.Lock()
	{seen}
	mu.Unlock()
	t.Log(lines)
}}
"
        );
        confidence(name, "lines", &code)
    };
    assert_eq!(test("unseen", "time.Sleep(time.Millisecond)"), "high");
    assert_ne!(test("seen", "t.Log(len(lines))"), "high");
}

#[test]
fn a_field_that_is_read_on_one_way_only_is_less_certain() {
    let test = |name: &str, condition: &str| {
        let code = format!(
            "
type loop struct {{
	quit  chan int
	every int
}}

func (l *loop) run() {{
	for {{
		{condition}
		println(l.every)
	}}
}}

func start() *loop {{
	l := &loop{{quit: make(chan int)}}
	go l.run()
	l.every = 5
	return l
}}
"
        );
        confidence(name, "every", &code)
    };
    assert_eq!(test("always", ""), "high");
    assert_eq!(test("after-a-receive", "<-l.quit"), "medium");
    assert_eq!(test("sometimes", "if len(l.quit) == 0 { continue }"), "medium");
}

#[test]
fn a_struct_that_was_passed_by_value_is_another_one() {
    let test = |name: &str, ty: &str, hand: &str| {
        let code = format!(
            "
import \"time\"

type plan struct {{ level *int }}

type compactor struct {{ level *int }}

func (c *compactor) build(p {ty}) {{
	go func() {{
		time.Sleep(time.Millisecond)
		println(p.level)
	}}()
}}

func (c *compactor) Close(p *plan) {{ p.level = nil }}

func (c *compactor) compact() {{
	p := plan{{}}
	c.build({hand})
	c.Close(&p)
}}
"
        );
        confidence(name, "plan.level", &code)
    };
    assert_ne!(test("pointer", "*plan", "&p"), "");
    assert_eq!(test("value", "plan", "p"), "");
}

#[test]
fn a_test_that_gives_up_by_failing_has_waited_where_it_passes() {
    let test = |name: &str, give_up: &str| {
        let code = format!(
            "
import (
	\"testing\"
	\"time\"
)

var interval = time.Second

func TestPoll(t *testing.T) {{
	old := interval
	defer func() {{ interval = old }}()
	done := make(chan struct{{}})
	go func() {{
		defer close(done)
		println(interval)
	}}()
	select {{
	case <-done:
	case <-time.After(time.Second):
		{give_up}
	}}
}}
"
        );
        confidence(name, "interval", &code)
    };
    assert!(test("goes-on", "t.Log(\"late\")").starts_with("high"));
    assert_eq!(test("ends", "t.Fatal(\"late\")"), "");
}

#[test]
fn a_counter_may_be_lowered_before_the_goroutine_that_raises_it_comes_so_far() {
    let ask = |name: &str, before: &str, inside: &str| {
        let code = format!(
            "
import \"sync\"

func both(ask func(answer func())) {{
	var asked sync.WaitGroup
	answer := func() {{ asked.Done() }}
	{before}
	go func() {{
		{inside}
		asked.Wait()
	}}()
	ask(answer)
	ask(answer)
}}
"
        );
        confidence(name, "asked", &code)
    };
    assert_eq!(ask("raised-inside", "", "asked.Add(2)"), "medium");
    assert_eq!(ask("raised-before", "asked.Add(2)", ""), "");
}

#[test]
fn subtests_that_pause_see_the_last_row_of_a_table() {
    let table = |name: &str, go: &str, copied: &str, parallel: &str| {
        let scratch = Scratch::new(&format!("certainty-{name}"));
        let code = format!(
            "package m

import \"testing\"

func TestTable(t *testing.T) {{
	for _, row := range []int{{1, 2}} {{
		{copied}
		t.Run(\"row\", func(t *testing.T) {{
			{parallel}
			if row == 0 {{
				t.Fatal(row)
			}}
		}})
	}}
}}
"
        );
        scratch.write("go.mod", format!("module example.com/m\n\ngo {go}\n")).write("m_test.go", &code);
        let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
        let findings = answer["findings"].as_array().expect("findings");
        assert!(
            findings.iter().all(|row| row["message"].as_str().is_some_and(|text| text.contains("sees the last row")))
        );
        findings.len()
    };
    assert_eq!(table("one-row", "1.21", "", "t.Parallel()"), 1);
    assert_eq!(table("row-copied", "1.21", "row := row", "t.Parallel()"), 0);
    assert_eq!(table("row-fresh", "1.22", "", "t.Parallel()"), 0);
    assert_eq!(table("row-at-once", "1.21", "", ""), 0);
}

#[test]
fn the_next_iteration_has_a_loop_variable_of_its_own() {
    let each = |name: &str, header: &str, last: &str| {
        let code = format!(
            "
func each(lines []string, sums chan<- int) {{
	{header} {{
		go func() {{ sums <- len(rest) }}()
		{last}
	}}
}}
"
        );
        confidence(name, "rest", &code)
    };
    let next = "rest = rest[1:]";
    assert_eq!(each("header", &format!("for rest := lines; len(rest) > 0; {next}"), ""), "");
    assert_eq!(each("updated", "for rest := lines[0]; len(rest) < 9; rest += \"x\"", ""), "");
    // What the loop's body does, it does to the variable of this iteration.
    assert_eq!(each("body", "for rest := lines; len(rest) > 0;", next), "high");
    assert_eq!(each("updated-body", "for rest := lines[0]; len(rest) < 9;", "rest += \"x\""), "high");
}

#[test]
fn a_deferred_close_comes_on_early_ways_too() {
    let waits = |name: &str, close: &str, receive: &str| {
        let code = format!(
            "
import \"context\"

func first(ctx context.Context, work func() error) error {{
	errs := make(chan error, 1)
	{close}
	go func() {{
		errs <- work()
	}}()
	select {{
	case <-ctx.Done():
		return ctx.Err()
	case err := <-errs:
		return err
	}}
}}

func all(errs chan error) {{ {receive} }}
"
        );
        confidence(name, "errs", &code)
    };
    assert_eq!(waits("deferred", "defer close(errs)", ""), "high");
    assert_eq!(waits("handed-on", "defer close(errs)\n\tall(errs)", "<-errs"), "medium");
}

#[test]
fn a_field_that_is_set_only_where_it_is_nil_is_set_once() {
    let menu = |name: &str, guard: &str| {
        let code = format!(
            "
import \"context\"

type menu struct {{
	ctx    context.Context
	cancel context.CancelFunc
}}

func (m *menu) init() {{
	{guard}
	m.ctx, m.cancel = context.WithCancel(context.Background())
}}

func (m *menu) run() {{
	m.init()
	go func() {{
		<-m.ctx.Done()
	}}()
}}

func (m *menu) rebuild() {{
	if m.cancel != nil {{
		m.cancel()
	}}
	m.init()
}}

func use(m *menu) {{
	m.run()
	m.rebuild()
}}
"
        );
        confidence(name, "menu.ctx", &code)
    };
    assert_eq!(menu("set-again", ""), "medium");
    assert_eq!(menu("set-once", "if m.ctx != nil {\n\t\treturn\n\t}"), "low");
    // The wrong way around.
    assert_eq!(menu("set-while-set", "if m.ctx == nil {\n\t\treturn\n\t}"), "medium");
}

#[test]
fn who_makes_a_channel_before_it_closes_it_makes_it_once() {
    let node = |name: &str, (first, last): (&str, &str)| {
        let code = format!(
            "
type node struct {{
	ready chan bool
	fast  bool
}}

func (n *node) prepare() {{
	{first}
	if n.fast {{
		{last}
	}}
}}

func (n *node) Run() {{
	go func() {{
		for {{
			<-n.ready
		}}
	}}()
}}

func start() {{
	n := &node{{}}
	n.prepare()
	n.Run()
}}
"
        );
        confidence(name, "node.ready", &code)
    };
    assert_eq!(node("made-first", ("n.ready = make(chan bool)", "close(n.ready)")), "low");
    assert_eq!(node("asked-first", ("close(n.ready)", "n.ready = make(chan bool)")), "high");
}

#[test]
fn a_test_meets_the_goroutines_of_its_own_binary() {
    let found = |name: &str, test: &str, tested: &str| {
        let scratch = Scratch::new(&format!("certainty-{name}"));
        let changes = format!(
            "package {tested}\n\nimport (\n\t\"example.com/m/limits\"\n\t\"testing\"\n)\n\nfunc TestMost(t *testing.T) {{\n\t\
             limits.Most = 3\n}}\n"
        );
        scratch
            .write("go.mod", "module example.com/m\n\ngo 1.22\n")
            .write("limits/limits.go", "package limits\n\nvar Most = 8\n")
            .write(
                "server/server.go",
                "package server\n\nimport \"example.com/m/limits\"\n\nfunc Serve() {\n\tgo func() {\n\t\t\
                 for {\n\t\t\tprintln(limits.Most)\n\t\t}\n\t}()\n}\n",
            )
            .write("proxy/proxy.go", "package proxy\n\nimport _ \"example.com/m/server\"\n")
            .write("other/other.go", "package other\n")
            .write(test, &changes);
        let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
        answer["findings"].as_array().expect("findings").len()
    };
    assert_eq!(found("own-binary", "server/server_test.go", "server"), 1);
    assert_eq!(found("imported-binary", "proxy/proxy_test.go", "proxy_test"), 1);
    assert_eq!(found("other-binary", "other/other_test.go", "other"), 0);
}
