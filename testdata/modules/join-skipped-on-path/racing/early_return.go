// Package racing has functions that wait for their own goroutines, but not on every way out.
package racing

import (
	"errors"
	"sync"
	"time"
)

var errTooMany = errors.New("too many")

type tally struct {
	counts []int
}

// count fills a cell per word; it leaves the goroutines alone when there are too many.
func (t *tally) count(words []string) error {
	var wg sync.WaitGroup
	for i, w := range words {
		if i == len(t.counts) {
			return errTooMany // want "join-skipped-on-path: tally.counts"
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(5 * time.Millisecond)
			t.counts[i] = len(w)
		}()
	}
	wg.Wait()
	return nil
}

func (t *tally) clear() {
	t.counts = make([]int, len(t.counts))
}
