package quiet

import (
	"errors"
	"sync"
	"time"
)

// outcome lets whoever comes first say how the work ended, and comes that way itself before it looks.
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
	} else {
		settled.Do(func() {})
	}
	return code
}

var errWork = errors.New("work failed")
