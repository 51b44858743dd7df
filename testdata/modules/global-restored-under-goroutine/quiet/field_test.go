package quiet

import (
	"testing"
	"time"
)

func TestField(t *testing.T) {
	lines := make(chan int, 5)
	withOffset(func() {
		startOffsets(lines)
		time.Sleep(3 * time.Millisecond)
	})
	for range lines {
	}
}
