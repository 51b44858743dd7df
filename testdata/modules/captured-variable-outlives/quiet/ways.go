package quiet

import (
	"errors"
	"sync"
	"time"
)

// firstOnly starts the goroutine where the variable is nil, and sets it there.
func firstOnly(lines []string) string {
	var first *string
	got := make(chan string, 1)
	for i := range lines {
		time.Sleep(time.Millisecond)
		if first == nil {
			first = &lines[i]
			go func() {
				got <- *first
			}()
		}
	}
	return <-got
}

// sayLast starts goroutines only when it is closing, and then takes no further number.
func sayLast(next func() (int, error), closing func() bool, say func(int)) {
	last, closed := 0, false
	var wg sync.WaitGroup
	for {
		n, err := next()
		if err != nil {
			closed = closing()
			if !closed {
				break
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				say(last)
			}()
			continue
		}
		if closed {
			continue
		}
		last = n
	}
	wg.Wait()
}

var errNoCommand = errors.New("no command")

// either closes the channel where nobody is started who sends on it.
func either(command func() error) error {
	failed := make(chan error)
	if command != nil {
		go func() {
			failed <- command()
		}()
	} else {
		defer close(failed)
	}
	select {
	case err := <-failed:
		return err
	case <-time.After(time.Millisecond):
		return errNoCommand
	}
}

// titled sets the title in the first turn, before any goroutine runs.
func titled(pages []string) int {
	title, length := "", 0
	first := true
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, page := range pages {
		if first {
			title = page
			first = false
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			length += len(title + page)
		}()
	}
	wg.Wait()
	return length
}
