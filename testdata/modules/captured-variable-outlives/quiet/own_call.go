package quiet

import (
	"sync"
	"sync/atomic"
)

// descend calls itself: each call has a level of its own, and a goroutine that reads it.
func descend(n int, seen *sync.Map) int {
	var level int
	if n == 0 {
		return 0
	}
	level = n
	go func() { seen.Store(level, true) }()
	return 1 + descend(n-1, seen)
}

// tally is an array of counters: adding to one of them does not write the array.
func tally(workers int) uint32 {
	var counts [4]atomic.Uint32
	for i := range workers {
		go func() { counts[i%4].Add(1) }()
	}
	sum := uint32(0)
	for i := range counts {
		sum += counts[i].Load()
	}
	return sum
}
