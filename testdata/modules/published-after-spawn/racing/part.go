package racing

import "time"

type engine struct{ stopped chan struct{} }

func (e *engine) run() {
	e.stopped = make(chan struct{})
	time.Sleep(time.Millisecond)
	close(e.stopped)
}

type car struct{ engine engine }

// drive uses what the engine has yet to make.
func (c *car) drive() {
	go c.engine.run()
	time.Sleep(3 * time.Millisecond)
	<-c.engine.stopped // want "published-after-spawn: engine.stopped"
}
