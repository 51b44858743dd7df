package quiet

import "sync"

// batch returns early only where nothing was started yet.
type batch struct {
	items []int
	sum   int
}

func (b *batch) run() int {
	if len(b.items) == 0 {
		return 0
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for _, it := range b.items {
			b.sum += it
		}
	}()
	wg.Wait()
	return b.sum
}

func (b *batch) reset(items []int) {
	b.items = items
	b.sum = 0
}
