package quiet

import "time"

// handle is what a test is to await.
type handle interface {
	Errorf(format string, args ...any)
	FailNow()
}

// await goes on only with what the goroutine has stored: FailNow does not come back.
func await(t handle, work func() int) int {
	result := 0
	done := make(chan struct{})
	go func() {
		result = work()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Errorf("too late")
		t.FailNow()
	}
	return result
}
