package quiet

import (
	"testing"
	"time"
)

func TestSnapshot(t *testing.T) {
	old := hook
	ticks := make(chan string, 8)
	hook = func(s string) { ticks <- s }
	newNotifier().start()
	<-ticks
	hook = old
	time.Sleep(10 * time.Millisecond)
}
