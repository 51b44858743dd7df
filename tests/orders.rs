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
