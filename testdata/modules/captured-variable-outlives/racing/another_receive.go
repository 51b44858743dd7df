package racing

import "time"

// firstOf waits for one of its two goroutines only: what it receives says nothing
// about the other.
func firstOf(slow, fast func() int) (int, int) {
	first := 0
	done := make(chan struct{})
	go func() {
		time.Sleep(5 * time.Millisecond)
		first = slow()
	}()
	second := 0
	go func() {
		defer close(done)
		second = fast()
	}()
	<-done
	return first, second // want "captured-variable-outlives: first"
}
