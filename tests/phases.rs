//! When a goroutine gets to an access: at its start, behind a call that lasts, behind the last thing that is counted. Each
//! beside a twin where it is another time.

use crate::certainty::confidence;

#[test]
fn what_comes_first_has_mostly_been_done() {
    let runs = |name: &str, wait: &str, before: &str| {
        let code = format!(
            "
import (
	\"context\"
	\"testing\"
	\"time\"
)

type stream struct{{}}

func (s *stream) Run(context.Context) error {{ return nil }}

func arrived() bool {{ return true }}

func TestTwoStreams(t *testing.T) {{
	out := &stream{{}}
	go func() {{
		{before}
		_ = out.Run(context.Background())
	}}()
	{wait}
	out = &stream{{}}
	_ = out.Run(context.Background())
}}

func waitFor(done func() bool) {{
	for !done() {{
		time.Sleep(time.Millisecond)
	}}
}}
"
        );
        confidence(name, "out", &code)
    };
    assert_eq!(runs("first-and-waited", "waitFor(arrived)", ""), "medium");
    assert_eq!(runs("first-at-once", "arrived()", ""), "high");
    assert_eq!(runs("later-and-waited", "waitFor(arrived)", "time.Sleep(time.Second)"), "high");
}

#[test]
fn what_lasts_until_it_is_ended_does_not_come_back_before() {
    let serves = |name: &str, (before, after): (&str, &str)| {
        let code = format!(
            "
import (
	\"net\"
	\"net/http\"
	\"testing\"
)

func TestServes(t *testing.T) {{
	listener, err := net.Listen(\"tcp\", \"127.0.0.1:0\")
	server, over := &http.Server{{}}, make(chan bool, 1)
	go func() {{
		err = server.Serve(listener)
		over <- true
	}}()
	{before}
	_, err = http.Get(\"http://\" + listener.Addr().String())
	if err != nil {{
		t.Error(err)
	}}
	{after}
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(serves("ended-later", ("", "server.Close()")), "medium");
    assert_eq!(serves("ended-at-the-end", ("defer listener.Close()", "")), "medium");
    assert_eq!(serves("ended-before", ("server.Close()", "")), "high");
    assert_eq!(serves("never-ended", ("", "")), "high");
    assert_eq!(serves("ended-and-waited", ("", "server.Close()\n\t<-over")), "low");
    assert_eq!(serves("waited-only", ("", "<-over")), "high");
}

#[test]
fn a_counter_is_never_lowered_once_too_often() {
    let handles = |name: &str, (first, last): (&str, &str)| {
        let code = format!(
            "
import \"sync\"

func handled(messages chan int) int {{
	var done sync.WaitGroup
	done.Add(3)
	total := 0
	go func() {{
		for range messages {{
			{first}
			{last}
		}}
	}}()
	done.Wait()
	return total
}}
"
        );
        confidence(name, "total", &code)
    };
    assert_eq!(handles("counted-behind", ("total++", "done.Done()")), "");
    assert_eq!(handles("counted-before", ("done.Done()", "total++")), "high");
}

#[test]
fn a_request_is_answered_before_its_sender_goes_on() {
    let pushes = |name: &str, answer: &str| {
        let code = format!(
            "
func sum(numbers []int) int {{
	total := 0
	requests := make(chan chan int)
	go func() {{
		for request := range requests {{
			total++
			{answer}
		}}
	}}()
	for _, number := range numbers {{
		request := make(chan int)
		requests <- request
		if number > 0 {{
			<-request
		}}
		total += number
	}}
	return total
}}
"
        );
        confidence(name, "total", &code)
    };
    assert_eq!(pushes("answered", "close(request)"), "medium");
    assert_eq!(pushes("not-answered", "_ = request"), "high");
}

#[test]
fn what_is_given_to_a_goroutine_by_value_is_its_own() {
    let accepts = |name: &str, pointer: &str, address: &str| {
        let code = format!(
            "
type meta struct{{ source string }}

type server struct{{ names chan string }}

func (s *server) handle(m {pointer}meta) {{ s.names <- m.source }}

func (s *server) accept(sources []string) {{
	var m meta
	for _, source := range sources {{
		m.source = source
		go s.handle({address}m)
	}}
}}
"
        );
        confidence(name, "meta.source", &code)
    };
    assert_eq!(accepts("by-value", "", ""), "");
    assert_eq!(accepts("by-pointer", "*", "&"), "high");
}

#[test]
fn a_check_for_leaked_goroutines_waits_for_them() {
    let leaks = |name: &str, check: &str| {
        let code = format!(
            "
import (
	\"testing\"

	\"go.uber.org/goleak\"
)

func checkLeaks(t *testing.T) {{
	goleak.{check}(t)
}}

func TestLogs(t *testing.T) {{
	defer checkLeaks(t)
	lines := make(chan string)
	go func() {{
		for line := range lines {{
			t.Log(line)
		}}
	}}()
	lines <- \"one\"
	close(lines)
}}
"
        );
        confidence(name, "testing.T", &code)
    };
    assert_eq!(leaks("checked", "VerifyNone"), "");
    assert_ne!(leaks("not-checked", "IgnoreCurrent"), "");
}

#[test]
fn a_store_that_its_getter_makes_is_there_when_the_getter_was_called_before() {
    let starts = |name: &str, before: &str| {
        let code = format!(
            "
type store struct {{ names []string }}

var current *store

func get() *store {{
	if current != nil {{
		return current
	}}
	current = &store{{}}
	return current
}}

func serve(port int) int {{
	{before}
	go func() {{
		println(port, get())
	}}()
	return len(get().names)
}}
"
        );
        confidence(name, "current", &code)
    };
    assert_eq!(starts("made-before", "port += len(get().names)"), "medium");
    assert_eq!(starts("made-beside", "port += 1"), "high");
}

#[test]
fn what_is_read_for_the_report_of_a_failure_is_read_when_the_test_has_failed() {
    let counts = |name: &str, report: &str| {
        let code = format!(
            "
import (
	\"sync/atomic\"
	\"testing\"
	\"time\"
)

func TestCounts(t *testing.T) {{
	var added uint64
	go func() {{
		for {{
			time.Sleep(time.Millisecond)
			atomic.AddUint64(&added, 1)
		}}
	}}()
	time.Sleep(time.Millisecond)
	if atomic.LoadUint64(&added) > 3 {{
		{report}
	}}
}}
"
        );
        confidence(name, "added", &code)
    };
    assert_eq!(counts("logged", "t.Log(added)"), "high");
    assert_eq!(counts("reported", "t.Errorf(\"%d\", added)"), "medium");
    assert_eq!(counts("logged-then-failed", "t.Log(added)\n\t\tt.Fail()"), "medium");
}

#[test]
fn what_is_stored_after_a_panic_is_stored_when_somebody_has_panicked() {
    let sum = |name: &str, deferred: &str| {
        let code = format!(
            "
import \"sync\"

func sum(numbers []int, add func(int) int) int {{
	var wg sync.WaitGroup
	total := new(int)
	for _, number := range numbers {{
		wg.Add(1)
		go func() {{
			defer func() {{
				{deferred}
			}}()
			defer wg.Done()
			add(number)
		}}()
	}}
	wg.Wait()
	return *total
}}
"
        );
        confidence(name, "total", &code)
    };
    assert_eq!(sum("always", "total = nil"), "high");
    assert_eq!(sum("panicked", "if r := recover(); r != nil {\n\t\t\t\t\ttotal = nil\n\t\t\t\t}"), "medium");
    assert_eq!(sum("not-panicked", "if r := recover(); r == nil {\n\t\t\t\t\ttotal = nil\n\t\t\t\t}"), "high");
}

#[test]
fn what_is_stored_before_the_process_ends_is_stored_by_a_process_that_ends() {
    let serve = |name: &str, end: &str| {
        let code = format!(
            "
import (
	\"errors\"
	\"log\"
)

func listen() error {{ return nil }}

func serve(start func() error) error {{
	var err error
	go func() {{
		if e := listen(); e != nil {{
			err = errors.Join(e, errors.New(\"cannot listen\"))
			{end}
		}}
	}}()
	err = start()
	return err
}}
"
        );
        confidence(name, "err", &code)
    };
    assert_eq!(serve("goes-on", "log.Print(\"oh\")"), "high");
    assert_eq!(serve("ends", "log.Fatal(\"oh\")"), "medium");
}

#[test]
fn an_error_is_stored_by_a_test_that_fails() {
    let test = |name: &str, store: &str| {
        let code = format!(
            "
import (
	\"fmt\"
	\"sync\"
	\"testing\"
)

var _ = fmt.Errorf

func assign(host int) error {{ return nil }}

func TestAssign(t *testing.T) {{
	var wg sync.WaitGroup
	var last error
	for host := range 3 {{
		wg.Add(1)
		go func() {{
			defer wg.Done()
			err := assign(host)
			{store}
		}}()
	}}
	wg.Wait()
	if last != nil {{
		t.Fatal(last)
	}}
}}
"
        );
        confidence(name, "last", &code)
    };
    assert_eq!(test("each", "last = err"), "high");
    let message = "if host > 1 {\n\t\t\t\tlast = fmt.Errorf(\"%d: %v\", host, err)\n\t\t\t}";
    assert_eq!(test("message", message), "low");
    assert_eq!(test("failed", "if err != nil {\n\t\t\t\tlast = err\n\t\t\t}"), "low");
}
