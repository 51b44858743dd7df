// Package flaky gives a batch a deadline.
package flaky

import "time"

type batch struct {
	journal journal
	timer   *time.Timer
	items   []string
}

func (b *batch) arm() {
	b.timer = time.AfterFunc(time.Millisecond, func() {
		n := len(b.items)
		b.journal.add("flushed")
		_ = n
	})
}

// Close stops the timer, but not a callback that has begun.
func (b *batch) Close() {
	b.timer.Stop()
	b.journal.add("closed")
	b.items = nil
}
