package racing

import (
	"testing"
	"time"
)

var patience = time.Second

func TestParallel(t *testing.T) {
	for _, limit := range []time.Duration{time.Millisecond, 5 * time.Millisecond} {
		t.Run(limit.String(), func(t *testing.T) { answers(t, limit) })
	}
}

// answers waits for its own goroutine, but others of its kind run beside it.
func answers(t *testing.T, limit time.Duration) {
	t.Parallel()
	defer func(old time.Duration) { patience = old }(patience) // want "global-restored-under-goroutine: patience"
	patience = limit
	over := make(chan struct{})
	go func() {
		defer close(over)
		time.Sleep(2 * limit)
		time.Sleep(patience)
	}()
	<-over
}
