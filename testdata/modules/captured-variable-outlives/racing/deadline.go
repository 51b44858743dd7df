package racing

import (
	"errors"
	"time"
)

var errLate = errors.New("late")

// within runs work in a goroutine and gives up when the time is over.
func within(limit time.Duration, work func() error) error {
	over := make(chan error, 1)
	go func() { over <- work() }()
	select {
	case err := <-over:
		return err
	case <-time.After(limit):
		return errLate
	}
}

// size returns what the work has stored so far, even if that goes on.
func size(measure func() int) (n int, err error) {
	err = within(2*time.Millisecond, func() error {
		for range 20 {
			n = measure()
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	return n, err // want "captured-variable-outlives: n"
}
