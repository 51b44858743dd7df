// Package racing adds to wait groups that somebody may already wait for.
package racing

import (
	"sync"
	"time"
)

// fanout counts a goroutine when it runs, not when it is started, so that Wait
// may return before.
type fanout struct {
	results []int
	wg      sync.WaitGroup
}

func (f *fanout) run(n int) {
	f.results = make([]int, n)
	for i := range n {
		go func() {
			f.wg.Add(1) // want "waitgroup-add-races-wait: fanout.wg"
			defer f.wg.Done()
			time.Sleep(5 * time.Millisecond)
			f.results[i] = i
		}()
	}
	time.Sleep(time.Millisecond) // does something itself
	f.wg.Wait()
}

func (f *fanout) take() []int {
	taken := f.results
	f.results = make([]int, len(taken))
	return taken
}
