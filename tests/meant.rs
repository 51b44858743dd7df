//! What the code says it is meant to do: a flag that tells of the end, a variable that a queue is to see, a goroutine that
//! counts itself, a channel whose end says what has been stored. Each beside a twin that says something else.

use crate::certainty::confidence;

#[test]
fn a_flag_that_tells_of_the_end_ends_the_object() {
    let end = |name: &str, of: &str, stored: &str| {
        let code = format!(
            "
type poller struct {{
	state {of}
	asked chan int
}}

func newPoller() *poller {{
	p := &poller{{}}
	go p.run()
	return p
}}

func (p *poller) run() {{
	for range p.asked {{
		println(p.state)
	}}
}}

func (p *poller) Stop() {{ p.state = {stored} }}

func main() {{ newPoller().Stop() }}
"
        );
        confidence(&format!("flag-{name}"), "poller.state", &code)
    };
    assert_eq!(end("flag", "bool", "true"), "high");
    assert_eq!(end("number", "int", "2"), "low");
}

#[test]
fn what_a_queue_is_to_see_is_not_written_again() {
    let queued = |name: &str, job: &str, next: &str| {
        let code = format!(
            "
type queue struct{{ work chan func() }}

func newQueue() *queue {{
	q := &queue{{work: make(chan func(), 10)}}
	go q.run()
	return q
}}

func (q *queue) run() {{
	for f := range q.work {{
		f()
	}}
}}

func (q *queue) submit(f func()) {{ q.work <- f }}

func save(q *queue, lines int) {{
	q.submit(func() {{ {job} }})
	{next}
}}
"
        );
        confidence(&format!("queued-{name}"), "lines", &code)
    };
    assert_eq!(queued("written", "println(lines)", "lines = 2"), "high");
    assert_eq!(queued("read", "lines = 2", "println(lines)"), "medium");
}

#[test]
fn a_goroutine_that_counts_itself_comes_too_late() {
    let counted = |name: &str, first: &str| {
        let code = format!(
            "
import \"sync\"

type target struct {{
	lines chan int
	busy  sync.WaitGroup
}}

func newTarget() *target {{
	t := &target{{}}
	go func() {{ t.run() }}()
	return t
}}

func (t *target) run() {{
	{first}
	t.busy.Add(1)
	defer t.busy.Done()
	for range t.lines {{
	}}
}}

func (t *target) Stop() {{
	close(t.lines)
	t.busy.Wait()
}}
"
        );
        confidence(&format!("counts-itself-{name}"), "target.busy", &code)
    };
    assert_eq!(counted("always", ""), "high");
    assert_eq!(counted("sometimes", "if <-t.lines == 0 {\n\t\treturn\n\t}"), "medium");
}

#[test]
fn what_is_stored_in_front_of_a_close_is_seen_behind_the_receive() {
    let fails = |name: &str, fail: &str, others: &str| {
        let code = format!(
            "
type conn struct {{
	failed chan struct{{}}
	lines  chan int
	err    error
}}

func newConn() *conn {{
	c := &conn{{failed: make(chan struct{{}})}}
	go c.run()
	return c
}}

func (c *conn) run() {{
	for {{
		select {{
		case <-c.failed:
			println(c.err)
			return
		case <-c.lines:
		}}
	}}
}}

func (c *conn) Close() {{
	{fail}
}}

{others}
"
        );
        confidence(&format!("told-by-close-{name}"), "conn.err", &code)
    };
    assert_eq!(fails("in-front", "c.err = nil\n\tclose(c.failed)", ""), "");
    assert_eq!(fails("deferred", "defer close(c.failed)\n\tc.err = nil", ""), "");
    assert_eq!(fails("behind", "close(c.failed)\n\tc.err = nil", ""), "low");
    let send = "func (c *conn) ask() { c.failed <- struct{}{} }";
    assert_eq!(fails("sent", "c.err = nil\n\tclose(c.failed)", send), "low");
    let another = "func (c *conn) drop() { close(c.failed) }";
    assert_eq!(fails("another", "c.err = nil\n\tclose(c.failed)", another), "low");
}

#[test]
fn who_sets_a_field_is_not_woken_by_its_end() {
    let closed = |name: &str, body: &str| {
        let code = format!(
            "
import \"io\"

type node struct {{
	conn io.ReadCloser
	name string
	dial func(string) io.ReadCloser
}}

func newNode(n *node) *node {{
	go n.run()
	return n
}}

func (n *node) run() {{
	{body}
}}

func (n *node) Close() {{ n.conn.Close() }}

func main() {{ newNode(&node{{}}).Close() }}
"
        );
        confidence(&format!("set-{name}"), "node.conn", &code)
    };
    assert_eq!(closed("set", "n.conn = n.dial(n.name)"), "medium");
    assert_eq!(closed("read", "n.conn.Read(nil)"), "low");
}

