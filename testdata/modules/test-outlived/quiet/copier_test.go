package quiet

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

// copyOutput writes the output of a child into the log of the test, and keeps the
// test from ending before the output has.
func copyOutput(t *testing.T, c *child) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for line := range c.output {
			t.Log(line)
		}
	}()
	t.Cleanup(func() {
		close(c.killed)
		<-done
	})
}

func TestCopier(t *testing.T) {
	for range 50 {
		c := startChild()
		t.Run("round", func(t *testing.T) {
			copyOutput(t, c)
			time.Sleep(200 * time.Microsecond)
		})
	}
}
