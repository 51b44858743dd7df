// Package cursor has two users of a cursor; one of them forgets to close it.
package cursor

import (
	"sync"
	"time"
)

type snapshot struct {
	rows []int
}

// store shows its readers one snapshot until the next is taken.
type store struct {
	snap *snapshot
}

func (s *store) refresh(rows []int) {
	s.snap = &snapshot{rows: rows}
}

// sum reads everything.
func (s *store) sum() int {
	c := openCursor(s)
	defer c.close()
	total := 0
	for v := range c.values {
		total += v
	}
	return total
}

// first needs one value only.
func (s *store) first() int {
	c := openCursor(s)
	return <-c.values // want "goroutine-outlives-reset: store.snap"
}

type cursor struct {
	s      *store
	values chan int
	stop   chan struct{}
	wg     sync.WaitGroup
}

func openCursor(s *store) *cursor {
	c := &cursor{s: s, values: make(chan int, 1), stop: make(chan struct{})}
	c.wg.Add(1)
	go c.feed()
	return c
}

func (c *cursor) feed() {
	defer c.wg.Done()
	defer close(c.values)
	for i := 0; i < len(c.s.snap.rows); i++ {
		select {
		case c.values <- c.s.snap.rows[i]:
			time.Sleep(5 * time.Millisecond)
		case <-c.stop:
			return
		}
	}
}

func (c *cursor) close() {
	close(c.stop)
	c.wg.Wait()
}
