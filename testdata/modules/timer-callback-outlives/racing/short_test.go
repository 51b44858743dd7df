package racing

import (
	"testing"
	"time"
)

func TestShort(t *testing.T) {
	for range 200 {
		_ = newFolder(0)
	}
	time.Sleep(10 * time.Millisecond)
}
