// Package quiet waits for the goroutines that use what it then resets, among others.
package quiet

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

// collector waits for the goroutine it has started, which waits for its own.
type collector struct {
	totals *totals
	wg     sync.WaitGroup
}

func (c *collector) collect(values []int) {
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		var inner sync.WaitGroup
		for _, v := range values {
			inner.Add(1)
			go func() {
				defer inner.Done()
				c.store(v)
			}()
		}
		inner.Wait()
	}()
}

func (c *collector) store(v int) {
	time.Sleep(5 * time.Millisecond)
	c.totals.add(v)
}

func (c *collector) next() {
	c.wg.Wait()
	c.totals = &totals{}
}
