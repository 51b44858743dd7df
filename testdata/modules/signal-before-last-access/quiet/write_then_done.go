// Package quiet has goroutines whose last access is before they say they are done.
package quiet

import (
	"sync"
	"time"
)

type task struct {
	result int
	ended  time.Time
}

func runTask() *task {
	var wg sync.WaitGroup
	t := &task{}
	wg.Add(1)
	go func() {
		t.result = 42
		t.ended = time.Now()
		wg.Done()
	}()
	wg.Wait()
	return t
}

func (t *task) String() string {
	return t.ended.Format(time.Kitchen)
}
