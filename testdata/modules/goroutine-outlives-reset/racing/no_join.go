// Package racing resets the state of a session under goroutines of its last round.
package racing

import (
	"sync"
	"time"
)

type trace struct {
	mu    sync.Mutex
	spans []string
}

func (t *trace) add(span string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spans = append(t.spans, span)
}

// conn executes one query after the other, and nobody waits for what a query
// has left behind.
type conn struct {
	trace *trace
}

func (c *conn) exec(query string) {
	c.trace = &trace{} // want "goroutine-outlives-reset: conn.trace"
	go func() {
		time.Sleep(5 * time.Millisecond)
		c.trace.add(query)
	}()
}
