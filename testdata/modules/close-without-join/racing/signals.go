package racing

import (
	"os"
	"os/signal"
	"syscall"
)

// interrupts hands on the signals that come. Its Close does not tell the library
// that no more are wanted.
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

func (in *interrupts) Close() int {
	close(in.signals) // want "close-without-join: interrupts.signals"
	return <-in.done
}
