package racing

import "time"

// digger has a channel of its own to be stopped by.
type digger struct{ stop chan bool }

func (d *digger) dig() {
	for {
		select {
		case <-d.stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// digAll gives each digger its channel when it may have looked already.
func digAll(diggers []*digger) {
	for _, d := range diggers {
		own := d
		go func() { own.dig() }()
		time.Sleep(time.Millisecond)
		d.stop = make(chan bool) // want "published-after-spawn: digger.stop"
	}
}
