package racing

import (
	"context"
	"time"
)

// gather returns what it has when the context ends, while the goroutine goes on adding.
func gather(ctx context.Context, pages []string) ([]string, error) {
	var got []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range pages {
			time.Sleep(3 * time.Millisecond)
			got = append(got, p)
		}
	}()
	select {
	case <-done:
		return got, nil
	case <-ctx.Done():
		return got, ctx.Err() // want "captured-variable-outlives: got"
	}
}
