package racing

import "time"

// countdown never joins; the goroutines read i after the loop has changed it.
func countdown(from int, say chan<- int) int {
	started := 0
	for i := from; i > 0; i-- { // want "captured-variable-outlives: i"
		go func() {
			time.Sleep(2 * time.Millisecond)
			say <- i
		}()
		started++
	}
	return started
}
