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

// kill ends the child, but not at once: what the detector prints after the last test takes a while, too.
func (c *child) kill() {
	time.AfterFunc(100*time.Millisecond, func() { close(c.killed) })
}

// copyOutput writes the output of a child into the log of the test, which may be
// over before the output is.
func copyOutput(t *testing.T, c *child) {
	go func() {
		for line := range c.output {
			t.Log(line) // want "test-outlived: testing.T"
		}
	}()
}

// The detector sees a goroutine that logs only when it does so within nanoseconds of
// the end of its test, hence the rounds. After the last of them the testing package panics.
func TestCopier(t *testing.T) {
	for range 50 {
		t.Run("round", func(t *testing.T) {
			c := startChild()
			defer c.kill()
			copyOutput(t, c)
			time.Sleep(time.Millisecond)
		})
	}
}
