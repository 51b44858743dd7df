package quiet

import (
	"sync"
	"testing"
)

// What only a failing test does before it has waited is no concern of a passing one.
func TestLateJoin(t *testing.T) {
	var wg sync.WaitGroup
	var got int
	wg.Add(1)
	go func() {
		defer wg.Done()
		got, _ = detach()
	}()
	if err := connect(); err != nil {
		t.Fatal(err, got)
	}
	wg.Wait()
	if got != 1 {
		t.Fatal(got)
	}
}
