package quiet

import (
	"sync/atomic"
	"time"
)

// consumer is ended by whoever sets the flag first: its goroutine, or a method.
type consumer struct {
	closed atomic.Int32
	done   chan struct{}
	lost   chan bool
	buffer []byte
}

func consume() *consumer {
	c := &consumer{done: make(chan struct{}), lost: make(chan bool, 1), buffer: make([]byte, 8)}
	go func() {
		select {
		case <-c.lost:
			c.stop()
		case <-c.done:
		}
	}()
	return c
}

func (c *consumer) stop() {
	if !c.closed.CompareAndSwap(0, 1) {
		return
	}
	time.Sleep(time.Millisecond)
	c.buffer = nil
}

func (c *consumer) Drain() {
	if !c.closed.CompareAndSwap(0, 1) {
		return
	}
	close(c.done)
	c.buffer = nil
}
