package racing

import (
	"testing"
	"time"
)

// sound leaves a siren to whoever calls it, and most do not wait for it.
func sound() (*siren, chan bool) {
	s := &siren{in: make(chan string, 9)}
	over := make(chan bool, 1)
	go func() {
		s.run()
		over <- true
	}()
	return s, over
}

func TestLeftByTest(t *testing.T) {
	s, _ := sound()
	s.in <- "a"
	s.in <- "b"
	time.Sleep(time.Millisecond)
	soundAgain()
	time.Sleep(9 * time.Millisecond)
}

func soundAgain() {
	tone = "higher" // want "global-restored-under-goroutine: tone"
	s, over := sound()
	close(s.in)
	<-over
}
