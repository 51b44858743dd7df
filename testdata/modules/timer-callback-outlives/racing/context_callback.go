package racing

import (
	"context"
	"time"
)

// transfer notes why it was cancelled, in a callback of the context.
type transfer struct {
	reason string
	stop   func() bool
}

func (tr *transfer) begin(ctx context.Context) {
	tr.stop = context.AfterFunc(ctx, func() {
		time.Sleep(time.Millisecond)
		tr.reason = ctx.Err().Error()
	})
}

func (tr *transfer) end() {
	tr.stop()
	tr.reason = "" // want "timer-callback-outlives: transfer.reason"
}
