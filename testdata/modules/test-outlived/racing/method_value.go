package racing

import "time"

// server logs with the function it is given. Each connection has a goroutine
// that says a last word when the server is closed; nobody waits for that.
type server struct {
	logf  func(format string, args ...any)
	conns chan int
	stop  chan struct{}
}

func newServer(logf func(format string, args ...any)) *server {
	s := &server{logf: logf, conns: make(chan int, 1), stop: make(chan struct{})}
	go s.accept()
	return s
}

func (s *server) accept() {
	for {
		select {
		case n := <-s.conns:
			go s.serve(n)
		case <-s.stop:
			return
		}
	}
}

func (s *server) serve(n int) {
	<-s.stop
	time.Sleep(5 * time.Millisecond)
	s.logf("connection %d: closed", n) // want "test-outlived: testing.T"
}

// Close tells everyone.
func (s *server) Close() {
	close(s.stop)
}
