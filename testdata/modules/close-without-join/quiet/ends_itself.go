package quiet

// session reads frames until there is none, and ends itself then; its user waits
// for that.
type session struct {
	frames chan int
	over   chan struct{}
	buffer []int
}

func newSession() *session {
	s := &session{frames: make(chan int), over: make(chan struct{}), buffer: make([]int, 8)}
	go s.read()
	return s
}

func (s *session) read() {
	defer close(s.over)
	for frame := range s.frames {
		s.buffer[0] = frame
	}
	s.end()
}

func (s *session) end() {
	s.buffer = nil
}

func (s *session) Close() {
	close(s.frames)
	<-s.over
	s.end()
}
