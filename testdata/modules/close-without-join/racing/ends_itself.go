package racing

import "time"

// session reads frames until there is none, and ends itself then; its user may
// end it at any time.
type session struct {
	frames chan int
	stop   chan struct{}
	buffer []int
}

func newSession() *session {
	s := &session{frames: make(chan int), stop: make(chan struct{}), buffer: make([]int, 8)}
	go s.read()
	return s
}

func (s *session) read() {
	for {
		select {
		case frame, ok := <-s.frames:
			if !ok {
				s.Close()
				return
			}
			time.Sleep(5 * time.Millisecond)
			s.buffer[0] = frame
		case <-s.stop:
			return
		}
	}
}

// Close is called by the user, too.
func (s *session) Close() {
	close(s.stop)
	s.buffer = nil // want "close-without-join: session.buffer"
}
