package racing

import "time"

// workers ends when its queue is closed, and reads the queue from a field every time.
type workers struct {
	queue chan int
	sum   chan int
}

func (w *workers) resize(n int) {
	if w.queue != nil {
		close(w.queue)
	}
	w.queue = make(chan int, n) // want "stop-channel-remade: workers.queue"
	for range n {
		go w.work()
	}
}

func (w *workers) work() {
	for {
		v, ok := <-w.queue
		if !ok {
			return
		}
		time.Sleep(2 * time.Millisecond)
		w.sum <- v
	}
}
