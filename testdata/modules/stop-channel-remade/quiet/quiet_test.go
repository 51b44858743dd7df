package quiet

import (
	"testing"
	"time"
)

func TestParameter(t *testing.T) {
	s := &scanner{rows: make(chan int)}
	for range 3 {
		s.Open()
		<-s.rows
		time.Sleep(time.Millisecond)
		s.Close()
	}
	time.Sleep(5 * time.Millisecond)
}

func TestLocalCopy(t *testing.T) {
	l := &loop{}
	for range 3 {
		l.restart()
		time.Sleep(5 * time.Millisecond)
	}
	l.cancel()
}

func TestJoined(t *testing.T) {
	w := &workers{sum: make(chan int, 8)}
	w.resize(1)
	w.queue <- 1
	w.resize(2)
	w.queue <- 2
	time.Sleep(10 * time.Millisecond)
}

func TestStartedAgain(t *testing.T) {
	c := &clock{}
	c.Start()
	time.Sleep(5 * time.Millisecond)
	c.Stop()
	c.Start()
	c.Stop()
}
