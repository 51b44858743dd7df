package quiet

import "time"

// tap may be closed before it was opened.
type tap struct {
	drops chan int
	stop  chan struct{}
	log   []int
}

func (t *tap) Open() {
	t.drops = make(chan int)
	go func() {
		defer close(t.drops)
		for i := 0; ; i++ {
			select {
			case t.drops <- i:
				t.log = append(t.log, i)
			case <-t.stop:
				time.Sleep(time.Millisecond)
				t.log = append(t.log, -1)
				return
			}
		}
	}()
}

// Close takes what is left, which ends with the goroutine; without one there is nothing to wait for.
func (t *tap) Close() {
	close(t.stop)
	if t.drops != nil {
		for range t.drops {
		}
	}
	t.log = nil
}
