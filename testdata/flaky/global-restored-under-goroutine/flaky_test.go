package flaky

import (
	"testing"
	"time"
)

func TestPoll(t *testing.T) {
	p := &poller{}
	old := interval
	interval = time.Millisecond
	defer func() {
		p.journal.add("over")
		interval = old
	}()
	p.start()
	time.Sleep(20 * time.Millisecond)
}
