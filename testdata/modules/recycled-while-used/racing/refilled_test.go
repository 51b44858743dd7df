package racing

import (
	"strings"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	serve(strings.NewReader("onetwothree"), &answers{})
	time.Sleep(20 * time.Millisecond)
}

func TestPump(t *testing.T) {
	_ = pump(strings.NewReader(strings.Repeat("packet", 100)))
}

func TestCountLines(t *testing.T) {
	_ = countLines(strings.NewReader(strings.Repeat("one\ntwo\n", 100)))
	time.Sleep(10 * time.Millisecond)
}
