package quiet

import (
	"testing"
	"time"
)

func TestWriteThenDone(t *testing.T) {
	_ = runTask().String()
}

func TestOtherState(t *testing.T) {
	w := &worker{}
	timed := make(chan time.Duration, 1)
	w.start(func(d time.Duration) { timed <- d })
	w.restart()
	<-timed
}

func TestDeferOrder(t *testing.T) {
	d := &download{}
	if got := d.fetch(3); got != 6 {
		t.Fatal(got)
	}
}

func TestSecondSignal(t *testing.T) {
	p := &probe{}
	if !p.measure() {
		t.Fatal("down")
	}
	p.clear()
}

func TestInDeferred(t *testing.T) {
	if err := newStream().wait(); err == nil {
		t.Fatal("no error")
	}
}

func TestLimited(t *testing.T) {
	if got := squares([]int{1, 2, 3}); len(got) != 3 {
		t.Fatal(got)
	}
}
