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

func TestRelayed(t *testing.T) {
	f := &feed{}
	f.announce("news")
	f.announce("more")
	if got := f.Close(); got != 2 {
		t.Fatal(got)
	}
}

func TestBehindStart(t *testing.T) {
	k := &keeper{ready: make(chan struct{})}
	k.start()
	k.hold()
	if got := k.stop(); got != 18 {
		t.Fatal(got)
	}
}

func TestWaiterFirst(t *testing.T) {
	p := &process{exited: make(chan int, 1), done: make(chan struct{})}
	p.start(2)
	if got := <-p.exited; got != 2 {
		t.Fatal(got)
	}
	p.follow()
	if got := <-p.exited; got != 3 {
		t.Fatal(got)
	}
}

func TestCallback(t *testing.T) {
	p := newPool()
	p.passwords.changes <- "secret"
	if got := p.Close(); got != 1 {
		t.Fatal(got)
	}
}

func TestInFlightGuarded(t *testing.T) {
	c := &connection{stop: make(chan struct{}), left: make(chan int, 1)}
	c.open()
	c.Send("early")
	close(c.stop)
	if got := <-c.left; got != 1 {
		t.Fatal(got)
	}
	c.Send("late")
}

func TestJoinedFirst(t *testing.T) {
	if !trackAll(&tracker{}) {
		t.Fatal("still flying")
	}
}

func TestDeferredWait(t *testing.T) {
	for range 3 {
		d := &door{open: map[string]bool{}}
		d.start("ada")
		d.start("bob")
		d.stop()
		time.Sleep(3 * time.Millisecond)
	}
}

func TestMadeHere(t *testing.T) {
	stages := make(chan *stage)
	open(stages)
	s := <-stages
	s.play()
	s.Close()
}
