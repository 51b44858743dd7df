package quiet

import "time"

// monitor waits where there is something to wait for, which a field says.
type monitor struct {
	target *string
	stop   chan bool
	ended  chan bool
}

func (m *monitor) start() {
	m.stop = make(chan bool)
	m.ended = make(chan bool)
	go func() {
		defer close(m.ended)
		time.Sleep(5 * time.Millisecond)
		if m.target != nil {
			<-m.stop
		}
	}()
}

func (m *monitor) Close() {
	if m.stop != nil {
		close(m.stop)
		<-m.ended
	}
	m.target = nil
}
