// Package flaky starts and stops a loop.
package flaky

import "time"

type loop struct {
	journal journal
	stop    chan struct{}
	in      chan int
}

func (l *loop) Start() {
	l.journal.add("starting")
	l.stop = make(chan struct{})
	go l.run()
}

func (l *loop) run() {
	for {
		select {
		case <-l.stop:
			l.journal.add("stopped")
			return
		case <-l.in:
			time.Sleep(time.Millisecond)
			l.journal.add("worked")
		}
	}
}

// Stop does not wait until the loop has seen it.
func (l *loop) Stop() {
	close(l.stop)
}
