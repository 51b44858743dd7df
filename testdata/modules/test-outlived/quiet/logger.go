// Package quiet has a broker that logs in the background to what it is given, until
// it is stopped.
package quiet

import "sync"

type logger interface {
	Logf(format string, args ...any)
}

// broker logs every message. Its Stop waits for both goroutines.
type broker struct {
	log      logger
	messages chan int
	stop     chan struct{}
	wg       sync.WaitGroup
}

func newBroker(log logger) *broker {
	b := &broker{log: log, messages: make(chan int, 16), stop: make(chan struct{})}
	b.wg.Add(2)
	go b.produce()
	go b.consume()
	return b
}

func (b *broker) produce() {
	defer b.wg.Done()
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
	defer b.wg.Done()
	for m := range b.messages {
		b.log.Logf("message %d", m)
	}
}

// Stop stops the broker and waits for it.
func (b *broker) Stop() {
	close(b.stop)
	b.wg.Wait()
}
