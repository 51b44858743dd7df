package flaky

import (
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	c := &cache{entries: map[string]int{"a": 1}}
	c.start()
	time.Sleep(20 * time.Millisecond)
	c.Close()
}
