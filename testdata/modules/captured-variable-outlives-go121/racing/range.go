// Package racing is written in Go 1.21, where a loop has one variable for all iterations.
package racing

import (
	"sync"
	"time"
)

// each joins every goroutine, but after the loop has changed what they use.
func each(items []string, use func(string)) int {
	var wg sync.WaitGroup
	started := 0
	for _, it := range items { // want "captured-variable-outlives: it"
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(2 * time.Millisecond)
			use(it)
		}()
		started++
	}
	wg.Wait()
	return started
}
