package quiet

import (
	"errors"
	"time"
)

var errNone = errors.New("none")

// ask waits for the one message that is sent, on whichever channel it comes.
func ask(find func() (string, error), ready bool) string {
	found := make(chan string, 1)
	failed := make(chan error, 1)
	defer close(found)
	defer close(failed)
	if !ready {
		return ""
	}
	go func() {
		for {
			name, err := find()
			if err != nil {
				if errors.Is(err, errNone) {
					failed <- err
					break
				}
				continue
			} else if name != "" {
				found <- name
				break
			}
			time.Sleep(time.Millisecond)
		}
	}()
	answer := "?"
	select {
	case name := <-found:
		if name == "nobody" {
			return ""
		}
		answer = name
	case <-failed:
	}
	return answer
}
