package racing

import "time"

// metrics closes the channel its goroutine sends on.
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
	for i := 0; ; i++ {
		select {
		case <-m.stop:
			return
		case <-time.After(2 * time.Millisecond):
			m.out <- i
		}
	}
}

func (m *metrics) Close() {
	close(m.stop)
	close(m.out) // want "close-without-join: metrics.out"
}
