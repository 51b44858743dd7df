package racing

import (
	"sync"
	"time"
)

// outcome looks without having been where the goroutine may still be.
func outcome(late <-chan time.Time, work func() error) int {
	code := 0
	var settled sync.Once
	go func() {
		<-late
		settled.Do(func() {
			code = 137
		})
	}()
	if err := work(); err != nil {
		settled.Do(func() {
			code = -1
		})
	}
	return code // want "captured-variable-outlives: code"
}
