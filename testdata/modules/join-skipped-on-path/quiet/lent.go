package quiet

import (
	"errors"
	"io"
	"time"
)

var errLate = errors.New("late")

// slowly fills what it is given, after a while.
type slowly struct{}

func (slowly) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

type answer struct {
	bytes []byte
	err   error
}

// impatient lends the goroutine a buffer of its own, which nobody else has when it gives up.
type impatient struct{ from io.Reader }

func (r *impatient) Read(p []byte) (int, error) {
	got := make(chan answer, 1)
	size := len(p)
	go func() {
		own := make([]byte, size)
		n, err := r.from.Read(own)
		got <- answer{own[:n], err}
	}()
	select {
	case a := <-got:
		return copy(p, a.bytes), a.err
	case <-time.After(time.Millisecond):
		return 0, errLate
	}
}
