package racing

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestStopChannel(t *testing.T) {
	s := subscribe()
	time.Sleep(5 * time.Millisecond)
	s.Close()
	time.Sleep(30 * time.Millisecond)
}

func TestCancel(t *testing.T) {
	r := &registry{}
	r.Start(context.Background())
	time.Sleep(5 * time.Millisecond)
	r.Stop()
	time.Sleep(30 * time.Millisecond)
}

func TestFlagAndSleep(t *testing.T) {
	r := &recorder{}
	r.start()
	time.Sleep(5 * time.Millisecond)
	r.stop()
}

func TestClosedChannel(t *testing.T) {
	m := newMetrics()
	time.Sleep(5 * time.Millisecond)
	m.Close()
	time.Sleep(30 * time.Millisecond)
}

func TestSeveralGroups(t *testing.T) {
	b := &batch{sums: make(map[string]int)}
	b.process([]string{"a", "b", "a"})
	time.Sleep(30 * time.Millisecond)
}

func TestFirstToClose(t *testing.T) {
	c := consume()
	c.lost <- true
	time.Sleep(5 * time.Millisecond)
	c.Drain()
	time.Sleep(30 * time.Millisecond)
}

func TestSenderLeft(t *testing.T) {
	f := newTicker(3 * time.Millisecond)
	for i := 0; i < 8 && f.push(i); i++ {
		time.Sleep(time.Millisecond)
	}
}

func TestSignals(t *testing.T) {
	in := handle()
	in.Close()
	_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	time.Sleep(20 * time.Millisecond)
}

func TestSenders(t *testing.T) {
	n := newNotifier()
	n.blocks <- 1
	time.Sleep(time.Millisecond)
	n.Stop()
	time.Sleep(5 * time.Millisecond)
}

func TestEndsItself(t *testing.T) {
	s := newSession()
	s.frames <- 1
	s.Close()
	time.Sleep(20 * time.Millisecond)
}

func TestEmbedded(t *testing.T) {
	c := dial()
	c.Close()
	time.Sleep(1 * time.Millisecond)
	c.frames = make(chan int, 1)
	c.frames <- 1
	time.Sleep(20 * time.Millisecond)
}

func TestReply(t *testing.T) {
	o := newOracle()
	o.ask("why", time.Millisecond)
	time.Sleep(20 * time.Millisecond)
}

func TestOnce(t *testing.T) {
	s := newSpool()
	time.Sleep(5 * time.Millisecond)
	s.Close()
	time.Sleep(30 * time.Millisecond)
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
	time.Sleep(4 * time.Millisecond)
	b.Close()
}

func TestKeptChannel(t *testing.T) {
	defer func() { recover() }()
	e := &exchange{}
	offers := make(chan int, 9)
	out := e.buyer(offers)
	offers <- 1
	offers <- 2
	<-out
	time.Sleep(5 * time.Millisecond)
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
	time.Sleep(5 * time.Millisecond)
}

func TestBrokenRange(t *testing.T) {
	shards := []*shard{{}, {}, {delay: 4 * time.Millisecond}}
	readTwo(shards)
	closeShards(shards)
	time.Sleep(9 * time.Millisecond)
}

func TestWorkersWithin(t *testing.T) {
	o := lightOven()
	time.Sleep(5 * time.Millisecond)
	o.Close()
	time.Sleep(5 * time.Millisecond)
}

func TestDecoded(t *testing.T) {
	lines := &tail{}
	lines.follow([]string{"one", "two", "three"})
	time.Sleep(2 * time.Millisecond)
	lines.Close()
	time.Sleep(10 * time.Millisecond)
}
