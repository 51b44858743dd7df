package quiet

import (
	"sync"
	"time"
)

// requestContext belongs to a handler for as long as the handler runs.
type requestContext struct {
	path string
	keys map[string]string
}

func (c *requestContext) reset(path string) {
	c.path = path
	c.keys = nil
}

// clone returns a context for those who outlive the handler.
func (c *requestContext) clone() *requestContext {
	return &requestContext{path: c.path, keys: c.keys}
}

type engine struct {
	pool    sync.Pool
	handler func(c *requestContext)
}

func newEngine(handler func(c *requestContext)) *engine {
	e := &engine{handler: handler}
	e.pool.New = func() any { return &requestContext{} }
	return e
}

func (e *engine) serve(path string) {
	c := e.pool.Get().(*requestContext)
	c.reset(path)
	e.handler(c)
	e.pool.Put(c)
}

type auditor struct {
	paths chan string
}

// handle leaves a goroutine behind with a copy.
func (a *auditor) handle(c *requestContext) {
	own := c.clone()
	go func() {
		time.Sleep(2 * time.Millisecond)
		a.paths <- own.path
	}()
}

// handleAndWait uses the context itself in a goroutine that the handler joins.
func (a *auditor) handleAndWait(c *requestContext) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(time.Millisecond)
		a.paths <- c.path
	}()
	<-done
}
