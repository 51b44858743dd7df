package quiet

import (
	"context"
	"errors"
	"time"
)

// ended waits for the context that the goroutine cancels last.
func ended() int {
	result := 0
	running, done := context.WithCancel(context.Background())
	go func() {
		defer done()
		time.Sleep(2 * time.Millisecond)
		result = 1
	}()
	<-running.Done()
	return result
}

// watch comes back when what runs is over, whether it was asked to stop or not.
func watch(stop, running context.Context) error {
	hurry := func() {
		<-running.Done()
	}
	select {
	case <-stop.Done():
		hurry()
		return errors.New("stopped")
	case <-running.Done():
		return nil
	}
}

// watched leaves the waiting to a helper, under a context whose end is not that of what runs.
func watched(ctx context.Context) (int, error) {
	result := 0
	running, done := context.WithCancel(context.WithoutCancel(ctx))
	defer done()
	go func() {
		time.Sleep(2 * time.Millisecond)
		result = 1
		done()
	}()
	err := watch(ctx, running)
	return result, err
}
