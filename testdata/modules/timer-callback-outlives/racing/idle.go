// Package racing stops timers and goes on as if their callbacks could not be running.
package racing

import "time"

type socket struct {
	open bool
}

// peer closes its socket when it was idle for too long.
type peer struct {
	sock  *socket
	timer *time.Timer
}

func connect(idle time.Duration) *peer {
	p := &peer{sock: &socket{open: true}}
	p.timer = time.AfterFunc(idle, p.expire)
	return p
}

func (p *peer) expire() {
	time.Sleep(3 * time.Millisecond) // says goodbye
	if p.sock != nil {
		p.sock.open = false
	}
}

func (p *peer) Close() {
	p.timer.Stop()
	p.sock = nil // want "timer-callback-outlives: peer.sock"
}
