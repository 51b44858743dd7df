package racing

import (
	"io"
	"strings"
	"time"
)

// closedEarly writes the error only behind the end that is read.
func closedEarly() (int64, error) {
	r, w := io.Pipe()
	var failed error
	go func() {
		_, err := io.Copy(w, strings.NewReader("hello"))
		w.Close()
		time.Sleep(time.Millisecond)
		failed = err
	}()
	n, _ := io.Copy(io.Discard, r)
	return n, failed // want "signal-before-last-access: failed"
}

// otherPipe reads up to the end of a pipe that is not the goroutine's.
func otherPipe(r io.Reader) int64 {
	_, w := io.Pipe()
	var wrote int64
	go func() {
		time.Sleep(time.Millisecond)
		wrote = 5
		w.Close()
	}()
	io.Copy(io.Discard, r)
	return wrote // want "captured-variable-outlives: wrote"
}
