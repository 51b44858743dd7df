package quiet

import "sync"

// connection takes no request once it has begun to end: it asks and counts under
// the lock under which the end is told.
type connection struct {
	mu       sync.Mutex
	closed   bool
	inFlight sync.WaitGroup
	stop     chan struct{}
	sent     []string
	left     chan int
}

func (c *connection) open() {
	go func() {
		<-c.stop
		c.drain()
	}()
}

func (c *connection) drain() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.inFlight.Wait()
	c.left <- len(c.sent)
}

func (c *connection) Send(request string) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.inFlight.Add(1)
	c.mu.Unlock()
	defer c.inFlight.Done()
	c.sent = append(c.sent, request)
}
