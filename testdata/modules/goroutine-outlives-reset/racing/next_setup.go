package racing

import (
	"testing"
	"time"
)

type controller struct{ warm bool }

// suite runs what it is given one after the other; the second part replaces the
// object under a goroutine of the first.
func suiteOfTwo(t *testing.T) {
	var ctrl *controller
	t.Run("first", func(t *testing.T) {
		ctrl = &controller{}
		go func() {
			time.Sleep(5 * time.Millisecond)
			ctrl.warm = true
		}()
	})
	t.Run("second", func(t *testing.T) {
		ctrl = &controller{} // want "goroutine-outlives-reset: ctrl"
	})
	time.Sleep(20 * time.Millisecond)
}
