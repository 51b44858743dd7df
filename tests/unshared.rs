//! Objects that nobody else has yet, and what no goroutine can meet: what is told by the field alone is told of others only.
//! Each beside a twin that somebody else has.

use crate::certainty::confidence;

const STATEMENT: &str = r#"
type statement struct{ rows int }
type vars struct{ current *statement }
type session struct{ vars *vars }

func (s *session) Vars() *vars { return s.vars }

func newSession() *session { return &session{vars: &vars{}} }

var sessions []*session

func registered() *session {
	s := newSession()
	sessions = append(sessions, s)
	return s
}

func (s *session) watch(stop chan int) {
	go func() {
		for range stop {
			println(s.vars.current.rows)
		}
	}()
}
"#;

#[test]
fn what_a_constructor_has_just_made_is_nobody_elses() {
    let run = |name: &str, body: &str| {
        let code = format!("{STATEMENT}\nfunc run(s *statement, show func(*session)) {{\n{body}\n}}\n");
        confidence(&format!("made-{name}"), "vars.current", &code)
    };
    assert_eq!(run("here", "fresh := newSession()\n fresh.Vars().current = s\n show(fresh)"), "");
    assert_eq!(run("shown", "fresh := newSession()\n show(fresh)\n fresh.Vars().current = s"), "low");
    assert_eq!(run("kept", "fresh := registered()\n fresh.Vars().current = s"), "low");
    let looped = "fresh := newSession()\n for range 2 {\n fresh.Vars().current = s\n show(fresh)\n }";
    assert_eq!(run("shown-in-a-loop", looped), "low");
    let each = "for range 2 {\n fresh := newSession()\n fresh.Vars().current = s\n show(fresh)\n }";
    assert_eq!(run("made-in-a-loop", each), "");
}

#[test]
fn what_only_main_calls_sets_the_program_up() {
    let set = |name: &str, caller: &str| {
        let code = format!(
            "
var level int

func setLevel(to int) {{ level = to }}

type server struct{{ requests chan int }}

func (s *server) Start() {{
	go func() {{
		for range s.requests {{
			println(level)
		}}
	}}()
}}

{caller}
"
        );
        confidence(&format!("set-up-{name}"), "level", &code)
    };
    assert_eq!(set("main", "func main() { setLevel(2) }"), "");
    assert_eq!(set("below", "func configure() { setLevel(2) }\n func main() { configure() }"), "");
    assert_eq!(set("handler", "func (s *server) Handle(to int) { setLevel(to) }"), "low");
    assert_eq!(set("loop", "func main() { for i := range 3 { setLevel(i) } }"), "low");
}

#[test]
fn what_has_run_once_is_over() {
    let output = |name: &str, before: &str| {
        let code = format!(
            "
import \"sync\"

type sink struct {{ n int }}
type screen struct {{
	once sync.Once
	out  *sink
}}

func (s *screen) init() {{ s.out = &sink{{}} }}

func (s *screen) Show() {{
	{before}
	s.out.n++
}}

func watch(s *screen, lines chan int) {{
	go func() {{
		for range lines {{
			s.Show()
		}}
	}}()
}}

func (s *screen) Ask() {{
	s.once.Do(s.init)
}}
"
        );
        confidence(&format!("once-{name}"), "screen.out", &code)
    };
    assert_eq!(output("first", "s.once.Do(s.init)"), "");
    assert_ne!(output("not", ""), "");
}

#[test]
fn what_a_goroutine_does_to_its_own_object_behind_an_interface_is_no_end_by_others() {
    let reset = |name: &str, point: &str, other: &str| {
        let code = format!(
            "
type work interface {{ do() }}

type line struct {{ buf []byte }}
type point struct {{
	n    int
	line *line
}}

func (p *point) do() {{ {point} }}

func (l *line) do() {{
	println(len(l.buf))
	l.reset()
}}

func (l *line) reset() {{ l.buf = nil }}

type pool struct {{ todo chan work }}

func (p *pool) Start() {{
	go func() {{
		for w := range p.todo {{
			w.do()
		}}
	}}()
}}

func (p *pool) Add(l *line) {{
	p.todo <- l
	p.todo <- &point{{}}
}}
{other}
"
        );
        confidence(&format!("own-{name}"), "line.buf", &code)
    };
    assert_eq!(reset("alone", "p.n = 0", ""), "");
    assert_eq!(reset("others", "p.n = 0", "func forget(l *line) { l.reset() }"), "low");
    // What another kind of object does there, it does to another object's line.
    assert_eq!(reset("another-kind", "p.clear()", "func (p *point) clear() { p.line.buf = nil }"), "low");
}

#[test]
fn what_a_goroutine_starts_behind_its_write_comes_later() {
    let open = |name: &str, closer: &str| {
        let code = format!(
            "
type broker struct {{
	done      chan int
	responses chan int
}}

func (b *broker) receive() {{
	for range b.responses {{
	}}
	close(b.done)
}}

func (b *broker) Open() {{
	go func() {{
		b.done = make(chan int)
		go b.receive()
	}}()
}}
{closer}
"
        );
        confidence(&format!("behind-{name}"), "broker.done", &code)
    };
    assert_eq!(open("started", ""), "");
    assert_ne!(open("closed", "func forget(b *broker) { close(b.done) }"), "");
}
