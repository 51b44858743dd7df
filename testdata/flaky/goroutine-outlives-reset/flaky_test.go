package flaky

import (
	"testing"
	"time"
)

func TestStatements(t *testing.T) {
	s := &session{}
	if err := s.run(0); err == nil {
		t.Fatal("the quota is not kept")
	}
	time.Sleep(20 * time.Millisecond)
	if err := s.run(1); err != nil {
		t.Fatal(err)
	}
}
