package racing

import (
	"context"
	"time"
)

// cancelled waits for a context that is over when the caller's is, too.
func cancelled(ctx context.Context) int {
	result := 0
	running, done := context.WithCancel(ctx)
	go func() {
		defer done()
		time.Sleep(5 * time.Millisecond)
		result = 1
	}()
	<-running.Done()
	return result // want "captured-variable-outlives: result"
}

// firstOver waits for one of the two that say so.
func firstOver() int {
	slow, fast := 0, 0
	running, done := context.WithCancel(context.Background())
	go func() {
		defer done()
		time.Sleep(5 * time.Millisecond)
		slow = 1
	}()
	go func() {
		defer done()
		fast = 1
	}()
	<-running.Done()
	return slow + fast // want "captured-variable-outlives: slow"
}

// work comes back when its own work is done, or the context over.
func work(ctx context.Context, limit time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(limit):
		return nil
	}
}

// interrupted asks whether it was, though the work may have come to its end by itself.
func interrupted(signal <-chan time.Time) (bool, error) {
	stopped := false
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		<-signal
		stopped = true
		stop()
	}()
	err := work(ctx, time.Millisecond)
	return stopped, err // want "captured-variable-outlives: stopped"
}
