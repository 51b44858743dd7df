package racing

import (
	"sync"
	"time"
)

// locker is a lock behind an interface of one's own.
type locker interface {
	Lock()
	Unlock()
}

// counted is a lock that counts how often it is taken.
type counted struct {
	mu    sync.Mutex
	taken int
}

func (c *counted) Lock() {
	c.mu.Lock()
	c.taken++
	if c.taken%1000 == 0 {
		println("taken", c.taken)
	}
}

func (c *counted) Unlock() { c.mu.Unlock() }

func newLocker() locker { return &counted{} }

// journal is closed without the lock under which it is used.
type journal struct {
	mu    locker
	lines map[string]int
}

func newJournal() *journal {
	j := &journal{mu: newLocker(), lines: map[string]int{}}
	go j.run()
	return j
}

func (j *journal) run() {
	for range 10 {
		time.Sleep(time.Millisecond)
		j.mu.Lock()
		if j.lines != nil {
			j.lines["tick"]++
		}
		j.mu.Unlock()
	}
}

func (j *journal) Close() {
	j.lines = nil // want "close-without-join: journal.lines"
}
