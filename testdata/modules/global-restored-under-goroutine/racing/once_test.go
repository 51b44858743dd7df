package racing

import "testing"

func TestResize(t *testing.T) {
	made := make(chan struct{})
	go func() {
		makeSlots()
		close(made)
	}()
	resize(16)
	<-made
}
