package quiet

// forwarded hands its channels to the goroutine, which says over one of them
// that it is over.
func forwarded(events <-chan int) int {
	forward := func(over chan<- bool, out chan<- int) {
		defer close(over)
		for n := range events {
			out <- n
		}
	}
	over := make(chan bool)
	out := make(chan int, 2)
	go forward(over, out)
	<-over
	n := <-out
	close(out)
	return n
}
