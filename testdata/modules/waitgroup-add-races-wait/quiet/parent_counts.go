package quiet

import (
	"sync"
	"time"
)

// tree adds inside goroutines, but in ones that are counted themselves, so the
// count cannot reach zero in between.
type tree struct {
	wg     sync.WaitGroup
	mu     sync.Mutex
	visits int
}

func (t *tree) walk(depth int) int {
	t.wg.Add(1)
	go t.visit(depth)
	t.wg.Wait()
	return t.visits
}

func (t *tree) visit(depth int) {
	defer t.wg.Done()
	t.mu.Lock()
	t.visits++
	t.mu.Unlock()
	time.Sleep(time.Millisecond)
	if depth > 0 {
		for range 2 {
			t.wg.Add(1)
			go t.visit(depth - 1)
		}
	}
}
