package quiet

import "testing"

type controller struct{ warm bool }

// suiteOfTwo waits in the first part for the goroutine that uses the object.
func suiteOfTwo(t *testing.T) {
	var ctrl *controller
	t.Run("first", func(t *testing.T) {
		ctrl = &controller{}
		over := make(chan struct{})
		go func() {
			defer close(over)
			ctrl.warm = true
		}()
		<-over
	})
	t.Run("second", func(t *testing.T) {
		ctrl = &controller{}
	})
}
