package racing

import (
	"testing"
	"time"
)

// The poller is asked to stop, but not waited for, when the defer runs.
func TestDefer(t *testing.T) {
	old := pollInterval
	pollInterval = time.Millisecond
	defer func() { pollInterval = old }() // want "global-restored-under-goroutine: pollInterval"

	p := startPoller()
	time.Sleep(5 * time.Millisecond)
	p.Signal()
}
