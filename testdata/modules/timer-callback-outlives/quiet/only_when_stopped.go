package quiet

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

// end leaves the reason to the callback when it cannot stop it any more.
func (tr *transfer) end() {
	if tr.stop() {
		tr.reason = ""
	}
}
