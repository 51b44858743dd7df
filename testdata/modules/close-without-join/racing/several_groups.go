package racing

import (
	"sync"
	"time"
)

// batch is closed by whoever has its groups.
type batch struct {
	sums map[string]int
}

func (b *batch) process(words []string) {
	readers, writers := &sync.WaitGroup{}, &sync.WaitGroup{}
	out := make(chan string, len(words))
	readers.Add(1)
	go func() {
		defer readers.Done()
		defer close(out)
		for _, w := range words {
			out <- w
		}
	}()
	writers.Add(1)
	go b.count(out, writers)
	go b.Close(readers)
}

func (b *batch) count(words <-chan string, wg *sync.WaitGroup) {
	defer wg.Done()
	for w := range words {
		time.Sleep(2 * time.Millisecond)
		b.sums[w]++
	}
}

// Close waits for all groups it is given.
func (b *batch) Close(groups ...*sync.WaitGroup) {
	for _, group := range groups {
		group.Wait()
	}
	b.sums = make(map[string]int) // want "close-without-join: batch.sums"
}
