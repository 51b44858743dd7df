package quiet

import "sync"

// relay counts what is on its way until it is told, by a message, that it is
// the end. Who waits has sent the message.
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
			r.flying.Done()
			continue
		}
		if stopping {
			continue
		}
		r.flying.Add(1)
		r.sum += n
		r.flying.Done()
	}
}

func (r *relay) shutdown() int {
	r.flying.Add(1)
	r.input <- -1
	r.flying.Wait()
	return r.sum
}
