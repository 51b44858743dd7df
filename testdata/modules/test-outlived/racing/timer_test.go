package racing

import (
	"os"
	"testing"
	"time"
)

// TestMain keeps the process alive for a callback that comes after the last test.
func TestMain(m *testing.M) {
	code := m.Run()
	time.Sleep(20 * time.Millisecond)
	os.Exit(code)
}

// The callback is later than the end of the test. There is no race to report then:
// the testing package panics.
func TestTimer(t *testing.T) {
	time.AfterFunc(5*time.Millisecond, func() {
		t.Log("five milliseconds are over") // want "test-outlived: testing.T"
	})
}
