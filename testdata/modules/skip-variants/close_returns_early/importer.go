// Package importer has a Close that does not wait when the import has failed.
package importer

import (
	"errors"
	"sync"
	"time"
)

var errSyntax = errors.New("syntax error")

type report struct {
	records int
}

// job imports one file after the other, with a report for each.
type job struct {
	rep *report
}

func (j *job) importFile(lines []string) (err error) {
	j.rep = &report{}
	r := &reader{job: j, lines: lines, out: make(chan string), stop: make(chan struct{})}
	r.Open()
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for line := range r.out {
		if line == "" {
			r.failed = true
			return errSyntax
		}
	}
	return nil
}

type reader struct {
	job    *job
	lines  []string
	failed bool
	out    chan string
	stop   chan struct{}
	wg     sync.WaitGroup
}

func (r *reader) Open() {
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		defer close(r.out)
		for _, line := range r.lines {
			select {
			case r.out <- line:
			case <-r.stop:
				time.Sleep(10 * time.Millisecond) // puts the file back
				r.job.rep.records = -1
				return
			}
		}
		r.job.rep.records = len(r.lines)
	}()
}

// Close stops the reader and waits for it, but not after a failure.
func (r *reader) Close() error {
	close(r.stop)
	if r.failed {
		return errSyntax // want "goroutine-outlives-reset: job.rep"
	}
	r.wg.Wait()
	return nil
}
