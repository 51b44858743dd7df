package racing

import (
	"sync"
	"time"
)

// probe is a part of the monitor that has nothing to do with its goroutine.
type probe struct{ ended int }

func (p *probe) end() { p.ended++ }

// monitor ends what it has before it waits. That it asks for a part of it says
// nothing about the goroutine.
type monitor struct {
	probe  *probe
	target *string
	watch  sync.WaitGroup
}

func (m *monitor) start() {
	m.watch.Add(1)
	go func() {
		defer m.watch.Done()
		time.Sleep(5 * time.Millisecond)
		if m.target != nil {
			time.Sleep(5 * time.Millisecond)
		}
	}()
}

func (m *monitor) Close() {
	if m.probe != nil {
		m.probe.end()
	}
	m.target = nil // want "join-after-write: monitor.target"
	m.watch.Wait()
}
