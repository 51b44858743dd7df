package quiet

import (
	"context"
	"time"
)

// clock is started again when the goroutine of the last time is over.
type clock struct {
	running context.Context
	cancel  context.CancelFunc
	over    chan struct{}
}

func (c *clock) Start() {
	c.running, c.cancel = context.WithCancel(context.Background())
	c.over = make(chan struct{})
	go c.tick(c.over)
}

func (c *clock) tick(over chan struct{}) {
	defer close(over)
	for c.running.Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

func (c *clock) Stop() {
	c.cancel()
	<-c.over
}
