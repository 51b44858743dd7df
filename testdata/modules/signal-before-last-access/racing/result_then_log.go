package racing

import "time"

// probe sends its result and then notes how long it took.
type probe struct {
	took time.Duration
}

func (p *probe) measure() bool {
	up := make(chan bool, 1)
	go func() {
		start := time.Now()
		up <- true
		p.took = time.Since(start) // want "signal-before-last-access: probe.took"
	}()
	return <-up
}

func (p *probe) clear() {
	p.took = 0
}
