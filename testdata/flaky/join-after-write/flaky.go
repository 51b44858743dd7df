// Package flaky flushes what it buffers.
package flaky

import (
	"sync"
	"time"
)

type writer struct {
	journal journal
	wg      sync.WaitGroup
	buffer  []string
}

func (w *writer) flush() {
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		time.Sleep(time.Millisecond)
		n := len(w.buffer)
		w.journal.add("flushed")
		_ = n
	}()
}

// Close clears the buffer and waits then.
func (w *writer) Close() {
	w.journal.add("closing")
	w.buffer = nil
	w.wg.Wait()
}
