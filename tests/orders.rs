//! What orders the two sides of a conflict, or says that it may: groups without source, flags, counts, pipes, owners. Each
//! beside a twin without it.

use crate::certainty::confidence;

#[test]
fn a_group_without_source_is_known_by_its_methods() {
    let sum = |name: &str, wait: &str| {
        let code = format!(
            "
import (
	\"time\"

	\"example.com/absent/pool\"
)

func sum(numbers []int) int {{
	group := pool.New(4)
	total := 0
	group.Take()
	go func() {{
		defer group.Give()
		time.Sleep(time.Millisecond)
		total = len(numbers)
	}}()
	{wait}
	return total
}}
"
        );
        confidence(name, "total", &code)
    };
    assert_eq!(sum("group-waited-for", "group.Wait()"), "");
    assert_eq!(sum("group-left", "group.Take()"), "high");
}

#[test]
fn a_group_without_source_starts_what_it_is_given() {
    let sum = |name: &str, start: &str, wait: &str| {
        let code = format!(
            "
import \"example.com/absent/pool\"

func sum(numbers []int) int {{
	group := pool.New(4)
	total := 0
	group.{start}(func() error {{
		total = len(numbers)
		return nil
	}}, 1)
	{wait}
	return total
}}
"
        );
        confidence(name, "total", &code)
    };
    assert_eq!(sum("start-waited-for", "Go", "group.Wait()"), "");
    assert_eq!(sum("start-left", "Go", "group.Len()"), "low");
    assert_eq!(sum("no-start", "With", "group.Len()"), "");
}

#[test]
fn a_flag_says_whether_there_is_something_to_wait_for() {
    let framer = |name: &str, taken_back: (&str, &str)| {
        let (first, last) = taken_back;
        let code = format!(
            "
import \"sync\"

type framer struct {{
	mu      sync.Mutex
	running bool
	out     chan int
	stop    chan struct{{}}
	exited  chan struct{{}}
}}

func (f *framer) Run() {{
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running {{
		return
	}}
	f.running = true
	go f.run()
}}

func (f *framer) run() {{
	<-f.stop
	{first}
	f.out <- 1
	{last}
	close(f.exited)
}}

func (f *framer) Destroy() {{
	f.mu.Lock()
	close(f.stop)
	running := f.running
	f.mu.Unlock()
	if running {{
		<-f.exited
	}}
	close(f.out)
}}
"
        );
        confidence(name, "framer.out", &code)
    };
    let take_back = "f.mu.Lock()\n\tf.running = false\n\tf.mu.Unlock()";
    assert_eq!(framer("flag-last", ("", take_back)), "");
    assert_ne!(framer("flag-first", (take_back, "")), "");
}

#[test]
fn results_that_are_counted_may_order_them() {
    let answers = |name: &str, receive: &str| {
        let code = format!(
            "
func answers(questions int) int {{
	work, done := make(chan int), make(chan bool, questions)
	asked := 0
	go func() {{
		for range work {{
			asked++
			done <- true
		}}
	}}()
	for i := range questions {{
		work <- i
	}}
	count := 0
	{receive}
	return asked + count
}}
"
        );
        confidence(name, "asked", &code)
    };
    let counted = "for range done {\n\t\tcount++\n\t\tif count == questions {\n\t\t\tbreak\n\t\t}\n\t}";
    assert_eq!(answers("all-received", counted), "medium");
    assert_eq!(answers("one-received", "<-done"), "high");
}

#[test]
fn what_comes_out_of_a_pipe_may_order_them() {
    let copy = |name: &str, before: &str, after: &str| {
        let code = format!(
            "
import (
	\"fmt\"
	\"io\"
)

func copied(text string, to io.Writer) (string, error) {{
	r, w := io.Pipe()
	go func() {{
		{before}
		fmt.Fprint(w, text)
		{after}
	}}()
	if _, err := io.Copy(to, r); err == nil {{
		return text, err
	}}
	text = \"\"
	return text, nil
}}
"
        );
        confidence(name, "text", &code)
    };
    assert_eq!(copy("pipe-closed-last", "", "w.Close()"), "medium");
    assert_eq!(copy("pipe-closed-first", "", "w.Close()\n\t\tfmt.Println(text)"), "high");
}

