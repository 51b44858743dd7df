package flaky

import "testing"

func TestCopy(t *testing.T) {
	c := &copier{}
	if err := c.copy(0); err == nil {
		t.Fatal("there was no room")
	}
}
