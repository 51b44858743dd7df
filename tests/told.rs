//! Goroutines that are told to stop, counted, or started beside others, where nobody waits for them. Each beside a twin
//! that somebody waits for.

use crate::certainty::confidence;

#[test]
fn who_tells_a_goroutine_to_stop_and_returns_has_not_waited_for_it() {
    let close = |name: &str, wait: &str| {
        let code = format!(
            "
import \"sync\"

type scan struct {{
	over  chan struct{{}}
	tasks chan int
	do    func(int)
	busy  sync.WaitGroup
}}

func (s *scan) work() {{
	defer s.busy.Done()
	for {{
		select {{
		case task := <-s.tasks:
			s.do(task)
		case <-s.over:
			return
		}}
	}}
}}

func (s *scan) Start() {{
	s.busy.Add(1)
	go s.work()
}}

func (s *scan) Close() {{
	close(s.over)
	{wait}
}}
"
        );
        confidence(name, "scan.over", &code)
    };
    assert_eq!(close("told", ""), "low");
    assert_eq!(close("told-and-awaited", "s.busy.Wait()"), "");
}

#[test]
fn a_kept_cancel_tells_a_goroutine_to_stop() {
    let close = |name: &str, kept: &str, listens: &str| {
        let code = format!(
            "
import \"context\"

type cache struct {{
	running context.Context
	cancel  {kept}
	full    chan int
	load    func(int)
}}

func (c *cache) loop() {{
	for {{
		select {{
		case key := <-c.full:
			c.load(key)
		case <-{listens}:
			return
		}}
	}}
}}

func newCache(parent context.Context, load func(int)) *cache {{
	c := &cache{{full: make(chan int), load: load}}
	c.running, c.cancel = context.WithCancel(parent)
	go c.loop()
	return c
}}

func (c *cache) Close() {{ c.cancel() }}
"
        );
        confidence(name, "cache.cancel", &code)
    };
    assert_eq!(close("cancelled", "context.CancelFunc", "c.running.Done()"), "low");
    assert_eq!(close("told-anything", "func()", "c.running.Done()"), "");
    assert_eq!(close("cancelled-unheard", "context.CancelFunc", "c.full"), "");
}

#[test]
fn a_counter_that_nobody_waits_for_was_meant_to_be_waited_for() {
    let run = |name: &str, wait: &str| {
        let code = format!(
            "
import (
	\"context\"
	\"sync\"
)

type source interface {{ run(ctx context.Context, out chan<- int) }}

func run(ctx context.Context, sources []source, out chan<- int) {{
	var group sync.WaitGroup
	for _, s := range sources {{
		group.Add(1)
		go func() {{
			defer group.Done()
			s.run(ctx, out)
		}}()
	}}
	<-ctx.Done()
	{wait}
}}

func await(group *sync.WaitGroup) {{ group.Wait() }}
"
        );
        confidence(name, "out", &code)
    };
    assert_eq!(run("forgotten", ""), "high");
    assert_eq!(run("not-forgotten", "group.Wait()"), "");
    assert_eq!(run("waited-for-elsewhere", "await(&group)"), "");
}

#[test]
fn one_that_counts_itself_is_not_counted_by_what_was_counted_before() {
    let start = |name: &str, count: &str, own: &str| {
        let code = format!(
            "
import \"sync\"

type store struct {{
	over  chan struct{{}}
	group sync.WaitGroup
}}

func (s *store) work() {{
	defer s.group.Done()
	<-s.over
}}

func (s *store) check() {{
	{own}
	defer s.group.Done()
	<-s.over
}}

func (s *store) Start() {{
	s.group.Add({count})
	go s.work()
	go s.check()
}}

func (s *store) Stop() {{
	close(s.over)
	s.group.Wait()
}}
"
        );
        confidence(name, "store.group", &code)
    };
    assert_eq!(start("counts-itself", "1", "s.group.Add(1)"), "medium");
    assert_eq!(start("is-counted", "2", ""), "");
}

