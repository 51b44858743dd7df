// Package racing waits, but not for the goroutine that uses what it then resets.
package racing

import (
	"sync"
	"time"
)

type totals struct {
	mu  sync.Mutex
	sum int
}

func (t *totals) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum += n
}

// collector waits for the goroutine it has started, which has started another.
type collector struct {
	totals *totals
	wg     sync.WaitGroup
}

func (c *collector) collect(values []int) {
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		for _, v := range values {
			go c.store(v)
		}
	}()
}

func (c *collector) store(v int) {
	time.Sleep(5 * time.Millisecond)
	c.totals.add(v)
}

func (c *collector) next() {
	c.wg.Wait()
	c.totals = &totals{} // want "join-covers-another-goroutine: collector.totals"
}
