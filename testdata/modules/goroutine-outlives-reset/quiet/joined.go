package quiet

import (
	"sync"
	"time"
)

type statement struct {
	started time.Time
}

type vars struct {
	stmt    *statement
	pending sync.WaitGroup
}

type session interface {
	vars() *vars
}

type localSession struct {
	v vars
}

func (s *localSession) vars() *vars {
	return &s.v
}

// begin waits for the goroutines of the last statement first.
func begin(s session, now time.Time) {
	s.vars().pending.Wait()
	s.vars().stmt = &statement{started: now}
}

func execute(s session) {
	begin(s, time.Now())
	s.vars().pending.Add(1)
	go func() {
		defer s.vars().pending.Done()
		time.Sleep(5 * time.Millisecond)
		checkSlow(s)
	}()
}

func checkSlow(s session) bool {
	return time.Since(s.vars().stmt.started) > time.Second
}
