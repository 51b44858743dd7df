package quiet

import "errors"

// stream says why it is over before it says that it is.
type stream struct {
	over chan struct{}
	err  error
}

func newStream() *stream {
	s := &stream{over: make(chan struct{})}
	go s.run()
	return s
}

func (s *stream) run() {
	var err error
	defer func() {
		s.err = err
		close(s.over)
	}()
	err = errors.New("no more")
}

func (s *stream) wait() error {
	<-s.over
	return s.err
}
