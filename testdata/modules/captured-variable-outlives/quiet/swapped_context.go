package quiet

import (
	"context"
	"time"
)

type level struct{}

// showProgress goes on with another context under another name.
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
	found := context.WithValue(ctx, level{}, n)
	time.Sleep(4 * time.Millisecond)
	return found
}
