package quiet

import "sync"

// framer waits for its goroutine where one runs, which a flag says: set by whoever starts it, taken back at its end.
type framer struct {
	mu       sync.Mutex
	running  bool
	shutdown bool
	out      chan int
	stop     chan struct{}
	exited   chan struct{}
}

func newFramer() *framer {
	return &framer{out: make(chan int, 8), stop: make(chan struct{}), exited: make(chan struct{})}
}

func (f *framer) Run() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running {
		return
	}
	f.running = true
	go f.run()
}

func (f *framer) run() {
	defer func() {
		f.mu.Lock()
		f.running = false
		f.mu.Unlock()
		close(f.exited)
	}()
	for i := 0; ; i++ {
		select {
		case <-f.stop:
			select {
			case f.out <- i:
			default:
			}
			return
		case f.out <- i:
		}
	}
}

func (f *framer) Destroy() {
	f.mu.Lock()
	was := f.shutdown
	f.shutdown = true
	if !was {
		close(f.stop)
	}
	running := f.running
	f.mu.Unlock()
	if running {
		<-f.exited
	}
	if !was {
		close(f.out)
	}
}
