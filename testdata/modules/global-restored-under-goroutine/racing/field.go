package racing

import "time"

type options struct {
	verbose bool
	offset  int
}

var settings options

// withOffset puts back the field that what it started reads.
func withOffset(f func()) {
	settings.offset = 2
	f()
	settings.offset = 0 // want "global-restored-under-goroutine: settings"
}

func startOffsets(lines chan<- int) {
	go func() {
		for range 5 {
			time.Sleep(time.Millisecond)
			lines <- settings.offset
		}
		close(lines)
	}()
}