#[test]
fn the_last_of_several_says_that_all_are_done() {
    let counted = |name: &str, last: &str, heard: &str| {
        let code = format!(
            "
import (
	\"sync/atomic\"
	\"time\"
)

var (
	label = \"first\"
	left  atomic.Int32
	lines = make(chan int)
	over  = make(chan int)
)

func work() {{
	<-lines
	println(label)
	{last}
}}

func Run() {{
	label = \"first\"
	left.Store(2)
	for i := 0; i < 2; i++ {{
		go work()
	}}
	{heard}
	label = \"second\"
}}
"
        );
        confidence(&format!("last-{name}"), "label", &code)
    };
    let last = "if left.Add(-1) == 0 {\n\t\tover <- 1\n\t}";
    assert_eq!(counted("heard", last, "<-over"), "medium");
    assert_eq!(counted("unheard", last, "time.Sleep(1)"), "high");
}

#[test]
fn a_handler_of_a_test_that_gives_up_has_failed() {
    let gives_up = |name: &str, package: &str, given: &str| {
        let code = format!(
            "
import (
	\"errors\"
	\"net/http\"
	{package}
	\"time\"
)

func serve({given}, handle func(http.ResponseWriter, *http.Request) error) {{}}

func Use({given}) {{
	serve(t, func(w http.ResponseWriter, r *http.Request) error {{
		written := make(chan error, 1)
		go func() {{
			_, err := w.Write(nil)
			written <- err
		}}()
		select {{
		case err := <-written:
			return err
		case <-time.After(time.Second):
			return errors.New(\"timeout\")
		}}
	}})
}}
"
        );
        confidence(&format!("handler-{name}"), "w", &code)
    };
    assert_eq!(gives_up("test", "\"testing\"", "t *testing.T"), "medium");
    assert_eq!(gives_up("program", "", "t int"), "high");
}

#[test]
fn who_calls_the_starter_waits_before_a_channel_is_made_again() {
    let starts = |name: &str, end: &str| {
        let code = format!(
            "
import \"sync\"

type syncer struct {{
	busy sync.WaitGroup
	jobs chan int
}}

func (s *syncer) run() {{
	s.busy.Add(1)
	go func() {{
		defer s.busy.Done()
		for {{
			select {{
			case <-s.jobs:
				return
			default:
			}}
		}}
	}}()
}}

func (s *syncer) process() {{
	s.run()
	{end}
}}

func (s *syncer) renew() {{
	close(s.jobs)
	s.jobs = make(chan int)
}}

func (s *syncer) resume() {{
	s.renew()
	s.process()
}}

func main() {{
	s := &syncer{{jobs: make(chan int)}}
	s.process()
	s.resume()
}}
"
        );
        confidence(&format!("starter-{name}"), "syncer.jobs", &code)
    };
    assert_eq!(starts("waits", "close(s.jobs)\n\ts.busy.Wait()"), "medium");
    assert_eq!(starts("goes", ""), "high");
}

#[test]
fn who_waits_for_a_condition_is_called_under_its_lock() {
    let reads = |name: &str, wait: &str| {
        let code = format!(
            "
import \"sync\"

func await(cond *sync.Cond, at *int, stop chan int) {{
	over := false
	go func() {{
		<-stop
		cond.L.Lock()
		over = true
		cond.Broadcast()
		cond.L.Unlock()
	}}()
	for *at != 0 && !over {{
		{wait}
	}}
}}

func Use(at *int, stop chan int) {{
	var mu sync.Mutex
	mu.Lock()
	await(sync.NewCond(&mu), at, stop)
	mu.Unlock()
}}
"
        );
        confidence(&format!("cond-{name}"), "over", &code)
    };
    assert_eq!(reads("waits", "cond.Wait()"), "low");
    assert_eq!(reads("looks", "println(1)"), "high");
}

#[test]
fn a_wait_of_the_goroutine_itself_comes_behind_what_it_raises() {
    let waits = |name: &str, run: &str| {
        let code = format!(
            "
import \"sync\"

type list struct{{ busy sync.WaitGroup }}

func inject(f func()) {{ f() }}

func Listen(l *list) {{
	go l.listen()
}}

func (l *list) listen() {{
	l.busy.Add(1)
	defer l.busy.Done()
	{run}(func() {{
		l.busy.Wait()
	}})
}}
"
        );
        confidence(&format!("itself-{name}"), "list.busy", &code)
    };
    assert_eq!(waits("runs", "inject"), "");
    assert_eq!(waits("starts", "sync.OnceFunc"), "");
}
