package quiet

import "time"

// metrics leaves the closing of a channel to the goroutine that sends on it.
type metrics struct {
	out  chan int
	stop chan struct{}
}

func newMetrics() *metrics {
	m := &metrics{out: make(chan int, 64), stop: make(chan struct{})}
	go m.sample()
	return m
}

func (m *metrics) sample() {
	defer close(m.out)
	for i := 0; ; i++ {
		select {
		case <-m.stop:
			return
		case <-time.After(2 * time.Millisecond):
			m.out <- i
		}
	}
}

// Close reads what is left, up to the end.
func (m *metrics) Close() (left int) {
	close(m.stop)
	for range m.out {
		left++
	}
	return left
}
