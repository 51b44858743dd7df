// Package flaky runs statements whose workers may outlive them.
package flaky

import (
	"errors"
	"sync"
	"time"
)

var errQuota = errors.New("over quota")

type statement struct{ rows int }

type session struct {
	journal journal
	stmt    *statement
}

type executor struct {
	sess *session
	wg   sync.WaitGroup
}

func (e *executor) open() {
	e.wg.Add(1)
	go func() {
		defer e.wg.Done()
		time.Sleep(time.Millisecond)
		e.sess.stmt.rows++
		e.sess.journal.add("fetched")
	}()
}

func (e *executor) next(quota int) error {
	if quota < 1 {
		return errQuota
	}
	return nil
}

func (e *executor) close() {
	e.wg.Wait()
}

// run leaves the worker alone when the quota is exceeded.
func (s *session) run(quota int) error {
	s.reset()
	e := &executor{sess: s}
	e.open()
	if err := e.next(quota); err != nil {
		return err
	}
	e.close()
	return nil
}

func (s *session) reset() {
	s.journal.add("begin")
	s.stmt = &statement{}
}
