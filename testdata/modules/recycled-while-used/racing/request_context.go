package racing

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
	e.pool.Put(c) // want "recycled-while-used: requestContext.path"
}

type auditor struct {
	paths chan string
}

// handle is a handler that leaves a goroutine behind.
func (a *auditor) handle(c *requestContext) {
	go func() {
		time.Sleep(2 * time.Millisecond)
		a.paths <- c.path
	}()
}
