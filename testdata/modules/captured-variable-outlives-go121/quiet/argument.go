package quiet

import "time"

// countdown passes the value in the go statement.
func countdown(from int, say chan<- int) int {
	started := 0
	for i := from; i > 0; i-- {
		go func(i int) {
			time.Sleep(2 * time.Millisecond)
			say <- i
		}(i)
		started++
	}
	return started
}