#[test]
fn who_waits_by_a_counter_of_the_goroutine_itself_may_come_before_it() {
    let stop = |name: &str, before: &str, inside: &str| {
        let code = format!(
            "
import \"sync\"

type server struct {{
	over    chan struct{{}}
	serving sync.WaitGroup
}}

func (s *server) serve() {{
	s.serving.Add(1)
	defer s.serving.Done()
	<-s.over
}}

func (s *server) stop() {{
	close(s.over)
	s.serving.Wait()
}}

type servers struct {{
	one   *server
	group sync.WaitGroup
}}

func (s *servers) start() {{
	{before}
	go func() {{
		{inside}
		s.one.serve()
	}}()
}}

func (s *servers) stop() {{
	s.one.stop()
	s.group.Done()
	s.group.Wait()
}}
"
        );
        confidence(name, "servers.group", &code)
    };
    assert_eq!(stop("counted-inside", "", "s.group.Add(1)"), "medium");
    assert_eq!(stop("counted-outside", "s.group.Add(1)", ""), "");
}

#[test]
fn who_starts_a_goroutine_may_send_on_a_channel_that_it_closes() {
    let watch = |name: &str, before: &str, behind: &str| {
        let code = format!(
            "
type request struct {{ answer chan chan int }}

type watch struct {{
	asked request
	news  chan int
}}

func serve(w *watch) {{
	for range w.news {{
	}}
	close(w.asked.answer)
}}

func start(asked *request, news chan int) {{
	w := &watch{{asked: *asked, news: news}}
	{before}
	go serve(w)
	{behind}
}}
"
        );
        confidence(name, "request.answer", &code)
    };
    assert_eq!(watch("answered-behind", "", "asked.answer <- news"), "low");
    assert_eq!(watch("answered-before", "asked.answer <- news", ""), "");
}

#[test]
fn what_tells_the_end_of_a_goroutine_is_no_wish_that_another_stops() {
    let code = "
type link struct {
	over chan struct{}
	do   func(int)
}

func (l *link) receive() {
	l.do(1)
	close(l.over)
}

func (l *link) watch() {
	<-l.over
	l.do(2)
}

func (l *link) Open() {
	go l.watch()
	go l.receive()
}
";
    assert_eq!(confidence("end-told", "link.over", code), "");
}

#[test]
fn a_struct_that_is_a_part_is_replaced_with_all_its_fields() {
    let reset = |name: &str, reset: &str| {
        let code = format!(
            "
import \"time\"

type average struct {{
	stop chan bool
	n    int
}}

type stats struct {{ average average }}

func (s *stats) end() {{ close(s.average.stop) }}

func (s *stats) done() {{ time.AfterFunc(time.Second, s.end) }}

func (s *stats) reset() {{ {reset} }}

func use(s *stats) {{
	s.done()
	s.reset()
}}
"
        );
        confidence(name, "average.stop", &code)
    };
    assert_eq!(reset("replaced", "s.average = average{stop: make(chan bool)}"), "low");
    assert_eq!(reset("one-field-set", "s.average.n = 0"), "");
}

#[test]
fn what_a_goroutine_ends_behind_its_signal_is_taken_for_ended() {
    let produce = |name: &str, last: &str| {
        let code = format!(
            "
type producer struct {{
	in, errors chan int
	closed     chan struct{{}}
}}

func newProducer() *producer {{
	p := &producer{{in: make(chan int), errors: make(chan int), closed: make(chan struct{{}})}}
	go func() {{
		defer func() {{
			{last}
		}}()
		for message := range p.in {{
			p.errors <- message
		}}
	}}()
	return p
}}

func (p *producer) Close() {{
	close(p.in)
	<-p.closed
}}
"
        );
        confidence(name, "producer.errors", &code)
    };
    assert_eq!(produce("closed-behind", "close(p.closed)\n\t\t\tclose(p.errors)"), "low");
    assert_eq!(produce("closed-before", "close(p.errors)\n\t\t\tclose(p.closed)"), "");
}

#[test]
fn a_channel_is_closed_behind_the_last_message_over_it() {
    let code = "
func sum(numbers []int) int {
	sums := make(chan int, 1)
	go func() {
		total := 0
		for _, n := range numbers {
			total += n
		}
		sums <- total
		close(sums)
	}()
	return <-sums
}
";
    assert_eq!(confidence("closed-behind-a-message", "sums", code), "");
}

#[test]
fn a_test_that_fails_leaves_what_it_was_lent_with_a_goroutine() {
    let test = |name: &str, late: &str| {
        let code = format!(
            "
import (
	\"testing\"
	\"time\"
)

type store struct{{ rows map[int]int }}

func (s *store) compact() {{ clear(s.rows) }}

func cleanup(s *store) {{ s.rows = nil }}

func TestCompact(t *testing.T) {{
	s := &store{{rows: map[int]int{{}}}}
	defer cleanup(s)
	done := make(chan struct{{}})
	go func() {{
		defer close(done)
		s.compact()
	}}()
	select {{
	case <-done:
	case <-time.After(time.Second):
		{late}
	}}
}}
"
        );
        confidence(name, "s", &code)
    };
    assert_eq!(test("left-by-failing", "t.Fatal(\"too late\")"), "low");
    assert_eq!(test("awaited-then", "<-done"), "");
}

