package quiet

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

// setStep ends the goroutine of the last time before it changes what that reads.
func (m *meter) setStep(step int) {
	m.end()
	m.step = step
	m.begin()
}
