package racing

import "time"

// poller asks a plain flag whether it is to go on.
type poller struct {
	stopped bool
	rounds  int
}

func newPoller() *poller {
	p := &poller{}
	go p.run()
	return p
}

func (p *poller) run() {
	for !p.stopped {
		p.rounds++
		time.Sleep(time.Millisecond)
	}
}

func (p *poller) Stop() {
	p.stopped = true // want "close-without-join: poller.stopped"
}
