package quiet

import "sync"

// tally gives its goroutine the counter, which it has raised for it.
type tally struct {
	votes int
}

func (t *tally) count() int {
	var wg sync.WaitGroup
	wg.Add(1)
	go t.poll(&wg)
	wg.Wait()
	return t.votes
}

func (t *tally) poll(wg *sync.WaitGroup) {
	defer wg.Done()
	t.votes++
	for range 2 {
		wg.Add(1)
		go func() { wg.Done() }()
	}
}
