package racing

// forwarded hands its channels to the goroutine, which says over one of them
// that it has begun.
func forwarded(events <-chan int) int {
	forward := func(begun chan<- bool, out chan<- int) {
		defer func() { _ = recover() }()
		close(begun)
		for n := range events {
			out <- n
		}
	}
	begun := make(chan bool)
	out := make(chan int)
	go forward(begun, out)
	<-begun
	n := <-out
	close(out) // want "signal-before-last-access: out"
	return n
}
