package racing

// notifier tells its clients about blocks, each in a goroutine of its own so that
// a slow one holds up nobody.
type notifier struct {
	clients map[int]chan int
	quit    chan struct{}
	blocks  chan int
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
		go func(to chan int) {
			to <- block
		}(client)
	}
}

func (n *notifier) Stop() {
	close(n.quit)
	<-n.over
	for _, client := range n.clients {
		close(client) // want "close-without-join: notifier.clients"
	}
}
