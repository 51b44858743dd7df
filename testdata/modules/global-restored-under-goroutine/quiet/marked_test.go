package quiet

import (
	"testing"
	"time"
)

func TestMarked(t *testing.T) {
	mark("a")
	sweepBoth()
	time.Sleep(5 * time.Millisecond)
}
