package racing

import (
	"testing"
	"time"
)

func TestMethodValue(t *testing.T) {
	s := newServer(t.Logf)
	defer s.Close()
	s.conns <- 1
	time.Sleep(time.Millisecond)
}
