// Package query reads ahead of its caller; the reader is closed even when a page is bad.
package query

import (
	"errors"
	"sync"
)

var errBadPage = errors.New("bad page")

const pagesPerQuery = 4

type stats struct {
	pages int
}

// session runs one query after the other; each has statistics of its own.
type session struct {
	fetch func(page int) []string
	stats *stats
}

func (s *session) run() (int, error) {
	s.stats = &stats{}
	r := &prefetcher{sess: s, pages: make(chan []string, pagesPerQuery), stop: make(chan struct{})}
	r.open()
	defer r.close()
	n, err := r.count()
	if err != nil {
		return 0, err
	}
	return n, nil
}

type prefetcher struct {
	sess  *session
	pages chan []string
	stop  chan struct{}
	wg    sync.WaitGroup
}

func (r *prefetcher) open() {
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		defer close(r.pages)
		r.readAhead()
	}()
}

func (r *prefetcher) readAhead() {
	fetched := 0
	defer func() { r.sess.stats.pages += fetched }()
	for i := range pagesPerQuery {
		page := r.sess.fetch(i)
		fetched++
		select {
		case r.pages <- page:
		case <-r.stop:
			return
		}
	}
}

func (r *prefetcher) count() (int, error) {
	rows := 0
	for page := range r.pages {
		if page == nil {
			return 0, errBadPage
		}
		rows += len(page)
	}
	return rows, nil
}

func (r *prefetcher) close() {
	close(r.stop)
	r.wg.Wait()
}
