package quiet

import (
	"sync"
	"time"
)

// oven heats with several goroutines, which its own goroutine waits for, and whoever closes it for that.
type oven struct {
	gas  *int
	quit chan struct{}
	cold chan struct{}
}

func lightOven() *oven {
	o := &oven{gas: new(int), quit: make(chan struct{}), cold: make(chan struct{})}
	go o.run()
	return o
}

func (o *oven) run() {
	defer close(o.cold)
	var flames sync.WaitGroup
	for range 2 {
		flames.Add(1)
		go func() {
			defer flames.Done()
			o.burn()
		}()
	}
	flames.Wait()
}

func (o *oven) burn() {
	for {
		select {
		case <-o.quit:
			return
		case <-time.After(time.Millisecond):
			if o.gas == nil {
				return
			}
		}
	}
}

func (o *oven) Close() {
	close(o.quit)
	<-o.cold
	o.gas = nil
}
