package quiet

import (
	"sync"
	"time"
)

// lease counts how often it was taken; a callback of an earlier time does nothing.
type lease struct {
	mu      sync.Mutex
	taken   int
	expired bool
	timer   *time.Timer
}

func (l *lease) take(ttl time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	l.expired = false
	l.taken++
	mine := l.taken
	l.timer = time.AfterFunc(ttl, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.taken == mine {
			l.expired = true
		}
	})
}
