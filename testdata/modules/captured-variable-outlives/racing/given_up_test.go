package racing

import (
	"testing"
	"time"
)

// TestEachReports waits for both goroutines, or fails. That each of them
// writes err has nothing to do with it.
func TestEachReports(t *testing.T) {
	done := make(chan struct{})
	var err error
	go func() {
		err = probe(2)
		done <- struct{}{}
	}()
	go func() {
		err = probe(3) // want "captured-variable-outlives: err"
		done <- struct{}{}
	}()
	for range 2 {
		select {
		case <-done:
		case <-time.After(time.Second):
			t.Fatal("too late")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func probe(n int) error {
	time.Sleep(time.Duration(n) * time.Millisecond)
	return nil
}
