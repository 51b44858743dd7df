package start

import (
	"testing"
	"time"
)

func TestUnhealthy(t *testing.T) {
	n := &node{}
	if err := n.start(&config{name: "one"}, func() bool { return false }); err != errUnhealthy {
		t.Fatal(err)
	}
	if err := n.start(&config{name: "two"}, func() bool { return true }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
}
