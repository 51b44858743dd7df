package quiet

import (
	"testing"
	"time"
)

// TestEachReports waits for both goroutines, or fails. Each has an err of its
// own.
func TestEachReports(t *testing.T) {
	errs := make(chan error, 2)
	for n := range 2 {
		go func() {
			err := probe(n)
			errs <- err
		}()
	}
	for range 2 {
		select {
		case err := <-errs:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(time.Second):
			t.Fatal("too late")
		}
	}
}

func probe(n int) error {
	time.Sleep(time.Duration(n) * time.Millisecond)
	return nil
}
