package quiet

import (
	"testing"
	"time"
)

func TestLong(t *testing.T) {
	f := newFolder(time.Millisecond)
	time.Sleep(10 * time.Millisecond)
	_ = f
}
