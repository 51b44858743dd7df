package quiet

import "time"

type options struct {
	verbose bool
	offset  int
}

var settings options

// withOffset puts back another field than what it started reads.
func withOffset(f func()) {
	settings.offset = 2
	f()
	settings.offset = 0
}

func startOffsets(lines chan<- int) {
	go func() {
		for range 5 {
			time.Sleep(time.Millisecond)
			if settings.verbose {
				lines <- 1
			}
		}
		close(lines)
	}()
}
