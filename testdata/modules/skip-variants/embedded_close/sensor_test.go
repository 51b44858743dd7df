package sensor

import (
	"testing"
	"time"
)

func TestDiskFull(t *testing.T) {
	s := &station{diskFull: true}
	if _, err := s.measure(1); err != errDiskFull {
		t.Fatal(err)
	}
	s.diskFull = false
	if _, err := s.measure(2); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
}
