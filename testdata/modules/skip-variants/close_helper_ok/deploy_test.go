package deploy

import (
	"testing"
	"time"
)

func TestRejected(t *testing.T) {
	h := &host{}
	if err := h.deploy("1.0", true); err != nil {
		t.Fatal(err)
	}
	if err := h.deploy("1.1", false); err != errRejected {
		t.Fatal(err)
	}
	if err := h.deploy("1.2", true); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
}
