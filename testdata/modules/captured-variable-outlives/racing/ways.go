package racing

import (
	"errors"
	"sync"
	"time"
)

// lastOnly starts a goroutine for the first line, and comes back for every longer one.
func lastOnly(lines []string) string {
	var longest *string
	got := make(chan string, len(lines))
	for i := range lines {
		if longest == nil || len(*longest) < len(lines[i]) {
			longest = &lines[i] // want "captured-variable-outlives: longest"
			go func() {
				got <- *longest
			}()
		}
	}
	return <-got
}

// sayNext takes further numbers when it has found that it is not closing.
func sayNext(next func() (int, error), closing func() bool, say func(int)) {
	last, closed := 0, false
	var wg sync.WaitGroup
	for {
		n, err := next()
		if err != nil {
			wg.Add(1)
			go func() {
				defer wg.Done()
				say(last)
			}()
			closed = closing()
			continue
		}
		if closed {
			break
		}
		last = n // want "captured-variable-outlives: last"
	}
	wg.Wait()
}

var errNoCommand = errors.New("no command")

// neither closes the channel whoever was started.
func neither(command func() error) error {
	failed := make(chan error)
	if command != nil {
		go func() {
			failed <- command()
		}()
	}
	if len(failed) == 0 {
		defer close(failed) // want "captured-variable-outlives: failed"
	}
	select {
	case err := <-failed:
		return err
	case <-time.After(time.Millisecond):
		return errNoCommand
	}
}
