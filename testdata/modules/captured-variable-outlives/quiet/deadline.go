package quiet

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

// size looks at what the work has stored only if it is over.
func size(measure func() int) (int, error) {
	var n int
	err := within(2*time.Millisecond, func() error {
		for range 20 {
			n = measure()
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
