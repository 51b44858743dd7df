package racing

import (
	"sync"
	"time"
)

// tally gives its goroutine the counter, and leaves the counting to it.
type tally struct {
	votes int
}

func (t *tally) count() int {
	var wg sync.WaitGroup
	go t.poll(&wg)
	time.Sleep(2 * time.Millisecond)
	wg.Wait()
	return t.votes
}

func (t *tally) poll(wg *sync.WaitGroup) {
	wg.Add(1) // want "waitgroup-add-races-wait: wg"
	defer wg.Done()
	t.votes++
	time.Sleep(10 * time.Millisecond)
	t.votes++
}
