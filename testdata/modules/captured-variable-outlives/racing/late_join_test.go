package racing

import (
	"sync"
	"testing"
)

// The only way around the wait is that of a failing test; but a passing one writes
// the variable, too.
func TestLateJoin(t *testing.T) {
	var wg sync.WaitGroup
	var err error
	wg.Add(1)
	go func() {
		defer wg.Done()
		_, err = detach()
	}()
	if err = connect(); err != nil { // want "captured-variable-outlives: err"
		t.Fatal(err)
	}
	wg.Wait()
}
