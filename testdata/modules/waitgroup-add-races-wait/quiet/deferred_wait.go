package quiet

import (
	"sync"
	"time"
)

// door counts who serves under the lock under which its end is told before anybody waits, in a deferred call.
type door struct {
	mu    sync.Mutex
	open  map[string]bool
	wg    sync.WaitGroup
	lines int
}

func (d *door) serve(name string) {
	d.mu.Lock()
	if d.open == nil {
		d.mu.Unlock()
		return
	}
	d.wg.Add(1)
	defer d.wg.Done()
	d.open[name] = true
	d.mu.Unlock()
	time.Sleep(time.Millisecond)
}

func (d *door) start(name string) {
	go d.serve(name)
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
