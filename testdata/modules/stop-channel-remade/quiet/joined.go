package quiet

import (
	"sync"
	"time"
)

// workers reads the queue from a field every time, but a new queue is made only when
// all workers of the old one are gone.
type workers struct {
	queue chan int
	sum   chan int
	wg    sync.WaitGroup
}

func (w *workers) resize(n int) {
	if w.queue != nil {
		close(w.queue)
		w.wg.Wait()
	}
	w.queue = make(chan int, n)
	w.wg.Add(n)
	for range n {
		go w.work()
	}
}

func (w *workers) work() {
	defer w.wg.Done()
	for {
		v, ok := <-w.queue
		if !ok {
			return
		}
		time.Sleep(2 * time.Millisecond)
		w.sum <- v
	}
}
