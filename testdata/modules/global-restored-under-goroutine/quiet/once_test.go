package quiet

import "testing"

func TestResize(t *testing.T) {
	read := make(chan struct{})
	go func() {
		_ = slot(1)
		close(read)
	}()
	resize(16)
	<-read
}