#[test]
fn who_made_an_object_waits_before_it_is_set_back() {
    let rounds = |name: &str, wait: &str| {
        let code = format!(
            "
import \"sync\"

type team struct {{
	room chan bool
	wg   *sync.WaitGroup
}}

func (t *team) Reset() {{
	close(t.room)
	t.room = make(chan bool, 2)
}}

func (t *team) Add(task func()) {{
	t.wg.Add(1)
	go func() {{
		t.room <- true
		task()
		<-t.room
		t.wg.Done()
	}}()
}}

func (t *team) Wait() {{
	t.wg.Wait()
}}

func work(rounds int, task func()) {{
	t := &team{{room: make(chan bool, 2), wg: &sync.WaitGroup{{}}}}
	for range rounds {{
		t.Reset()
		t.Add(task)
		{wait}
	}}
}}
"
        );
        confidence(name, "team.room", &code)
    };
    assert_eq!(rounds("waits", "t.Wait()"), "");
    assert_ne!(rounds("goes-on", ""), "");
}

#[test]
fn who_asks_whether_the_time_was_over_has_waited() {
    let waits = |name: &str, wait: &str| {
        let code = format!(
            "
import (
	\"sync\"
	\"time\"
)

func waitTimeout(wg *sync.WaitGroup, d time.Duration) bool {{
	done := make(chan struct{{}})
	go func() {{
		defer close(done)
		wg.Wait()
	}}()
	select {{
	case <-done:
		return true
	case <-time.After(d):
		return false
	}}
}}

func patient(wg *sync.WaitGroup) bool {{ return waitTimeout(wg, time.Minute) }}

func sum(numbers chan int) int {{
	var wg sync.WaitGroup
	wg.Add(1)
	total := 0
	go func() {{
		defer wg.Done()
		for number := range numbers {{
			total += number
		}}
	}}()
	{wait}
	return total
}}
"
        );
        confidence(name, "total", &code)
    };
    assert_eq!(waits("time-asked", "if !waitTimeout(&wg, time.Second) { return 0 }"), "");
    assert_eq!(waits("time-asked-above", "if !patient(&wg) { return 0 }"), "");
    assert_eq!(waits("time-kept", "ok := waitTimeout(&wg, time.Second)\n\tprintln(ok)"), "");
    assert_eq!(waits("time-not-asked", "waitTimeout(&wg, time.Second)"), "high");
}

#[test]
fn what_is_deleted_from_one_field_is_not_of_another() {
    let deletes = |name: &str, field: &str| {
        let code = format!(
            "
type hub struct {{
	clients map[int]string
	topics  map[int]string
}}

func (h *hub) run(gone, sent chan int) {{
	go func() {{
		for id := range sent {{
			println(h.topics[id])
		}}
	}}()
	for id := range gone {{
		delete(h.{field}, id)
	}}
}}
"
        );
        let about = |location: &str| confidence(&format!("{name}{location}"), location, &code);
        format!("{}{}", about("h"), about("hub.topics"))
    };
    assert_eq!(deletes("deleted-elsewhere", "clients"), "");
    assert_ne!(deletes("deleted-there", "topics"), "");
}

