package racing

import (
	"context"
	"time"
)

type level struct{}

// showProgress goes on with another context under the name that its goroutine reads.
func showProgress(ctx context.Context, n int) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	time.Sleep(4 * time.Millisecond)
	ctx = context.WithValue(ctx, level{}, n) // want "captured-variable-outlives: ctx"
	time.Sleep(4 * time.Millisecond)
	return ctx
}
