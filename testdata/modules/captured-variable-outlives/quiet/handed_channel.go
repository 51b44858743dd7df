package quiet

import "time"

// collect closes the channel when the sampler is over.
func collect(out chan int, sample func() bool) {
	stop, over := make(chan struct{}), make(chan struct{})
	go sampler(out, stop, over)
	for sample() {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	<-over
	close(out)
}

func sampler(to chan int, stop <-chan struct{}, over chan<- struct{}) {
	defer close(over)
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
