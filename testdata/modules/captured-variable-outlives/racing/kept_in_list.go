package racing

import (
	"sync"
	"time"
)

// sizesInLists waits for the channels of one list and forgets the other.
func sizesInLists(names []string) []int {
	var mu sync.Mutex
	var sizes []int
	var first, others []chan struct{}
	for i, name := range names {
		done := make(chan struct{})
		if i == 0 {
			first = append(first, done)
			go func() {
				defer close(done)
				mu.Lock()
				defer mu.Unlock()
				sizes = append(sizes, len(name))
			}()
			continue
		}
		other := make(chan struct{})
		others = append(others, other)
		go func() {
			defer close(other)
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			sizes = append(sizes, len(name))
		}()
	}
	for _, done := range first {
		<-done
	}
	return sizes // want "captured-variable-outlives: sizes"
}
