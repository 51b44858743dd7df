package quiet

import (
	"sync"
	"time"
)

// ticker is closed under the lock that senders hold.
type ticker struct {
	mu   sync.Mutex
	over bool
	out  chan int
}

func newTicker(life time.Duration) *ticker {
	f := &ticker{out: make(chan int, 64)}
	go func() {
		time.Sleep(life)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.over = true
		close(f.out)
	}()
	return f
}

func (f *ticker) push(v int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	f.out <- v
	return true
}
