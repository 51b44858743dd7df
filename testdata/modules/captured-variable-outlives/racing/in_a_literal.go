package racing

import "time"

// request asks twice, by a literal of its own that starts the goroutine.
func request() int {
	answers := 0
	ask := func() {
		go func() {
			time.Sleep(time.Millisecond)
			answers++
		}()
	}
	ask()
	time.Sleep(5 * time.Millisecond)
	return answers // want "captured-variable-outlives: answers"
}