#[test]
fn what_an_end_does_once_belongs_to_it() {
    let close = |name: &str, wait: &str| {
        let code = format!(
            "
import \"sync\"

type feed struct {{ n int }}
type reader struct {{
	ended sync.Once
	over  chan int
	done  chan int
	feed  *feed
}}

func open() *reader {{
	r := &reader{{over: make(chan int), done: make(chan int), feed: &feed{{}}}}
	go r.loop()
	return r
}}

func (r *reader) loop() {{
	defer close(r.done)
	for {{
		select {{
		case <-r.over:
			return
		default:
			r.feed.n++
		}}
	}}
}}

func (r *reader) Close() {{
	r.ended.Do(func() {{
		close(r.over)
		{wait}
		r.feed = nil
	}})
}}

func use() {{
	r := open()
	r.Close()
}}
"
        );
        confidence(name, "reader.feed", &code)
    };
    assert_eq!(close("ended-once", ""), "medium");
    assert_eq!(close("ended-once-and-awaited", "<-r.done"), "");
}

#[test]
fn who_starts_again_stores_what_the_goroutine_of_the_last_time_reads() {
    let start = |name: &str, stop: &str| {
        let code = format!(
            "
import \"context\"

type clock struct {{
	running context.Context
	cancel  context.CancelFunc
	over    chan int
	show    func()
}}

func (c *clock) tick() {{
	defer func() {{ c.over <- 1 }}()
	for c.running.Err() == nil {{
		c.show()
	}}
}}

func (c *clock) Start() {{
	c.running, c.cancel = context.WithCancel(context.Background())
	go c.tick()
}}

func (c *clock) Halted() {{
	c.cancel()
	{stop}
}}
"
        );
        confidence(name, "clock.running", &code)
    };
    assert_eq!(start("started-again", ""), "low");
    assert_eq!(start("started-again-after-the-end", "<-c.over"), "");
}

