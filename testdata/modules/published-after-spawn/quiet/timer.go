package quiet

import (
	"sync"
	"time"
)

// keepalive stores the timer under the lock its callback takes.
type keepalive struct {
	mu    sync.Mutex
	timer *time.Timer
	every time.Duration
}

func (k *keepalive) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.timer = time.AfterFunc(k.every, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.timer.Reset(k.every)
	})
}
