package quiet

import (
	"sync"
	"time"
)

// campaign waits with its goroutine until it has a listener.
type campaign struct {
	elected func(term int)
	ready   chan struct{}
	wg      sync.WaitGroup
}

func (c *campaign) Start(terms int) {
	c.ready = make(chan struct{})
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		<-c.ready
		for term := range terms {
			time.Sleep(time.Millisecond)
			if c.elected != nil {
				c.elected(term)
			}
		}
	}()
}

func (c *campaign) SetListener(elected func(term int)) {
	c.elected = elected
	close(c.ready)
}

func (c *campaign) Wait() {
	c.wg.Wait()
}

func run(terms int, elected func(term int)) {
	c := &campaign{}
	c.Start(terms)
	c.SetListener(elected)
	c.Wait()
}
