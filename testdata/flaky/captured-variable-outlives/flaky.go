// Package flaky asks with a time limit.
package flaky

import (
	"context"
	"time"
)

// ask gives up when the context ends, while the goroutine goes on.
func ask(ctx context.Context, j *journal) string {
	answer := "nobody"
	done := make(chan struct{})
	go func() {
		time.Sleep(time.Millisecond)
		answer = "somebody"
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		j.add("too late")
	}
	return answer
}
