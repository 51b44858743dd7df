// Package racing makes a channel anew while a goroutine of the last round still
// reads the field it is stored in.
package racing

// scanner is opened and closed again and again; Close does not wait.
type scanner struct {
	finished chan struct{}
	rows     chan int
}

func (s *scanner) Open() {
	s.finished = make(chan struct{}) // want "stop-channel-remade: scanner.finished"
	go s.fetch()
}

func (s *scanner) fetch() {
	for i := 0; ; i++ {
		select {
		case <-s.finished:
			return
		case s.rows <- i:
		}
	}
}

func (s *scanner) Close() {
	close(s.finished)
}
