package racing

import (
	"sync"
	"time"
)

// listener waits for its connections, but not for the loop that adds to them.
type listener struct {
	dial  chan string
	stop  chan struct{}
	conns sync.WaitGroup
}

func newListener() *listener {
	l := &listener{dial: make(chan string), stop: make(chan struct{})}
	go l.accept()
	return l
}

func (l *listener) accept() {
	for {
		select {
		case <-l.stop:
			return
		case <-l.dial:
			time.Sleep(time.Millisecond) // shakes hands
			l.conns.Add(1)               // want "waitgroup-add-races-wait: listener.conns"
			go l.serve()
		}
	}
}

func (l *listener) serve() {
	defer l.conns.Done()
	time.Sleep(60 * time.Millisecond)
}

func (l *listener) Close() {
	close(l.stop)
	l.conns.Wait()
}
