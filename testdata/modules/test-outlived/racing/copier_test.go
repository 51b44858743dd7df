package racing

import (
	"testing"
	"time"
)

// child is a process whose output never ends by itself.
type child struct {
	output chan string
	killed chan struct{}
}

func startChild() *child {
	c := &child{output: make(chan string, 16), killed: make(chan struct{})}
	go func() {
		for {
			select {
			case c.output <- "still here":
			case <-c.killed:
				close(c.output)
				return
			}
		}
	}()
	return c
}

// copyOutput writes the output of a child into the log of the test, which may be
// over before the output is.
func copyOutput(t *testing.T, c *child) {
	go func() {
		for line := range c.output {
			t.Log(line) // want "test-outlived: t"
		}
	}()
}

// The detector sees it only when a line is logged right before the end, hence the rounds.
func TestCopier(t *testing.T) {
	for range 200 {
		c := startChild()
		t.Run("round", func(t *testing.T) {
			copyOutput(t, c)
			time.Sleep(200 * time.Microsecond)
		})
		close(c.killed)
	}
}
