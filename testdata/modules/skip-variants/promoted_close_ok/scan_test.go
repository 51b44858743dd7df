package scan

import (
	"testing"
	"time"
)

func TestNothingPasses(t *testing.T) {
	c := &conn{}
	if _, err := c.query("none", func(int) bool { return false }); err != errFiltered {
		t.Fatal(err)
	}
	if row, err := c.query("even", func(row int) bool { return row%2 == 0 }); row != 2 || err != nil {
		t.Fatal(row, err)
	}
	time.Sleep(30 * time.Millisecond)
}
