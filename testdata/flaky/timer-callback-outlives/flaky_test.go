package flaky

import (
	"testing"
	"time"
)

func TestBatch(t *testing.T) {
	b := &batch{items: []string{"a"}}
	b.arm()
	time.Sleep(20 * time.Millisecond)
	b.Close()
}
