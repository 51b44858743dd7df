package quiet

import (
	"sync"
	"time"
)

type cache struct {
	entries map[string]int
	stop    chan struct{}
	wg      sync.WaitGroup
}

func (c *cache) start() {
	c.entries = map[string]int{"a": 0}
	c.stop = make(chan struct{})
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		<-c.stop
		time.Sleep(50 * time.Millisecond) // writes the cache to disk
		c.entries["saved"] = len(c.entries)
	}()
}

// halt says when it has waited too long, and waits on.
func (c *cache) halt(patience time.Duration) (inTime bool) {
	close(c.stop)
	done := make(chan struct{})
	go func() {
		c.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(patience):
		<-done
		return false
	}
}

func (c *cache) drop(patience time.Duration) {
	c.halt(patience)
	c.entries = make(map[string]int)
}
