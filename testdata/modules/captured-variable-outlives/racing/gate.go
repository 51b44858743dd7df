package racing

import "sync"

// race lets all runners go at once; each of them writes who was last.
func race(runners int) int {
	start := make(chan struct{})
	var wg sync.WaitGroup
	last := 0
	for i := 0; i < runners; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			last = i // want "captured-variable-outlives: last"
		}()
	}
	close(start)
	wg.Wait()
	return last
}
