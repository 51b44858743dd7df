package racing

import (
	"testing"
	"time"
)

func TestNextLoad(t *testing.T) {
	load()
	reload()
	time.Sleep(20 * time.Millisecond)
}
