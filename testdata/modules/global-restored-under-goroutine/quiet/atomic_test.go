package quiet

import (
	"testing"
	"time"
)

func TestAtomic(t *testing.T) {
	lines := make(chan string, 5)
	withVerbose(func() {
		startTracing(lines)
		time.Sleep(3 * time.Millisecond)
	})
	for range lines {
	}
}
