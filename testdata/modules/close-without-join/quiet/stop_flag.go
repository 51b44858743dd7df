package quiet

import (
	"sync/atomic"
	"time"
)

// poller asks an atomic flag whether it is to go on.
type poller struct {
	stopped atomic.Bool
	rounds  int
}

func newPoller() *poller {
	p := &poller{}
	go p.run()
	return p
}

func (p *poller) run() {
	for !p.stopped.Load() {
		p.rounds++
		time.Sleep(time.Millisecond)
	}
}

func (p *poller) Stop() {
	p.stopped.Store(true)
}
