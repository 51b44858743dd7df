package quiet

import (
	"sync"
	"time"
)

// service decides under a lock whether a request is still counted.
type service struct {
	mu       sync.Mutex
	closed   bool
	requests sync.WaitGroup
	handled  chan string
}

func (s *service) handle(request string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.requests.Add(1)
	go func() {
		defer s.requests.Done()
		time.Sleep(10 * time.Millisecond)
		s.handled <- request
	}()
	return true
}

func (s *service) listen(requests <-chan string) {
	go func() {
		for r := range requests {
			s.handle(r)
		}
	}()
}

func (s *service) shutdown() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.requests.Wait()
	close(s.handled)
}
