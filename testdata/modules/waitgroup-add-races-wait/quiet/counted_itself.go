package quiet

import (
	"sync"
	"time"
)

// hub counts each connection when it is made; the connection's goroutine counts its streams while it is counted itself.
type hub struct {
	refs sync.WaitGroup
	seen []int
	mu   sync.Mutex
}

type conn struct {
	hub     *hub
	streams int
}

func (h *hub) connect(streams int) {
	c := &conn{hub: h, streams: streams}
	h.refs.Add(1)
	c.start()
}

func (c *conn) start() {
	go func() {
		defer c.hub.refs.Done()
		for i := range c.streams {
			time.Sleep(time.Millisecond)
			c.hub.refs.Add(1)
			go func() {
				c.hub.mu.Lock()
				c.hub.seen = append(c.hub.seen, i)
				c.hub.mu.Unlock()
				c.hub.refs.Done()
			}()
		}
	}()
}

func (h *hub) close() []int {
	h.refs.Wait()
	return h.seen
}
