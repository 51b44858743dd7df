package flaky

import (
	"testing"
	"time"
)

func TestFanout(t *testing.T) {
	f := &fanout{}
	f.run()
	time.Sleep(20 * time.Millisecond)
}
