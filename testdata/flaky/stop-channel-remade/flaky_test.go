package flaky

import (
	"testing"
	"time"
)

func TestRestart(t *testing.T) {
	l := &loop{in: make(chan int)}
	l.Start()
	l.in <- 1
	l.Stop()
	time.Sleep(20 * time.Millisecond)
	l.Start()
	l.Stop()
	time.Sleep(2 * time.Millisecond)
}
