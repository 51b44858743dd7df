package cursor

import (
	"testing"
	"time"
)

func TestFirst(t *testing.T) {
	s := &store{}
	s.refresh([]int{1, 2, 3, 4, 5, 6})
	if got := s.sum(); got != 21 {
		t.Fatal(got)
	}
	if got := s.first(); got != 1 {
		t.Fatal(got)
	}
	s.refresh([]int{7, 8, 9})
	time.Sleep(30 * time.Millisecond)
}
