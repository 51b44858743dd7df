// Package racing has a broker that logs in the background to what it is given, and
// tests that give it themselves.
package racing

import "time"

type logger interface {
	Logf(format string, args ...any)
}

// broker logs every message. Its Stop does not wait for it.
type broker struct {
	log      logger
	messages chan int
	stop     chan struct{}
}

func newBroker(log logger) *broker {
	b := &broker{log: log, messages: make(chan int, 16), stop: make(chan struct{})}
	go b.produce()
	go b.consume()
	return b
}

func (b *broker) produce() {
	defer close(b.messages)
	for i := 0; ; i++ {
		select {
		case b.messages <- i:
		case <-b.stop:
			return
		}
	}
}

func (b *broker) consume() {
	for m := range b.messages {
		b.log.Logf("message %d", m) // want "test-outlived: broker.log"
	}
}

// Stop lets the broker work for a few more milliseconds.
func (b *broker) Stop() {
	time.AfterFunc(5*time.Millisecond, func() { close(b.stop) })
}
