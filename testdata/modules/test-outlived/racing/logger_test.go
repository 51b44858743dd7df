package racing

import (
	"testing"
	"time"
)

// As with the copier, most rounds race unseen and the last one panics.
func TestLogger(t *testing.T) {
	for range 50 {
		t.Run("round", func(t *testing.T) {
			b := newBroker(t)
			defer b.Stop()
			time.Sleep(time.Millisecond)
		})
	}
}
