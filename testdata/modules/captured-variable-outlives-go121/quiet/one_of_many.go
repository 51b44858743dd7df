package quiet

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

// digAll gives each digger its channel before it starts; the next iteration is about another digger.
func digAll(diggers []*digger) {
	for _, d := range diggers {
		d.stop = make(chan bool)
		own := d
		go func() { own.dig() }()
	}
}
