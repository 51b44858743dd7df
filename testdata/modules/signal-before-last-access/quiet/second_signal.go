package quiet

import (
	"sync"
	"time"
)

// probe sends its result early, but whoever clears it waits for its end.
type probe struct {
	took time.Duration
	wg   sync.WaitGroup
}

func (p *probe) measure() bool {
	up := make(chan bool, 1)
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		start := time.Now()
		up <- true
		p.took = time.Since(start)
	}()
	return <-up
}

func (p *probe) clear() {
	p.wg.Wait()
	p.took = 0
}
