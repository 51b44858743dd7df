package quiet

import (
	"context"
	"testing"
	"time"
)

func TestDoneChannel(t *testing.T) {
	s := subscribe()
	time.Sleep(5 * time.Millisecond)
	s.Close()
}

func TestCancelAndWait(t *testing.T) {
	r := &registry{}
	r.Start(context.Background())
	time.Sleep(5 * time.Millisecond)
	r.Stop()
}

func TestNothingDestroyed(t *testing.T) {
	r := &recorder{}
	r.start()
	time.Sleep(5 * time.Millisecond)
	r.stop()
}

func TestSenderCloses(t *testing.T) {
	m := newMetrics()
	time.Sleep(5 * time.Millisecond)
	m.Close()
}

func TestSeveralGroups(t *testing.T) {
	b := &batch{sums: make(map[string]int)}
	b.process([]string{"a", "b", "a"})
	time.Sleep(30 * time.Millisecond)
}

func TestNeverStarted(t *testing.T) {
	closed := &tap{stop: make(chan struct{})}
	closed.Close()
	opened := &tap{stop: make(chan struct{})}
	opened.Open()
	<-opened.drops
	opened.Close()
}

func TestFirstToClose(t *testing.T) {
	c := consume()
	c.lost <- true
	c.Drain()
	time.Sleep(5 * time.Millisecond)
}

func TestRunning(t *testing.T) {
	f := newFramer()
	f.Run()
	for range 3 {
		<-f.out
	}
	f.Destroy()
	newFramer().Destroy()
}

func TestResetEachRound(t *testing.T) {
	if done := work(3); done != 9 {
		t.Fatal(done)
	}
}

func TestStartedBehind(t *testing.T) {
	b := &broker{}
	b.open()
	b.await()
}

func TestSenderLeft(t *testing.T) {
	f := newTicker(3 * time.Millisecond)
	for i := 0; i < 8 && f.push(i); i++ {
		time.Sleep(time.Millisecond)
	}
}

func TestSignals(t *testing.T) {
	in := handle()
	if got := in.Close(); got != 0 {
		t.Fatal(got)
	}
}

func TestSenders(t *testing.T) {
	n := newNotifier()
	n.blocks <- 1
	n.Stop()
}

func TestEndsItself(t *testing.T) {
	s := newSession()
	s.frames <- 1
	s.Close()
}

func TestEmbedded(t *testing.T) {
	c := dial()
	c.frames <- 1
	c.Close()
}

func TestReply(t *testing.T) {
	o := newOracle()
	o.ask("why", time.Second)
	if got := o.insist("how"); got != 3 {
		t.Fatal(got)
	}
}

func TestOnce(t *testing.T) {
	s := newSpool()
	time.Sleep(5 * time.Millisecond)
	s.Close()
	s.Close()
}

func TestOwnLock(t *testing.T) {
	j := newJournal()
	time.Sleep(3 * time.Millisecond)
	j.Close()
	time.Sleep(15 * time.Millisecond)
}

func TestStopFlag(t *testing.T) {
	p := newPoller()
	time.Sleep(3 * time.Millisecond)
	p.Stop()
	time.Sleep(5 * time.Millisecond)
}

func TestEndless(t *testing.T) {
	b := newBoard()
	b.players <- 1
	b.Close()
}
