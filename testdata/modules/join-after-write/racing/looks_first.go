package racing

import (
	"sync"
	"time"
)

// dialer connects in a goroutine; whoever asks looks whether it has before waiting for it.
type dialer struct {
	wg   sync.WaitGroup
	line *int
}

func dial() *dialer {
	d := &dialer{}
	d.wg.Add(1)
	go func() {
		defer d.wg.Done()
		time.Sleep(3 * time.Millisecond)
		d.line = new(int)
	}()
	return d
}

func (d *dialer) read() int {
	if d.line == nil { // want "join-after-write: dialer.line"
		d.wg.Wait()
	}
	return *d.line
}
