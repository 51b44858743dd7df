package quiet

import (
	"testing"
	"time"
)

// Defers run last first: the poller is over before the interval is restored.
func TestDefer(t *testing.T) {
	old := pollInterval
	pollInterval = time.Millisecond
	defer func() { pollInterval = old }()

	p := startPoller()
	defer p.Stop()
	time.Sleep(5 * time.Millisecond)
}
