// Package quiet waits for its goroutines before it destroys what they use.
package quiet

import (
	"sync"
	"time"
)

type link struct {
	frames int
}

type server struct {
	link   *link
	closed bool
	stop   chan struct{}
	wg     sync.WaitGroup
}

func (s *server) Start() {
	s.link = &link{}
	s.stop = make(chan struct{})
	s.wg.Add(1)
	go s.serve()
}

func (s *server) serve() {
	defer s.wg.Done()
	for {
		select {
		case <-s.stop:
			return
		case <-time.After(time.Millisecond):
		}
		if l := s.link; l != nil {
			l.frames++
		}
	}
}

// Close writes closed before it waits, but the goroutine does not know of closed.
func (s *server) Close() {
	s.closed = true
	close(s.stop)
	s.wg.Wait()
	s.link = nil
}