#[test]
fn what_is_made_of_a_test_logs_when_the_test_is_over() {
    let test = |name: &str, logger: &str, end: &str| {
        let code = format!(
            "
import \"testing\"

type Logger struct {{ log func(string, ...any) }}

func (l *Logger) Info(text string) {{ l.log(text) }}

func newLogger(t *testing.T) *Logger {{ return &Logger{{log: t.Logf}} }}

type worker struct {{
	log   *Logger
	over  chan int
	ended chan int
}}

func newWorker(log *Logger) *worker {{
	w := &worker{{log: log, over: make(chan int), ended: make(chan int)}}
	go w.run()
	return w
}}

func (w *worker) run() {{
	<-w.over
	w.log.Info(\"over\")
	close(w.ended)
}}

func TestWorker(t *testing.T) {{
	w := newWorker({logger})
	close(w.over)
	{end}
}}
"
        );
        confidence(name, "testing.T", &code)
    };
    assert_eq!(test("logged-late", "newLogger(t)", ""), "low");
    assert_eq!(test("logged-in-time", "newLogger(t)", "<-w.ended"), "");
    assert_eq!(test("logged-elsewhere", "&Logger{log: func(string, ...any) {}}", ""), "");
}

#[test]
fn a_pool_of_a_library_runs_what_it_is_given_while_the_caller_goes_on() {
    let count = |name: &str, import: &str, call: &str| {
        let code = format!(
            "
import (
	\"context\"

	pool \"{import}\"
)

var run = func(ctx context.Context, f func()) {{ {call} }}

func count(ctx context.Context) int {{
	n := 0
	run(ctx, func() {{ n++ }})
	return n
}}
"
        );
        confidence(&format!("pool-{name}"), "n", &code)
    };
    let (gopool, ants) = ("github.com/bytedance/gopkg/util/gopool", "github.com/panjf2000/ants");
    assert_ne!(count("go", gopool, "pool.Go(f)"), "");
    assert_ne!(count("ctx-go", gopool, "pool.CtxGo(ctx, f)"), "");
    assert_ne!(count("submit", ants, "pool.Submit(f)"), "");
    assert_ne!(count("submit-v2", "github.com/panjf2000/ants/v2", "pool.Submit(f)"), "");
    assert_eq!(count("here", gopool, "f()"), "");
}

#[test]
fn a_literal_that_runs_once_runs_where_it_stands() {
    let ends = |name: &str, stop: &str| {
        let code = format!(
            "
import \"sync\"

type feed struct {{
	once sync.Once
	busy sync.WaitGroup
	out  chan int
}}

func newFeed() *feed {{
	f := &feed{{out: make(chan int)}}
	f.busy.Add(1)
	go f.run()
	return f
}}

func (f *feed) run() {{
	defer f.busy.Done()
	f.out <- 1
}}

func (f *feed) Stop() {{
	{stop}
}}
"
        );
        confidence(&format!("once-{name}"), "feed.out", &code)
    };
    let close = "f.once.Do(func() { close(f.out) })";
    assert_eq!(ends("behind", &format!("f.busy.Wait()\n\t{close}")), "");
    assert_eq!(ends("before", &format!("{close}\n\tf.busy.Wait()")), "low");
}

#[test]
fn a_channel_kept_from_its_field_is_not_the_field() {
    let sends = |name: &str, send: &str| {
        let code = format!(
            "
import \"sync\"

type hub struct {{
	mu  sync.Mutex
	out chan int
}}

func newHub() *hub {{
	h := &hub{{out: make(chan int)}}
	go h.run()
	return h
}}

func (h *hub) run() {{
	for {{
		h.mu.Lock()
		out := h.out
		h.mu.Unlock()
		{send}
	}}
}}

func (h *hub) leave() {{
	h.mu.Lock()
	h.out = nil
	h.mu.Unlock()
}}
"
        );
        confidence(&format!("kept-channel-{name}"), "hub.out", &code)
    };
    assert_eq!(sends("kept", "out <- 1"), "");
    assert_eq!(sends("field", "if out != nil {\n\t\t\th.out <- 1\n\t\t}"), "low");
}

#[test]
fn whoever_has_no_goroutines_left_puts_a_variable_back() {
    let restores = |name: &str, checks: &str| {
        let code = format!(
            "
import (
	\"testing\"

	\"go.uber.org/goleak\"
)

var limit = 1

func work(stop chan int) {{
	for {{
		select {{
		case <-stop:
			return
		default:
			println(limit)
		}}
	}}
}}

func TestLimit(t *testing.T) {{
	{checks}
	limit = 3
	stop := make(chan int)
	go work(stop)
	close(stop)
}}
"
        );
        confidence(&format!("none-left-{name}"), "limit", &code)
    };
    let restore = "defer func() { limit = 1 }()";
    assert_eq!(restores("behind", &format!("{restore}\n\tdefer goleak.VerifyNone(t)")), "");
    assert_ne!(restores("before", &format!("defer goleak.VerifyNone(t)\n\t{restore}")), "");
}

#[test]
fn a_context_of_the_old_package_is_a_context() {
    let stops = |name: &str, package: &str| {
        let code = format!(
            "
import (
	\"sync\"

	\"{package}\"
)

type pump struct {{
	cancel context.CancelFunc
	busy   sync.WaitGroup
	rate   int
}}

func (p *pump) Start() {{
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() {{
		for ctx.Err() == nil {{
			println(p.rate)
		}}
	}}()
}}

func (p *pump) reset() {{
	p.cancel()
	p.rate = 0
}}

func main() {{ new(pump).reset() }}
"
        );
        confidence(&format!("context-{name}"), "pump.rate", &code)
    };
    let new = stops("new", "context");
    assert_ne!(new, "");
    assert_eq!(stops("old", "golang.org/x/net/context"), new);
}

#[test]
fn who_leaves_the_loop_early_has_not_heard_all() {
    let hears = |name: &str, on_error: &str| {
        let code = format!(
            "
type shelf struct{{ books []string }}

func check(int) error {{ return nil }}

func (s *shelf) sort(parts int) error {{
	errs := make(chan error, parts)
	for i := 0; i < parts; i++ {{
		go func() {{
			err := check(len(s.books))
			errs <- err
		}}()
	}}
	var first error
	for i := 0; i < parts; i++ {{
		if err := <-errs; err != nil {{
			{on_error}
		}}
	}}
	return first
}}

func (s *shelf) again() {{
	for s.sort(4) != nil {{
		s.books = nil
	}}
}}
"
        );
        confidence(&format!("early-{name}"), "shelf.books", &code)
    };
    assert_eq!(hears("leaves", "return err"), "low");
    assert_eq!(hears("goes-on", "first = err"), "");
}
