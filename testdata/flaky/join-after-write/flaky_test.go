package flaky

import (
	"testing"
	"time"
)

func TestFlush(t *testing.T) {
	w := &writer{buffer: []string{"a", "b"}}
	w.flush()
	time.Sleep(20 * time.Millisecond)
	w.Close()
}
