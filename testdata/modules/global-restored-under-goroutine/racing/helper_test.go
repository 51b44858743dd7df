package racing

import (
	"testing"
	"time"
)

// setPollInterval is how tests of this package make the poller fast.
func setPollInterval(t *testing.T, d time.Duration) {
	t.Helper()
	old := pollInterval
	pollInterval = d
	t.Cleanup(func() {
		pollInterval = old // want "global-restored-under-goroutine: pollInterval"
	})
}

// A defer of the test runs before any cleanup, but this one does not wait.
func TestHelper(t *testing.T) {
	setPollInterval(t, time.Millisecond)
	p := startPoller()
	defer p.Signal()
	time.Sleep(30 * time.Millisecond)
}
