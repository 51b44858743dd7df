// Package racing has goroutines that say they are done one access too early.
package racing

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
		wg.Done()
		t.ended = time.Now() // want "signal-before-last-access: task.ended"
	}()
	wg.Wait()
	return t
}

func (t *task) String() string {
	return t.ended.Format(time.Kitchen)
}
