// Package quiet stops timers and minds what Stop returns, or has a lock.
package quiet

import "time"

type socket struct {
	open bool
}

// peer closes its socket when it was idle for too long.
type peer struct {
	sock    *socket
	timer   *time.Timer
	expired chan struct{}
}

func connect(idle time.Duration) *peer {
	p := &peer{sock: &socket{open: true}, expired: make(chan struct{})}
	p.timer = time.AfterFunc(idle, p.expire)
	return p
}

func (p *peer) expire() {
	defer close(p.expired)
	time.Sleep(3 * time.Millisecond) // says goodbye
	if p.sock != nil {
		p.sock.open = false
	}
}

// Close waits for the callback when it is too late to stop it.
func (p *peer) Close() {
	if !p.timer.Stop() {
		<-p.expired
	}
	p.sock = nil
}
