package quiet

import (
	"context"
	"time"
)

// gather returns early, too, but after the goroutine.
func gather(ctx context.Context, pages []string) ([]string, error) {
	var got []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range pages {
			if ctx.Err() != nil {
				return
			}
			time.Sleep(3 * time.Millisecond)
			got = append(got, p)
		}
	}()
	select {
	case <-done:
		return got, nil
	case <-ctx.Done():
		<-done
		return got, ctx.Err()
	}
}
