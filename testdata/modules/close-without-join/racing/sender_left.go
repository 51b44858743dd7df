package racing

import "time"

// ticker is closed by the goroutine that ends it, whoever may be sending.
type ticker struct{ out chan int }

func newTicker(life time.Duration) *ticker {
	f := &ticker{out: make(chan int, 64)}
	go func() {
		time.Sleep(life)
		close(f.out)
	}()
	return f
}

func (f *ticker) push(v int) (sent bool) {
	defer func() { sent = recover() == nil }()
	f.out <- v // want "close-without-join: ticker.out"
	return true
}
