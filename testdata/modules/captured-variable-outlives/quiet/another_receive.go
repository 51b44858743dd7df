package quiet

// chained waits for the second of its goroutines, which has waited for the first.
func chained(slow, fast func() int) (int, int) {
	first, second := 0, 0
	half, done := make(chan struct{}), make(chan struct{})
	go func() {
		first = slow()
		half <- struct{}{}
	}()
	go func() {
		defer close(done)
		<-half
		second = fast()
	}()
	<-done
	return first, second
}

// told has a goroutine that writes what it sends of in a helper.
func told(slow func() int) int {
	first := 0
	done := make(chan struct{})
	go func() {
		first = slow()
		tell(done)
	}()
	<-done
	return first
}

func tell(done chan<- struct{}) {
	done <- struct{}{}
}
