package quiet

import "time"

// meter is set up by its constructor, which nobody else can do again.
type meter struct {
	rate *int
	quit chan struct{}
}

func newMeter() *meter {
	m := &meter{quit: make(chan struct{})}
	m.init()
	return m
}

func (m *meter) init() {
	m.rate = new(int)
	go m.run()
}

func (m *meter) run() {
	for {
		select {
		case <-m.quit:
			return
		case <-time.After(time.Millisecond):
			*m.rate++
		}
	}
}

func (m *meter) stop() { close(m.quit) }
