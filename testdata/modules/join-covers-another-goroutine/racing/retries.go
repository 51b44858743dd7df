package racing

import (
	"sync"
	"time"
)

// forwarder hands on what it gets, and tries again later what could not be handed on.
type forwarder struct {
	queue   chan int
	stop    chan struct{}
	worker  sync.WaitGroup
	retries sync.WaitGroup
}

func newForwarder() *forwarder {
	f := &forwarder{queue: make(chan int, 10), stop: make(chan struct{})}
	f.worker.Add(1)
	go f.work()
	return f
}

func (f *forwarder) work() {
	defer f.worker.Done()

	for {
		select {
		case <-f.stop:
			return
		case n := <-f.queue:
			if n%2 == 0 {
				f.later(n)
			}
		}
	}
}

func (f *forwarder) later(n int) {
	f.retries.Add(1)
	go func() {
		defer f.retries.Done()
		time.Sleep(5 * time.Millisecond)
		f.queue <- n + 1
	}()
}

func (f *forwarder) cancel() {
	close(f.stop)
	f.worker.Wait()
	close(f.queue) // want "join-covers-another-goroutine: forwarder.queue"
}
