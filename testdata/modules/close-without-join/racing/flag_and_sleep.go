package racing

import (
	"sync/atomic"
	"time"
)

// recorder takes a flag and a nap for a join. The flag orders nothing that the
// goroutine does after it has looked.
type recorder struct {
	buf      []byte
	stopping atomic.Bool
}

func (r *recorder) start() {
	r.buf = make([]byte, 0, 16)
	go r.record()
}

func (r *recorder) record() {
	for !r.stopping.Load() {
		time.Sleep(2 * time.Millisecond)
		r.buf = append(r.buf, '.')
	}
}

func (r *recorder) stop() {
	r.stopping.Store(true)
	time.Sleep(5 * time.Millisecond)
	r.buf = nil // want "close-without-join: recorder.buf"
}
