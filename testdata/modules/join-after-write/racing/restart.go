package racing

import "sync"

type meter struct {
	step int
	stop chan struct{}
	busy sync.WaitGroup
}

func (m *meter) begin() {
	m.stop = make(chan struct{})
	m.busy.Add(1)
	go func(stop chan struct{}) {
		defer m.busy.Done()
		for {
			select {
			case <-stop:
				return
			default:
				_ = m.step
			}
		}
	}(m.stop)
}

func (m *meter) end() {
	close(m.stop)
	m.busy.Wait()
}

// setStep changes what the goroutine of the last time reads, and ends it then.
func (m *meter) setStep(step int) {
	m.step = step // want "join-after-write: meter.step"
	m.end()
	m.begin()
}
