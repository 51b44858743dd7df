package racing

import (
	"errors"
	"time"
)

// decode leaves the range before the channel is closed: nobody has waited for the decoder then.
func decode(lines []string) (int, error) {
	var failed error
	decoded := make(chan string, len(lines))
	go func() {
		defer close(decoded)
		for _, line := range lines {
			decoded <- line
			time.Sleep(2 * time.Millisecond)
		}
		failed = errors.New("no end mark")
	}()
	count := 0
	for line := range decoded {
		if line == "stop" {
			break
		}
		count++
	}
	return count, failed // want "captured-variable-outlives: failed"
}
