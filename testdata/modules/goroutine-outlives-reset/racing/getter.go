package racing

import "time"

type statement struct {
	started time.Time
	slow    bool
}

type vars struct {
	stmt *statement
}

// session is known to those who start goroutines by its getter only.
type session interface {
	vars() *vars
}

type localSession struct {
	v vars
}

func (s *localSession) vars() *vars {
	return &s.v
}

func begin(s session, now time.Time) {
	s.vars().stmt = &statement{started: now} // want "goroutine-outlives-reset: vars.stmt"
}

// recovering is how this package starts goroutines.
func recovering(f func()) {
	go func() {
		defer func() { _ = recover() }()
		f()
	}()
}

func execute(s session) {
	begin(s, time.Now())
	recovering(func() {
		time.Sleep(5 * time.Millisecond)
		checkSlow(s)
	})
}

func checkSlow(s session) bool {
	return time.Since(s.vars().stmt.started) > time.Second
}
