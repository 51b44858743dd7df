// Package quiet sets what goroutines use before it starts them, or tells them when.
package quiet

import "time"

type event struct {
	name string
}

// bus is finished before it runs; what is set later the goroutine does not know.
type bus struct {
	events   chan event
	handlers map[string]func(event)
	created  time.Time
}

func newBus(handlers map[string]func(event)) *bus {
	b := &bus{events: make(chan event, 8)}
	b.events <- event{"start"}
	b.handlers = handlers
	go b.dispatch()
	b.created = time.Now()
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
