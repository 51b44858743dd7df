package racing

import (
	"testing"
	"time"
)

func TestNested(t *testing.T) {
	c := &collector{totals: &totals{}}
	c.collect([]int{1, 2, 3})
	c.next()
	time.Sleep(30 * time.Millisecond)
}

func TestTwoGroups(t *testing.T) {
	p := &pipeline{schema: &schema{version: 1}}
	p.start()
	p.reload(&schema{version: 2})
	p.writers.Wait()
}

func TestFirstOfMany(t *testing.T) {
	a := &asker{replicas: []replica{{lag: time.Millisecond, busy: true}, {lag: 10 * time.Millisecond}}}
	if got := a.askAll([]string{"who", "why"}); len(got) != 2 {
		t.Fatal(got)
	}
	time.Sleep(30 * time.Millisecond)
}

func TestRetries(t *testing.T) {
	defer func() { recover() }()
	f := newForwarder()
	f.queue <- 1
	f.queue <- 2
	time.Sleep(2 * time.Millisecond)
	f.cancel()
	time.Sleep(20 * time.Millisecond)
}
