// Package flaky has two goroutines and waits for one.
package flaky

import (
	"sync"
	"time"
)

type cache struct {
	journal journal
	wg      sync.WaitGroup
	entries map[string]int
}

func (c *cache) start() {
	c.wg.Add(1)
	go c.load()
	go c.watch()
}

func (c *cache) load() {
	defer c.wg.Done()
	c.journal.add("loaded")
}

func (c *cache) watch() {
	time.Sleep(time.Millisecond)
	n := len(c.entries)
	c.journal.add("watched")
	_ = n
}

// Close waits for load only.
func (c *cache) Close() {
	c.wg.Wait()
	c.journal.add("closed")
	c.entries = nil
}
