//! Waits that the starting function does not show, and ends that are no accident. Each beside a twin without it.

use crate::{Scratch, certainty::confidence, json, outlive};

#[test]
fn a_lock_held_from_before_the_start_holds_the_goroutine_up() {
    let fetch = |name: &str, lock: &str, fetch: &str| {
        let code = format!(
            "
import \"sync\"

type client struct {{
	rotating sync.Mutex
	calls    sync.Mutex
	count    int
}}

func (c *client) fetch() int {{
	c.rotating.Lock()
	defer c.rotating.Unlock()
	return c.count
}}

func (c *client) peek() int {{ return 1 }}

func rotate(c *client) int {{
	var group sync.WaitGroup
	got := 0
	c.{lock}.Lock()
	group.Go(func() {{ got = c.{fetch}() }})
	before := got
	c.{lock}.Unlock()
	group.Wait()
	return before + got
}}
"
        );
        confidence(name, "got", &code)
    };
    assert_eq!(fetch("held-up", "rotating", "fetch"), "low");
    assert_eq!(fetch("held-by-another-lock", "calls", "fetch"), "high");
    assert_eq!(fetch("not-held-up", "rotating", "peek"), "high");
}

#[test]
fn a_call_may_wait_for_a_message_on_a_channel_that_it_is_given() {
    let reopen = |name: &str, wait: &str| {
        let code = format!(
            "
func reopen(signals chan int, limit chan bool) error {{
	select {{
	case <-{wait}:
		return nil
	case <-limit:
		return nil
	}}
}}

func rename() error {{ return nil }}

func rotate(limit chan bool) error {{
	signals, over := make(chan int, 1), make(chan struct{{}})
	var err error
	go func() {{
		err = rename()
		signals <- 1
		close(over)
	}}()
	err = reopen(signals, limit)
	<-over
	return err
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(reopen("hears-the-message", "signals"), "low");
    assert_eq!(reopen("hears-something-else", "limit"), "high");
}

#[test]
fn another_goroutine_may_pass_the_end_on() {
    let watch = |name: &str, run: &str| {
        let code = format!(
            "
import (
	\"context\"
	\"testing\"
)

type controller struct {{ watch chan int }}

func (c *controller) run(ctx context.Context) error {{
	<-ctx.Done()
	return ctx.Err()
}}

func TestWatch(t *testing.T) {{
	c := &controller{{watch: make(chan int, 1)}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	over := make(chan error)
	go func() {{ over <- c.run({run}) }}()
	go func() {{
		defer cancel()
		seen = <-c.watch
	}}()
	<-over
	if seen != 1 {{
		t.Error(seen)
	}}
}}
"
        );
        confidence(name, "seen", &code)
    };
    assert_eq!(watch("passed-on", "ctx"), "medium");
    assert_eq!(watch("not-passed-on", "t.Context()"), "high");
}

#[test]
fn nobody_sends_to_what_is_only_being_returned() {
    let open = |name: &str, from: &str| {
        let code = format!(
            "
type stream struct{{ finished chan error }}

func open(others chan error) (*stream, error) {{
	s, err := &stream{{finished: make(chan error)}}, error(nil)
	go func() {{
		err = <-{from}
		if err != nil {{
			println(err.Error())
		}}
	}}()
	return s, err
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(open("from-what-is-returned", "s.finished"), "medium");
    assert_eq!(open("from-somewhere-else", "others"), "high");
}

#[test]
fn a_flag_kept_in_a_variable_lets_one_side_in() {
    let close = |name: &str, other: &str| {
        let code = format!(
            "
import \"sync/atomic\"

type stream struct {{
	state uint32
	over  chan struct{{}}
	work  chan int
}}

func (s *stream) Close() {{
	first := atomic.CompareAndSwapUint32(&s.state, 0, 1)
	if !first {{
		return
	}}
	close(s.over)
}}

func (s *stream) CloseOnExit() {{
	first := atomic.CompareAndSwapUint32(&s.state, 0, {other})
	if !first {{
		return
	}}
	close(s.over)
}}

func (s *stream) loop() {{
	for {{
		select {{
		case n := <-s.work:
			if n < 0 {{
				s.Close()
				return
			}}
		case <-s.over:
			return
		}}
	}}
}}

func (s *stream) run() {{ go s.loop() }}

func exit(s *stream) {{ s.CloseOnExit() }}
"
        );
        confidence(name, "over", &code)
    };
    assert_eq!(close("one-gets-in", "1"), "");
    assert_ne!(close("both-get-in", "2"), "");
}

#[test]
fn what_a_goroutine_ends_is_mostly_done_with() {
    let mirror = |name: &str, end: &str| {
        let code = format!(
            "
import (
	\"io\"
	\"os\"
)

func mirror(names []string, to io.Writer) {{
	var ttys []*os.File
	for _, name := range names {{
		tty, _ := os.Open(name)
		ttys = append(ttys, tty)
	}}
	go func() {{
		io.Copy(to, ttys[0])
		{end}
	}}()
	for _, tty := range ttys {{
		tty.Close()
	}}
}}
"
        );
        confidence(name, "ttys", &code)
    };
    assert_eq!(mirror("ended", "ttys[0].Close()"), "low");
    assert_eq!(mirror("replaced", "ttys = nil"), "high");
}

#[test]
fn a_handler_may_wait_for_what_its_callee_returns() {
    let connect = |name: &str, returned: &str| {
        let code = format!(
            "
import \"net/http\"

type operation struct {{ onConnect func(http.ResponseWriter) error }}

func (o *operation) Connect(w http.ResponseWriter, others chan error) (chan error, error) {{
	over := make(chan error, 1)
	go func() {{ over <- o.onConnect(w) }}()
	return {returned}, nil
}}
"
        );
        confidence(name, "w", &code)
    };
    assert_eq!(connect("returned", "over"), "");
    assert_eq!(connect("kept", "others"), "high");
}

#[test]
fn whom_the_goroutine_gives_a_channel_may_tell_on_it() {
    let forward = |name: &str, given: &str| {
        let code = format!(
            "
import \"example.com/absent/forward\"

func ports() (int, error) {{
	ready, other := make(chan struct{{}}), make(chan struct{{}})
	failed := make(chan error, 1)
	forward.Listen(ready)
	var forwarder *forward.Forwarder
	go func() {{
		forwarder = forward.New({given})
		failed <- forwarder.Run()
	}}()
	select {{
	case err := <-failed:
		return 0, err
	case <-ready:
		return forwarder.Port(other)
	}}
}}
"
        );
        confidence(name, "forwarder", &code)
    };
    assert_eq!(forward("tells", "ready"), "medium");
    assert_eq!(forward("tells-nothing", "other"), "high");
}

#[test]
fn a_goroutine_that_goes_on_when_the_function_is_left_is_not_met_by_it() {
    let subscribe = |name: &str, cancel: &str, early: &str| {
        let code = format!(
            "
import (
	\"context\"
	\"sync\"
	\"testing\"
)

type producer struct {{
	sync.Mutex
	subscriptions []chan int
	over          chan int
}}

func (p *producer) start(ctx context.Context) {{
	for {{
		select {{
		case <-p.over:
			p.Lock()
			p.subscriptions = p.subscriptions[1:]
			p.Unlock()
		case <-ctx.Done():
			p.subscriptions = nil
			return
		}}
	}}
}}

func TestSubscribe(t *testing.T) {{
	ctx, cancel := context.WithCancel(context.Background())
	{cancel}
	p := &producer{{subscriptions: make([]chan int, 2), over: make(chan int)}}
	go p.start(ctx)
	p.over <- 1
	{early}
	p.Lock()
	defer p.Unlock()
	if len(p.subscriptions) != 1 {{
		t.Error(p.subscriptions)
	}}
}}
"
        );
        confidence(name, "subscriptions", &code)
    };
    let (late, early) = (subscribe("cancelled-late", "defer cancel()", ""), subscribe("cancelled", "", "cancel()"));
    assert_ne!(late, early);
    assert!(!late.contains("high") && early.contains("high"), "{late} {early}");
}

#[test]
fn a_channel_variable_is_read_when_its_message_has_come() {
    let rotate = |name: &str, send: &str| {
        let code = format!(
            "
func rotate(ids []int, done chan int) {{
	var next chan int = make(chan int)
	go func() {{
		<-next
		done <- 1
	}}()
	for range ids {{
		if next != nil {{
			{send}
		}}
		next = nil
	}}
	<-done
}}
"
        );
        confidence(name, "next", &code)
    };
    assert_eq!(rotate("sent", "next <- 1"), "low");
    assert_eq!(rotate("not-sent", "println()"), "high");
}

#[test]
fn a_pipe_made_by_assignment_has_two_ends_too() {
    let copy = |name: &str, read: &str| {
        let code = format!(
            "
import \"io\"

func copyTwo(from, absent io.Reader, to io.Writer) {{
	var in io.ReadCloser
	var out io.WriteCloser
	in, out = io.Pipe()
	go func() {{
		from.Read(nil)
		out.Close()
	}}()
	io.Copy(to, {read})
	in, out = io.Pipe()
	in.Close()
}}
"
        );
        confidence(name, "out", &code)
    };
    assert_eq!(copy("read-to-its-end", "in"), "medium");
    assert_eq!(copy("not-read", "absent"), "high");
}

#[test]
fn a_flag_of_a_library_lets_one_side_in() {
    let finish = |name: &str, set: &str| {
        let code = format!(
            "
import \"github.com/tevino/abool\"

type iterator struct {{
	closed *abool.AtomicBool
	over   chan struct{{}}
}}

func (it *iterator) finish() {{
	if it.closed.{set} {{
		close(it.over)
	}}
}}

func (it *iterator) Cancel() {{
	if it.closed.{set} {{
		close(it.over)
	}}
}}

func query() *iterator {{
	it := &iterator{{closed: abool.NewBool(false), over: make(chan struct{{}})}}
	go func() {{ it.finish() }}()
	return it
}}

func stop(it *iterator) {{ it.Cancel() }}
"
        );
        confidence(name, "over", &code)
    };
    assert_eq!(finish("library-lets-one-in", "SetToIf(false, true)"), "");
    assert_ne!(finish("library-lets-both-in", "IsNotSet()"), "");
}

#[test]
fn an_answer_on_a_channel_that_was_sent_is_a_join() {
    let close = |name: &str, answer: &str| {
        let code = format!(
            "
type database struct {{
	quit  chan chan error
	ticks chan int
	count int
}}

func open() *database {{
	db := &database{{quit: make(chan chan error), ticks: make(chan int)}}
	go db.meter()
	return db
}}

func (db *database) meter() {{
	var errc chan error
	for errc == nil {{
		select {{
		case errc = <-db.quit:
		case n := <-db.ticks:
			db.count += n
		}}
	}}
	errc <- nil
}}

func (db *database) Close() {{
	errc := make(chan error, 1)
	db.quit <- errc
	{answer}
	db.quit = nil
}}

func use() {{ open().Close() }}
"
        );
        confidence(name, "quit", &code)
    };
    assert_eq!(close("answered", "<-errc"), "");
    assert_eq!(close("not-answered", ""), "medium");
}

#[test]
fn who_counts_under_the_lock_and_asks_first_is_not_late() {
    let send = |name: &str, change: &str| {
        let code = format!(
            "
import \"sync\"

type peer struct {{
	mu      sync.Mutex
	stopped bool
	sending sync.WaitGroup
}}

func (p *peer) send(do func()) {{
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {{
		return
	}}
	p.sending.Add(1)
	go func() {{
		defer p.sending.Done()
		do()
	}}()
}}

type hub struct {{ peers []*peer }}

func (h *hub) Send(n int) {{
	for _, p := range h.peers {{
		p.send(func() {{ println(n) }})
	}}
}}

func (p *peer) stop() {{
	p.mu.Lock()
	{change}
	p.mu.Unlock()
	p.sending.Wait()
}}

func (h *hub) Stop() {{
	for _, p := range h.peers {{
		p.stop()
	}}
}}
"
        );
        confidence(name, "sending", &code)
    };
    assert_eq!(send("asks-first", "p.stopped = true"), "");
    assert_eq!(send("asks-in-vain", "println()"), "low");
}

#[test]
fn what_a_test_main_sets_is_there_before_the_tests() {
    let restore = |name: &str, before: &str, after: &str| {
        let scratch = Scratch::new(&format!("test-main-{name}"));
        let code = "package m\n\nvar lookup = func() int { return 1 }\n\n\
                    func Start() { go func() { println(lookup()) }() }\n";
        let test = format!(
            "package m

import (
	\"os\"
	\"testing\"
)

func replace() {{ lookup = func() int {{ return 2 }} }}

func TestMain(m *testing.M) {{
	{before}
	code := m.Run()
	{after}
	os.Exit(code)
}}

func TestStart(t *testing.T) {{ Start() }}
"
        );
        scratch.write("go.mod", "module example.com/m\n\ngo 1.22\n").write("m.go", code).write("m_test.go", test);
        let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
        answer["findings"].as_array().expect("findings").len()
    };
    assert_eq!(restore("before", "replace()", ""), 0);
    assert_eq!(restore("after", "", "replace()"), 1);
}

#[test]
fn what_is_done_to_an_unknown_object_may_tell_the_other_side() {
    let show = |name: &str, package: &str| {
        let code = format!(
            "
import screen \"{package}\"

func show(errors chan error) error {{
	ui := screen.New()
	var failed error
	go func() {{
		for err := range errors {{
			failed = err
			ui.Kill()
			return
		}}
	}}()
	ui.Run()
	return failed
}}
"
        );
        confidence(name, "failed", &code)
    };
    assert_eq!(show("of-others", "example.com/absent/screen"), "medium");
    assert_eq!(show("of-the-library", "screen"), "high");
}

#[test]
fn a_wait_that_is_returned_is_not_forgotten() {
    let run = |name: &str, returned: &str| {
        let code = format!(
            "
import \"sync\"

type informer interface {{ run(stop <-chan struct{{}}) }}

func run(stop <-chan struct{{}}, informers []informer) func() {{
	var group sync.WaitGroup
	group.Add(len(informers))
	for _, i := range informers {{
		go func() {{
			defer group.Done()
			i.run(stop)
		}}()
	}}
	return {returned}
}}
"
        );
        confidence(name, "stop", &code)
    };
    assert_eq!(run("wait-returned", "group.Wait"), "");
    assert_eq!(run("wait-forgotten", "nil"), "high");
}

#[test]
fn a_context_may_be_made_on_each_way_of_its_own() {
    let stat = |name: &str, cancel: &str| {
        let code = format!(
            "
import (
	\"context\"
	\"errors\"
	\"time\"
)

func stat(limit time.Duration, ask func(context.Context) error) error {{
	var (
		ctx    = context.Background()
		cancel context.CancelFunc
		failed error
	)
	if limit > 0 {{
		ctx, cancel = context.WithTimeout(ctx, limit)
	}} else {{
		ctx, cancel = context.WithCancel(ctx)
	}}
	go func() {{
		failed = ask(ctx)
		cancel()
	}}()
	{cancel}
	<-ctx.Done()
	if ctx.Err() == context.DeadlineExceeded {{
		return errors.New(\"late\")
	}}
	return failed
}}
"
        );
        confidence(name, "failed", &code)
    };
    assert_eq!(stat("ended-by-one", ""), "medium");
    assert_eq!(stat("ended-by-both", "time.AfterFunc(limit, cancel)"), "high");
}

#[test]
fn a_lock_of_the_caller_is_held_until_it_is_given_back() {
    let sends = |name: &str, before: &str| {
        let code = format!(
            "
import \"sync\"

type link struct {{
	mu   sync.Mutex
	out  []int
	work chan int
}}

func newLink() *link {{
	l := &link{{}}
	go l.run()
	return l
}}

func (l *link) run() {{
	for v := range l.work {{
		l.mu.Lock()
		l.deliver(v)
	}}
}}

func (l *link) deliver(v int) {{
	{before}
}}

func (l *link) Close() {{
	l.mu.Lock()
	l.out = nil
	l.mu.Unlock()
}}
"
        );
        confidence(&format!("given-back-{name}"), "link.out", &code)
    };
    assert_eq!(sends("before", "l.mu.Unlock()\n\tprintln(l.out[v])"), "low");
    assert_eq!(sends("behind", "println(l.out[v])\n\tl.mu.Unlock()"), "");
}
