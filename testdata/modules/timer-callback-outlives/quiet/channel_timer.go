package quiet

import "time"

// batch has a timer without a callback: its own goroutine looks at the channel.
type batch struct {
	items []int
	full  int
}

func (b *batch) fill(in <-chan int, patience time.Duration) []int {
	timer := time.NewTimer(patience)
	for len(b.items) < b.full {
		select {
		case v := <-in:
			b.items = append(b.items, v)
		case <-timer.C:
			b.full = len(b.items)
		}
	}
	timer.Stop()
	items := b.items
	b.items = nil
	return items
}
