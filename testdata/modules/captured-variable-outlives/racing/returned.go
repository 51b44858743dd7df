package racing

import (
	"sync"
	"time"
)

func double(n int64) int { return int(2 * n) }

// counted hands what was counted to a call that comes before the wait.
func counted() (int, error) {
	var group sync.WaitGroup
	var n int64
	wait := func() error {
		group.Wait()
		return nil
	}
	group.Add(1)
	go func() {
		defer group.Done()
		time.Sleep(time.Millisecond)
		n = 1
	}()
	return double(n), wait() // want "captured-variable-outlives: n"
}
