package quiet

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	code := m.Run()
	time.Sleep(20 * time.Millisecond)
	os.Exit(code)
}

// The callback is later than the end of the test, but has only its name.
func TestName(t *testing.T) {
	name := t.Name()
	time.AfterFunc(5*time.Millisecond, func() {
		if name == "" {
			panic("no name")
		}
	})
}
