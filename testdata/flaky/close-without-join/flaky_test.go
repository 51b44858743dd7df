package flaky

import (
	"testing"
	"time"
)

func TestClose(t *testing.T) {
	s := newServer()
	s.in <- 1
	time.Sleep(20 * time.Millisecond)
	s.Close()
}
