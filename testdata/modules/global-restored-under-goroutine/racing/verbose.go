package racing

import "time"

var verbose = false

// withVerbose runs f with more output, and what f has started with less again.
func withVerbose(f func()) {
	verbose = true
	f()
	verbose = false // want "global-restored-under-goroutine: verbose"
}

func startTracing(lines chan<- string) {
	go func() {
		for range 5 {
			time.Sleep(time.Millisecond)
			if verbose {
				lines <- "tick"
			}
		}
		close(lines)
	}()
}
