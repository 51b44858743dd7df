package racing

import "time"

// ask closes both channels though it has given up: one of them may still be sent on.
func ask(find func() (string, error), enough <-chan struct{}) string {
	found := make(chan string, 1)
	failed := make(chan error, 1)
	defer close(found) // want "captured-variable-outlives: found"
	defer close(failed)
	go func() {
		defer func() { _ = recover() }() // a send on a closed channel
		for range 3 {
			if name, err := find(); err != nil {
				failed <- err
				return
			} else if name != "" {
				found <- name
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	select {
	case name := <-found:
		return name
	case <-failed:
		return ""
	case <-enough:
		return ""
	}
}
