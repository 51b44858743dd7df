package quiet

import (
	"testing"
	"time"
)

func TestAddBefore(t *testing.T) {
	f := &fanout{}
	f.run(3)
	f.take()
}

func TestGuarded(t *testing.T) {
	s := &service{handled: make(chan string, 2)}
	requests := make(chan string, 2)
	s.listen(requests)
	requests <- "hello"
	time.Sleep(5 * time.Millisecond)
	s.shutdown()
	requests <- "too late"
	time.Sleep(5 * time.Millisecond)
}

func TestParentCounts(t *testing.T) {
	tr := &tree{}
	if got := tr.walk(3); got != 15 {
		t.Fatal(got)
	}
}

func TestWgGo(t *testing.T) {
	s := &squares{}
	s.compute([]int{1, 2, 3})
	if got := s.out[2]; got != 9 {
		t.Fatal(got)
	}
}

func TestPieces(t *testing.T) {
	p := newPrinter()
	for _, page := range []string{"a", "b", "c"} {
		p.pages <- page
	}
	if got := p.Close(); got != 3 {
		t.Fatal(got)
	}
}

func TestHandshake(t *testing.T) {
	startFetch().drop()
	startLoad().drop()
}

func TestCountedItself(t *testing.T) {
	h := &hub{}
	h.connect(3)
	if got := h.close(); len(got) != 3 {
		t.Fatal(got)
	}
}

func TestAsksFirst(t *testing.T) {
	for _, pause := range []time.Duration{0, 5 * time.Millisecond} {
		tg := &target{entries: make(chan string, 1)}
		tg.open()
		time.Sleep(pause)
		tg.entries <- "hello"
		tg.cancel()
	}
}
