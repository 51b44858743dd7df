package flaky

import (
	"testing"
	"time"
)

func TestHandle(t *testing.T) {
	handle(1)
	time.Sleep(20 * time.Millisecond)
	handle(2)
	time.Sleep(20 * time.Millisecond)
}
