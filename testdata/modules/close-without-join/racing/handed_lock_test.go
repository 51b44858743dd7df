package racing

import (
	"testing"
	"time"
)

func TestHandedLock(t *testing.T) {
	d := &dialer{}
	d.open()
	time.Sleep(2 * time.Millisecond)
	d.Close()
	time.Sleep(20 * time.Millisecond)
}

func TestCountedSenders(t *testing.T) {
	o := newOutbox()
	for range 4 {
		go o.send("hello")
	}
	time.Sleep(time.Millisecond)
	close(o.closing)
	time.Sleep(20 * time.Millisecond)
}
