// Package quiet is written in Go 1.21, too, and copies what its goroutines use.
package quiet

import (
	"sync"
	"time"
)

// each declares a variable per iteration.
func each(items []string, use func(string)) int {
	var wg sync.WaitGroup
	started := 0
	for _, it := range items {
		it := it
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
