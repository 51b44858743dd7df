package racing

import (
	"sync"
	"time"
)

// heardWithin runs what waits, and goes on in any case.
func heardWithin(wait func(), limit time.Duration) {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// inBadTime does not ask whether the group was over.
func inBadTime() int {
	sum := 0
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		time.Sleep(5 * time.Millisecond)
		sum = 1
	}()
	heardWithin(group.Wait, time.Millisecond)
	return sum // want "captured-variable-outlives: sum"
}
