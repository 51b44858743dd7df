package quiet

import (
	"sync/atomic"
	"time"
)

var verbose atomic.Bool

// withVerbose runs f with more output, and what f has started with less again.
func withVerbose(f func()) {
	verbose.Store(true)
	f()
	verbose.Store(false)
}

func startTracing(lines chan<- string) {
	go func() {
		for range 5 {
			time.Sleep(time.Millisecond)
			if verbose.Load() {
				lines <- "tick"
			}
		}
		close(lines)
	}()
}
