package racing

import (
	"testing"
	"time"
)

// What is registered last runs first: the interval is restored, then the poller stopped.
func TestCleanupOrder(t *testing.T) {
	old := pollInterval
	pollInterval = time.Millisecond
	p := startPoller()
	t.Cleanup(p.Stop)
	t.Cleanup(func() { pollInterval = old }) // want "global-restored-under-goroutine: pollInterval"
	time.Sleep(30 * time.Millisecond)
}