#[test]
fn what_is_deferred_behind_an_unlock_runs_under_the_lock() {
    let acks = |name: &str, deferred: (&str, &str)| {
        let (first, second) = deferred;
        let code = format!(
            "
import \"sync\"

type broker struct {{
	mu   sync.Mutex
	seen map[int]bool
	stop chan bool
}}

func (b *broker) forget() {{ b.seen = nil }}

func (b *broker) ack() {{
	b.mu.Lock()
	{first}
	{second}
}}

func (b *broker) Start() {{
	go func() {{
		for range b.stop {{
			b.ack()
		}}
	}}()
}}

func (b *broker) Close() {{
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.stop)
	b.seen = nil
}}
"
        );
        confidence(name, "broker.seen", &code)
    };
    assert_eq!(acks("behind-the-unlock", ("defer b.mu.Unlock()", "defer b.forget()")), "");
    assert_ne!(acks("before-the-unlock", ("defer b.forget()", "defer b.mu.Unlock()")), "");
}

#[test]
fn an_assertion_that_a_channel_is_closed_waits_for_it() {
    let asserts = |name: &str, (import, package): (&str, &str), of: &str| {
        let code = format!(
            "
import (
	\"testing\"

	. \"github.com/onsi/ginkgo/v2\"
	{import}\"github.com/onsi/gomega\"
)

var results chan int

func TestResult(t *testing.T) {{
	done, other := make(chan bool), make(chan bool)
	result := 0
	go func() {{
		defer close(done)
		close(other)
		result = <-results
	}}()
	{package}Eventually({of}).Should({package}BeClosed())
	t.Log(result)
}}
"
        );
        confidence(name, "result", &code)
    };
    let (named, all) = (("", "gomega."), (". ", ""));
    assert_eq!(asserts("closed", named, "done"), "");
    assert_eq!(asserts("another-closed", named, "other"), "high");
    assert_eq!(asserts("closed-by-a-bare-name", all, "done"), "");
    assert_eq!(asserts("another-closed-by-a-bare-name", all, "other"), "high");
}

