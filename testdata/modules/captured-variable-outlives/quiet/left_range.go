package quiet

import (
	"errors"
	"time"
)

// decode goes on until the channel is closed, which the decoder defers: it comes after its last write.
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
			continue
		}
		count++
	}
	return count, failed
}
