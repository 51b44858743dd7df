package quiet

import (
	"sync"
	"time"
)

type progress struct{ done int64 }

// counted gives what was counted when the group is over: the compiler waits first, then reads.
func counted() (int, bool, error) {
	var group sync.WaitGroup
	var n int64
	var seen progress
	wait := func() error {
		group.Wait()
		return nil
	}
	group.Add(1)
	go func() {
		defer group.Done()
		time.Sleep(time.Millisecond)
		n = 1
		seen.done = 2
	}()
	return int(n), seen.done > 1, wait()
}
