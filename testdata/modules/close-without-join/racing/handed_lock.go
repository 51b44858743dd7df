package racing

import (
	"sync"
	"time"
)

// dialer connects in the background, and gives its lock back before it does.
type dialer struct {
	mu   sync.Mutex
	conn *string
	done chan bool
}

func (d *dialer) open() {
	d.mu.Lock()
	d.done = make(chan bool)
	go func() {
		d.mu.Lock()
		d.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
		conn := "tcp"
		d.conn = &conn
	}()
	d.mu.Unlock()
}

// Close takes the lock, which nobody holds.
func (d *dialer) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn = nil // want "close-without-join: dialer.conn"
}
