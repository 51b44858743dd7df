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

func (d *door) serve(name string) {
	time.Sleep(5 * time.Millisecond)
	d.wg.Add(1) // want "waitgroup-add-races-wait: door.wg"
	defer d.wg.Done()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != nil {
		d.open[name] = true
	}
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
