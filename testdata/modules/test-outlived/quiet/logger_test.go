package quiet

import (
	"testing"
	"time"
)

func TestLogger(t *testing.T) {
	for range 50 {
		t.Run("round", func(t *testing.T) {
			b := newBroker(t)
			defer b.Stop()
			time.Sleep(200 * time.Microsecond)
		})
	}
}
