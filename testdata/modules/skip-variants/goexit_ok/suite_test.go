package suite

import (
	"testing"
	"time"
)

func TestFailedCheck(t *testing.T) {
	s := &suite{}
	s.run("first", func(s *suite) { withServer(s, false) })
	time.Sleep(20 * time.Millisecond)
	s.run("second", func(s *suite) { withServer(s, true) })
	time.Sleep(20 * time.Millisecond)
	if len(s.failed) != 1 {
		t.Fatal(s.failed)
	}
}
