package racing

import (
	"sync/atomic"
	"time"
)

// consumer has a flag for each way to end it.
type consumer struct {
	stopped atomic.Int32
	drained atomic.Int32
	done    chan struct{}
	lost    chan bool
	buffer  []byte
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
	if !c.stopped.CompareAndSwap(0, 1) {
		return
	}
	time.Sleep(time.Millisecond)
	c.buffer = nil
}

func (c *consumer) Drain() {
	if !c.drained.CompareAndSwap(0, 1) {
		return
	}
	close(c.done)
	c.buffer = nil // want "close-without-join: consumer.buffer"
}
