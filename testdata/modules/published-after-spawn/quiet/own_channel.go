package quiet

// scan is read by a goroutine that closes a channel of whoever asks for it.
type scan struct{ size int }

func openScan(done chan struct{}) *scan {
	s := &scan{}
	go func() {
		s.size = 2
		close(done)
	}()
	return s
}

func scanAll() int {
	done := make(chan struct{})
	s := openScan(done)
	<-done
	s.size++
	s.size = 1
	return s.size
}
