package quiet

import "testing"

func TestHandedLock(t *testing.T) {
	d := &dialer{}
	d.open(true)
	d.Close()
	d.reopen()
	d.Close()
}

func TestCountedSenders(t *testing.T) {
	o := newOutbox()
	for range 4 {
		go o.send("hello")
	}
	close(o.closing)
	for range o.letters {
	}
}
