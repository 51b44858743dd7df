package racing

import "time"

// gatherer works off tasks. Each gathering makes the channel anew on which it
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
		stop := make(chan bool)
		g.cancel = func() { close(stop) }
		g.over = make(chan bool) // want "stop-channel-remade: gatherer.over"
		go g.collect(stop)
	})
}

func (g *gatherer) collect(stop chan bool) {
	<-stop
	time.Sleep(time.Millisecond)
	close(g.over)
}
