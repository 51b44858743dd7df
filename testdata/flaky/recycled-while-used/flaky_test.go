package flaky

import (
	"testing"
	"time"
)

func TestHandle(t *testing.T) {
	handle(1)
	time.Sleep(20 * time.Millisecond)
	// Under the race detector a pool forgets every fourth object it is given.
	for id := 2; id < 12; id++ {
		handle(id)
		time.Sleep(20 * time.Millisecond)
	}
}
