package racing

import (
	"sync"
	"time"
)

// boiler is started before it knows whether it is primed; its goroutine looks at that where it comes by once.
type boiler struct {
	once   sync.Once
	primed bool
	litres int
}

func (p *boiler) start() {
	go p.loop()
	p.primed = true // want "published-after-spawn: boiler.primed"
}

func (p *boiler) loop() {
	time.Sleep(2 * time.Millisecond)
	p.once.Do(func() {
		if p.primed {
			p.litres = 1
		}
	})
}
