// Package racing has goroutines that use a variable of the function that started
// them while the function goes on with it.
package racing

import "time"

const unknown = "unknown"

// lookup gives up after a while; the goroutine still sets the named result.
func lookup(find func() string, limit time.Duration) (name string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		name = find()
	}()
	select {
	case <-done:
		return name
	case <-time.After(limit):
		return unknown // want "captured-variable-outlives: name"
	}
}
