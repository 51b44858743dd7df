package racing

import (
	"testing"
	"time"
)

func TestByPointer(t *testing.T) {
	_ = (&tally{}).count()
	time.Sleep(20 * time.Millisecond)
}

func TestForOthers(t *testing.T) {
	lines := make(chan string)
	_ = len(forward(lines))
	close(lines)
	time.Sleep(10 * time.Millisecond)
}

func TestToldToStop(t *testing.T) {
	r := newRelay()
	go func() {
		for range 100 {
			r.input <- 1
		}
	}()
	_ = r.shutdown()
	time.Sleep(10 * time.Millisecond)
}

func TestLateInLoop(t *testing.T) {
	r := newRows()
	time.Sleep(7 * time.Millisecond)
	_ = r.stop()
	time.Sleep(50 * time.Millisecond)
}
