package racing

import "sync"

// exchange copies offers to everyone who asked for them.
type exchange struct {
	mu     sync.Mutex
	buyers []chan int
	copies sync.WaitGroup
}

// buyer keeps the channel under another name than the goroutine that fills it.
func (e *exchange) buyer(offers <-chan int) <-chan int {
	out := make(chan int, 1)
	e.mu.Lock()
	e.buyers = append(e.buyers, out)
	e.mu.Unlock()
	e.copies.Add(1)
	go func() {
		defer e.copies.Done()
		for offer := range offers {
			out <- offer
		}
	}()
	return out
}

func (e *exchange) Close() {
	e.mu.Lock()
	for _, buyer := range e.buyers {
		close(buyer) // want "close-without-join: exchange.buyers"
	}
	e.mu.Unlock()
	e.copies.Wait()
}
