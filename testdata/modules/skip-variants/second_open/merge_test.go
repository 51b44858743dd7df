package merge

import (
	"testing"
	"time"
)

func TestMissingInput(t *testing.T) {
	e := &engine{}
	if _, err := e.merge([]int{1, 2}, nil); err != errNoInput {
		t.Fatal(err)
	}
	if sum, err := e.merge([]int{1, 2}, []int{3}); sum != 6 || err != nil {
		t.Fatal(sum, err)
	}
	time.Sleep(30 * time.Millisecond)
}
