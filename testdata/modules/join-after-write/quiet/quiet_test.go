package quiet

import (
	"testing"
	"time"
)

func TestWaitFirst(t *testing.T) {
	s := &server{}
	s.Start()
	time.Sleep(5 * time.Millisecond)
	s.Close()
}

func TestDeferredWrite(t *testing.T) {
	b := newBatcher()
	for _, it := range []string{"a", "b", "c"} {
		b.items <- it
	}
	b.Close()
}

func TestHelper(t *testing.T) {
	p := &pool{}
	p.run(2)
	for range 2 {
		p.jobs <- sleepyJob
	}
	p.shutdown()
}

func TestReadsFirst(t *testing.T) {
	r := newRoster()
	r.joins <- "a"
	t.Log(r.Close())
}

func TestOneByOne(t *testing.T) {
	closeAll([]*feed{newFeed(), newFeed()})
}

func TestRestart(t *testing.T) {
	m := &meter{}
	m.begin()
	time.Sleep(2 * time.Millisecond)
	m.setStep(2)
	m.end()
}

func TestLooksFirst(t *testing.T) {
	dial().read()
}
