package racing

import (
	"sync"
	"time"
)

// service takes requests while it shuts down.
type service struct {
	requests sync.WaitGroup
	handled  chan string
}

// handle is called by the goroutines of connections.
func (s *service) handle(request string) {
	s.requests.Add(1) // want "waitgroup-add-races-wait: service.requests"
	go func() {
		defer s.requests.Done()
		time.Sleep(60 * time.Millisecond)
		s.handled <- request
	}()
}

func (s *service) listen(requests <-chan string) {
	go func() {
		for r := range requests {
			s.handle(r)
		}
	}()
}

func (s *service) shutdown() {
	s.requests.Wait()
	close(s.handled)
}
