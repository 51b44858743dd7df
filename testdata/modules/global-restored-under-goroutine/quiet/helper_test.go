package quiet

import (
	"testing"
	"time"
)

func setPollInterval(t *testing.T, d time.Duration) {
	t.Helper()
	old := pollInterval
	pollInterval = d
	t.Cleanup(func() {
		pollInterval = old
	})
}

// A defer of the test runs before any cleanup, so the poller may be started later
// and stopped by a defer.
func TestHelper(t *testing.T) {
	setPollInterval(t, time.Millisecond)
	p := startPoller()
	defer p.Stop()
	time.Sleep(5 * time.Millisecond)
}
