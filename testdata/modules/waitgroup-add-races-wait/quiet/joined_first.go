package quiet

import (
	"sync"
	"time"
)

// tracker counts what is in flight, and shuts down when that is over, or in a while.
type tracker struct {
	flying sync.WaitGroup
}

func (t *tracker) shutdown() bool {
	done := make(chan struct{})
	go func() {
		t.flying.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(time.Second):
		return false
	}
}

// trackAll waits for those who count before it shuts down.
func trackAll(t *tracker) bool {
	var all sync.WaitGroup
	for range 3 {
		all.Add(1)
		go func() {
			defer all.Done()
			t.flying.Add(1)
			t.flying.Done()
		}()
	}
	all.Wait()
	return t.shutdown()
}
