package racing

import "time"

// keepalive arms a timer whose callback uses the field the timer is stored in.
type keepalive struct {
	timer *time.Timer
	every time.Duration
}

func (k *keepalive) start() {
	k.timer = time.AfterFunc(k.every, func() { // want "published-after-spawn: keepalive.timer"
		k.timer.Reset(k.every)
	})
}
