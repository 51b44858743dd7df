package quiet

import (
	"testing"
	"time"
)

func TestCaptured(t *testing.T) {
	c := &conn{}
	for _, q := range []string{"select", "update"} {
		c.exec(q)
	}
	time.Sleep(20 * time.Millisecond)
}

func TestArgument(t *testing.T) {
	c := &connection{audit: make(chan string, 2)}
	c.serve("ada")
	c.serve("bob")
	<-c.audit
	<-c.audit
}

func TestJoined(t *testing.T) {
	s := &localSession{}
	for range 3 {
		execute(s)
	}
	s.v.pending.Wait()
}

func TestOwnSession(t *testing.T) {
	slow := make(chan bool)
	s := &localSession{}
	begin(s, time.Now())
	executeInternal(slow)
	begin(s, time.Now())
	if <-slow {
		t.Fatal("slow")
	}
}

func TestNextCall(t *testing.T) {
	collect()
}

func TestNested(t *testing.T) {
	f := &fetcher{}
	for range 2 {
		f.Start(1)
		f.Stop()
	}
}

func TestNextSetup(t *testing.T) {
	suiteOfTwo(t)
}

func TestMadeOnce(t *testing.T) {
	m := newMeter()
	time.Sleep(3 * time.Millisecond)
	m.stop()
}
