package quiet

import "sync"

// outbox counts its senders, and waits for them before it closes what they send
// on.
type outbox struct {
	letters chan string
	closing chan bool
	senders sync.WaitGroup
	mu      sync.Mutex
	closed  bool
}

func newOutbox() *outbox {
	o := &outbox{letters: make(chan string, 8), closing: make(chan bool)}
	go o.run()
	return o
}

func (o *outbox) run() {
	<-o.closing
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.senders.Wait()
	close(o.letters)
}

func (o *outbox) send(letter string) {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return
	}
	o.senders.Add(1)
	o.mu.Unlock()
	defer o.senders.Done()
	select {
	case o.letters <- letter:
	default:
	}
}
