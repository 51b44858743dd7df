// Package lookup closes the search in the arm of the deadline, too.
package lookup

import (
	"context"
	"sync"
	"time"
)

type request struct {
	word string
	hits int
}

// resolver serves one request after the other.
type resolver struct {
	req   *request
	delay time.Duration
}

func (r *resolver) resolve(ctx context.Context, word string) (int, error) {
	r.req = &request{word: word}
	s := newSearch(r)
	s.open()
	select {
	case n := <-s.found:
		s.close()
		return n, nil
	case <-ctx.Done():
		s.close()
		return 0, ctx.Err()
	}
}

type search struct {
	r     *resolver
	found chan int
	wg    sync.WaitGroup
}

func newSearch(r *resolver) *search {
	return &search{r: r, found: make(chan int, 1)}
}

func (s *search) open() {
	word := s.r.req.word
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		time.Sleep(s.r.delay)
		s.found <- len(word)
		s.r.req.hits++
	}()
}

func (s *search) close() {
	s.wg.Wait()
}
