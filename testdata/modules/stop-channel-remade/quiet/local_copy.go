package quiet

import (
	"context"
	"time"
)

// loop is restarted with a new context, which the goroutine gets as a variable of its own.
type loop struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (l *loop) restart() {
	if l.cancel != nil {
		l.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.ctx, l.cancel = ctx, cancel
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
}
