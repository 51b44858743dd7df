package quiet

type pump struct{ rate int }

func (p *pump) current() int { return p.rate }

// start goes on when the goroutine has said that it has set what is asked for.
func (p *pump) start() int {
	ready := make(chan struct{})
	go func() {
		p.rate = 3
		close(ready)
	}()
	<-ready
	return p.current()
}
