package quiet

import "sync"

// server logs with the function it is given, and waits in its Close for everyone
// who does.
type server struct {
	logf  func(format string, args ...any)
	conns chan int
	stop  chan struct{}
	wg    sync.WaitGroup
}

func newServer(logf func(format string, args ...any)) *server {
	s := &server{logf: logf, conns: make(chan int, 1), stop: make(chan struct{})}
	s.wg.Add(1)
	go s.accept()
	return s
}

func (s *server) accept() {
	defer s.wg.Done()
	for {
		select {
		case n := <-s.conns:
			s.wg.Add(1)
			go s.serve(n)
		case <-s.stop:
			return
		}
	}
}

func (s *server) serve(n int) {
	defer s.wg.Done()
	<-s.stop
	s.logf("connection %d: closed", n)
}

// Close waits for all.
func (s *server) Close() {
	close(s.stop)
	s.wg.Wait()
}
