package racing

import "time"

// rounds receives the word of one worker in every round.
func rounds(n, workers int) int {
	total := 0
	for range n {
		state := n
		done := make(chan int, workers)
		for range workers {
			go func() {
				time.Sleep(time.Millisecond)
				seen := state
				time.Sleep(time.Millisecond)
				done <- seen
			}()
			time.Sleep(2 * time.Millisecond)
		}
		total += <-done
		state = 0 // want "captured-variable-outlives: state"
		total += state
	}
	return total
}
