//! Objects that are kept, given out or given back: owners in fields, test handles under another name, buffers that are
//! filled again. Each beside twins that are in order.

use serde_json::Value;

use crate::{Scratch, certainty::confidence, json, outlive};

/// What `check` says of a module of one file.
fn findings(name: &str, code: &str) -> Vec<Value> {
    let scratch = Scratch::new(&format!("kept-{name}"));
    scratch.write("go.mod", "module example.com/m\n\ngo 1.22\n").write("m.go", format!("package m\n{code}"));
    let answer = json(&outlive(&["check", "--no-cache", "--all", "--format", "json", scratch.path()]));
    answer["findings"].as_array().expect("findings").clone()
}

#[test]
fn who_takes_an_object_out_next_is_an_access_of_the_finding() {
    let code = |taken: &str| {
        format!(
            "
import \"sync\"

type message struct{{ text string }}

type sender struct {{
	pool, other sync.Pool
	sent        chan int
}}

func (s *sender) send(text string) {{
	m := s.{taken}.Get().(*message)
	m.set(text)
	go func() {{ s.sent <- len(m.text) }}()
	s.pool.Put(m)
}}

func (m *message) set(text string) {{
	m.text = text
}}
"
        )
    };
    let lines = |name: &str, taken: &str| {
        let found = findings(name, &code(taken));
        let found = found.iter().find(|f| f["rule"] == "recycled-while-used").expect("a finding");
        let accesses = found["accesses"].as_array().expect("accesses").iter();
        accesses.map(|access| access["expression"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines("next-use", "pool"), ["m.text", "s.pool.Put(m)", "m.text"]);
    // What comes out of another pool is another object.
    assert_eq!(lines("next-use-of-another", "other"), ["m.text", "s.pool.Put(m)"]);
}

#[test]
fn a_goroutine_has_an_access_on_each_of_its_ways() {
    let code = "
type state struct{ n int }

type worker struct {
	state *state
	stop  chan struct{}
	work  chan int
}

func (w *worker) start() {
	go w.run()
}

func (w *worker) run() {
	for {
		select {
		case <-w.stop:
			w.state.n = -1
			return
		case n := <-w.work:
			w.state.n = n
		}
	}
}

func (w *worker) Close() {
	close(w.stop)
	w.state = nil
}
";
    let found = findings("ways", code);
    let about = found.iter().find(|f| f["location"]["name"] == "worker.state").expect("a finding");
    let inside = about["accesses"].as_array().expect("accesses").iter().filter(|a| a["side"] == "goroutine");
    assert_eq!(inside.count(), 1, "one way leads to the other: {about:#}");
    let once = code.replace("\tfor {\n", "\t{\n");
    let found = findings("ways-once", &once);
    let about = found.iter().find(|f| f["location"]["name"] == "worker.state").expect("a finding");
    let inside = about["accesses"].as_array().expect("accesses").iter().filter(|a| a["side"] == "goroutine");
    assert_eq!(inside.count(), 2, "{about:#}");
}

#[test]
fn a_buffer_that_is_filled_again_is_given_back_by_the_next_call() {
    let sum = |name: &str, line: &str, behind: &str| {
        let code = format!(
            "
import \"sync\"

type reader struct {{
	lines []string
	buf   []byte
}}

func (r *reader) next() []byte {{
	r.buf = append(r.buf[:0], r.lines[0]...)
	r.lines = r.lines[1:]
	return r.buf
}}

func (r *reader) sums(sums chan<- int) {{
	var wg sync.WaitGroup
	for len(r.lines) > 0 {{
		{line}
		wg.Add(1)
		go func() {{
			defer wg.Done()
			sum := 0
			for _, b := range line {{
				sum += int(b)
			}}
			sums <- sum
		}}()
		{behind}
	}}
}}
"
        );
        confidence(name, "reader.buf", &code)
    };
    assert_eq!(sum("reused", "line := r.next()", ""), "medium");
    assert_eq!(sum("reused-copied", "line := append([]byte(nil), r.next()...)", ""), "");
    assert_eq!(sum("reused-waited", "line := r.next()", "wg.Wait()"), "");
    assert_eq!(sum("reused-string", "line := string(r.next())", ""), "");
}

#[test]
fn an_owner_in_a_field_is_stopped_on_one_way_only() {
    let play = |name: &str, guard: &str, more: &str| {
        let code = format!(
            "
import (
	\"errors\"
	\"sync\"
)

type meter struct{{ frames int }}

type player struct {{
	meter *meter
	bad   bool
	dec   *decoder
}}

func (p *player) load() {{
	p.meter = &meter{{}}
	p.dec = &decoder{{p: p, quit: make(chan struct{{}})}}
	p.dec.start()
}}

func (p *player) play(frames []byte) error {{
	for _, f := range frames {{
		if {guard} {{
			return errors.New(\"noise\")
		}}
	}}
	p.dec.stop()
	return nil
}}

type decoder struct {{
	p    *player
	quit chan struct{{}}
	wg   sync.WaitGroup
}}

func (d *decoder) start() {{
	d.wg.Add(1)
	go d.decode()
}}

func (d *decoder) decode() {{
	defer d.wg.Done()
	<-d.quit
	d.p.meter.frames++
}}

func (d *decoder) stop() {{
	close(d.quit)
	d.wg.Wait()
}}
{more}
"
        );
        let found = findings(name, &code);
        let skipped = found.iter().filter(|f| f["join"]["status"] == "skipped" && f["confidence"] != "low");
        skipped.map(|f| f["location"]["name"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(play("owner", "f == 0", ""), "player.meter");
    // What the object knows may tell that there is nothing to stop.
    assert_eq!(play("owner-guarded", "p.bad", ""), "");
    // Whoever sees the error may stop it.
    assert_eq!(play("owner-closed", "f == 0", "func (p *player) Close() { p.dec.stop() }"), "");
}

#[test]
fn a_test_is_kept_as_a_logger() {
    let logs = |name: &str, ends: &str, body: &str| {
        let code = format!(
            "
import \"testing\"

type logger interface{{ Logf(format string, args ...any) }}

type broker struct {{
	log      logger
	messages chan int
	done     chan struct{{}}
}}

func newBroker(log logger) *broker {{
	b := &broker{{log: log, messages: make(chan int), done: make(chan struct{{}})}}
	go b.consume()
	return b
}}

func (b *broker) consume() {{
	for m := range b.messages {{
		{body}
	}}
	{ends}
}}

func (b *broker) Stop() {{
	close(b.messages)
}}

func TestBroker(t *testing.T) {{
	b := newBroker(t)
	b.messages <- 1
	b.Stop()
	{wait}
}}
",
            wait = if ends.is_empty() { "" } else { "<-b.done" }
        );
        confidence(name, "broker.log", &code)
    };
    assert_eq!(logs("logger", "", "b.log.Logf(\"message %d\", m)"), "medium");
    assert_eq!(logs("logger-waited", "close(b.done)", "b.log.Logf(\"message %d\", m)"), "");
    assert_eq!(logs("logger-unused", "", "_ = m"), "");
}

#[test]
fn a_context_in_a_field_is_read_by_who_listens_to_it() {
    let restart = |name: &str, listens: &str| {
        let code = format!(
            "
import \"context\"

type loop struct {{
	ctx    context.Context
	cancel context.CancelFunc
}}

func (l *loop) restart() {{
	if l.cancel != nil {{
		l.cancel()
	}}
	ctx, cancel := context.WithCancel(context.Background())
	l.ctx, l.cancel = ctx, cancel
	go func() {{
		<-{listens}.Done()
	}}()
}}
"
        );
        let found = findings(name, &code);
        let about = found.iter().filter(|f| f["location"]["name"] == "loop.ctx");
        about.map(|f| f["rule"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(restart("context", "l.ctx"), "stop-channel-remade");
    assert_eq!(restart("context-of-its-own", "ctx"), "");
}

#[test]
fn the_writer_of_an_answer_is_the_servers_again_when_the_handler_returns() {
    let handler = |name: &str, wait: &str| {
        let code = format!(
            "
import \"net/http\"

func stream(w http.ResponseWriter, r *http.Request) {{
	done := make(chan struct{{}})
	go func() {{
		defer close(done)
		w.Write([]byte(\"late\"))
	}}()
	{wait}
}}
"
        );
        confidence(name, "w", &code)
    };
    assert_eq!(handler("writer-waits", "<-done"), "");
    assert_eq!(handler("writer-left", "r.ParseForm()"), "high");
}

#[test]
fn the_context_of_a_framework_goes_back_to_its_pool_when_the_handler_returns() {
    let upload = |name: &str, used: &str| {
        let code = format!(
            "
import \"github.com/gin-gonic/gin\"

func store(name string) {{}}

func upload(c *gin.Context) {{
	name := c.Param(\"name\")
	go func() {{
		store({used})
	}}()
}}
"
        );
        confidence(name, "c", &code)
    };
    assert_eq!(upload("context-copied", "name"), "");
    assert_eq!(upload("context-kept", "c.Param(name)"), "high");
}

#[test]
fn a_handler_may_leave_its_context_with_who_goes_on_to_use_it() {
    let page = |name: &str, late: &str| {
        let code = format!(
            "
import (
	\"time\"

	\"github.com/valyala/fasthttp\"
)

func page(ctx *fasthttp.RequestCtx) {{
	done := make(chan struct{{}})
	go func() {{
		defer close(done)
		ctx.WriteString(\"slow\")
	}}()
	select {{
	case <-done:
	case <-time.After(time.Second):
		{late}
	}}
}}
"
        );
        confidence(name, "ctx", &code)
    };
    // What the caller does with it is another question.
    assert_eq!(page("context-left", "ctx.TimeoutError(\"too late\")"), "low");
    assert_eq!(page("context-taken-back", "println(\"too late\")"), "high");
}

#[test]
fn a_kept_literal_that_counts_atomically_meets_a_plain_read() {
    let reads = |name: &str, read: &str| {
        let code = format!(
            "
import (
	\"sync/atomic\"
	\"time\"
)

type clock struct{{ tick func() }}

func (c *clock) run() {{
	for {{
		c.tick()
	}}
}}

func Start(c *clock) {{ go c.run() }}

func Count(c *clock) int64 {{
	var n int64
	c.tick = func() {{ atomic.AddInt64(&n, 1) }}
	time.Sleep(1)
	return {read}
}}
"
        );
        confidence(&format!("kept-atomic-{name}"), "n", &code)
    };
    assert_eq!(reads("plain", "n"), "low");
    assert_eq!(reads("atomic", "atomic.LoadInt64(&n)"), "");
}
