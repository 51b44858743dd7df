// Package flaky counts a goroutine when it runs, not when it is started.
package flaky

import (
	"sync"
	"time"
)

type fanout struct {
	journal journal
	results []int
	wg      sync.WaitGroup
}

func (f *fanout) run() {
	f.results = make([]int, 1)
	go func() {
		f.wg.Add(1)
		defer f.wg.Done()
		f.results[0] = 1
		f.journal.add("worked")
	}()
	time.Sleep(15 * time.Millisecond)
	f.wg.Wait()
}
