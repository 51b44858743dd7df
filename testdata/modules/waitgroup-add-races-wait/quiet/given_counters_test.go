package quiet

import "testing"

func TestByPointer(t *testing.T) {
	if n := (&tally{}).count(); n != 1 {
		t.Errorf("%d votes", n)
	}
	_ = (&tally{}).countJobs([]int{1, 2, 3})
}

func TestForOthers(t *testing.T) {
	if n := len(forward(make(chan string))); n != 1 {
		t.Errorf("%d lines", n)
	}
}

func TestLateInLoop(t *testing.T) {
	r := &rows{}
	r.run(3)
	r.gated(3)
}

func TestToldToStop(t *testing.T) {
	r := newRelay()
	for range 10 {
		r.input <- 1
	}
	go func() {
		for range 10 {
			r.input <- 1
		}
	}()
	if n := r.shutdown(); n < 10 {
		t.Errorf("%d", n)
	}
}
