// Package racing waits for its goroutines after it has destroyed what they use.
package racing

import (
	"sync"
	"time"
)

type link struct {
	frames int
}

type server struct {
	link *link
	stop chan struct{}
	wg   sync.WaitGroup
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

func (s *server) Close() {
	close(s.stop)
	s.link = nil // want "join-after-write: server.link"
	s.wg.Wait()
}
