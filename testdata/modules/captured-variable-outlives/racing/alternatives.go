package racing

import (
	"errors"
	"time"
)

var errTooLate = errors.New("too late")

// retry goes on by a third way, on which it has heard nothing.
func retry(attempts int, try func(int) error, limit time.Duration) (int, error) {
	ok := make(chan struct{})
	errs := make(chan error, 1)
	count := 0
	go func() {
		for i := range attempts {
			count = i + 1
			if try(i) == nil {
				close(ok)
				return
			}
		}
		errs <- errTooLate
	}()
	select {
	case <-ok:
	case err := <-errs:
		return count, err
	case <-time.After(limit):
	}
	return count, nil // want "captured-variable-outlives: count"
}

// foundReady looks at what the goroutine found whether it has been heard or not.
func foundReady(lines []string, limit time.Duration) bool {
	done := make(chan bool, 1)
	found := false
	go func() {
		for _, line := range lines {
			time.Sleep(time.Millisecond)
			if line == "ready" {
				found = true
			}
		}
		done <- true
	}()
	heard := false
	select {
	case heard = <-done:
	case <-time.After(limit):
		heard = true
	}
	return heard && found // want "captured-variable-outlives: found"
}

// gated lets the goroutine go on before it writes.
func gated(input []string) int {
	done, over := make(chan struct{}), make(chan struct{})
	var source []string
	total := 0
	go func() {
		defer close(over)
		<-done
		total = len(source)
	}()
	go func() {
		close(done)
	}()
	time.Sleep(time.Millisecond)
	source = input // want "captured-variable-outlives: source"
	<-over
	return total
}
