package quiet

import "time"

// rounds receives one word of each worker in every round before it goes on with the variable they read.
func rounds(n, workers int) int {
	total := 0
	for range n {
		state := n
		done := make(chan int)
		for range workers {
			go func() {
				time.Sleep(time.Millisecond)
				done <- state
			}()
		}
		for range workers {
			total += <-done
		}
		state = 0
		total += state
	}
	return total
}
