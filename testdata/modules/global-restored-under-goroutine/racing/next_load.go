package racing

import "time"

type endpoint struct{ requests int }

func (e *endpoint) serve() {
	time.Sleep(5 * time.Millisecond)
}

// active is served by a goroutine that reads the variable when it gets to it.
var active *endpoint

// load may be called by anyone, as often as it pleases.
func load() { replaceActive() }

func reload() { load() }

func replaceActive() {
	active = &endpoint{} // want "global-restored-under-goroutine: active"
	go func() {
		time.Sleep(time.Millisecond)
		active.serve()
	}()
}
