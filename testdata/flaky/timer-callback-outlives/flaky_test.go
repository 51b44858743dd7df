package flaky

import (
	"testing"
	"time"
)

func TestBatch(t *testing.T) {
	b := &batch{items: []string{"a"}}
	b.arm()
	time.Sleep(6 * time.Millisecond)
	b.Close()
}
