package racing

import "time"

// summer has a goroutine once it is prepared. It closes the channel of the
// results wherever it is.
type summer struct {
	prepared bool
	results  chan int
}

func (s *summer) next() {
	if !s.prepared {
		s.prepare()
		s.prepared = true
	}
}

func (s *summer) prepare() {
	go func() {
		defer func() { _ = recover() }()
		for n := range 10 {
			s.results <- n
			time.Sleep(time.Millisecond)
		}
	}()
}

func (s *summer) Close() {
	close(s.results) // want "close-without-join: summer.results"
}
