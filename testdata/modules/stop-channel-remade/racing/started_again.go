package racing

import (
	"context"
	"time"
)

// clock is started again without waiting for the goroutine of the last time.
type clock struct {
	running context.Context
	cancel  context.CancelFunc
}

func (c *clock) Start() {
	c.running, c.cancel = context.WithCancel(context.Background()) // want "stop-channel-remade: clock.running"
	go c.tick()
}

func (c *clock) tick() {
	for c.running.Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

func (c *clock) Stop() {
	c.cancel()
}
