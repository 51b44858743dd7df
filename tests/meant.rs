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
