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

func TestKeptChannel(t *testing.T) {
	e := &exchange{}
	offers := make(chan int, 9)
	out := e.buyer(offers)
	offers <- 1
	<-out
	close(offers)
	e.Close()
}

func TestDropsSlow(t *testing.T) {
	r := &reader{lines: make(chan string, 9)}
	pushAll([]*reader{r}, []string{"a", "b"})
	time.Sleep(5 * time.Millisecond)
	end := make(chan bool, 1)
	end <- true
	r.loop(end)
}

func TestNextRound(t *testing.T) {
	r := &router{routes: map[byte]*route{1: {calls: make(chan byte, 9)}}}
	calls := make(chan byte)
	go func() {
		calls <- 1
		time.Sleep(5 * time.Millisecond)
		close(calls)
	}()
	r.serve(calls)
}

func TestBeside(t *testing.T) {
	m := &mixer{out: make(chan int, 99)}
	stop := make(chan bool)
	time.AfterFunc(5*time.Millisecond, func() { stop <- true })
	m.run(stop)
}

func TestKeptDone(t *testing.T) {
	l := openLedger()
	time.Sleep(5 * time.Millisecond)
	l.Close()
}

func TestClosedOnce(t *testing.T) {
	water := make(chan int)
	h := openHose(water)
	h.Close()
	close(water)
	<-h.over
}

func TestTakenFromPool(t *testing.T) {
	lines, to := make(chan string, 2), make(chan string, 2)
	copyMessages(lines, to)
	lines <- "a"
	<-to
	m := takeMessage()
	m.text = "b"
	giveBack(m)
	close(lines)
	<-to
}

func TestPassedOn(t *testing.T) {
	p := newPhase(func() { time.Sleep(5 * time.Millisecond) })
	p.Stop()
	time.Sleep(9 * time.Millisecond)
}

func TestBrokenRange(t *testing.T) {
	shards := []*shard{{}, {}, {delay: 4 * time.Millisecond}}
	readAll(shards)
	closeShards(shards)
}

func TestGenerated(t *testing.T) {
	done := make(chan bool)
	place(done)
	<-done
}

func TestWorkersWithin(t *testing.T) {
	o := lightOven()
	time.Sleep(5 * time.Millisecond)
	o.Close()
	time.Sleep(5 * time.Millisecond)
}

func TestClosesItsOwn(t *testing.T) {
	for range openSpout(3) {
	}
}

func TestDecoded(t *testing.T) {
	lines := &tail{}
	lines.follow([]string{"one", "two"})
	lines.Close()
}
