package racing

import "time"

// lease is taken again and again; the callback of the last time may set expired of this time.
type lease struct {
	expired bool
	timer   *time.Timer
}

func (l *lease) take(ttl time.Duration) {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.expired = false // want "timer-callback-outlives: lease.expired"
	l.timer = time.AfterFunc(ttl, func() {
		l.expired = true
	})
}
