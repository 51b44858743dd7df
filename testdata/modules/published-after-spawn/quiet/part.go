package quiet

import "time"

type engine struct {
	stopped chan struct{}
	spare   chan struct{}
}

func (e *engine) run() {
	e.spare = make(chan struct{})
	time.Sleep(time.Millisecond)
	close(e.stopped)
}

type car struct{ engine, other engine }

// drive uses what it has made itself, and the spare of an engine that does not run.
func (c *car) drive() {
	c.engine.stopped = make(chan struct{})
	c.other.spare = make(chan struct{}, 1)
	go c.engine.run()
	c.other.spare <- struct{}{}
	<-c.engine.stopped
}
