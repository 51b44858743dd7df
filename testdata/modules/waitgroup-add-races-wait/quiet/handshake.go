package quiet

import (
	"sync"
	"time"
)

// fetch counts itself, and whoever starts it goes on only when it has.
type fetch struct {
	wg      sync.WaitGroup
	started chan struct{}
	loaded  chan struct{}
	data    []byte
}

func (f *fetch) run() {
	f.wg.Add(1)
	defer f.wg.Done()
	f.started <- struct{}{}
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

// load says by closing a channel that it is counted; a method waits for that.
func (f *fetch) load() {
	f.wg.Add(1)
	defer f.wg.Done()
	close(f.loaded)
	time.Sleep(5 * time.Millisecond)
	f.data = []byte("more data")
}

func (f *fetch) waitForLoading() {
	<-f.loaded
}

func startLoad() *fetch {
	f := &fetch{loaded: make(chan struct{})}
	go f.load()
	f.waitForLoading()
	return f
}
