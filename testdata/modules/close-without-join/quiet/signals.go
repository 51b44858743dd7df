package quiet

import (
	"os"
	"os/signal"
	"syscall"
)

// interrupts hands on the signals that come.
type interrupts struct {
	signals chan os.Signal
	done    chan int
}

func handle() *interrupts {
	in := &interrupts{signals: make(chan os.Signal, 1), done: make(chan int, 1)}
	signal.Notify(in.signals, syscall.SIGUSR1)
	go in.count()
	return in
}

func (in *interrupts) count() {
	count := 0
	for range in.signals {
		count++
	}
	in.done <- count
}

// Close tells the library first; then nobody sends any more.
func (in *interrupts) Close() int {
	signal.Stop(in.signals)
	close(in.signals)
	return <-in.done
}
