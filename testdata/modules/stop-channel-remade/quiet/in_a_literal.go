package quiet

// gatherer works off tasks. Each gathering has a channel of its own on which it
// says that it is over.
type gatherer struct {
	cancel func()
	over   chan bool
}

func (g *gatherer) run(task func()) { task() }

func (g *gatherer) gather() {
	g.run(func() {
		if g.cancel != nil {
			g.cancel()
		}
		stop, over := make(chan bool), make(chan bool)
		g.cancel = func() { close(stop) }
		g.over = over
		go g.collect(stop, over)
	})
}

func (g *gatherer) collect(stop, over chan bool) {
	<-stop
	close(over)
}
