package quiet

import (
	"sync"
	"time"
)

// dialer connects in the background, and holds its lock until it has: the
// goroutine gives it back.
type dialer struct {
	mu     sync.Mutex
	conn   *string
	opened int
}

func (d *dialer) open(retry bool) {
	d.mu.Lock()
	go func() {
		defer func() {
			d.mu.Unlock()
			if retry {
				time.Sleep(time.Millisecond)
			}
			for range 2 {
				time.Sleep(time.Millisecond)
			}
		}()
		time.Sleep(10 * time.Millisecond)
		conn := "tcp"
		d.conn = &conn
		d.opened++
	}()
}

// reopen hands the lock over, too.
func (d *dialer) reopen() {
	d.mu.Lock()
	go func() {
		defer d.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
		d.conn = new(string)
	}()
}

func (d *dialer) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn = nil
}
