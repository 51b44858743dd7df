package quiet

import (
	"testing"
	"time"
)

// What is registered last runs first: the poller is stopped, then the interval restored.
func TestCleanupOrder(t *testing.T) {
	old := pollInterval
	pollInterval = time.Millisecond
	t.Cleanup(func() { pollInterval = old })
	p := startPoller()
	t.Cleanup(p.Stop)
	time.Sleep(5 * time.Millisecond)
}
