// Package racing starts goroutines and then sets what they use.
package racing

import "time"

type event struct {
	name string
}

// bus is running before its constructor has finished it.
type bus struct {
	events   chan event
	handlers map[string]func(event)
}

func newBus(handlers map[string]func(event)) *bus {
	b := &bus{events: make(chan event, 8)}
	b.events <- event{"start"}
	go b.dispatch()
	b.handlers = handlers // want "published-after-spawn: bus.handlers"
	return b
}

func (b *bus) dispatch() {
	for ev := range b.events {
		time.Sleep(2 * time.Millisecond)
		if h := b.handlers[ev.name]; h != nil {
			h(ev)
		}
	}
}
