package quiet

import (
	"testing"
	"time"
)

var patience = time.Second

func TestOneAfterTheOther(t *testing.T) {
	for _, limit := range []time.Duration{time.Millisecond, 2 * time.Millisecond} {
		t.Run(limit.String(), func(t *testing.T) { answers(t, limit) })
	}
}

// answers waits for its own goroutine before the value is put back.
func answers(_ *testing.T, limit time.Duration) {
	defer func(old time.Duration) { patience = old }(patience)
	patience = limit
	over := make(chan struct{})
	go func() {
		defer close(over)
		time.Sleep(patience)
	}()
	<-over
}
