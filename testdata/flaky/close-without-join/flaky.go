// Package flaky serves until it is closed.
package flaky

import "time"

type server struct {
	journal journal
	in      chan int
	stop    chan struct{}
	seen    map[int]bool
}

func newServer() *server {
	s := &server{in: make(chan int), stop: make(chan struct{}), seen: map[int]bool{}}
	go s.serve()
	return s
}

func (s *server) serve() {
	for {
		select {
		case <-s.stop:
			return
		case n := <-s.in:
			time.Sleep(time.Millisecond)
			s.seen[n] = true
			s.journal.add("served")
		}
	}
}

// Close asks the goroutine to stop, and does not wait for it.
func (s *server) Close() {
	close(s.stop)
	s.journal.add("closed")
	s.seen = map[int]bool{}
}
