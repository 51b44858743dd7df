// Package scan joins through a Close that is promoted from two levels below.
package scan

import (
	"errors"
	"io"
	"sync"
	"time"
)

var errFiltered = errors.New("nothing passes the filter")

type plan struct {
	name string
	rows int
}

// conn executes one plan after the other.
type conn struct {
	plan *plan
}

func (c *conn) query(name string, filter func(row int) bool) (int, error) {
	c.plan = &plan{name: name}
	var s stream = newFilterScan(c, filter)
	s.open()
	row, err := s.next()
	if err == errFiltered {
		return 0, err // want "goroutine-outlives-reset: conn.plan"
	}
	return row, s.Close()
}

type stream interface {
	io.Closer
	open()
	next() (int, error)
}

type source struct {
	c    *conn
	rows chan int
	stop chan struct{}
	wg   sync.WaitGroup
}

func (s *source) open() {
	s.wg.Add(1)
	go s.produce()
}

func (s *source) produce() {
	defer s.wg.Done()
	for row := 1; ; row++ {
		select {
		case s.rows <- row:
		case <-s.stop:
			return
		}
		time.Sleep(2 * time.Millisecond)
		s.c.plan.rows++
	}
}

// Close ends the source and waits for it.
func (s *source) Close() error {
	close(s.stop)
	s.wg.Wait()
	return nil
}

type scan struct {
	*source
	name string
}

type filterScan struct {
	scan
	filter func(row int) bool
}

func newFilterScan(c *conn, filter func(row int) bool) *filterScan {
	src := &source{c: c, rows: make(chan int, 16), stop: make(chan struct{})}
	return &filterScan{scan: scan{source: src, name: c.plan.name}, filter: filter}
}

func (f *filterScan) next() (int, error) {
	for range 3 {
		if row := <-f.rows; f.filter(row) {
			return row, nil
		}
	}
	return 0, errFiltered
}
