package racing

import (
	"sync"
	"time"
)

// relay counts what is on its way. It is told that it is the end by a message,
// and goes on counting.
type relay struct {
	input  chan int
	flying sync.WaitGroup
	sum    int
}

func newRelay() *relay {
	r := &relay{input: make(chan int)}
	go r.dispatch()
	return r
}

func (r *relay) dispatch() {
	stopping := false
	for n := range r.input {
		if n < 0 {
			stopping = true
			continue
		}
		r.flying.Add(1) // want "waitgroup-add-races-wait: relay.flying"
		if stopping {
			r.sum--
		}
		r.sum += n
		time.Sleep(10 * time.Millisecond)
		r.flying.Done()
	}
}

func (r *relay) shutdown() int {
	r.input <- -1
	time.Sleep(2 * time.Millisecond)
	r.flying.Wait()
	return r.sum
}
