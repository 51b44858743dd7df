package racing

import (
	"context"
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
