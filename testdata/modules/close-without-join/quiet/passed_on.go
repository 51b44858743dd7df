package quiet

import "sync"

// phase changes under a lock that is taken two calls away from where the change is written.
type phase struct {
	mu    sync.Mutex
	now   int
	ended chan struct{}
}

func newPhase(work func()) *phase {
	p := &phase{ended: make(chan struct{})}
	go p.run(work)
	return p
}

func (p *phase) change(from, to int, then func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != from {
		return false
	}
	p.now = to
	if then != nil {
		then()
	}
	return true
}

func (p *phase) must(from, to int, then func()) {
	if !p.change(from, to, then) && from == to {
		panic("no such change")
	}
}

func (p *phase) run(work func()) {
	work()
	p.must(0, 1, func() { close(p.ended) })
}

func (p *phase) Stop() {
	p.change(0, 2, func() { close(p.ended) })
}
