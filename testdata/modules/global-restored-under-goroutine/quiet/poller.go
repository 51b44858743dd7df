// Package quiet has package variables that are restored when nobody reads them any more.
package quiet

import "time"

var pollInterval = time.Second

type poller struct {
	stop chan struct{}
	done chan struct{}
}

func startPoller() *poller {
	p := &poller{stop: make(chan struct{}), done: make(chan struct{})}
	go p.loop()
	return p
}

func (p *poller) loop() {
	defer close(p.done)
	for {
		select {
		case <-p.stop:
			return
		case <-time.After(pollInterval):
		}
	}
}

// Stop stops the poller and waits for it.
func (p *poller) Stop() {
	close(p.stop)
	<-p.done
}
