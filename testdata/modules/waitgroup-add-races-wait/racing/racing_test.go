package racing

import (
	"testing"
	"time"
)

func TestAddInside(t *testing.T) {
	f := &fanout{}
	f.run(3)
	f.take()
	time.Sleep(30 * time.Millisecond)
}

func TestAddByRequest(t *testing.T) {
	s := &service{handled: make(chan string, 1)}
	requests := make(chan string, 1)
	s.listen(requests)
	requests <- "hello"
	time.Sleep(20 * time.Millisecond)
	s.shutdown()
}

func TestAcceptLoop(t *testing.T) {
	l := newListener()
	l.dial <- "tcp"
	time.Sleep(20 * time.Millisecond)
	l.Close()
}

func TestPieces(t *testing.T) {
	p := newPrinter()
	for _, page := range []string{"a", "b", "c"} {
		p.pages <- page
	}
	time.Sleep(500 * time.Microsecond)
	p.Close()
	time.Sleep(30 * time.Millisecond)
}

func TestHandshake(t *testing.T) {
	f := startFetch()
	time.Sleep(time.Millisecond)
	f.drop()
	time.Sleep(20 * time.Millisecond)
}

func TestAsksFirst(t *testing.T) {
	tg := &target{entries: make(chan string, 1)}
	tg.open()
	tg.entries <- "hello"
	time.Sleep(10 * time.Millisecond)
	tg.cancel()
	time.Sleep(20 * time.Millisecond)
}

func TestRelayed(t *testing.T) {
	f := &feed{}
	f.announce("news")
	// The detector sees a Wait that has something to wait for.
	time.Sleep(5 * time.Millisecond)
	f.Close()
	time.Sleep(20 * time.Millisecond)
}

func TestBehindStart(t *testing.T) {
	k := newKeeper()
	time.Sleep(20 * time.Millisecond)
	k.stop()
	time.Sleep(50 * time.Millisecond)
}

func TestWaiterFirst(t *testing.T) {
	p := &process{exited: make(chan int, 1)}
	p.start()
	<-p.exited
	time.Sleep(10 * time.Millisecond)
}

func TestCallback(t *testing.T) {
	p := newPool()
	p.passwords.changes <- "secret"
	time.Sleep(15 * time.Millisecond)
	p.Close()
	time.Sleep(30 * time.Millisecond)
}

func TestInFlight(t *testing.T) {
	c := &connection{stop: make(chan struct{}), left: make(chan int, 1)}
	c.open()
	time.AfterFunc(5*time.Millisecond, func() { close(c.stop) })
	c.Send("late")
	<-c.left
}

func TestJoinedLate(t *testing.T) {
	trackAll(&tracker{})
}

func TestDeferredWait(t *testing.T) {
	d := &door{open: map[string]bool{}}
	d.start()
	time.Sleep(3 * time.Millisecond)
	d.stop()
}
