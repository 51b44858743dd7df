package racing

import (
	"testing"
	"time"
)

func TestQueued(t *testing.T) {
	q := newQueue()
	_ = q.save(1)
	time.Sleep(20 * time.Millisecond)
}

func TestInALiteral(t *testing.T) {
	_ = request()
}

func TestToldByParameter(t *testing.T) {
	events := make(chan int, 2)
	events <- 1
	events <- 2
	_ = forwarded(events)
	time.Sleep(5 * time.Millisecond)
}
