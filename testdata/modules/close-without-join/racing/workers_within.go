package racing

import (
	"sync"
	"time"
)

// oven heats with several goroutines, which its own goroutine waits for; whoever closes it waits for nobody.
type oven struct {
	gas  *int
	quit chan struct{}
}

func lightOven() *oven {
	o := &oven{gas: new(int), quit: make(chan struct{})}
	go o.run()
	return o
}

func (o *oven) run() {
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
	o.gas = nil // want "close-without-join: oven.gas"
}
