package racing

import (
	"context"
	"time"
)

// loop is restarted with a new context; the old goroutine looks at the new one.
type loop struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (l *loop) restart() {
	if l.cancel != nil {
		l.cancel()
	}
	l.ctx, l.cancel = context.WithCancel(context.Background()) // want "stop-channel-remade: loop.ctx"
	go func() {
		for {
			select {
			case <-l.ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
}
