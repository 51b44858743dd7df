package racing

import "time"

type batcher struct {
	pending []string
	items   chan string
	done    chan struct{}
}

func newBatcher() *batcher {
	b := &batcher{items: make(chan string, 4), done: make(chan struct{})}
	go b.collect()
	return b
}

func (b *batcher) collect() {
	defer close(b.done)
	for it := range b.items {
		time.Sleep(time.Millisecond)
		b.pending = append(b.pending, it)
	}
}

// Close receives from done in a defer, which runs after the line below it.
func (b *batcher) Close() {
	defer func() { <-b.done }()
	close(b.items)
	b.pending = b.pending[:0] // want "join-after-write: batcher.pending"
}
