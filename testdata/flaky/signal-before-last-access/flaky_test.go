package flaky

import "testing"

func TestWorker(t *testing.T) {
	w := &worker{}
	w.run()
	w.result()
}
