package racing

import "time"

// collect closes the channel that it has handed to a sampler, which does not
// know that it is over.
func collect(out chan int, sample func() bool) {
	defer close(out) // want "captured-variable-outlives: out"
	stop := make(chan struct{})
	go sampler(out, stop)
	for sample() {
		time.Sleep(time.Millisecond)
	}
	close(stop)
}

func sampler(to chan int, stop <-chan struct{}) {
	defer func() { _ = recover() }() // a send on a closed channel
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Microsecond):
			select {
			case to <- n:
			default:
			}
		}
	}
}
