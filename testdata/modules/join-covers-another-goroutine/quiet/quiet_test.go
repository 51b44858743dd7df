package quiet

import (
	"testing"
	"time"
)

func TestNested(t *testing.T) {
	c := &collector{totals: &totals{}}
	c.collect([]int{1, 2, 3})
	c.next()
}

func TestTwoGroups(t *testing.T) {
	p := &pipeline{schema: &schema{version: 1}}
	p.start()
	p.reload(&schema{version: 2})
	p.readers.Wait()
}

func TestAllOfMany(t *testing.T) {
	a := &asker{replicas: []replica{{lag: time.Millisecond, busy: true}, {lag: 5 * time.Millisecond}}}
	if got := a.askAll([]string{"who", "why"}); len(got) != 2 {
		t.Fatal(got)
	}
}

func TestRetries(t *testing.T) {
	f := newForwarder()
	f.queue <- 1
	f.queue <- 2
	time.Sleep(2 * time.Millisecond)
	f.cancel()
}
