// Package quiet has functions that wait for their own goroutines on every way out.
package quiet

import (
	"errors"
	"sync"
	"time"
)

var errTooMany = errors.New("too many")

type tally struct {
	counts []int
}

// count waits by a defer, which no return can pass.
func (t *tally) count(words []string) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for i, w := range words {
		if i == len(t.counts) {
			return errTooMany
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(5 * time.Millisecond)
			t.counts[i] = len(w)
		}()
	}
	return nil
}

func (t *tally) clear() {
	t.counts = make([]int, len(t.counts))
}
