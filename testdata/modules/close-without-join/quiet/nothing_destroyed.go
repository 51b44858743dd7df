package quiet

import (
	"sync/atomic"
	"time"
)

// recorder only asks: its stop leaves everything as it is.
type recorder struct {
	written  atomic.Int64
	stopping atomic.Bool
}

func (r *recorder) start() {
	go func() {
		for !r.stopping.Load() {
			time.Sleep(time.Millisecond)
			r.written.Add(1)
		}
	}()
}

func (r *recorder) stop() int64 {
	r.stopping.Store(true)
	return r.written.Load()
}
