package quiet

import (
	"net/http"
	"testing"
	"time"
)

func TestDeferredWait(t *testing.T) {
	ta := &tally{counts: make([]int, 2)}
	if err := ta.count([]string{"a", "b", "c"}); err != errTooMany {
		t.Fatal(err)
	}
	ta.clear()
}

func TestDrain(t *testing.T) {
	p := &parser{lines: []line{{text: "a"}, {text: "b", bad: true}, {text: "c"}}}
	if got := p.parseAll(); got != 1 {
		t.Fatal(got)
	}
}

func TestPatience(t *testing.T) {
	c := &cache{}
	c.start()
	c.drop(time.Millisecond)
}

func TestNotStarted(t *testing.T) {
	b := &batch{}
	b.run()
	b.reset([]int{1, 2})
	if got := b.run(); got != 3 {
		t.Fatal(got)
	}
	b.reset(nil)
}

func TestLent(t *testing.T) {
	buf := make([]byte, 8)
	if _, err := (&impatient{slowly{}}).Read(buf); err != errLate {
		t.Fatal(err)
	}
	for range 15 {
		buf[0] = 'y'
		time.Sleep(time.Millisecond)
	}
}

func TestRequest(t *testing.T) {
	v := &visit{request: &http.Request{Method: "GET"}}
	if !v.end(3 * time.Millisecond) {
		t.Fatal("in time")
	}
}
