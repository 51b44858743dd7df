// Package sensor wraps the Close of an embedded poller and reaches it only when flushing works.
package sensor

import (
	"errors"
	"sync"
	"time"
)

var errDiskFull = errors.New("disk full")

type calibration struct {
	offset int
}

// station measures in runs; every run is calibrated anew.
type station struct {
	cal      *calibration
	diskFull bool
}

func (s *station) measure(offset int) (int, error) {
	s.cal = &calibration{offset: offset}
	r := newRecorder(s)
	r.Start()
	time.Sleep(5 * time.Millisecond)
	if err := r.Close(); err != nil {
		return 0, err
	}
	return len(r.values), nil
}

// poller reads values until it is closed.
type poller struct {
	st   *station
	emit func(v int)
	stop chan struct{}
	wg   sync.WaitGroup
}

// Start polls in the background.
func (p *poller) Start() {
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		for i := 0; ; i++ {
			select {
			case <-p.stop:
				return
			case <-time.After(time.Millisecond):
				p.emit(i + p.st.cal.offset)
			}
		}
	}()
}

// Close stops polling and waits.
func (p *poller) Close() error {
	close(p.stop)
	p.wg.Wait()
	return nil
}

// recorder keeps what its poller reads.
type recorder struct {
	poller
	values []int
}

func newRecorder(s *station) *recorder {
	r := &recorder{poller: poller{st: s, stop: make(chan struct{})}}
	r.emit = func(v int) { r.values = append(r.values, v) }
	return r
}

func (r *recorder) flush() error {
	if r.st.diskFull {
		return errDiskFull
	}
	return nil
}

// Close flushes and closes the poller.
func (r *recorder) Close() error {
	if err := r.flush(); err != nil {
		return err // want "goroutine-outlives-reset: station.cal"
	}
	return r.poller.Close()
}