#[test]
fn goroutines_that_each_write_are_told_from_those_of_which_one_does() {
    let puts = |name: &str, write: &str| {
        let code = format!(
            "
import \"sync\"

type keys interface {{
	Lock(key string)
	Unlock(key string)
}}

func putAll(all []string, put func(string) error, locks keys) error {{
	var err error
	var wg sync.WaitGroup
	for i, key := range all {{
		wg.Add(1)
		go func() {{
			defer wg.Done()
			{write}
		}}()
	}}
	wg.Wait()
	return err
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(puts("each-writes", "_, err = i, put(key)"), "high");
    assert_eq!(puts("one-writes", "if i == 0 {\n\t\t\t\terr = put(key)\n\t\t\t}"), "low");
    let locked = "_ = i\n\t\t\tlocks.Lock(key)\n\t\t\terr = put(key)\n\t\t\tlocks.Unlock(key)";
    assert_eq!(puts("each-locks", locked), "low");
}

#[test]
fn what_a_goroutine_ends_when_it_is_done_tells_unless_the_time_was_over() {
    let work = |name: &str, parent: &str, (end, wait): (&str, &str)| {
        let code = format!(
            "
import (
	\"context\"
	\"time\"
)

func work(parent context.Context, do func() int) int {{
	total := 0
	ctx, cancel := context.WithTimeout({parent}, time.Second)
	go func() {{
		{end}
		total = do()
	}}()
	{wait}
	return total
}}
"
        );
        confidence(name, "total", &code)
    };
    let (background, ended) = ("context.Background()", ("defer cancel()", "<-ctx.Done()"));
    assert_eq!(work("limit-not-ended", background, ("_ = cancel", "<-ctx.Done()")), "high");
    assert_eq!(work("limit-ended", background, ended), "medium");
    let ended_by_others = ("defer cancel()", "go func() { defer cancel(); do() }()\n\t<-ctx.Done()");
    assert_eq!(work("limit-ended-by-others", background, ended_by_others), "high");
    assert_eq!(work("limit-of-a-parent", "parent", ended), "high");
    let or_asked = "select {\n\tcase <-ctx.Done():\n\tcase <-parent.Done():\n\t}";
    assert_eq!(work("limit-or-asked", background, ("defer cancel()", or_asked)), "high");
}

const SERVER: &str = "
import (
	\"net\"
	\"testing\"
)

func ask(address string) string {
	c, err := net.Dial(\"tcp\", address)
	if err != nil {
		return \"\"
	}
	answer := make([]byte, 8)
	n, _ := c.Read(answer)
	return string(answer[:n])
}
";

#[test]
fn an_answer_over_a_connection_may_order_both_sides() {
    let test = |name: &str, (handle, ask): (&str, &str)| {
        let code = format!(
            "{SERVER}
func TestServer(t *testing.T) {{
	l, err := net.Listen(\"tcp\", \":0\")
	if err != nil {{
		t.Fatal(err)
	}}
	asked, ready := 0, make(chan int)
	go func() {{
		<-ready
		{handle}
	}}()
	ready <- 1
	{ask}
	if asked != 1 {{
		t.Log(\"nobody\")
	}}
	_, _ = l, ask
}}
"
        );
        confidence(name, "asked", &code)
    };
    let serve = "c, _ := l.Accept()\n\t\tasked++\n\t\t_, _ = c.Write([]byte(\"hello\"))";
    let asked = "t.Log(ask(l.Addr().String()))";
    assert_eq!(test("not-asked", (serve, "")), "high");
    assert_eq!(test("not-answered", ("asked++", asked)), "high");
    assert_eq!(test("asked-and-answered", (serve, asked)), "medium");
}

#[test]
fn what_is_served_comes_when_somebody_asks() {
    let test = |name: &str, handle: &str| {
        let code = format!(
            "{SERVER}
var greeting = \"hello\"

func TestServer(t *testing.T) {{
	l, err := net.Listen(\"tcp\", \":0\")
	if err != nil {{
		t.Fatal(err)
	}}
	go func() {{
		{handle}
		println(greeting)
	}}()
	greeting = \"hi\"
	t.Log(ask(l.Addr().String()))
}}
"
        );
        confidence(name, "greeting", &code)
    };
    assert_eq!(test("at-once", "_ = l"), "high");
    assert_eq!(test("accepted", "_, _ = l.Accept()"), "medium");
}

#[test]
fn what_an_object_has_given_out_talks_to_it() {
    let test = |name: &str, commit: &str| {
        let code = format!(
            "
import (
	\"sync\"
	\"testing\"
	\"time\"
)

type store struct {{
	mu      sync.Mutex
	commits int
}}

type transaction struct{{ of *store }}

func (s *store) begin() *transaction {{ return &transaction{{of: s}} }}

func (tx *transaction) commit() {{
	tx.of.mu.Lock()
	tx.of.commits++
	tx.of.mu.Unlock()
}}

func (s *store) wait() {{
	for done := false; !done; time.Sleep(time.Millisecond) {{
		s.mu.Lock()
		done = s.commits > 0
		s.mu.Unlock()
	}}
}}

func TestStore(t *testing.T) {{
	s := &store{{}}
	go func() {{
		time.Sleep(time.Millisecond)
		tx := s.begin()
		{commit}
	}}()
	s.wait()
	s = &store{{}}
}}
"
        );
        confidence(name, "s", &code)
    };
    assert_eq!(test("not-committed", "println(tx)"), "high");
    assert_eq!(test("committed", "tx.commit()"), "medium");
}

#[test]
fn each_of_several_functions_writes_what_it_writes() {
    let run = |name: &str, loops: (&str, &str)| {
        let (start, write) = loops;
        let code = format!(
            "
import (
	\"sync\"
	\"sync/atomic\"
)

func run(values []int) int {{
	last := 0
	var failures atomic.Int32
	var wg sync.WaitGroup
	write := func(value int) {{
		failed := failures.Add(1)
		{write}
	}}
	other := func(value int) {{ println(value, failures.Load()) }}
	{start}
	wg.Wait()
	return last
}}
"
        );
        confidence(name, "last", &code)
    };
    let all = "for _, value := range values {\n\t\twg.Add(1)\n\t\tgo func() {\n\t\t\tdefer wg.Done()\n\t\t\twrite(value)\n\t\t}()\n\t}\n\t_ = other";
    let direct = all.replace("write(value)", "last = value").replace("_ = other", "_, _ = other, write");
    assert_eq!(run("each-writes", (&direct, "println(failed)")), "high");
    let counted =
        direct.replace("last = value", "n := failures.Add(1)\n\t\t\tif n > 1 {\n\t\t\t\tlast = value\n\t\t\t}");
    assert_eq!(run("counted", (&counted, "println(failed)")), "low");
    let listed = "for _, do := range []func(int){write, other} {\n\t\twg.Add(1)\n\t\tgo func(do func(int)) {\n\t\t\tdefer wg.Done()\n\t\t\tdo(1)\n\t\t}(do)\n\t}";
    assert_ne!(run("listed", (listed, "last = value + int(failed)")), "high");
}

#[test]
fn an_answer_that_a_callee_waits_for_may_order_both_sides() {
    let run = |name: &str, (say, hear): (&str, &str)| {
        let code = format!(
            "
type question struct {{ answer chan int }}

type desk struct {{ questions chan question }}

func (d *desk) ask() {{
	q := question{{answer: make(chan int, 1)}}
	d.questions <- q
	{hear}
}}

func count(d *desk) int {{
	seen := 0
	go func() {{
		for q := range d.questions {{
			seen++
			{say}
		}}
	}}()
	d.ask()
	return seen
}}
"
        );
        confidence(name, "seen", &code)
    };
    assert_eq!(run("not-heard", ("q.answer <- seen", "")), "high");
    assert_eq!(run("not-said", ("_ = q", "<-q.answer")), "high");
    assert_eq!(run("acknowledged", ("q.answer <- seen", "<-q.answer")), "medium");
}

#[test]
fn an_atomic_that_is_polled_may_tell_that_the_goroutine_is_over() {
    let close = |name: &str, poll: &str| {
        let code = format!(
            "
import (
	\"sync/atomic\"
	\"time\"
)

type follower struct {{
	packets chan int
	exit    chan struct{{}}
	exited  atomic.Int32
}}

func newFollower() *follower {{
	f := &follower{{packets: make(chan int), exit: make(chan struct{{}})}}
	go f.write()
	return f
}}

func (f *follower) write() {{
	for n := 0; ; n++ {{
		select {{
		case <-f.exit:
			if f.exited.Add(1) > 1 {{
				return
			}}
			f.exited.Store(7)
			return
		default:
			f.packets <- n
		}}
	}}
}}

func (f *follower) Destroy() {{
	close(f.exit)
	{poll}
	close(f.packets)
}}

func stop(f *follower) {{ f.Destroy() }}
"
        );
        confidence(name, "packets", &code)
    };
    let polled = "for {\n\t\tif f.exited.Load() == 7 {\n\t\t\tbreak\n\t\t}\n\t\ttime.Sleep(time.Millisecond)\n\t}";
    assert_eq!(close("not-polled", "time.Sleep(time.Millisecond)"), "medium");
    assert_eq!(close("polled", polled), "low");
}

#[test]
fn a_literal_that_runs_in_place_reads_like_its_function() {
    let reads = |name: &str, read: &str| {
        let code = format!(
            "
type box struct{{ size int }}

func (b *box) show() {{ println(b.size) }}

func Fill(b *box, sizes chan int) {{
	go func() {{
		b.size = <-sizes
	}}()
	{read}
}}
"
        );
        confidence(&format!("in-place-{name}"), "box.size", &code)
    };
    assert_eq!(reads("function", "println(b.size)"), "low");
    assert_eq!(reads("literal", "func() { println(b.size) }()"), "low");
    // What comes of the goroutine's work, a method that is called may know to be there.
    assert_eq!(reads("method", "b.show()"), "");
}
