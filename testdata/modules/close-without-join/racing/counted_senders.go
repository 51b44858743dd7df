package racing

import (
	"sync"
	"time"
)

// outbox counts its senders, but closes what they send on before it waits for
// them.
type outbox struct {
	letters chan string
	closing chan bool
	senders sync.WaitGroup
	mu      sync.Mutex
}

func newOutbox() *outbox {
	o := &outbox{letters: make(chan string, 8), closing: make(chan bool)}
	go o.run()
	return o
}

func (o *outbox) run() {
	<-o.closing
	close(o.letters) // want "close-without-join: outbox.letters"
	o.senders.Wait()
}

func (o *outbox) send(letter string) {
	o.senders.Add(1)
	defer o.senders.Done()
	time.Sleep(2 * time.Millisecond)
	defer func() { _ = recover() }()
	select {
	case o.letters <- letter:
	default:
	}
}
