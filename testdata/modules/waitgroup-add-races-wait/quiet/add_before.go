// Package quiet adds to wait groups before anybody can wait for what is added.
package quiet

import (
	"sync"
	"time"
)

// fanout counts a goroutine before it starts it.
type fanout struct {
	results []int
	wg      sync.WaitGroup
}

func (f *fanout) run(n int) {
	f.results = make([]int, n)
	for i := range n {
		f.wg.Add(1)
		go func() {
			defer f.wg.Done()
			time.Sleep(5 * time.Millisecond)
			f.results[i] = i
		}()
	}
	f.wg.Wait()
}

func (f *fanout) take() []int {
	taken := f.results
	f.results = make([]int, len(taken))
	return taken
}
