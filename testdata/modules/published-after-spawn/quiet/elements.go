package quiet

import "time"

// relay gives each goroutine a slot that it has filled: the next iteration fills the next slot.
type relay struct {
	slots []int
	sums  chan int
}

func (r *relay) start(values []int) {
	for i := range values {
		r.slots[i] = values[i]
		go r.add(i)
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

// startCounted does the same with a counter, and with goroutines that have no parameter.
func (r *relay) startCounted(values []int) {
	for i := 0; i < len(values); i++ {
		r.slots[i] = values[i]
		go func() {
			time.Sleep(time.Millisecond)
			r.sums <- r.slots[i]
		}()
	}
}
