package racing

import (
	"sync"
	"time"
)

// campaign is given its listener by callers that have started it already.
type campaign struct {
	elected func(term int)
	wg      sync.WaitGroup
}

func (c *campaign) Start(terms int) {
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		for term := range terms {
			time.Sleep(time.Millisecond)
			if c.elected != nil {
				c.elected(term)
			}
		}
	}()
}

func (c *campaign) SetListener(elected func(term int)) {
	c.elected = elected // want "published-after-spawn: campaign.elected"
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
