package quiet

import (
	"sync"
	"time"
)

// spool ends once, however often it is closed.
type spool struct {
	pages  []string
	ended  sync.Once
	over   chan struct{}
	done   chan struct{}
	queued int
}

func newSpool() *spool {
	s := &spool{over: make(chan struct{}), done: make(chan struct{}), pages: []string{"title", "index"}}
	go s.print()
	return s
}

func (s *spool) print() {
	defer close(s.done)
	for {
		select {
		case <-s.over:
			return
		default:
			s.queued += len(s.pages)
			time.Sleep(time.Millisecond)
		}
	}
}

func (s *spool) Close() {
	s.ended.Do(func() {
		close(s.over)
		<-s.done
		s.pages = nil
	})
}
