package racing

import (
	"errors"
	"time"
)

// stream says that it is over before it says why.
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
		close(s.over)
		time.Sleep(time.Millisecond)
		s.err = err // want "signal-before-last-access: stream.err"
	}()
	err = errors.New("no more")
}

func (s *stream) wait() error {
	<-s.over
	return s.err
}
