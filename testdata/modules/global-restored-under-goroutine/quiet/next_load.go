package quiet

import "time"

type endpoint struct{ requests int }

func (e *endpoint) serve() {
	time.Sleep(time.Millisecond)
}

// active is served by a goroutine that has its own name for what it serves.
var active *endpoint

// load may be called by anyone, as often as it pleases.
func load() { replaceActive() }

func reload() { load() }

func replaceActive() {
	mine := &endpoint{}
	active = mine
	go func() {
		time.Sleep(time.Millisecond)
		mine.serve()
	}()
}
