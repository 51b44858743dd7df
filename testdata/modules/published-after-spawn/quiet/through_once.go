package quiet

import (
	"sync"
	"time"
)

// boiler is primed before it is started.
type boiler struct {
	once   sync.Once
	primed bool
	litres int
}

func (p *boiler) start() {
	p.primed = true
	go p.loop()
}

func (p *boiler) loop() {
	time.Sleep(2 * time.Millisecond)
	p.once.Do(func() {
		if p.primed {
			p.litres = 1
		}
	})
}
