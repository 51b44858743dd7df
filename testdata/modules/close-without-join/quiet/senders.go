package quiet

import "sync"

// notifier tells its clients about blocks, each in a goroutine of its own.
type notifier struct {
	clients map[int]chan int
	quit    chan struct{}
	blocks  chan int
	senders sync.WaitGroup
	over    chan bool
}

func newNotifier() *notifier {
	n := &notifier{
		clients: map[int]chan int{1: make(chan int)}, quit: make(chan struct{}),
		blocks: make(chan int), over: make(chan bool),
	}
	go n.run()
	return n
}

func (n *notifier) run() {
	defer close(n.over)
	for {
		select {
		case block := <-n.blocks:
			n.tell(block)
		case <-n.quit:
			return
		}
	}
}

func (n *notifier) tell(block int) {
	for _, client := range n.clients {
		n.senders.Add(1)
		go func(to chan int) {
			defer n.senders.Done()
			select {
			case to <- block:
			case <-n.quit:
			}
		}(client)
	}
}

// Stop waits for those who send.
func (n *notifier) Stop() {
	close(n.quit)
	<-n.over
	n.senders.Wait()
	for _, client := range n.clients {
		close(client)
	}
}
