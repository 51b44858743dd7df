package racing

import (
	"sync"
	"time"
)

// connection counts the requests in flight. What it does at its end begins with
// a wait for them; nothing keeps another one from being made then.
type connection struct {
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
	c.inFlight.Wait()
	c.left <- len(c.sent)
}

func (c *connection) Send(request string) {
	c.inFlight.Add(1) // want "waitgroup-add-races-wait: connection.inFlight"
	defer c.inFlight.Done()
	time.Sleep(20 * time.Millisecond)
	c.sent = append(c.sent, request)
}
