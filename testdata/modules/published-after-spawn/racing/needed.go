package racing

import "time"

type pump struct{ rate int }

func (p *pump) current() int { return p.rate } // want "published-after-spawn: pump.rate"

// start goes on before the goroutine has set what it asks for.
func (p *pump) start() int {
	go func() {
		p.rate = 3
		time.Sleep(time.Millisecond)
	}()
	return p.current()
}
