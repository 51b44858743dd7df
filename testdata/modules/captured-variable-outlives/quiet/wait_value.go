package quiet

import (
	"errors"
	"sync"
	"time"
)

// heardWithin runs what waits, and says whether it was in time.
func heardWithin(wait func(), limit time.Duration) bool {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

func groupWithin(group *sync.WaitGroup, limit time.Duration) bool {
	return heardWithin(group.Wait, limit)
}

var errNotHeard = errors.New("late")

// inGoodTime reads the sum where it was told that the group is over.
func inGoodTime() (int, error) {
	sum := 0
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		time.Sleep(time.Millisecond)
		sum = 1
	}()
	if !groupWithin(&group, time.Minute) {
		return 0, errNotHeard
	}
	return sum, nil
}
