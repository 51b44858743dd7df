package racing

import (
	"testing"
	"time"
)

func TestPrepared(t *testing.T) {
	s := &summer{results: make(chan int, 20)}
	s.next()
	time.Sleep(3 * time.Millisecond)
	s.Close()
	time.Sleep(5 * time.Millisecond)
}
