package racing

import "time"

// relay gives each goroutine a slot, and fills the slot when the goroutine may have looked already.
type relay struct {
	slots []int
	sums  chan int
}

func (r *relay) start(values []int) {
	for i := range values {
		go r.add(i)
		r.slots[i] = values[i] // want "published-after-spawn: relay.slots"
	}
}

func (r *relay) add(slot int) {
	sum := 0
	for range 5 {
		sum += r.slots[slot]
		time.Sleep(time.Millisecond)
	}
	r.sums <- sum
}
