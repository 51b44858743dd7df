package racing

import (
	"testing"
	"time"
)

// suite keeps the test it runs for; every test of the suite sets its own.
type suite struct {
	t *testing.T
}

func (s *suite) setT(t *testing.T) {
	s.t = t // want "goroutine-outlives-reset: suite.t"
}

// notify tells in the background for which test it was called.
func (s *suite) notify(told chan<- string) {
	go func() {
		time.Sleep(5 * time.Millisecond)
		told <- s.t.Name()
	}()
}
