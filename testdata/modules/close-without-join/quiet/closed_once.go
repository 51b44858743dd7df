package quiet

import "sync"

// hose is closed by its goroutine or by its owner, whoever comes first.
type hose struct {
	once sync.Once
	over chan struct{}
}

func openHose(water <-chan int) *hose {
	h := &hose{over: make(chan struct{})}
	go h.run(water)
	return h
}

func (h *hose) run(water <-chan int) {
	defer h.once.Do(func() { close(h.over) })
	for range water {
	}
}

func (h *hose) Close() {
	h.once.Do(func() { close(h.over) })
}
