package racing

import (
	"sync"
	"time"
)

// door counts who serves without asking whether it has ended.
type door struct {
	mu    sync.Mutex
	open  map[string]bool
	wg    sync.WaitGroup
	lines int
}

func (d *door) serve() {
	d.wg.Add(1) // want "waitgroup-add-races-wait: door.wg"
	defer d.wg.Done()
	time.Sleep(10 * time.Millisecond)
}

func (d *door) start() {
	go d.serve()
}

func (d *door) stop() {
	defer func() {
		d.wg.Wait()
		d.lines = 0
	}()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = nil
}
