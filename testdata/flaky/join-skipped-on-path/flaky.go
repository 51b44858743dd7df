// Package flaky copies with a helper that may be left behind.
package flaky

import (
	"errors"
	"time"
)

var errFull = errors.New("full")

type copier struct {
	journal journal
	total   int
}

// copy returns without waiting when the target is full.
func (c *copier) copy(room int) error {
	done := make(chan struct{})
	c.total = 0
	go func() {
		defer close(done)
		time.Sleep(time.Millisecond)
		c.total++
		c.journal.add("copied")
	}()
	if room == 0 {
		time.Sleep(20 * time.Millisecond)
		c.journal.add("full")
		c.total = -1
		return errFull
	}
	<-done
	return nil
}
