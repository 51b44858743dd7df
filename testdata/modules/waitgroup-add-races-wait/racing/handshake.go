package racing

import (
	"sync"
	"time"
)

// fetch says that it has begun before it counts itself.
type fetch struct {
	wg      sync.WaitGroup
	started chan struct{}
	data    []byte
}

func (f *fetch) run() {
	f.started <- struct{}{}
	f.wg.Add(1) // want "waitgroup-add-races-wait: fetch.wg"
	defer f.wg.Done()
	time.Sleep(5 * time.Millisecond)
	f.data = []byte("data")
}

func (f *fetch) drop() {
	f.wg.Wait()
	f.data = nil
}

func startFetch() *fetch {
	f := &fetch{started: make(chan struct{})}
	go f.run()
	<-f.started
	return f
}
